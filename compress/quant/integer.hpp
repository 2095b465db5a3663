// A quantized network computed in integers only, as lossless crossbars and requantizers do.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "compress/data/dataset.hpp"
#include "compress/ir/network.hpp"

namespace crosstwin::quant {

// Integer logits [images][outputs] by the numeric contract with conversions that lose nothing:
// v = W x + bias, codes = clamp(requantized v), the last layer raw. Weights, biases and
// requantizers follow ir/integers.hpp, as those of a mapped design do: both give the same logits.
// Kinds: input, conv, dense, max_pool, relu, flatten; Error naming the node for others, for missing
// scales, and for unsigned codes where no relu clips.
std::vector<int32_t> integer_logits(const ir::Network& network, const data::Dataset& dataset);

// Share of images whose largest integer logit (ties: the lower index) is the label; 0..1.
double quantized_accuracy(const ir::Network& network, const data::Dataset& dataset);

}  // namespace crosstwin::quant
