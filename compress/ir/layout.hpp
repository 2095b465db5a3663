// How a layer's weights lie on crossbar tiles, and what that costs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace crosstwin::ir {

// A logical tile of tile_rows x tile_cols weights is 2 * slices physical arrays of as many cells:
// two polarities (a differential pair) times `slices` slices of cell_bits each.
struct Layout {
  int32_t tile_rows = 128;  // 1..1024
  int32_t tile_cols = 64;   // 1..1024
  int32_t cell_bits = 4;    // 1..8
  int32_t slices = 2;       // cell_bits * slices = magnitude bits offered, at most 8
  int32_t weight_range =
      127;               // largest |weight|; 127, or 255 for a full 8-bit magnitude a polarity
  int32_t adc_bits = 8;  // 1..16
  friend bool operator==(const Layout&, const Layout&) = default;
};

// Throws Error naming `where` when a field is out of range or weight_range does not fit the slices.
void check_layout(const Layout& layout, const char* where);

// What a layer of rows x cols weights occupies. Row tile t holds rows [t * tile_rows, ...), column
// tile u columns [u * tile_cols, ...).
struct TileCount {
  int64_t row_tiles = 0;
  int64_t col_tiles = 0;
  int64_t tiles = 0;   // row_tiles * col_tiles
  int64_t arrays = 0;  // tiles * 2 * slices
  int64_t cells = 0;   // used cells: rows * cols * 2 * slices
  int64_t adcs = 0;    // one a physical column in use: row_tiles * cols * 2 * slices
};
TileCount count_tiles(const Layout& layout, int64_t rows, int64_t cols);

}  // namespace crosstwin::ir
