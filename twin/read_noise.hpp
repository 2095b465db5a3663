// The read noise of one stage's conversions: what is added to a column's current.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "compress/ir/device.hpp"
#include "compress/ir/noise.hpp"
#include "twin/tile_shape.hpp"

namespace crosstwin::twin {

// Whose conversions: the image's number, counted from reset, and the output position.
struct NoisePlace {
  uint32_t image = 0;
  int32_t position = 0;
};

// Every conversion has a draw of its own, keyed by (seed, stage, image, position, row tile, column,
// plane, slice, polarity): compress/ir/noise.hpp, as in the RTL.
class ReadNoise {
 public:
  ReadNoise() = default;  // none
  // `stage` is the index among the design's crossbar stages, `positions` those of its output map.
  ReadNoise(const TileShape& shape, int32_t positions, int32_t stage, const ir::CrossbarChip& chip,
            uint64_t seed);

  bool on() const { return on_; }
  // In units of G; `driven` rows of the row tile in this plane.
  int32_t current(const NoisePlace& place, int32_t row_tile, int32_t column, int32_t plane,
                  int32_t slice, int32_t polarity, int32_t driven) const {
    if (!on_) return 0;
    const uint32_t draw = ir::noise_draw(
        keys_, counter(place.position, row_tile, column, plane, 2 * slice + polarity), place.image);
    return ir::noise_value(draw, mult(slice, driven), shift_);
  }

  // What current() is made of, for kernels that draw many at once; only when on().
  ir::NoiseKeys keys() const { return keys_; }
  uint32_t counter(int32_t position, int32_t row_tile, int32_t column, int32_t plane,
                   int32_t word) const {
    const auto u = [](int32_t value) { return static_cast<uint32_t>(value); };
    return counter_(u(position), u(row_tile), u(column), u(plane), u(word));
  }
  int32_t mult(int32_t slice, int32_t driven) const {
    return gains(slice)[static_cast<size_t>(by_count() ? driven : 0)];
  }
  // By the number of driven rows, or the only one.
  std::span<const int32_t> gains(int32_t slice) const {
    return std::span(mult_).subspan(static_cast<size_t>(slice * gains_),
                                    static_cast<size_t>(gains_));
  }
  bool by_count() const { return gains_ > 1; }
  bool quiet_undriven() const { return quiet_undriven_; }  // no driven row, no noise
  int32_t shift() const { return shift_; }
  int64_t largest() const;  // |current()| is never above it

 private:
  bool on_ = false;
  ir::NoiseKeys keys_{};
  ir::NoiseCounter counter_{1, 1, 1, 1, 1};
  std::vector<int32_t> mult_;  // [S][gains_]
  int32_t gains_ = 1;
  bool quiet_undriven_ = false;
  int32_t shift_ = 0;
};

// The noise of a layer's cells in one read.
struct CellNoise {
  std::vector<double> variance;  // [S] mean of the slice's cells of both polarities, level steps^2
  // Of the physical columns of all row tiles, every row driven: the sum of their own cells' over
  // that of as many mean cells; the least and the greatest.
  double least_column = 1;
  double most_column = 1;
};

// By the levels that the cells are programmed to, stuck or not.
CellNoise cell_noise(const ir::Design& design, const ir::Stage& stage, const ir::Device& device);

// Fills the noise fields of `chip`: a conversion with n driven rows, at most `rows`, has the
// deviation sqrt(read_noise^2 + n variance[slice]) level steps. Exact in distribution, up to the
// generator (compress/ir/noise.hpp), where all cells are alike: a sum of independent normals is
// normal. The gains' rounding is within 0.2% of every deviation, or 2^-16 of the greatest that the
// device could have in so many rows. The shift depends on the device and `rows`, not on `variance`:
// hardware that has it takes the chip of another network.
// Throws ir::Error when 16 bits of gain do not do.
void set_read_noise(const ir::Device& device, std::span<const double> variance, int32_t rows,
                    ir::CrossbarChip& chip);

}  // namespace crosstwin::twin
