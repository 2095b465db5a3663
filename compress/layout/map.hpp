// From a quantized network to a design: codes, biases and requantizers as integers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compress/ir/design.hpp"
#include "compress/ir/layout.hpp"
#include "compress/ir/network.hpp"

namespace crosstwin::layout {

// Takes a chain Input, then groups of {Conv | Dense} {Relu, MaxPool, Flatten in any order}; the
// last group is a Conv or Dense alone (Flatten allowed) and gives the logits. Required of it:
//   - weights on the grid: weight / weight_scale[column] is an integer within weight_range; the
//     last layer has one weight scale for all columns;
//   - the edge between two groups carries an ActivationQuant on one node of the group (or equal
//     ones on several); it is signed, or the group has a Relu;
//   - one stddev for all channels of the Input; batch-norm folded.
// Anything else throws ir::Error naming the node, the reason and the fix.
//
// Integers follow ir/integers.hpp, as those of quant's integer model do: both give the same logits.
// Padding supplies the zero code.
// A Relu is the lower clamp 0; it and max pooling commute with the monotone requantizer, so both
// orders map to crossbar, requantize, pool. Rows stay ascending.
ir::Design map(const ir::Network& quantized, const ir::Layout& layout);

}  // namespace crosstwin::layout
