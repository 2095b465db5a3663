// Structured optimal brain surgeon: which crossbar row to remove, and how the others make up for
// it.
// SPDX-License-Identifier: Apache-2.0
//
// Source: Hassibi and Stork, "Second order derivatives for network pruning: optimal brain surgeon"
// (NIPS 1992), for whole rows of a layer under the squared error of the layer's own outputs: the
// Hessian is the covariance C of the layer's inputs, the same for every column. Removing row j
// raises the error by ||W_j||^2 / [C^-1]_jj when the other rows change by
//   W_k -= W_j [C^-1]_kj / [C^-1]_jj,
// after which C^-1 loses row and column j by one step of Gaussian elimination.
// Deviations: C is centred and the bias takes the change of the mean; C gets `damping` times its
// mean diagonal added, so that constant inputs and few samples do no harm.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compress/prune/projection.hpp"

namespace crosstwin::prune {

// Removes rows one by one, the cheapest first (ties: the lower index), until `keep` of those
// flagged in `alive` are left; clears their flags and zeroes their weights.
//   weight [columns][rows], bias [columns]: both are updated
//   patches [samples][rows]: the layer's inputs, as nn::input_patches gives them
void remove_rows(std::span<float> weight, std::span<float> bias, MatrixShape shape,
                 std::span<uint8_t> alive, std::span<const float> patches, int64_t keep,
                 double damping = 1e-2);

}  // namespace crosstwin::prune
