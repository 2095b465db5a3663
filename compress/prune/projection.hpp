// Projections of a layer's weights onto structured sparsity.
// SPDX-License-Identifier: Apache-2.0
//
// Source: "Tiny but Accurate" (arXiv 1908.10017), section on ADMM: the Euclidean projection onto
// "at most k groups are non-zero" keeps the k groups of largest L2 norm. The groups are filters
// (crossbar columns), shapes (crossbar rows) and channels (all rows of one input channel).
// Deviations: the joint projection onto k filters and l shapes has no closed form; it alternates
// the two exact ones from the full matrix until neither changes. The kept norm never falls, and at
// the end each of the two choices is the best one given the other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace crosstwin::prune {

// A column-major view of the papers' GEMM matrix: weight[column][row].
struct MatrixShape {
  int64_t columns = 0;
  int64_t rows = 0;
};

// How many groups may stay; 0 leaves that kind free.
struct Structure {
  int64_t filters = 0;
  int64_t shapes = 0;
  int64_t channels = 0;
};

// Flags of what stays.
struct Support {
  std::vector<uint8_t> columns;
  std::vector<uint8_t> rows;
};

// The k largest values, ties to the lower index, as flags.
std::vector<uint8_t> largest(std::span<const double> values, int64_t k);

// What the projection keeps. `channel_of_row` gives the input channel of each row and is read only
// when structure.channels is set. Channels are chosen first, then filters and shapes within them.
Support choose_support(std::span<const float> weight, MatrixShape shape, const Structure& structure,
                       std::span<const int32_t> channel_of_row = {});

// Zeroes what is not in the support.
void apply_support(std::span<float> weight, MatrixShape shape, const Support& support);

}  // namespace crosstwin::prune
