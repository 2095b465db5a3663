// The read noise of one stage's conversions: what is added to a column's current.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "compress/ir/chip.hpp"
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
  // In units of G.
  int32_t current(const NoisePlace& place, int32_t row_tile, int32_t column, int32_t plane,
                  int32_t slice, int32_t polarity) const {
    if (!on_) return 0;
    const uint32_t draw = ir::noise_draw(
        keys_, counter(place.position, row_tile, column, plane, 2 * slice + polarity), place.image);
    return ir::noise_value(draw, mult(slice), shift_);
  }

  // What current() is made of, for kernels that draw many at once; only when on().
  ir::NoiseKeys keys() const { return keys_; }
  uint32_t counter(int32_t position, int32_t row_tile, int32_t column, int32_t plane,
                   int32_t word) const {
    const auto u = [](int32_t value) { return static_cast<uint32_t>(value); };
    return counter_(u(position), u(row_tile), u(column), u(plane), u(word));
  }
  int32_t mult(int32_t slice) const { return mult_[static_cast<size_t>(slice)]; }
  int32_t shift() const { return shift_; }
  int64_t largest() const;  // |current()| is never above it

 private:
  bool on_ = false;
  ir::NoiseKeys keys_{};
  ir::NoiseCounter counter_{1, 1, 1, 1, 1};
  std::vector<int32_t> mult_;
  int32_t shift_ = 0;
};

// Fills the noise fields of `chip`: read_noise level steps a conversion, equal in all slices.
void set_read_noise(const ir::Device& device, int32_t slices, ir::CrossbarChip& chip);

}  // namespace crosstwin::twin
