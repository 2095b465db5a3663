// A chip: one draw of the device for a design, folded into integers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "compress/ir/design.hpp"
#include "compress/ir/device.hpp"
#include "compress/ir/placement.hpp"

namespace crosstwin::ir {

// Polarity 0 is positive, 1 negative; slice 0 is the low one.
// One conversion (numeric contract), I = the current of a physical column for one plane, n = its
// read noise, noise_value of compress/ir/noise.hpp, shifts are arithmetic:
//   A = inl[min(clamp(((I + n) * adc_mult + adc_offset + (adc_shift ? 2^(adc_shift-1) : 0))
//                     >> adc_shift, 0, 2^adc_bits - 1), adc_clip)]
//   Y[c] = sum_tiles sum_b sum_s w_b 2^(cell_bits s) lsb[s][c] (A[+] - A[-])
struct CrossbarChip {
  std::string stage;                // name of the design's stage
  std::vector<uint16_t> g;          // [2][S][R][C] conductance of every cell
  std::vector<int32_t> adc_mult;    // [S][C] 1..65535
  std::vector<int32_t> adc_shift;   // [S] 0..31, one a slice
  std::vector<int32_t> adc_offset;  // [S][C] within +-2^30
  std::vector<int32_t> lsb;         // [S][C] level steps an ADC code stands for, 1..kMaxLsb
  std::vector<int32_t> adc_clip;    // [S][C] highest code, 0..2^adc_bits - 1
  std::vector<uint16_t> inl;        // [2^adc_bits] what a code comes out as; empty = itself
  // [S][N] 0..65535, N = 1 or min(tile_rows, rows) + 1; all 0 = no read noise. Of a conversion of n
  // driven rows: its only one, or the n-th.
  std::vector<int32_t> noise_mult;
  int32_t noise_shift = 0;  // 0..31
  Placement placement;      // which cells those are; nothing is computed with it

  bool noisy() const;
  // N of noise_mult.
  int32_t noise_gains() const {
    return adc_shift.empty() ? 0 : static_cast<int32_t>(noise_mult.size() / adc_shift.size());
  }
};

inline constexpr int32_t kMaxLsb = 65535;

struct Chip {
  static constexpr int32_t kSchemaVersion = 3;
  std::string design_hash;
  uint64_t seed = 0;            // of the cells and converters
  uint64_t noise_seed = 0;      // of the read noise
  std::vector<uint16_t> table;  // [2^cell_bits] conductance of each level when `shared_table`
  bool shared_table = false;    // every cell of every stage sits at table[code]
  int32_t g_bits = 8;           // width of every conductance
  std::vector<CrossbarChip> crossbars;  // in the order of the design's crossbar stages
  Device device;                        // what was drawn from, for the record; hwgen never reads it
};

// Level code of slice s of |w|, and which polarity holds it: the other one is at code 0.
inline int32_t slice_code(int32_t weight, int32_t polarity, int32_t slice, int32_t cell_bits) {
  const int32_t magnitude = polarity == 0 ? weight : -weight;
  return magnitude <= 0 ? 0 : (magnitude >> (cell_bits * slice)) & ((1 << cell_bits) - 1);
}

// Content hash of everything that the arrays compute with: the design's hash, the table, the
// integers of every crossbar, and the noise seed where there is noise. Neither the other seed nor
// the device nor a placement counts.
std::string chip_hash(const Chip& chip);

bool noisy(const Chip& chip);

// Throws Error naming `where` when the chip does not fit the design.
void check_chip(const Chip& chip, const Design& design, const std::string& where);

// A folder with chip.json and tensors.npz (docs/artifact.md). Written atomically.
void save_chip(const Chip& chip, const std::filesystem::path& dir);
Chip load_chip(const std::filesystem::path& dir, const Design& design);

// What hardware fixes of a layer's converters, so that another chip for it must have the same.
struct ConverterRange {
  std::string stage;
  std::vector<int32_t> lsb;        // [S][C]
  std::vector<int32_t> adc_shift;  // [S]
};

// Of every crossbar stage of the chip in `dir`, or of that in the folder `chip` of a run; the
// design need not be there. Throws Error naming the file.
std::vector<ConverterRange> read_ranges(const std::filesystem::path& dir);

}  // namespace crosstwin::ir
