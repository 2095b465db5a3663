// The cycle model of the templates: followed event by event, from the same numbers as the RTL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace crosstwin::hwgen {

// What the time of a crossbar layer depends on.
struct LayerTiming {
  int32_t in_h = 1, in_w = 1, in_c = 1;
  int32_t kernel_h = 1;
  int32_t stride = 1;
  int32_t pad = 0;
  int32_t lines = 2;  // xb_layer's Lines, 0 not allowed
  int32_t out_h = 1, out_w = 1;
  int32_t rows = 1;  // all row tiles together
  int32_t tile_rows = 128;
  int32_t cols = 1;
  int32_t pe = 1;
  int32_t adc_lanes = 1;
  int32_t in_bits = 8;
  int32_t slices = 2;
  bool per_cell = false;
  int32_t adc_latency = 2;       // cycles from a current to its code, adc_latency()
  std::vector<int32_t> requant;  // [cols] cycles that the requantizer takes, requant_cycles()
};

// Cycles an image in steady state when input and output never wait. While one (column group, row
// tile) accumulates, a row a cycle and one to take the snapshot, the one before is converted column
// by column; the longer of the two counts. A column's last word waits until the column before it
// has left for the requantizer. An output line waits for its input lines, which wait for a place
// in the window.
int64_t layer_cycles(const LayerTiming& timing);

// The same for positions whose inputs are always there: never more than layer_cycles().
int64_t tile_cycles(const LayerTiming& timing);

// xb_max_pool of a map: with fewer than four channels a beat inside a window takes four cycles.
int64_t pool_cycles(int32_t in_h, int32_t in_w, int32_t in_c, int32_t kernel, int32_t stride);

// Of xb_adc with these gains [S]: its multiplier is an adder tree over the bits any slice uses.
int32_t adc_latency(const std::vector<int32_t>& adc_mult);

// Of xb_requant: its multiplier takes a bit a cycle, its shifter a place a cycle.
inline int32_t requant_cycles(int32_t shift) { return 18 + (shift > 16 ? shift - 16 : 16 - shift); }
inline constexpr int32_t kLogitCycles = 1;

}  // namespace crosstwin::hwgen
