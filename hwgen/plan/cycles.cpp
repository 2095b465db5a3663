// The exact cycle model of the templates (rtl_templates/README.md, "Cycles").
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/cycles.hpp"

#include <algorithm>
#include <bit>

namespace crosstwin::hwgen {

int64_t tile_cycles(const TileTiming& t) {
  const int64_t convert_column =
      std::max(int64_t{2} * t.slices * t.in_bits / t.adc_lanes, int64_t{t.adc_latency});
  const int32_t groups = (t.cols + t.pe - 1) / t.pe;
  const int32_t row_tiles = (t.rows + t.tile_rows - 1) / t.tile_rows;
  // The schedule is followed over a few positions, from an idle tile, until it repeats.
  constexpr int32_t kWarmUp = 16;
  constexpr int32_t kMeasured = 16;
  int64_t accumulators_free = 0;
  int64_t converters_free = 0;
  int64_t sum_taken = 0;         // the requantizer has accepted the latest column sum
  int64_t requantizer_free = 0;  // it may accept the next
  int64_t warm = 0;
  for (int32_t position = 0; position < kWarmUp + kMeasured; ++position) {
    if (position == kWarmUp) warm = accumulators_free;
    for (int32_t group = 0; group < groups; ++group) {
      for (int32_t tile = 0; tile < row_tiles; ++tile) {
        const int64_t rows = std::min(t.tile_rows, t.rows - tile * t.tile_rows);
        const int64_t snapshot = std::max(accumulators_free + rows + 1, converters_free);
        accumulators_free = snapshot;
        converters_free = snapshot;
        for (int32_t col = group * t.pe; col < std::min(t.cols, (group + 1) * t.pe); ++col) {
          converters_free += convert_column;
          if (tile < row_tiles - 1) continue;
          converters_free = std::max(converters_free, sum_taken);
          sum_taken = std::max(converters_free, requantizer_free);
          requantizer_free = sum_taken + t.requant[static_cast<size_t>(col)];
        }
      }
    }
  }
  return t.positions * (accumulators_free - warm) / kMeasured;
}

int32_t adc_latency(const std::vector<int32_t>& adc_mult) {
  uint32_t used = 0;
  for (const int32_t mult : adc_mult) used |= static_cast<uint32_t>(mult);
  const auto addends = static_cast<uint32_t>(std::popcount(used)) + 1;  // and the offset
  return std::max(1, static_cast<int32_t>(std::bit_width(addends - 1))) + 1;
}

}  // namespace crosstwin::hwgen
