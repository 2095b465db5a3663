// `simulate --explain`: one column's conversions of one image, as JSON and as tables.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/step.hpp"

namespace crosstwin::cli {

// Of options.explain, LAYER,COLUMN,IMAGE[,POSITION], on the run's design and chip; complete. Throws
// ir::Error naming --explain for a layer, column, image or position that is not there.
nlohmann::ordered_json explain(Context& context);

// For people: rows without an input and planes without a driven row are counted, long lists folded.
std::string explain_text(const nlohmann::ordered_json& explained);

}  // namespace crosstwin::cli
