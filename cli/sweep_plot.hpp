// A sweep as a table, CSV and a picture.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace crosstwin::cli {

// Of `sweep` = {"title", "parameters": [{"name", "values"}], "points": [{"values", "chips", "mean",
// "sigma", "half_width", "worst", "best", "drawn"}]}, fractions of 1; half_width may be null,
// values may be words, "drawn" is there where it is false.
std::string sweep_table(const nlohmann::ordered_json& sweep);
// A line a point: the parameters by name, then chips, mean, sigma, half_width, worst, best.
std::string sweep_csv(const nlohmann::ordered_json& sweep);
// Mean accuracy against the first parameter with the 95% band, a line a value of the second.
// Logarithmic along the first where its values are positive and span two decades; words stand side
// by side.
std::string sweep_svg(const nlohmann::ordered_json& sweep);
// The picture and the table as one page.
std::string sweep_html(const nlohmann::ordered_json& sweep);

}  // namespace crosstwin::cli
