// What the design computes without any device: the inputs and sums that its crossbars should have.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "compress/ir/design.hpp"
#include "twin/stages.hpp"

namespace crosstwin::adapt {

// y[count][cols] = W x of a crossbar stage, exact.
twin::BlockProduct integer_product(const ir::Stage& stage);

// All maps [n][h][w][c] through stage `index`; a pool ignores `product`. Blocks of images over the
// calling oneTBB arena.
std::vector<int32_t> run_maps(const ir::Design& design, const twin::Pipeline& pipeline,
                              size_t index, const twin::BlockProduct& product,
                              std::span<const int32_t> maps);

// y[image][position][cols] of all maps, in parallel.
std::vector<int32_t> column_sums(const twin::Window& window, std::span<const int32_t> maps,
                                 int64_t map_size, int32_t cols, const twin::BlockProduct& product);

// Calls visit(image, x) for the activations x[rows] at every position of the maps, images in
// parallel.
void for_positions(const twin::Window& window, std::span<const int32_t> maps, int64_t map_size,
                   const std::function<void(int64_t image, std::span<const int32_t> x)>& visit);

// Of a crossbar's rows, over all positions of all images.
struct RowStatistics {
  std::vector<double> mean;    // [R]
  std::vector<double> square;  // [R] mean of the squares
};

// One a crossbar, in order, of the integer network. `images` as for twin::program.
std::vector<RowStatistics> row_statistics(const ir::Design& design,
                                          std::span<const uint8_t> images);

}  // namespace crosstwin::adapt
