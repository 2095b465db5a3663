// A quantized network computed in integers only, as lossless crossbars and requantizers do.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "compress/data/dataset.hpp"
#include "compress/ir/network.hpp"

namespace crosstwin::quant {

// out = (v * mult + 2^(shift - 1)) >> shift
struct Requantizer {
  uint16_t mult = 1;
  uint8_t shift = 1;  // 1..31
};

// The requantizer nearest to a real ratio: the largest shift for which mult fits 16 bits. Error
// naming `where` when no mult >= 1 fits.
Requantizer requantizer(double ratio, const char* where);

// Integer logits [images][outputs] by the numeric contract with conversions that lose nothing:
// v = W x + bias, codes = clamp(requantized v), the last layer raw. Every column has its own finest
// shift; a mapped design may share one in a layer, so that single codes differ by one. Kinds:
// input, conv, dense, max_pool, relu, flatten; Error naming the node for others and for missing
// scales.
std::vector<int32_t> integer_logits(const ir::Network& network, const data::Dataset& dataset);

// Share of images whose largest integer logit (ties: the lower index) is the label; 0..1.
double quantized_accuracy(const ir::Network& network, const data::Dataset& dataset);

}  // namespace crosstwin::quant
