// Events of the arrays as JSON and as a table.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "compress/data/dataset.hpp"
#include "twin/simulator.hpp"

namespace crosstwin::cli {

// {"images", "layers": [sums over the images], "total", "read_joules_an_image" where the device
// says what a read is}.
nlohmann::ordered_json count_events(const twin::Simulator& simulator, const data::Dataset& images);
// An image, on average.
std::string events_table(const nlohmann::ordered_json& events);

}  // namespace crosstwin::cli
