// The cycle model against closed forms; tests/verif holds it against Verilator.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/cycles.hpp"

#include "compress/ir/noise.hpp"
#include "tests/catch.hpp"

using namespace crosstwin::hwgen;
namespace ir = crosstwin::ir;

namespace {

LayerTiming timing(int32_t rows, int32_t cols, int32_t pe, int32_t lanes, int32_t requant = 24) {
  LayerTiming t;
  t.rows = rows;
  t.cols = cols;
  t.pe = pe;
  t.adc_lanes = lanes;
  t.requant.assign(static_cast<size_t>(cols), requant);
  return t;
}

}  // namespace

TEST_CASE("A tile bound by its rows takes rows + 1 cycles a group") {
  CHECK(tile_cycles(timing(64, 32, 1, 1)) == 65 * 32);
  CHECK(tile_cycles(timing(64, 32, 2, 1)) == 65 * 16);
  CHECK(tile_cycles(timing(127, 10, 3, 2)) == 128 * 4);
}

TEST_CASE("A tile bound by its converters takes 2 slices planes cycles a column") {
  CHECK(tile_cycles(timing(10, 8, 1, 1)) == 8 * 32);
  CHECK(tile_cycles(timing(64, 32, 4, 1)) == 32 * 32);
  LayerTiming t = timing(10, 8, 1, 1, 4);
  t.slices = 1;
  t.in_bits = 4;
  CHECK(tile_cycles(t) == 8 * 11);  // 8 cycles of conversion are hidden by 11 of rows
}

TEST_CASE("A tile bound by its requantizer takes its cycles a column") {
  CHECK(tile_cycles(timing(4, 8, 8, 4, 25)) == 8 * 25);
  LayerTiming t = timing(4, 3, 1, 4);
  t.requant = {18, 30, 26};
  CHECK(tile_cycles(t) == 18 + 30 + 26);
}

TEST_CASE("The last group converts only the columns that are left") {
  // Groups of 4 and 1: 128 cycles to convert behind 21 rows, 32 cycles behind the next 21.
  CHECK(tile_cycles(timing(20, 5, 4, 1)) == 128 + 32);
  // With 50 rows the small group is bound by rows.
  CHECK(tile_cycles(timing(50, 5, 4, 1)) == 128 + 51);
}

TEST_CASE("Row tiles are converted one by one") {
  LayerTiming t = timing(200, 10, 1, 1);
  t.tile_rows = 128;
  CHECK(tile_cycles(t) == 10 * (129 + 73));
  t.tile_rows = 20;  // 10 tiles of 21 cycles, 32 to convert each
  CHECK(tile_cycles(t) == 10 * 10 * 32);
}

TEST_CASE("Positions take the same time each") {
  LayerTiming t = timing(25, 4, 1, 1);
  t.out_h = t.out_w = 24;
  CHECK(tile_cycles(t) == 576 * 4 * 32);
}

TEST_CASE("Columns do not wait for each other where the output is taken at once") {
  // 4-bit inputs, 4 converters: 4 cycles of words, three columns on their way at a time.
  LayerTiming t = timing(4, 8, 8, 4, kLogitCycles);
  t.in_bits = 4;
  t.adc_latency = 4;
  CHECK(tile_depth(t) == 3);
  CHECK(tile_cycles(t) == 8 * 4);
  t.tile_rows = 2;
  CHECK(tile_cycles(t) == 2 * 8 * 4);
  CHECK(tile_depth(timing(64, 32, 1, 1)) == 1);  // columns are far apart
}

TEST_CASE("A layer is as slow as its input where that is slower") {
  LayerTiming t = timing(2, 1, 1, 1, kLogitCycles);
  t.in_h = 8;
  t.in_w = 100;
  t.kernel_h = 2;
  t.lines = 4;
  t.out_h = 7;
  CHECK(layer_cycles(t) == 800);
}

TEST_CASE("Lines of the next image that find no place in the window are waited for") {
  LayerTiming t = timing(20, 4, 1, 1, kLogitCycles);
  t.in_h = 8;
  t.in_w = 8;
  t.in_c = 2;
  t.kernel_h = 3;
  t.out_h = t.out_w = 6;
  t.lines = 8;  // three for the last kernel, five for the next image
  CHECK(layer_cycles(t) == tile_cycles(t));
  t.lines = 4;  // one for the next image: two lines of 16 words to wait for, and their way
  CHECK(layer_cycles(t) > tile_cycles(t));
  CHECK(layer_cycles(t) <= tile_cycles(t) + 2 * 16 + 20);
}

TEST_CASE("A pool of few channels takes four cycles for a beat inside a window") {
  CHECK(pool_cycles(6, 6, 4, 2, 2) == 144);
  CHECK(pool_cycles(6, 6, 1, 2, 2) == 4 * 36);
  CHECK(pool_cycles(5, 5, 3, 2, 2) == 4 * 48 + 27);
}

TEST_CASE("The converter's latency grows with the addends of its gain") {
  CHECK(adc_latency({1}) == 2);       // gain 1 and the offset: one adder
  CHECK(adc_latency({3}) == 3);       // 4 - 1: three addends
  CHECK(adc_latency({1, 2}) == 3);    // digits of any slice
  CHECK(adc_latency({0x7f}) == 3);    // 128 - 1
  CHECK(adc_latency({0x5555}) == 5);  // eight digits either way: nine addends
}

TEST_CASE("What a converter looks up, clips and adds takes cycles of its own") {
  AdcTiming adc;
  adc.mult = {1};
  CHECK(adc_latency(adc) == 2);
  adc.clip = true;
  adc.inl = true;
  CHECK(adc_latency(adc) == 2 + 1 + 2);
  adc.noise_mult = {0, 5};  // its own tree: two bits and the constants
  CHECK(adc_latency(adc) == 5 + ir::kNoiseRounds + 3 + 2 + 1);
  adc.per_column = true;  // waits meanwhile; two constants and sixteen bits are five levels
  CHECK(adc_latency(adc) == ir::kNoiseRounds + 6 + 5 + 1 + 1 + 2);
  adc.noise_mult.clear();
  adc.dsp = true;
  CHECK(adc_latency(adc) == 3 + 4 + 1 + 1 + 2);
}

TEST_CASE("A column's own level step passes a multiplier, a constant at most a register") {
  CHECK(lsb_latency({{1, 4}, 0, 8, false}) == 0);
  CHECK(lsb_latency({{1, 3}, 0, 8, false}) == 1);
  CHECK(lsb_latency({{1, 1}, 1, 8, false}) == 1);
  CHECK(lsb_latency({{7, 3}, 3, 8, false}) == 2);    // two pairs of bits
  CHECK(lsb_latency({{200, 3}, 8, 8, false}) == 3);  // four
  CHECK(lsb_latency({{200, 3}, 8, 8, true}) == 1);   // one DSP block
  CHECK(lsb_latency({{60000, 3}, 16, 8, true}) == 2);
  CHECK(lsb_latency({{200, 3}, 8, 16, true}) == 3);  // a difference of 17 bits
}

TEST_CASE("Passes repeat the rows, and row lanes share them") {
  LayerTiming t = timing(50, 8, 2, 1);
  t.planes = 1;  // bit-serial: 8 passes of 51 cycles
  CHECK(tile_cycles(t) == 4 * 8 * 51);
  t.row_lanes = 4;  // 13 beats
  CHECK(tile_cycles(t) == 4 * 8 * 14);
  t.tile_rows = 20;                        // 5, 5 and 3 beats,
  CHECK(tile_cycles(t) == 4 * 8 * 3 * 8);  // two columns of 4 words behind each
}

TEST_CASE("With a converter for every word a column leaves each cycle") {
  LayerTiming t = timing(2, 12, 4, 32, 1);
  CHECK(tile_cycles(t) == 12);
  CHECK(tile_depth(t) > 4);
}

TEST_CASE("The requantizer's shifter goes either way from sixteen") {
  CHECK(requant_cycles(16) == 18);
  CHECK(requant_cycles(22) == 24);
  CHECK(requant_cycles(1) == 33);
}
