// Removal of everything a pruned network does not need, without changing what it computes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compress/ir/network.hpp"

namespace crosstwin::prune {

// Until nothing changes:
//   - a row whose weights are all zero is dropped;
//   - a channel with the same value for every image and pixel (a filter without weights gives its
//     bias; relu, pools, batch_norm, flatten and add carry it on) is folded into the biases of the
//     layers that read it, and their rows on it are dropped. Where a conv pads, only the value 0 is
//     folded: padding makes any other value differ at the border, so that filter stays;
//   - a channel that no row reads any more is dropped with the filters that make it. Channels tied
//     by an add, or passed through relu, pools and batch_norm, go together or not at all, and
//     neither the input's channels nor the outputs ever go.
// Outputs equal the input network's but for float rounding (the fold sums in double). Throws Error
// naming the layer when nothing is left of one.
ir::Network compact(ir::Network network);

}  // namespace crosstwin::prune
