// The converter of a column: its transfer in integers, and how its range is chosen.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/device.hpp"

namespace crosstwin::twin {

// The code before the clamp: (current mult + offset + half) >> shift, half = 2^(shift-1) or 0.
inline int64_t raw_code(int64_t current, int64_t mult, int64_t offset, int32_t shift) {
  const int64_t half = shift > 0 ? int64_t{1} << (shift - 1) : 0;
  return (current * mult + offset + half) >> shift;
}

// clamp(raw code, 0, 2^bits - 1): the code of a converter without clip and non-linearity.
inline int32_t convert(int64_t current, int64_t mult, int64_t offset, int32_t shift, int32_t bits) {
  const int64_t code = raw_code(current, mult, offset, shift);
  return static_cast<int32_t>(std::clamp<int64_t>(code, 0, (int64_t{1} << bits) - 1));
}

inline bool is_clipped(int64_t current, int64_t mult, int64_t offset, int32_t shift, int32_t bits) {
  const int64_t code = raw_code(current, mult, offset, shift);
  return code < 0 || code >= int64_t{1} << bits;
}

// How an LSB is chosen, always as an integer number of level steps.
enum class AdcRange {
  kMax,         // the smallest LSB that clips no conversion of the calibration images
  kPercentile,  // the smallest LSB that clips at most 1 - percentile of them
  kMse,         // the LSB with the least squared error of A[+] - A[-], planes by their weight
  kWorstCase,   // the smallest LSB that clips nothing whatever the input
  kLossless,    // as kWorstCase, and an error unless that LSB is one level step
};
// Whose conversions choose it.
enum class AdcPer {
  kLayer,   // those of all columns of a slice: one LSB
  kColumn,  // each column of a slice its own
};
struct AdcOptions {
  AdcRange range = AdcRange::kMax;
  double percentile = 0.9999;  // (0, 1]
  AdcPer per = AdcPer::kLayer;
  bool aged = false;  // on cells that have aged to device.time, not on fresh ones
  // One a crossbar stage, in order: these instead of a range, for another chip of the same
  // hardware.
  std::vector<ir::ConverterRange> given = {};

  // Calibration images decide.
  bool measured() const {
    return given.empty() && range != AdcRange::kWorstCase && range != AdcRange::kLossless;
  }
};

// "max", "percentile", "mse", "worst_case", "lossless".
std::string to_string(AdcRange range);
// "layer", "column".
std::string to_string(AdcPer per);

// mult / 2^shift stands for 1 / (level step of the device * lsb), offset 0.
struct Transfer {
  int32_t mult = 1;
  int32_t shift = 0;
  bool exact = false;  // ideal cells convert exactly, see find_transfer
};

// The least shift, so the narrowest multiplier, with which
//   - a linear device and lsb = 1: ideal cells convert exactly: for every pedestal n g_min of
//     n <= rows driven cells and every sum P of n codes, A(n, P) - A(n, 0) = P unless A(n, P) would
//     leave `bits`. (Not always to be had in 16 bits of mult: about 13 ADC bits at a step of 15.)
//   - otherwise, or where that is not to be had: the transfer is off by less than 1/64 LSB at full
//     scale, or as little as 16 bits of mult allow.
Transfer find_transfer(const ir::Device& device, int32_t lsb, int32_t rows, int32_t bits);

// The transfers of a slice's columns with these LSBs, which share a shift: the largest that one of
// them has by itself, or what leaves the largest mult its 16 bits. A column that has a smaller
// shift by itself converts as with that. One that would have a larger shift has its mult rounded
// down: no current clips that did not, and the transfer is off by at most 1 / mult, where mult is
// at least 2^15 times the slice's smallest LSB over the column's.
struct SliceTransfers {
  std::vector<int32_t> mult;  // [C]
  int32_t shift = 0;
};
SliceTransfers find_transfers(const ir::Device& device, std::span<const int32_t> lsb, int32_t rows,
                              int32_t bits);

// The smallest lsb whose transfer takes `current` to a code within `bits`.
int32_t covering_lsb(const ir::Device& device, int64_t current, int32_t rows, int32_t bits);

}  // namespace crosstwin::twin
