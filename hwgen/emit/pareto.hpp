// The front of cycles against look-up tables as text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hwgen/plan/plan.hpp"

namespace crosstwin::hwgen {

// {"points": [{"cycles", "lut", "ff", "bram", "dsp", "bottleneck", "fits", "layers"}]}, fastest
// first; `plan` is one of the design's, which names its layers.
std::string pareto_json(const Plan& plan, const std::vector<ParetoPoint>& front);

// Both axes logarithmic; points that fit the board that was asked for are filled.
std::string pareto_svg(const Plan& plan, const std::vector<ParetoPoint>& front);

}  // namespace crosstwin::hwgen
