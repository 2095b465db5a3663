// Tile arithmetic.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/layout.hpp"

#include <string>

#include "compress/ir/error.hpp"

namespace crosstwin::ir {

namespace {

void in_range(const char* where, const char* field, int32_t value, int32_t low, int32_t high) {
  if (value >= low && value <= high) return;
  throw Error({std::string(where) + "." + field, "out of range",
               std::to_string(low) + ".." + std::to_string(high), std::to_string(value)});
}

}  // namespace

void check_layout(const Layout& layout, const char* where) {
  in_range(where, "tile_rows", layout.tile_rows, 1, 1024);
  in_range(where, "tile_cols", layout.tile_cols, 1, 1024);
  in_range(where, "cell_bits", layout.cell_bits, 1, 8);
  in_range(where, "slices", layout.slices, 1, 8);
  in_range(where, "adc_bits", layout.adc_bits, 1, 16);
  const int32_t magnitude_bits = layout.cell_bits * layout.slices;
  if (magnitude_bits > 8) {
    throw Error({std::string(where) + ".slices", "more magnitude bits than a weight has",
                 "cell_bits * slices <= 8", std::to_string(magnitude_bits)});
  }
  in_range(where, "weight_range", layout.weight_range, 1, (1 << magnitude_bits) - 1);
}

TileCount count_tiles(const Layout& layout, int64_t rows, int64_t cols) {
  check(rows >= 0 && cols >= 0, "a layer has no negative extent");
  const int64_t arrays_per_tile = int64_t{2} * layout.slices;
  TileCount count;
  count.row_tiles = (rows + layout.tile_rows - 1) / layout.tile_rows;
  count.col_tiles = (cols + layout.tile_cols - 1) / layout.tile_cols;
  count.tiles = count.row_tiles * count.col_tiles;
  count.arrays = count.tiles * arrays_per_tile;
  count.cells = rows * cols * arrays_per_tile;
  count.adcs = count.row_tiles * cols * arrays_per_tile;
  return count;
}

}  // namespace crosstwin::ir
