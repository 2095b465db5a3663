// One layer's crossbar tiles: activations of one position to Y, naive and fast.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "twin/adc.hpp"

namespace crosstwin::twin {

// The sizes that a tile's arithmetic depends on.
struct TileShape {
  int32_t rows = 0;
  int32_t cols = 0;
  int32_t tile_rows = 128;
  int32_t cell_bits = 4;
  int32_t slices = 2;
  int32_t adc_bits = 8;
  int32_t planes = 8;  // bits of an activation
  bool is_signed = false;

  int32_t row_tiles() const { return (rows + tile_rows - 1) / tile_rows; }
  // w_b of the numeric contract.
  int64_t plane_weight(int32_t plane) const {
    const int64_t weight = int64_t{1} << plane;
    return is_signed && plane == planes - 1 ? -weight : weight;
  }
  size_t cell(int32_t polarity, int32_t slice, int32_t row, int32_t column) const {
    return ((static_cast<size_t>(polarity) * slices + slice) * rows + row) * cols + column;
  }
};

// Throws Bug when the stage is no crossbar.
TileShape tile_shape(const ir::Design& design, const ir::Stage& stage);

// The current of one physical column for one plane.
inline int64_t plane_current(const TileShape& shape, const ir::CrossbarChip& chip,
                             std::span<const int32_t> x, int32_t row_tile, int32_t column,
                             int32_t plane, int32_t slice, int32_t polarity) {
  const int32_t first = row_tile * shape.tile_rows;
  const int32_t last = std::min(first + shape.tile_rows, shape.rows);
  int64_t current = 0;
  for (int32_t row = first; row < last; ++row) {
    if ((x[static_cast<size_t>(row)] >> plane & 1) != 0) {
      current += chip.g[shape.cell(polarity, slice, row, column)];
    }
  }
  return current;
}

// The numeric contract, word for word: x[rows] -> y[cols] in level steps. Calls
// visit(row_tile, column, plane, slice, polarity, current, code) for every conversion, in that
// nesting.
template <class Visit>
void naive_tile(const TileShape& shape, const ir::CrossbarChip& chip, std::span<const int32_t> x,
                std::span<int64_t> y, Visit&& visit) {
  std::fill(y.begin(), y.end(), 0);
  for (int32_t tile = 0; tile < shape.row_tiles(); ++tile) {
    for (int32_t c = 0; c < shape.cols; ++c) {
      for (int32_t b = 0; b < shape.planes; ++b) {
        for (int32_t s = 0; s < shape.slices; ++s) {
          const auto adc = static_cast<size_t>(s * shape.cols + c);
          const auto slice = static_cast<size_t>(s);
          int32_t code[2] = {};
          for (int32_t p = 0; p < 2; ++p) {
            const int64_t current = plane_current(shape, chip, x, tile, c, b, s, p);
            code[p] = convert(current, chip.adc_mult[adc], chip.adc_offset[adc],
                              chip.adc_shift[slice], shape.adc_bits);
            visit(tile, c, b, s, p, current, code[p]);
          }
          y[static_cast<size_t>(c)] += shape.plane_weight(b) * chip.lsb[slice] *
                                       (int64_t{code[0] - code[1]} << (shape.cell_bits * s));
        }
      }
    }
  }
}

// The largest |Y| that any input can give: a bound from the sizes of the codes alone, at most 2^63
// - 1.
int64_t max_abs_y(const TileShape& shape, const ir::CrossbarChip& chip);

// The same integers as naive_tile, fast. Driven rows are listed a plane at a time; columns lie in
// the SIMD lanes (Highway, run-time dispatch); planes without a driven row are skipped, as both
// polarities then convert alike. 32-bit lanes are used when the bounds of this chip allow it, else
// 64-bit ones.
class FastTile {
 public:
  FastTile(const TileShape& shape, const ir::CrossbarChip& chip);

  // Per-thread working memory.
  struct Scratch {
    std::vector<int32_t> driven;  // [planes][tile_rows] offsets into the cells
    std::vector<int32_t> count;   // [planes]
    std::vector<int32_t> y32;
  };

  void multiply(std::span<const int32_t> x, std::span<int64_t> y, Scratch& scratch) const;

  // Calls visit(plane, slice, current_pos[cols], current_neg[cols]) for every row tile and every
  // plane with a driven row.
  template <class Visit>
  void currents(std::span<const int32_t> x, Scratch& scratch, Visit&& visit) const {
    std::vector<int32_t> sums(2 * static_cast<size_t>(stride_));
    for (int32_t tile = 0; tile < shape_.row_tiles(); ++tile) {
      list_driven(x, tile, scratch);
      for (int32_t b = 0; b < shape_.planes; ++b) {
        const int32_t count = scratch.count[static_cast<size_t>(b)];
        if (count == 0) continue;
        for (int32_t s = 0; s < shape_.slices; ++s) {
          sum_rows(scratch.driven.data() + b * shape_.tile_rows, count, s, sums.data());
          visit(b, s, sums.data(), sums.data() + stride_);
        }
      }
    }
  }

  // What the SIMD kernel reads.
  struct View {
    int32_t stride;         // columns, rounded up to kLanes
    const int32_t* g;       // [row][slice][polarity][stride]
    const int32_t* mult;    // [slice][stride]
    const int32_t* offset;  // [slice][stride], half an LSB added
    const int32_t* shift;   // [slice]
    int32_t top;            // largest code
    int32_t slices;
  };
  static constexpr int32_t kLanes = 8;

 private:
  void list_driven(std::span<const int32_t> x, int32_t tile, Scratch& scratch) const;
  void sum_rows(const int32_t* driven, int32_t count, int32_t slice, int32_t* sums) const;
  void convert_wide(const int32_t* sums, int32_t slice, int64_t weight, std::span<int64_t> y) const;

  TileShape shape_;
  int32_t stride_ = 0;
  bool narrow_ = false;  // everything fits 32-bit lanes
  std::vector<int32_t> g_;
  std::vector<int32_t> mult_;
  std::vector<int32_t> offset_;
  std::vector<int32_t> shift_;
  std::vector<int64_t> weight_;  // [planes][slices] w_b 2^(cell_bits s) lsb[s]
};

// y[stride] += weight (A[+] - A[-]) of one slice and plane, 32-bit lanes.
void add_conversions(const FastTile::View& tile, const int32_t* driven, int32_t count,
                     int32_t slice, int32_t weight, int32_t* y);

}  // namespace crosstwin::twin
