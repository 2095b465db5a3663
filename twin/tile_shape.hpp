// The sizes of one layer's tiles.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "compress/ir/design.hpp"

namespace crosstwin::twin {

// The sizes that a tile's arithmetic depends on.
struct TileShape {
  int32_t rows = 0;
  int32_t cols = 0;
  int32_t tile_rows = 128;
  int32_t cell_bits = 4;
  int32_t slices = 2;
  int32_t adc_bits = 8;
  int32_t planes = 8;    // digits of an activation, each applied to the rows by itself
  int32_t dac_bits = 1;  // bits of a digit; the sign plane of signed ones has one
  bool is_signed = false;

  int32_t row_tiles() const { return (rows + tile_rows - 1) / tile_rows; }
  // w_b of the numeric contract.
  int64_t plane_weight(int32_t plane) const {
    const int64_t weight = int64_t{1} << (dac_bits * plane);
    return is_signed && plane == planes - 1 ? -weight : weight;
  }
  // What a plane applies to a row of this activation, in units of one bit's voltage.
  int32_t digit(int32_t x, int32_t plane) const {
    return x >> (dac_bits * plane) & digit_mask(plane);
  }
  int32_t digit_mask(int32_t plane) const {
    return is_signed && plane == planes - 1 ? 1 : (1 << dac_bits) - 1;
  }
  size_t cell(int32_t polarity, int32_t slice, int32_t row, int32_t column) const {
    return ((static_cast<size_t>(polarity) * slices + slice) * rows + row) * cols + column;
  }
};

// Throws Bug when the stage is no crossbar.
TileShape tile_shape(const ir::Design& design, const ir::Stage& stage);

}  // namespace crosstwin::twin
