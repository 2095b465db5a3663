// What the SIMD kernels of a tile read and write: plain arrays, one block of positions a call.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "compress/ir/noise.hpp"
#include "twin/half_converter.hpp"

namespace crosstwin::twin {

// Positions a block; x is [rows][kTileBlock].
inline constexpr int32_t kTileBlock = 32;
// Longest vector of 32-bit lanes that a kernel uses; buffers end this many entries later.
inline constexpr int32_t kMaxLanes = 16;

// One slice. Conductances are written as G = base + unit q with the q of digits of `digit_bits`.
struct SliceView {
  int32_t base = 0;
  int32_t unit = 1;
  int32_t digits = 1;
  int32_t digit_bits = 1;
  bool half = false;  // converts in 16-bit lanes by HalfConverter, else in 32-bit ones
  bool wide = false;  // products of 32-bit lanes take more than 32 bits (Converter32)
  int32_t shift = 0;  // adc_shift
};

// Converters of all columns: [slice][column_stride].
struct ConverterView {
  const int32_t* mult;
  const int32_t* offset;  // half an LSB added
  const int32_t* clip;
  const int32_t* weight;  // 2^(cell_bits s) lsb[s][c]
  const HalfConverter* half;
  const int32_t* inl;  // [code], null without
  int32_t column_stride;
};

// What the draws of a row tile's conversions are keyed by: the fields of the counter (NoiseCounter)
// but for the word, which is 2 slice + polarity.
struct NoiseView {
  bool on = false;
  ir::NoiseKeys keys{};
  int32_t shift = 0;                   // noise_shift
  int32_t gains = 1;                   // one, or one for every number of driven rows
  const uint16_t* gain = nullptr;      // [slice][gains] in units of 2^-shift, of 2^-15 where `half`
  const uint32_t* image = nullptr;     // [positions of the block]
  const uint32_t* position = nullptr;  // [positions of the block]
  const uint32_t* plane = nullptr;     // [planes]
  const uint32_t* column = nullptr;    // [cols + 2 kMaxLanes], of the row tile too
};

// A row tile by look-up: bits of 4 rows select one of 16 sums of q.
struct LookupView {
  int32_t rows;  // of the row tile
  int32_t cols;
  int32_t planes;
  int32_t slices;
  const SliceView* slice;
  const uint8_t* table;  // [column][slice][digit][group of 4 rows][polarity][16]
  ConverterView converter;
  const int32_t* plane_weight;  // [planes]
  NoiseView noise;
};

// The (position, plane) lanes that hold `count` positions, a multiple of a vector's.
int32_t lookup_lanes(int32_t count, int32_t planes);

// Working memory of look_up, in lookup_lanes.
struct LookupBuffers {
  uint8_t* index;      // a group of 4 rows
  uint16_t* count;     // 1: rows driven
  uint16_t* pedestal;  // a slice: base times them, 16 bits
  uint16_t* noise;     // 4: high and low counter, high and low image number
  uint16_t* gain;      // a slice: that of the noise
  int32_t* sums;       // 2
};

// y[column][kTileBlock] += the row tile's share of Y. x [rows][kTileBlock], positions 0..count - 1.
void look_up(const LookupView& tile, const int32_t* x, int32_t count, const LookupBuffers& buffers,
             int32_t* y);

// A row tile by multiplication: a group of 2 or 4 rows lies in a 32-bit word, the first lowest.
struct MultiplyView {
  int32_t groups;    // of rows
  int32_t group;     // rows of a group: 2 of 16 bits each, or 4 of 8 bits
  int32_t words;     // 2 slices cols, rounded up to kMultiplyBlock
  const int32_t* g;  // [block of words][group][kMultiplyBlock] of G less a constant, signed; the
                     // word of a column is (2 slice + polarity) cols + column
};
inline constexpr int32_t kMultiplyBlock = 32;

// sums[m][words] = start[m] + products, modulo 2^32, of digit vectors m; digits [group][vectors],
// a group of digits a word: below 2^15 or 2^8.
void multiply_digits(const MultiplyView& tile, const int32_t* digits, const int32_t* start,
                     int32_t vectors, int32_t* sums);

// scale_noise of a draw.
struct NoiseGain {
  int32_t mult = 0;
  int32_t shift = 0;
};

// y[cols + kMaxLanes] += weight (A[+] - A[-]) of one slice of one plane; currents [2][cols], noise
// z (noise_z) [2][cols] or null; both may be read kMaxLanes beyond.
void convert_columns(const ConverterView& converter, const SliceView& slice, int32_t s,
                     int32_t cols, int32_t plane_weight, const int32_t* currents, const int16_t* z,
                     NoiseGain gain, int32_t* y);

// z[c] = noise_z of counter column[c] | rest, c < cols; writes up to 2 kMaxLanes beyond.
void draw_columns(ir::NoiseKeys keys, uint32_t image, uint32_t rest, const uint32_t* column,
                  int32_t cols, int16_t* z);

}  // namespace crosstwin::twin
