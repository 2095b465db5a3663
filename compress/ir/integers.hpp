// From a layer on the grid to integers: the one set of rules for every integer model and mapping.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/ir/network.hpp"

namespace crosstwin::ir {

// A Conv or Dense in integers: weight = scale[c] * integer, biases in steps of scale[c] * in_scale.
struct IntegerLayer {
  std::vector<double> scale;    // [C]
  std::vector<int16_t> weight;  // [C][R]
  std::vector<int32_t> bias;    // [C], |bias| <= 2^30
};

// What one raw code of the image stands for: value = scale * (code - zero[c]), 1 / (255 stddev).
// Error when the channels have different stddev, since one scale must serve a column.
double input_scale(const Node& input);

// weight = round(weight / scale); a column of zeros may come without a scale.
// bias[c] = round(bias / (scale[c] in_scale)) - sum_r weight[c][r] row_zero[r], where row_zero[r]
// is the code that stands for 0 in row r. `logits` asks for one scale of all columns, as logits are
// compared with each other. Error naming the node and the place when the layer has no scales, a
// weight is off its grid or beyond +-range, or a bias does not fit.
IntegerLayer integer_layer(const Node& layer, int32_t range, const std::vector<int32_t>& row_zero,
                           double in_scale, bool logits);

// out = (v * mult + 2^(shift - 1)) >> shift
struct Requantizer {
  uint16_t mult = 1;
  uint8_t shift = 1;  // 1..31
};

// The requantizers nearest to the ratios scale[c] * in_scale / out_scale. One shift serves the
// layer where every column then still rounds its output by less than 1/32 code up to `reach`, the
// largest magnitude of an output code; else every column has its own largest one. Error naming
// `where` when a mult does not fit 16 bits.
std::vector<Requantizer> requantizers(const std::vector<double>& ratios, int32_t reach,
                                      const std::string& where);

}  // namespace crosstwin::ir
