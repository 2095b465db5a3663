// What surrounds the tiles: images in, requantization, pooling, and the order of the stages.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/design.hpp"
#include "twin/window.hpp"

namespace crosstwin::twin {

// uint8 images [n][c][h][w] -> activation codes [n][h][w][c].
std::vector<int32_t> to_stream_order(std::span<const uint8_t> images, const ir::Shape& shape);

// Number of images; Error when the bytes are no whole number of images.
int64_t image_count(const ir::Design& design, std::span<const uint8_t> images);

// clamp((v mult + 2^(shift-1)) >> shift, low, high), or v itself for logits; v = y + bias.
int32_t requantize(const ir::Crossbar& crossbar, int32_t column, int64_t y);

// One map, h, w, c order.
void max_pool(const ir::Stage& stage, std::span<const int32_t> in, std::span<int32_t> out);

// Throws ir::Error, naming `where`, unless the codes of every edge fit the in_bits of the stage
// they enter and v of every crossbar stage fits int32 (|Y| <= max_abs_y[stage]).
void check_ranges(const ir::Design& design, const std::vector<int64_t>& max_abs_y,
                  const std::string& where);

// Throws ir::Error, naming `where`, unless v = Y + bias of this crossbar stage fits int32.
void check_sums(const ir::Stage& stage, int64_t max_abs_y, const std::string& where);

// The largest |Y| of the plain integer product, per stage (0 for pools): of the column with the
// largest sum of |weight|, times the largest |code|.
std::vector<int64_t> max_abs_products(const ir::Design& design);

// x[rows] -> y[cols] of one position.
using Product =
    std::function<void(int32_t position, std::span<const int32_t> x, std::span<int64_t> y)>;

// x [rows][kTileBlock] -> y [count][cols] of `count` positions, numbered from `first` through all
// maps of a block.
using BlockProduct =
    std::function<void(int64_t first, int32_t count, const int32_t* x, int32_t* y)>;

// One map through one crossbar stage.
void run_crossbar(const ir::Stage& stage, const Window& window, const Product& product,
                  std::span<const int32_t> in, std::span<int32_t> out);

// The stages of a design with their windows and sources resolved.
class Pipeline {
 public:
  explicit Pipeline(const ir::Design& design);  // `design` must outlive it

  // Index of the stage whose output stage `index` reads, -1 for the images.
  int32_t source(size_t index) const { return source_[index]; }
  const Window& window(size_t index) const { return *windows_[index]; }

  // One image (h, w, c codes) through all stages: outputs[stage] is filled. product(stage) gives
  // the arithmetic of a crossbar stage.
  void run(std::span<const int32_t> image, const std::function<Product(size_t)>& product,
           std::vector<std::vector<int32_t>>& outputs) const;

  // `count` images at a time: outputs[stage] holds those of one image after the other.
  void run_block(std::span<const int32_t> images, int64_t count,
                 const std::function<BlockProduct(size_t)>& product,
                 std::vector<std::vector<int32_t>>& outputs) const;

  // `count` maps through crossbar stage `index`.
  void run_maps(size_t index, const BlockProduct& product, std::span<const int32_t> in,
                int64_t count, std::span<int32_t> out) const;

  // One map through stage `index`.
  void run_stage(size_t index, const Product& product, std::span<const int32_t> in,
                 std::span<int32_t> out) const;

 private:
  const ir::Design* design_;
  std::vector<int32_t> source_;
  std::vector<std::unique_ptr<Window>> windows_;  // null for a pool
};

// Images a task: fixed, so that results never depend on the number of threads.
inline constexpr int64_t kImageBlock = 8;
// Where images go through the tiles together: a dense layer's vectors are full.
inline constexpr int64_t kTogether = 16;

// Calls work(first, last) for every block of `block` images in the calling oneTBB arena.
void for_image_blocks(int64_t images, const std::function<void(int64_t, int64_t)>& work,
                      int64_t block = kImageBlock);

}  // namespace crosstwin::twin
