// The integer network, stage by stage.
// SPDX-License-Identifier: Apache-2.0
#include "adapt/reference.hpp"

#include <algorithm>

#include "twin/tile.hpp"

namespace crosstwin::adapt {

constexpr size_t kTileBlock = twin::FastTile::kBlock;

twin::BlockProduct integer_product(const ir::Stage& stage) {
  const auto& crossbar = std::get<ir::Crossbar>(stage.kind);
  return [&crossbar, cols = stage.out.c](int64_t, int32_t count, const int32_t* x, int32_t* y) {
    std::fill_n(y, static_cast<ptrdiff_t>(count) * cols, 0);
    for (size_t r = 0; r < crossbar.rows.size(); ++r) {
      const int16_t* weight = crossbar.weight.data() + r * static_cast<size_t>(cols);
      for (int32_t i = 0; i < count; ++i) {
        const int32_t activation = x[r * kTileBlock + static_cast<size_t>(i)];
        if (activation == 0) continue;
        int32_t* to = y + static_cast<ptrdiff_t>(i) * cols;
        for (int32_t c = 0; c < cols; ++c) to[c] += activation * weight[c];
      }
    }
  };
}

std::vector<int32_t> run_maps(const ir::Design& design, const twin::Pipeline& pipeline,
                              size_t index, const twin::BlockProduct& product,
                              std::span<const int32_t> maps) {
  const ir::Stage& stage = design.stages[index];
  const auto count = static_cast<int64_t>(maps.size()) / stage.in.size();
  std::vector<int32_t> out(static_cast<size_t>(count * stage.out.size()));
  twin::for_image_blocks(count, [&](int64_t first, int64_t last) {
    const auto in = maps.subspan(first * stage.in.size(), (last - first) * stage.in.size());
    const auto to =
        std::span(out).subspan(first * stage.out.size(), (last - first) * stage.out.size());
    if (std::holds_alternative<ir::Crossbar>(stage.kind)) {
      pipeline.run_maps(index, product, in, last - first, to);
      return;
    }
    for (int64_t n = 0; n < last - first; ++n) {
      twin::max_pool(stage, in.subspan(n * stage.in.size(), stage.in.size()),
                     to.subspan(n * stage.out.size(), stage.out.size()));
    }
  });
  return out;
}

std::vector<int32_t> column_sums(const twin::Window& window, std::span<const int32_t> maps,
                                 int64_t map_size, int32_t cols,
                                 const twin::BlockProduct& product) {
  constexpr auto kBlock = static_cast<int32_t>(kTileBlock);
  const auto count = static_cast<int64_t>(maps.size()) / map_size;
  const int64_t positions = window.positions();
  std::vector<int32_t> sums(static_cast<size_t>(count * positions * cols));
  twin::for_image_blocks(
      count,
      [&](int64_t first, int64_t last) {
        std::vector<int32_t> padded(static_cast<size_t>((last - first) * window.padded_size()));
        for (int64_t n = first; n < last; ++n) {
          window.pad(maps.subspan(n * map_size, map_size),
                     padded.data() + (n - first) * window.padded_size());
        }
        std::vector<int32_t> x(static_cast<size_t>(window.rows()) * kBlock);
        const int64_t all = (last - first) * positions;
        for (int64_t at = 0; at < all; at += kBlock) {
          const auto block = static_cast<int32_t>(std::min<int64_t>(kBlock, all - at));
          window.gather(padded.data(), at, block, kBlock, x.data());
          product(first * positions + at, block, x.data(),
                  sums.data() + (first * positions + at) * cols);
        }
      },
      twin::kTogether);
  return sums;
}

void for_positions(const twin::Window& window, std::span<const int32_t> maps, int64_t map_size,
                   const std::function<void(int64_t image, std::span<const int32_t> x)>& visit) {
  twin::for_image_blocks(
      static_cast<int64_t>(maps.size()) / map_size, [&](int64_t first, int64_t last) {
        std::vector<int32_t> padded;
        std::vector<int32_t> x(static_cast<size_t>(window.rows()));
        for (int64_t n = first; n < last; ++n) {
          const auto map = window.pad(maps.subspan(n * map_size, map_size), padded);
          for (int32_t position = 0; position < window.positions(); ++position) {
            window.gather(map, position, x);
            visit(n, x);
          }
        }
      });
}

std::vector<RowStatistics> row_statistics(const ir::Design& design,
                                          std::span<const uint8_t> images) {
  const twin::Pipeline pipeline(design);
  const std::vector<int32_t> inputs = twin::to_stream_order(images, design.input);
  const int64_t count = twin::image_count(design, images);
  std::vector<std::vector<int32_t>> maps(design.stages.size());
  std::vector<RowStatistics> all;
  for (size_t i = 0; i < design.stages.size(); ++i) {
    const ir::Stage& stage = design.stages[i];
    const int32_t source = pipeline.source(i);
    const std::vector<int32_t>& in = source < 0 ? inputs : maps[static_cast<size_t>(source)];
    if (std::holds_alternative<ir::PoolMax>(stage.kind)) {
      maps[i] = run_maps(design, pipeline, i, {}, in);
      continue;
    }
    const twin::Window& window = pipeline.window(i);
    const auto rows = static_cast<size_t>(window.rows());
    // Integer sums of every image: exact, so that the order of the threads does not matter.
    std::vector<int64_t> sums(static_cast<size_t>(count) * rows);
    std::vector<int64_t> squares(sums.size());
    for_positions(window, in, stage.in.size(), [&](int64_t image, std::span<const int32_t> x) {
      const size_t at = static_cast<size_t>(image) * rows;
      for (size_t r = 0; r < rows; ++r) {
        sums[at + r] += x[r];
        squares[at + r] += int64_t{x[r]} * x[r];
      }
    });
    RowStatistics of;
    const double positions = static_cast<double>(count) * window.positions();
    for (size_t r = 0; r < rows; ++r) {
      int64_t sum = 0;
      int64_t square = 0;
      for (size_t at = r; at < sums.size(); at += rows) {
        sum += sums[at];
        square += squares[at];
      }
      of.mean.push_back(static_cast<double>(sum) / positions);
      of.square.push_back(static_cast<double>(square) / positions);
    }
    all.push_back(std::move(of));
    if (i + 1 < design.stages.size())
      maps[i] = run_maps(design, pipeline, i, integer_product(stage), in);
  }
  return all;
}

}  // namespace crosstwin::adapt
