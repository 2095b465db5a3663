// The exact cycle model of the templates (rtl_templates/README.md, "Cycles").
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace crosstwin::hwgen {

// What the time of a crossbar layer depends on.
struct TileTiming {
  int64_t positions = 1;  // output positions an image
  int32_t rows = 1;       // all row tiles together
  int32_t tile_rows = 128;
  int32_t cols = 1;
  int32_t pe = 1;
  int32_t adc_lanes = 1;
  int32_t in_bits = 8;
  int32_t slices = 2;
  int32_t adc_latency = 2;       // cycles from a current to its code, adc_latency()
  std::vector<int32_t> requant;  // [cols] cycles that the requantizer takes, requant_cycles()
};

// Cycles an image in steady state when input and output never wait. While one (column group, row
// tile) accumulates, a row a cycle and one to take the snapshot, the one before is converted column
// by column; the longer of the two counts. A column's sum leaves behind its last row tile, which
// waits while the requantizer has not yet taken the sum before it.
int64_t tile_cycles(const TileTiming& timing);

// Of xb_adc with these gains [S]: its multiplier is an adder tree over the bits any slice uses.
int32_t adc_latency(const std::vector<int32_t>& adc_mult);

// Of xb_requant: its multiplier takes a bit a cycle, its shifter a place a cycle.
inline int32_t requant_cycles(int32_t shift) { return 18 + (shift > 16 ? shift - 16 : 16 - shift); }
inline constexpr int32_t kLogitCycles = 4;

}  // namespace crosstwin::hwgen
