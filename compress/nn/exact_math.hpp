// exp, log, sin and cos with the same bits on every machine: libm's differ between processors.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace crosstwin::nn {

// Relative error below 1e-13; 0 under -700, and arguments over 700 count as 700.
inline double exact_exp(double x) {
  if (x < -700) return 0;
  if (x > 700) x = 700;
  const double n = std::floor(x * std::numbers::log2e + 0.5);
  // ln 2 in two parts: n * kHigh is exact.
  constexpr double kHigh = 0x1.62e42feep-1;
  constexpr double kLow = 0x1.a39ef35793c76p-33;
  const double r = (x - n * kHigh) - n * kLow;
  double sum = 1;
  for (int i = 13; i >= 1; --i) sum = 1 + r * sum / i;
  return std::bit_cast<double>(static_cast<uint64_t>(static_cast<int64_t>(n) + 1023) << 52) * sum;
}

// Of a positive normal number; absolute error below 1e-13.
inline double exact_log(double x) {
  const auto bits = std::bit_cast<uint64_t>(x);
  auto exponent = static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFULL) | (uint64_t{1023} << 52));
  if (m > std::numbers::sqrt2) {
    m *= 0.5;
    ++exponent;
  }
  const double s = (m - 1) / (m + 1);  // |s| < 0.172
  double sum = 0;
  for (int i = 21; i >= 1; i -= 2) sum = sum * s * s + 1.0 / i;
  return exponent * std::numbers::ln2 + 2 * s * sum;
}

// |x| <= pi; absolute error below 1e-11.
inline double exact_sin(double x) {
  double sum = 1;
  for (int i = 26; i >= 2; i -= 2) sum = 1 - x * x * sum / (i * (i + 1));
  return x * sum;
}
inline double exact_cos(double x) {
  double sum = 1;
  for (int i = 25; i >= 1; i -= 2) sum = 1 - x * x * sum / (i * (i + 1));
  return sum;
}

}  // namespace crosstwin::nn
