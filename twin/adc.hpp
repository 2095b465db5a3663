// The converter of a column: its transfer in integers, and how its range is chosen.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

namespace crosstwin::twin {

// A = clamp((current mult + offset + half) >> shift, 0, 2^bits - 1), half = 2^(shift-1) or 0.
inline int32_t convert(int64_t current, int64_t mult, int64_t offset, int32_t shift, int32_t bits) {
  const int64_t half = shift > 0 ? int64_t{1} << (shift - 1) : 0;
  const int64_t code = (current * mult + offset + half) >> shift;
  return static_cast<int32_t>(std::clamp<int64_t>(code, 0, (int64_t{1} << bits) - 1));
}

// How the LSB of a (layer, slice) is chosen, always as an integer number of level steps.
enum class AdcRange {
  kMax,         // the smallest LSB that clips no conversion of the calibration images
  kPercentile,  // the smallest LSB that clips at most 1 - percentile of them
  kMse,         // the LSB with the least squared error of A[+] - A[-], planes by their weight
  kWorstCase,   // the smallest LSB that clips nothing whatever the input
  kLossless,    // as kWorstCase, and an error unless that LSB is one level step
};
struct AdcOptions {
  AdcRange range = AdcRange::kMax;
  double percentile = 0.9999;  // (0, 1]
};

// "max", "percentile", "mse", "worst_case", "lossless"; Error naming `where` for another word.
AdcRange parse_adc_range(const std::string& word, const std::string& where);
std::string to_string(AdcRange range);

// mult / 2^shift stands for 1 / (level_step lsb), offset 0.
struct Transfer {
  int32_t mult = 1;
  int32_t shift = 0;
};

// The least shift, so the narrowest multiplier, with which
//   - lsb = 1: ideal cells convert exactly: for every pedestal n g_min of n <= rows driven cells and
//     every sum of codes P, A(n, P) - A(n, 0) = P unless A(n, P) is clipped;
//   - otherwise: the transfer is off by less than 1/64 LSB at full scale.
Transfer find_transfer(int32_t g_min, int32_t level_step, int32_t lsb, int32_t rows, int32_t bits);

}  // namespace crosstwin::twin
