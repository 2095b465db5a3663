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
  const auto columns = [&](int32_t group) {
    return int64_t{std::min(t.pe, t.cols - group * t.pe)};
  };
  // The segment before the first is the last of the position before.
  int64_t converting = columns(groups - 1) * convert_column;
  int64_t cycles = 0;
  for (int32_t group = 0; group < groups; ++group) {
    for (int32_t tile = 0; tile < row_tiles; ++tile) {
      const int64_t rows = std::min(t.tile_rows, t.rows - tile * t.tile_rows);
      cycles += std::max(rows + 1, converting);
      converting = columns(group) * convert_column;
    }
  }
  return t.positions * cycles;
}

int32_t adc_latency(const std::vector<int32_t>& adc_mult) {
  uint32_t used = 0;
  for (const int32_t mult : adc_mult) used |= static_cast<uint32_t>(mult);
  const auto addends = static_cast<uint32_t>(std::popcount(used)) + 1;  // and the offset
  return std::max(1, static_cast<int32_t>(std::bit_width(addends - 1))) + 1;
}

}  // namespace crosstwin::hwgen
