// One layer's crossbar tiles: activations of one position to Y, naive and fast.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "compress/ir/chip.hpp"
#include "twin/adc.hpp"
#include "twin/read_noise.hpp"
#include "twin/tile_shape.hpp"

namespace crosstwin::twin {

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

// A of the numeric contract, I' = current with its read noise.
inline int32_t adc_code(const TileShape& shape, const ir::CrossbarChip& chip, int64_t current,
                        int32_t slice, int32_t column) {
  const auto at = static_cast<size_t>(slice * shape.cols + column);
  const int32_t code = std::min(convert(current, chip.adc_mult[at], chip.adc_offset[at],
                                        chip.adc_shift[static_cast<size_t>(slice)], shape.adc_bits),
                                chip.adc_clip[at]);
  return chip.inl.empty() ? code : chip.inl[static_cast<size_t>(code)];
}

// The numeric contract, word for word: x[rows] -> y[cols] in level steps. Calls
// visit(row_tile, column, plane, slice, polarity, current with noise, code) for every conversion,
// in that nesting.
template <class Visit>
void naive_tile(const TileShape& shape, const ir::CrossbarChip& chip, std::span<const int32_t> x,
                std::span<int64_t> y, const ReadNoise& noise, const NoisePlace& place,
                Visit&& visit) {
  std::fill(y.begin(), y.end(), 0);
  for (int32_t tile = 0; tile < shape.row_tiles(); ++tile) {
    for (int32_t c = 0; c < shape.cols; ++c) {
      for (int32_t b = 0; b < shape.planes; ++b) {
        for (int32_t s = 0; s < shape.slices; ++s) {
          int32_t code[2] = {};
          for (int32_t p = 0; p < 2; ++p) {
            const int64_t current = plane_current(shape, chip, x, tile, c, b, s, p) +
                                    noise.current(place, tile, c, b, s, p);
            code[p] = adc_code(shape, chip, current, s, c);
            visit(tile, c, b, s, p, current, code[p]);
          }
          y[static_cast<size_t>(c)] += shape.plane_weight(b) * chip.lsb[static_cast<size_t>(s)] *
                                       (int64_t{code[0] - code[1]} << (shape.cell_bits * s));
        }
      }
    }
  }
}

// Without read noise.
template <class Visit>
void naive_tile(const TileShape& shape, const ir::CrossbarChip& chip, std::span<const int32_t> x,
                std::span<int64_t> y, Visit&& visit) {
  naive_tile(shape, chip, x, y, ReadNoise(), NoisePlace(), std::forward<Visit>(visit));
}

// The largest |Y| that any input can give: a bound from the sizes of the codes alone, at most 2^63
// - 1.
int64_t max_abs_y(const TileShape& shape, const ir::CrossbarChip& chip);

// The same integers as naive_tile, fast. Driven rows are listed a plane at a time; columns lie in
// the SIMD lanes (Highway, run-time dispatch); without read noise, planes without a driven row are
// skipped, as both polarities then convert alike. 32-bit lanes are used when the bounds of this
// chip allow it, else 64-bit ones.
class FastTile {
 public:
  FastTile(const TileShape& shape, const ir::CrossbarChip& chip, ReadNoise noise = {});

  // Per-thread working memory.
  struct Scratch {
    std::vector<int32_t> driven;  // [planes][tile_rows] offsets into the cells
    std::vector<int32_t> count;   // [planes]
    std::vector<int32_t> y32;
    std::vector<int32_t> noise;  // [2][stride]
    std::vector<int32_t> sums;   // [2][stride]
  };

  void multiply(std::span<const int32_t> x, std::span<int64_t> y, Scratch& scratch,
                const NoisePlace& place = {}) const;

  // Y, and every code in the order of naive_tile: codes[row tile][column][plane][slice][polarity].
  void codes(std::span<const int32_t> x, Scratch& scratch, const NoisePlace& place, uint16_t* codes,
             std::span<int64_t> y) const;

  // Calls visit(plane, slice, current_pos[cols], current_neg[cols]) for every row tile and every
  // plane with a driven row; currents without noise.
  template <class Visit>
  void currents(std::span<const int32_t> x, Scratch& scratch, Visit&& visit) const {
    for (int32_t tile = 0; tile < shape_.row_tiles(); ++tile) {
      list_driven(x, tile, scratch);
      for (int32_t b = 0; b < shape_.planes; ++b) {
        const int32_t count = scratch.count[static_cast<size_t>(b)];
        if (count == 0) continue;
        for (int32_t s = 0; s < shape_.slices; ++s) {
          const int32_t* sums = sum_rows(b, s, scratch);
          visit(b, s, sums, sums + stride_);
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
    const int32_t* clip;    // [slice][stride] largest code
    const int32_t* inl;     // [code], null without
  };
  static constexpr int32_t kLanes = 8;

 private:
  void list_driven(std::span<const int32_t> x, int32_t tile, Scratch& scratch) const;
  // The currents of one plane and slice of the tile last listed: scratch.sums.
  const int32_t* sum_rows(int32_t plane, int32_t slice, Scratch& scratch) const;
  // One column's code of a current, by 64 bits.
  int32_t code(int64_t current, int32_t slice, int32_t column) const;

  TileShape shape_;
  int32_t stride_ = 0;
  bool narrow_ = false;  // everything fits 32-bit lanes
  std::vector<int32_t> g_;
  std::vector<int32_t> mult_;
  std::vector<int32_t> offset_;
  std::vector<int32_t> shift_;
  std::vector<int32_t> clip_;
  std::vector<int32_t> inl_;
  ReadNoise noise_;
  std::vector<int64_t> weight_;  // [planes][slices] w_b 2^(cell_bits s) lsb[s]
};

// y[stride] += weight (A[+] - A[-]) of one slice and plane, 32-bit lanes. `noise` [2][stride] is
// added to the currents unless null.
void add_conversions(const FastTile::View& tile, const int32_t* driven, int32_t count,
                     int32_t slice, int32_t weight, const int32_t* noise, int32_t* y);

}  // namespace crosstwin::twin
