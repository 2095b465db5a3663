// What a device's converters have wrong: gain and offset a column, non-linearity a layer.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/device.hpp"
#include "twin/tile.hpp"

namespace crosstwin::twin {

// Which converter: a place in the design, so that the draw does not depend on the order of drawing.
struct ConverterPlace {
  int32_t stage = 0;  // index among the design's stages
  int32_t slice = 0;
  int32_t column = 0;
};

// Two independent standard normal draws of a converter.
struct ConverterDraw {
  double gain = 0;
  double offset = 0;
};
ConverterDraw draw_converter(uint64_t seed, const ConverterPlace& place);

// [2^bits] monotone codes code + d(code), rounded and within range: d is a sum of the first three
// half waves between the end points, of drawn amplitudes, scaled so that its peak is `peak` LSB.
// Where d falls faster than the code rises, the code stays.
std::vector<uint16_t> draw_inl(double peak, int32_t bits, uint64_t seed, int32_t stage);

// Decisions that a converter of this form takes for a code: of kSar one a bit; of kRamp one a step
// of the ramp, which all columns of a layer take at once. kAny: one a bit, the fewest there can be.
int64_t comparisons(ir::AdcForm form, int32_t bits);

// Folds the draws into a calibrated chip:
//   gain    adc_mult (1 + adc_gain_sigma n). Where a slice's calibrated mult have too few bits for
//           that, they and the shift grow together first, which leaves the transfer as it is; where
//           one has no room above, they shrink together, which changes it by less than 1 / mult.
//   offset  adc_offset + adc_offset_sigma n 2^adc_shift
//   inl     draw_inl of adc_inl; of adc_form sar sar_table (twin/sar.hpp)
// A column has the converter of its place in `placement`, whose column tiles are tile_cols wide.
// Throws ir::Error when an offset does not fit.
void draw_converters(const ir::Device& device, const TileShape& shape, uint64_t seed, int32_t stage,
                     ir::CrossbarChip& chip, const ir::Placement& placement = {},
                     int32_t tile_cols = ir::Layout().tile_cols);

}  // namespace crosstwin::twin
