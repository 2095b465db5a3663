// The analog reference beside the integers: how many codes differ, and by how much.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/step.hpp"
#include "compress/data/dataset.hpp"
#include "twin/analog.hpp"

namespace crosstwin::cli {

// Of the chip's own device; files of measured arrays are found where the configuration's `chip`
// names them. Throws ir::Error when it names none of that name.
std::vector<twin::AnalogTile> reference_of(const ir::Design& design, const ir::Chip& chip,
                                           const Config& config);

// Throws ir::Error when this call also asks for chips of a device, which `option` does not look at.
void refuse_other_chips(const Context& context, const std::string& option);

// {"device", "seed", "images", "layers": [...], "answers_differing", "accuracy",
// "reference_accuracy", "outside"}
nlohmann::ordered_json compare_analog(const ir::Design& design, const ir::Chip& chip,
                                      const Config& config, const data::Dataset& images);
std::string analog_table(const nlohmann::ordered_json& analog);

}  // namespace crosstwin::cli
