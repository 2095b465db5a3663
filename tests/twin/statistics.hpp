// Bounds for what is drawn at random: five standard errors, so a right draw fails about once in two
// million, and a wrong one is found as soon as the sample is large enough for its error.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace crosstwin::test {

inline constexpr double kErrors = 5;

struct Moments {
  double mean = 0;
  double sigma = 0;
  double kurtosis = 0;  // 3 for a normal sample
};

inline Moments moments(const std::vector<double>& sample) {
  const auto n = static_cast<double>(sample.size());
  Moments m;
  for (const double v : sample) m.mean += v / n;
  double squares = 0;
  double fourths = 0;
  for (const double v : sample) {
    const double square = (v - m.mean) * (v - m.mean);
    squares += square;
    fourths += square * square;
  }
  m.sigma = std::sqrt(squares / (n - 1));
  m.kurtosis = squares > 0 ? n * fourths / (squares * squares) : 0;
  return m;
}

// The sample's mean is `mean`.
inline bool has_mean(const std::vector<double>& sample, double mean) {
  const Moments m = moments(sample);
  return std::abs(m.mean - mean) <
         kErrors * m.sigma / std::sqrt(static_cast<double>(sample.size()));
}

// The sample's deviation is `sigma`; the error of a deviation follows from the sample's kurtosis.
inline bool has_sigma(const std::vector<double>& sample, double sigma) {
  const Moments m = moments(sample);
  const double error =
      m.sigma * std::sqrt((m.kurtosis - 1) / (4 * static_cast<double>(sample.size())));
  return std::abs(m.sigma - sigma) < kErrors * error;
}

// `hits` of `n` trials come of the probability p.
inline bool has_rate(int64_t hits, int64_t n, double p) {
  const auto trials = static_cast<double>(n);
  return std::abs(static_cast<double>(hits) / trials - p) <
         kErrors * std::sqrt(p * (1 - p) / trials);
}

// Neither sample says anything about the other, line by line.
inline bool uncorrelated(const std::vector<double>& a, const std::vector<double>& b) {
  const Moments of_a = moments(a);
  const Moments of_b = moments(b);
  const auto n = static_cast<double>(a.size());
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - of_a.mean) * (b[i] - of_b.mean);
  return std::abs(sum / (n * of_a.sigma * of_b.sigma)) < kErrors / std::sqrt(n);
}

// Chi-square over 20 bins of equal probability: the sample is normal of this mean and deviation.
inline bool is_normal(const std::vector<double>& sample, double mean, double sigma) {
  constexpr int kBins = 20;
  std::vector<double> counts(kBins);
  for (const double v : sample) {
    const double p = std::erfc((mean - v) / sigma / std::sqrt(2.0)) / 2;
    ++counts[static_cast<size_t>(std::clamp(static_cast<int>(p * kBins), 0, kBins - 1))];
  }
  const double expected = static_cast<double>(sample.size()) / kBins;
  double chi_square = 0;
  for (const double count : counts)
    chi_square += (count - expected) * (count - expected) / expected;
  const double freedom = kBins - 1;
  return chi_square < freedom + kErrors * std::sqrt(2 * freedom);
}

}  // namespace crosstwin::test
