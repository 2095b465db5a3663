// The analog reference: column currents, converters and shift-add in double, beside the integers.
// SPDX-License-Identifier: Apache-2.0
//
// Cells are those of twin/cells.hpp before their last rounding; everything behind them is written
// anew from the numeric contract (docs/architecture.md), in double: with digits d[r][b] of the
// activations and n the read noise of the twin's own draw,
//   I = sum_r d[r][b] g[p,s,r,c]
//   v = t (I + n) + o         t = (1 + drawn gain) / (level step * lsb), o the drawn offset in LSB
//   A = inl[min(clamp(floor(v + 1/2), 0, 2^adc_bits - 1), clip)]
//   Y = sum_tiles sum_b sum_s w_b 2^(cell_bits s) lsb (A[+] - A[-])
//
// The twin's own rounding, a bound for every conversion. D is the sum of the driven digits, u =
// ((I'
// + n) mult + offset) / 2^shift is what the twin rounds to a code.
//   cells      a cell is off by at most 1/2 unit of G, so |I' - I| <= D / 2. (A cell above 65535
//              units, which no integer holds, counts as 65535 here too.)
//   transfer   u - v = (mult / 2^shift) (I' - I) + (mult / 2^shift - t) (I + n)
//                      + (offset / 2^shift - o), so that |u - v| is at most
//              E = (mult / 2^shift) D / 2 + |mult / 2^shift - t| |I + n| + |offset / 2^shift - o|
//              The integers themselves are off by at most
//                |mult / 2^shift - t| <= t (e + c) + h     |offset / 2^shift - o| <= h
//              e: 2^-adc_bits / 64 (twin/adc.hpp: 1/64 LSB at full scale), or 2^-16 where mult ends
//              there; at an LSB of one step, where ideal cells convert exactly, 1 / P: every P
//              codes give P on any pedestal, so P (mult / 2^shift - t) / t is under one code. c =
//              2^-15 and h = 2^-(shift + 1) where a gain, an offset is drawn, else 0.
//              converters_outside() counts those that are further off.
//   code       both sides round half up. The codes before clamp, clip and inl are equal unless v is
//              within E of a rounding boundary k + 1/2, and differ by at most ceil(E); these three
//              keep the order, so the twin's code is among those of floor(v - E + 1/2) ..
//              floor(v + E + 1/2).
//   Y          |Y' - Y| <= sum_tiles sum_b sum_s |w_b| 2^(cell_bits s) lsb (delta[+] + delta[-]),
//              delta the distance of the furthest of those codes from A: 0 away from a boundary.
// At most one code apart: E <= 1, so D <= 2 * level step * lsb less the transfer's share, 30 rows
// at a step of 15 and an LSB of one step. More rows than that reach it only if their cells erred
// alike; any_input_bound() is E of the worst input for the cells at hand.
// Doubles themselves: kDouble, relative.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "twin/read_noise.hpp"
#include "twin/tile_shape.hpp"

namespace crosstwin::twin {

// Covers sums of 2^12 terms, each off by 2^-52.
inline constexpr double kDouble = 0x1p-40;

// lsb of the numeric contract.
inline int32_t lsb_of(const ir::CrossbarChip& chip, const TileShape& shape, int32_t slice,
                      int32_t column) {
  return chip.lsb[static_cast<size_t>(slice * shape.cols + column)];
}

// Which physical column, and which plane of its inputs.
struct ConversionPlace {
  int32_t row_tile = 0;
  int32_t column = 0;
  int32_t plane = 0;
  int32_t slice = 0;
  int32_t polarity = 0;
};

// Currents are in units of G.
struct AnalogConversion {
  ConversionPlace place;
  double driven = 0;   // D
  double current = 0;  // I
  double noise = 0;    // n
  double value = 0;    // v
  int32_t code = 0;    // A
  // The bound: |I' - I|, |u - v|, and the codes that the twin may have.
  double current_bound = 0;
  double value_bound = 0;
  int32_t low = 0;
  int32_t high = 0;
};

// One crossbar stage.
class AnalogTile {
 public:
  // `cells` [2][S][R][C] in units of G; ranges, clips, non-linearity and, for the bound alone, the
  // integer transfer are those of `chip`; gains and offsets are drawn anew by its device and seed.
  AnalogTile(const ir::Design& design, size_t stage, const ir::Chip& chip,
             std::vector<double> cells);

  // x[rows] -> y[cols] in level steps; y_bound[cols] is the bound on |Y' - Y|. `conversions`, where
  // given, gets every conversion in the order of naive_tile (twin/tile.hpp).
  void run(std::span<const int32_t> x, const NoisePlace& place, std::span<double> y,
           std::span<double> y_bound, std::vector<AnalogConversion>* conversions = nullptr) const;

  // Converters whose integers are further from t and o than the header says.
  int64_t converters_outside() const { return converters_outside_; }

  // In LSB: no input makes |u - v| larger where a code is in range.
  double any_input_bound() const;

  double cell(int32_t polarity, int32_t slice, int32_t row, int32_t column) const {
    return cells_[cell_at(polarity, slice, row) + static_cast<size_t>(column)];
  }
  // t, LSB a unit of G, and o in LSB.
  double gain(int32_t slice, int32_t column) const { return gain_[converter_at(slice, column)]; }
  double offset(int32_t slice, int32_t column) const {
    return offset_[converter_at(slice, column)];
  }

 private:
  size_t cell_at(int32_t polarity, int32_t slice, int32_t row) const {
    return ((static_cast<size_t>(polarity) * shape_.slices + slice) * shape_.rows + row) *
           shape_.cols;
  }
  size_t converter_at(int32_t slice, int32_t column) const {
    return static_cast<size_t>(slice) * shape_.cols + column;
  }
  double digit(int32_t x, int32_t plane) const;
  double plane_weight(int32_t plane) const;
  int32_t code(double rounded, size_t converter) const;
  void convert(AnalogConversion& conversion) const;

  TileShape shape_;
  std::vector<double> cells_;
  std::vector<double> gain_, offset_;            // [S][C]
  std::vector<double> twin_gain_, twin_offset_;  // [S][C] the same of the integers, for the bound
  std::vector<double> lsb_;                      // [S][C]
  std::vector<int32_t> clip_;                    // [S][C]
  std::vector<uint16_t> inl_;
  ReadNoise noise_;
  int64_t converters_outside_ = 0;
};

// One a crossbar stage, with the cells that `device` gives for the chip's seed. `device` is the
// chip's, its files where they can be read. Throws ir::Error naming stage and cell unless those
// cells round to the chip's: then it was programmed from something else.
std::vector<AnalogTile> analog_tiles(const ir::Design& design, const ir::Chip& chip,
                                     const ir::Device& device);

// How far the twin is from the reference in one stage, both given the twin's activations.
struct AnalogStage {
  std::string stage;
  int64_t conversions = 0;
  int64_t differing = 0;     // codes
  int32_t largest = 0;       // code difference
  int64_t outside = 0;       // conversions whose current or code breaks the bound
  double current = 0;        // largest |I' - I|, units
  double current_share = 0;  // largest |I' - I| / bound
  int64_t near = 0;          // conversions within E of a boundary
  int64_t sums = 0;          // column sums Y
  int64_t sums_differing = 0;
  int64_t sums_outside = 0;  // that break the bound on Y
  double sums_share = 0;     // largest |Y' - Y| / bound, where that is not 0
  double any_input_bound = 0;
  int64_t converters_outside = 0;  // see AnalogTile

  bool within() const { return outside == 0 && sums_outside == 0 && converters_outside == 0; }
};

// Over the calling oneTBB arena; independent of the number of threads. The twin's side is the naive
// tile. `first_image` as for Simulator. `progress`, where given, sees how many images are compared;
// calls come from several threads.
std::vector<AnalogStage> compare_analog(const ir::Design& design, const ir::Chip& chip,
                                        const std::vector<AnalogTile>& tiles,
                                        std::span<const uint8_t> images, uint32_t first_image = 0,
                                        const std::function<void(int64_t)>& progress = {});

// The network on the reference alone, every stage fed by the one before; the rest of a stage is
// digital (twin/stages.hpp). [n][outputs]
std::vector<int32_t> analog_logits(const ir::Design& design, const std::vector<AnalogTile>& tiles,
                                   std::span<const uint8_t> images, uint32_t first_image = 0);

}  // namespace crosstwin::twin
