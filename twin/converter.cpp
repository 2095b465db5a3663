// Draws converters by counter and folds them into integers.
// SPDX-License-Identifier: Apache-2.0
#include "twin/converter.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>

#include "compress/ir/error.hpp"
#include "compress/ir/rng.hpp"
#include "twin/sar.hpp"

namespace crosstwin::twin {

namespace {

// The tags keep these draws apart from other users of the seed.
constexpr uint32_t kConverterTag = 0x61646320U;
constexpr uint32_t kInlTag = 0x696E6C20U;
constexpr int32_t kMaxMult = 65535;
constexpr int64_t kMaxOffset = int64_t{1} << 30;

double normal(uint32_t a, uint32_t b) {
  const double u = (a + 1.0) * 0x1p-32;  // (0, 1]: the logarithm is finite
  return std::sqrt(-2.0 * std::log(u)) * std::cos(b * 0x1p-32 * 2.0 * std::numbers::pi);
}

std::array<uint32_t, 4> words(uint64_t seed, uint32_t tag, int32_t stage, int32_t a, int32_t b) {
  return ir::philox4x32(
      {static_cast<uint32_t>(stage), static_cast<uint32_t>(a), static_cast<uint32_t>(b), tag},
      {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
}

// Bits of the slice's mult for gains of this sigma: rounding moves a gain by less than an eighth of
// sigma, and the code by less than a quarter LSB at full scale, as far as the slice's other columns
// leave it room. Room for six sigma above.
void make_room(const ir::Device& device, int32_t bits, std::span<int32_t> mult, int32_t& shift) {
  const double least = std::max(std::ldexp(1.0, bits + 1), 4 / device.adc_gain_sigma);
  const double most = kMaxMult / (1 + 6 * device.adc_gain_sigma);
  int32_t low = *std::min_element(mult.begin(), mult.end());
  int32_t high = *std::max_element(mult.begin(), mult.end());
  for (; low < least && 2 * high <= most && shift < 31; low *= 2, high *= 2, ++shift) {
    for (int32_t& each : mult) each *= 2;
  }
  for (; high > most && shift > 0; high = (high + 1) / 2, --shift) {
    for (int32_t& each : mult) each = (each + 1) / 2;
  }
}

}  // namespace

ConverterDraw draw_converter(uint64_t seed, const ConverterPlace& place) {
  const auto w = words(seed, kConverterTag, place.stage, place.slice, place.column);
  return {normal(w[0], w[1]), normal(w[2], w[3])};
}

std::vector<uint16_t> draw_inl(double peak, int32_t bits, uint64_t seed, int32_t stage) {
  const auto low = words(seed, kInlTag, stage, 0, 0);
  const auto high = words(seed, kInlTag, stage, 1, 0);
  const double amplitude[] = {normal(low[0], low[1]), normal(low[2], low[3]) / 2,
                              normal(high[0], high[1]) / 3};
  const int32_t top = (1 << bits) - 1;
  std::vector<double> curve;
  double most = 0;
  for (int32_t code = 0; code <= top; ++code) {
    double d = 0;
    for (int32_t k = 0; k < 3 && code < top; ++k) {  // exactly 0 at both ends
      d += amplitude[k] * std::sin(std::numbers::pi * (k + 1) * code / top);
    }
    curve.push_back(d);
    most = std::max(most, std::abs(d));
  }
  std::vector<uint16_t> codes;
  int32_t last = 0;
  for (int32_t code = 0; code <= top; ++code) {
    const double moved = code + (most > 0 ? curve[static_cast<size_t>(code)] / most * peak : 0);
    last = std::clamp(static_cast<int32_t>(std::lround(moved)), last, top);
    codes.push_back(static_cast<uint16_t>(last));
  }
  return codes;
}

int64_t comparisons(ir::AdcForm form, int32_t bits) {
  return form == ir::AdcForm::kRamp ? int64_t{1} << bits : bits;
}

void draw_converters(const ir::Device& device, const TileShape& shape, uint64_t seed, int32_t stage,
                     ir::CrossbarChip& chip, const ir::Placement& placement, int32_t tile_cols) {
  if (device.adc_inl > 0) chip.inl = draw_inl(device.adc_inl, shape.adc_bits, seed, stage);
  if (device.adc_mismatch > 0) {
    chip.inl = sar_table(draw_sar(device.adc_mismatch, shape.adc_bits, seed, stage));
  }
  if (device.adc_gain_sigma == 0 && device.adc_offset_sigma == 0) return;
  for (int32_t s = 0; s < shape.slices; ++s) {
    int32_t& shift = chip.adc_shift[static_cast<size_t>(s)];
    if (device.adc_gain_sigma > 0) {
      const auto mult =
          std::span(chip.adc_mult)
              .subspan(static_cast<size_t>(s * shape.cols), static_cast<size_t>(shape.cols));
      make_room(device, shape.adc_bits, mult, shift);
    }
    for (int32_t c = 0; c < shape.cols; ++c) {
      const auto at = static_cast<size_t>(s * shape.cols + c);
      const ConverterDraw draw = draw_converter(seed, {stage, s, placement.column(c, tile_cols)});
      const double gain = chip.adc_mult[at] * (1 + device.adc_gain_sigma * draw.gain);
      const double offset = std::ldexp(device.adc_offset_sigma * draw.offset, shift);
      if (std::abs(offset) > kMaxOffset) {
        throw ir::Error({"stage " + chip.stage, "a drawn ADC offset does not fit 31 bits",
                         "at most " + std::to_string(kMaxOffset >> shift) + " LSB here",
                         std::to_string(device.adc_offset_sigma * draw.offset),
                         "lower the device's adc_offset_sigma or raise layout.adc_bits"});
      }
      chip.adc_mult[at] =
          static_cast<int32_t>(std::lround(std::clamp(gain, 1.0, static_cast<double>(kMaxMult))));
      chip.adc_offset[at] = static_cast<int32_t>(std::lround(offset));
    }
  }
}

}  // namespace crosstwin::twin
