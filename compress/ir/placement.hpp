// Where the weights of a crossbar lie in its tiles, when that is not in order.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/ir/layout.hpp"

namespace crosstwin::ir {

// A chip's numbers stay in the order of the design, wherever a weight lies: a column's current is a
// sum over rows, and the pair's codes are subtracted as numbers, so that hardware computes the
// same. What lies where decides which cells, faults, wires and converters a weight meets.
//
// All row tiles of a column use one physical column, as they share a converter; all column tiles
// and slices of a row use one physical row, as they share its driver. Column tile u has the
// physical columns [u * (tile_cols + spare_columns), ...): as many as it has columns, and the
// spares.
struct Placement {
  int32_t spare_columns = 0;  // of every column tile
  // [R] physical row, in the same row tile; empty = in order.
  std::vector<int32_t> row_of = {};
  // [C] physical column, in the same column tile; empty = in order.
  std::vector<int32_t> column_of = {};
  // [C] 1: the positive cells are in the negative arrays, and the negative ones in the positive;
  // empty = none.
  std::vector<uint8_t> swapped = {};
  // The working cell of a pair whose other cell is stuck takes the level that brings the pair's
  // difference nearest to the weight's, instead of its own code.
  bool makes_up = false;

  int32_t row(int32_t r) const { return row_of.empty() ? r : row_of[static_cast<size_t>(r)]; }
  int32_t column(int32_t c, int32_t tile_cols) const {
    if (column_of.empty()) return c + c / tile_cols * spare_columns;
    return column_of[static_cast<size_t>(c)];
  }
  bool swap(int32_t c) const { return !swapped.empty() && swapped[static_cast<size_t>(c)] != 0; }

  // Physical columns of all column tiles.
  int32_t columns(int32_t cols, int32_t tile_cols) const {
    return cols + (cols + tile_cols - 1) / tile_cols * spare_columns;
  }
  // Everything where a chip without a placement has it.
  bool in_order() const;

  friend bool operator==(const Placement&, const Placement&) = default;
};

inline constexpr int32_t kMaxSpareColumns = 1024;

// Throws Error naming `where` unless every row and column of a rows x cols crossbar has a physical
// one of its own, within its tile.
void check_placement(const Placement& placement, int64_t rows, int64_t cols, const Layout& layout,
                     const std::string& where);

}  // namespace crosstwin::ir
