// Batch normalisation folded into the layer before it, exactly.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "compress/ir/network.hpp"

namespace crosstwin::prune {

// Folds every BatchNorm in evaluation form, y = gamma (x - mean) / sqrt(variance + epsilon) + beta,
// into the conv or dense that produces its input, directly or through pools: an average commutes
// with any affine map, a maximum with one that does not fall (gamma >= 0). Error naming the node
// when there is no such producer, when something else reads between them, or when gamma < 0 stands
// behind a MaxPool.
ir::Network fold_batch_norm(ir::Network network);

// The same, but leaves those that cannot be folded where they are.
ir::Network fold_where_possible(ir::Network network);

// True when a batch norm that folds into this conv or dense follows it.
bool has_batch_norm(const ir::Network& network, const std::string& layer);

// What the batch norm behind a conv or dense (directly or through pools) multiplies each of its
// columns by, |gamma| / sqrt(variance + epsilon); 1 where there is none.
std::vector<float> column_gains(const ir::Network& network, const std::string& layer);

// Divides the weights of the layers that read the Input by its stddev, which becomes 1: then an
// integer input is (u - zero) in steps of 1/255. Error when such a layer has no weights.
ir::Network fold_input_scale(ir::Network network);

}  // namespace crosstwin::prune
