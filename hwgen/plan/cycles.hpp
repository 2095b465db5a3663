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
  int32_t planes = 0;     // input bits a pass, 0: all of them
  int32_t row_lanes = 1;  // rows a cycle
  int32_t slices = 2;
  bool per_cell = false;
  int32_t adc_latency = 2;       // cycles from a current to its code, adc_latency()
  int32_t lsb_latency = 0;       // cycles of a code's product with its level step, lsb_latency()
  bool collapsed = false;        // xb_mac instead of xb_tile: one row tile, one pass, no converters
  int32_t mac_latency = 0;       // then, mac_latency()
  std::vector<int32_t> requant;  // [cols] cycles that the requantizer takes, requant_cycles()
  int32_t requant_stages = 0;    // registers it passes, of logits and the pipelined form; 0: serial
};

int32_t passes(const LayerTiming& timing);         // over the input's planes
int32_t column_groups(const LayerTiming& timing);  // of pe columns
int32_t row_tiles(const LayerTiming& timing);
int32_t pass_beats(const LayerTiming& timing);    // beats of a position and group in one pass
int32_t column_words(const LayerTiming& timing);  // cycles in which a segment's column is converted

// Cycles from a beat that the tile accepts to its accumulators.
int32_t row_latency(const LayerTiming& timing);
// Cycles from a column's last word to the tile's output register: the converter, differences of
// pairs, level steps, the adder tree of one cycle's codes, the sum, the output.
int32_t out_latency(const LayerTiming& timing);

// Cycles an image in steady state when input and output never wait. While one segment (column
// group, pass, row tile) accumulates, row_lanes rows a cycle and one cycle to take the snapshot,
// the one before is converted column by column; the longer of the two counts. A column's last word
// waits until the tile's output registers have a place. An output line waits for its input lines,
// which wait for a place in the window.
int64_t layer_cycles(const LayerTiming& timing);

// The same for positions whose inputs are always there: never more than layer_cycles().
int64_t tile_cycles(const LayerTiming& timing);

// xb_max_pool of a map: with fewer than four channels a beat inside a window takes four cycles.
int64_t pool_cycles(int32_t in_h, int32_t in_w, int32_t in_c, int32_t kernel, int32_t stride);

// What the latency of xb_tile's converters depends on.
struct AdcTiming {
  std::vector<int32_t> mult;        // [S] gains
  bool per_column = false;          // gain, offset and clip come from a memory
  int32_t mask = 0xffff;            // then, the OR of all gains that may come
  bool clip = false;                // some constant clip is under full scale
  bool inl = false;                 // a code table
  bool dsp = false;                 // the product is left to DSP blocks
  std::vector<int32_t> noise_mult;  // [S] gains of the read noise; empty: none
};

// Cycles from a word that leaves a tile's shift register to its code. The multiplier is an adder
// tree over the digits any slice's gain uses, binary or signed ones, whichever are fewer.
int32_t adc_latency(const AdcTiming& adc);
int32_t adc_latency(const std::vector<int32_t>& adc_mult);  // constant gains and nothing else

// Cycles from a beat that xb_mac accepts to its accumulators: the weights, xb_mul, the lanes' sum.
int32_t mac_latency(int32_t in_bits, bool in_signed, int32_t row_lanes, bool dsp);

// Cycles of a code's product with its level step: none where all are shifts, one where a constant
// is not; a column's own of lsb_bits pass xb_mul.
struct LsbTiming {
  std::vector<int32_t> lsb;  // [S]
  int32_t lsb_bits = 0;      // 0: constants
  int32_t adc_bits = 8;
  bool dsp = false;
};
int32_t lsb_latency(const LsbTiming& lsb);

// Columns that can be on their way to, or in, the output registers of xb_tile.
int32_t tile_depth(const LayerTiming& timing);

// Of xb_requant: its multiplier takes a bit a cycle, its shifter a place a cycle.
inline int32_t requant_cycles(int32_t shift) { return 18 + (shift > 16 ? shift - 16 : 16 - shift); }
// Registers that a column passes in the pipelined xb_requant, v = Y + bias of v_bits.
int32_t requant_stages(int32_t v_bits, bool dsp);
// With logits, and of the pipelined xb_requant.
inline constexpr int32_t kLogitCycles = 1;

}  // namespace crosstwin::hwgen
