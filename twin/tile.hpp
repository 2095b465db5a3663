// One layer's crossbar tiles: activations to Y, naive and fast.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "compress/ir/chip.hpp"
#include "twin/adc.hpp"
#include "twin/aligned.hpp"
#include "twin/read_noise.hpp"
#include "twin/tile_shape.hpp"
#include "twin/tile_simd.hpp"

namespace crosstwin::twin {

// The current of one physical column for one plane.
inline int64_t plane_current(const TileShape& shape, const ir::CrossbarChip& chip,
                             std::span<const int32_t> x, int32_t row_tile, int32_t column,
                             int32_t plane, int32_t slice, int32_t polarity) {
  const int32_t first = row_tile * shape.tile_rows;
  const int32_t last = std::min(first + shape.tile_rows, shape.rows);
  int64_t current = 0;
  for (int32_t row = first; row < last; ++row) {
    current += int64_t{shape.digit(x[static_cast<size_t>(row)], plane)} *
               chip.g[shape.cell(polarity, slice, row, column)];
  }
  return current;
}

// Of every plane, the rows of the row tile that it drives.
inline std::vector<int32_t> driven_rows(const TileShape& shape, std::span<const int32_t> x,
                                        int32_t row_tile) {
  const int32_t first = row_tile * shape.tile_rows;
  const int32_t last = std::min(first + shape.tile_rows, shape.rows);
  std::vector<int32_t> driven(static_cast<size_t>(shape.planes));
  for (int32_t row = first; row < last; ++row) {
    for (int32_t b = 0; b < shape.planes; ++b) {
      driven[static_cast<size_t>(b)] += shape.digit(x[static_cast<size_t>(row)], b) != 0 ? 1 : 0;
    }
  }
  return driven;
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
    const auto driven = driven_rows(shape, x, tile);
    for (int32_t c = 0; c < shape.cols; ++c) {
      for (int32_t b = 0; b < shape.planes; ++b) {
        for (int32_t s = 0; s < shape.slices; ++s) {
          int32_t code[2] = {};
          for (int32_t p = 0; p < 2; ++p) {
            const int64_t current =
                plane_current(shape, chip, x, tile, c, b, s, p) +
                noise.current(place, tile, c, b, s, p, driven[static_cast<size_t>(b)]);
            code[p] = adc_code(shape, chip, current, s, c);
            visit(tile, c, b, s, p, current, code[p]);
          }
          y[static_cast<size_t>(c)] += shape.plane_weight(b) *
                                       chip.lsb[static_cast<size_t>(s * shape.cols + c)] *
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

// The same integers as naive_tile, fast (twin/tile_simd.hpp). Two
// ways, the cheaper by count of operations: a block of positions by look-up, (position, plane)
// pairs in the lanes; few positions, or digits of several bits, by multiplication, columns in the
// lanes. Numbers beyond the bounds of 32-bit lanes are converted one by one in 64 bits.
class FastTile {
 public:
  FastTile(const TileShape& shape, const ir::CrossbarChip& chip, ReadNoise noise = {});

  // Per-thread working memory.
  struct Scratch {
    AlignedVector<uint8_t> index;
    AlignedVector<uint16_t> lanes;
    AlignedVector<int32_t> digits;
    std::vector<int32_t> driven;  // sum of the digits of a vector
    std::vector<int32_t> start;
    AlignedVector<int32_t> sums;
    AlignedVector<int16_t> z;
    std::vector<uint32_t> keys;
    std::vector<int32_t> y32;
  };

  static constexpr int32_t kBlock = kTileBlock;

  // x [rows][kBlock] -> y [count][cols], count <= kBlock; place[count] only with read noise. Needs
  // max_abs_y < 2^31.
  void multiply_block(const int32_t* x, int32_t count, const NoisePlace* place, int32_t* y,
                      Scratch& scratch) const;

  // One position.
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
      sum_tile({x.data(), 1, 1}, tile, scratch);
      for (int32_t b = 0; b < shape_.planes; ++b) {
        if (scratch.driven[static_cast<size_t>(b)] == 0) continue;
        for (int32_t s = 0; s < shape_.slices; ++s) {
          const int32_t* sums = current(scratch, b, s);
          visit(b, s, sums, sums + shape_.cols);
        }
      }
    }
  }

 private:
  // Activation x[row * stride + position].
  struct Inputs {
    const int32_t* x;
    int32_t stride;
    int32_t count;
  };

  void write_cells(const ir::CrossbarChip& chip);
  void write_gains();
  void write_tables(const ir::CrossbarChip& chip);
  bool find_bounds(const ir::CrossbarChip& chip);
  void choose_lanes(const ir::CrossbarChip& chip);
  bool prefer_lookup(int32_t count) const;
  int32_t rows_of(int32_t tile) const {
    return std::min(shape_.tile_rows, shape_.rows - tile * shape_.tile_rows);
  }
  ConverterView converter() const;

  int32_t groups_of(int32_t rows) const { return (rows + group_ - 1) / group_; }
  size_t tile_size() const {  // of cells_
    return static_cast<size_t>(groups_of(std::min(shape_.rows, shape_.tile_rows))) * words_;
  }
  // scratch.digits and .driven of a row tile.
  template <int kGroup>
  void pack_digits(const Inputs& in, int32_t tile, Scratch& scratch) const;

  // Currents of all planes of the positions: scratch.sums, read by current(); `vector` is
  // plane * count + position.
  void sum_tile(const Inputs& in, int32_t tile, Scratch& scratch) const;
  const int32_t* current(const Scratch& scratch, int32_t vector, int32_t slice) const {
    return scratch.sums.data() + static_cast<ptrdiff_t>(vector) * words_ + 2 * slice * shape_.cols;
  }
  // y[position][cols] by multiplication.
  template <class Y>
  void multiply_positions(const Inputs& in, const NoisePlace* place, Y* y, Scratch& scratch) const;
  // scratch.z of a plane and slice.
  const int16_t* draw(const NoisePlace& place, int32_t tile, int32_t plane, int32_t slice,
                      Scratch& scratch) const;
  void look_up_block(const int32_t* x, int32_t count, const NoisePlace* place, int32_t* y,
                     Scratch& scratch) const;
  int64_t noisy_current(const Scratch& scratch, const int16_t* z, int32_t vector, int32_t slice,
                        int32_t polarity, int32_t column) const;
  // The noise of a vector's conversions is its draw times this.
  NoiseGain noise_gain(const Scratch& scratch, int32_t vector, int32_t slice) const;
  // w_b 2^(cell_bits s) lsb[s][c]
  int64_t weight(int32_t plane, int32_t slice, int32_t column) const;
  // One column's code of a current, by 64 bits.
  int32_t code(int64_t current, int32_t slice, int32_t column) const;

  TileShape shape_;
  ReadNoise noise_;
  int64_t max_abs_y_ = 0;
  bool narrow_ = false;              // every conversion and Y is had in 32-bit lanes
  bool lookup_ = false;              // there are look-up tables
  int32_t words_ = 0;                // of a vector of currents
  int32_t group_ = 2;                // MultiplyView::group
  int32_t center_ = 0;               // what its G are less
  AlignedVector<int32_t> cells_;     // per row tile a MultiplyView::g
  std::vector<int64_t> largest_;     // [slice] largest current
  std::vector<SliceView> slice_;     // [slice]
  AlignedVector<uint8_t> table_;     // per row tile a LookupView::table
  std::vector<int32_t> mult_;        // [slice][column_stride_]
  std::vector<int32_t> offset_;      // the same, half an LSB added
  std::vector<int32_t> clip_;        // the same
  std::vector<HalfConverter> half_;  // the same
  std::vector<int32_t> lsb_;         // [slice][column]
  std::vector<int32_t> weight_;      // [slice][column_stride_] 2^(cell_bits s) lsb[s][c]
  std::vector<int32_t> inl_;
  int32_t column_stride_ = 0;
  std::vector<int32_t> plane_weight_;  // [planes]
  std::vector<uint32_t> plane_key_;    // [planes] counter fields
  std::vector<uint32_t> column_key_;   // [row tile][column_stride_]
  std::vector<uint16_t> gain_;         // NoiseView::gain
};

}  // namespace crosstwin::twin
