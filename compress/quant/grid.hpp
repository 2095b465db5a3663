// Weights on a conductance grid: scale times a signed integer magnitude.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/network.hpp"
#include "compress/prune/admm.hpp"

namespace crosstwin::quant {

// The scale > 0 for which scale * clamp(round(w / scale), -range, range) is nearest to the weights
// in squared error, of a fixed set of clipping points each refined by least squares. 1 when all
// weights are zero.
float best_scale(std::span<const float> weight, int32_t range);

// Moves weight [columns][rows] to the grid; returns the scale of each column. One scale for all
// columns when `one_scale` (the last layer, whose integers are compared with each other).
std::vector<float> project(std::span<float> weight, int64_t columns, int32_t range, bool one_scale);

// Projects every conv and dense and fills its weight_scale.
ir::Network quantize_weights(ir::Network network, int32_t range = 127);

// ADMM's constraint "on the grid" for every conv and dense, scales chosen anew at each projection.
std::vector<prune::Constraint> grid_constraints(const ir::Network& network, int32_t range = 127);

}  // namespace crosstwin::quant
