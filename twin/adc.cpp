// Transfers that keep ideal cells exact, and the words for the choices of range.
// SPDX-License-Identifier: Apache-2.0
#include "twin/adc.hpp"

#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "compress/ir/error.hpp"
#include "twin/device.hpp"

namespace crosstwin::twin {

namespace {

constexpr int32_t kMaxMult = 65535;

constexpr std::array<std::pair<const char*, AdcRange>, 5> kRanges = {{
    {"max", AdcRange::kMax},
    {"percentile", AdcRange::kPercentile},
    {"mse", AdcRange::kMse},
    {"worst_case", AdcRange::kWorstCase},
    {"lossless", AdcRange::kLossless},
}};

int64_t unclamped(int64_t current, const Transfer& transfer) {
  return raw_code(current, transfer.mult, 0, transfer.shift);
}

// For a fixed n the code is floor(c + P (1 + d)) with some c and a tiny d, and it equals
// floor(c) + P at every P in between when it does at P = 0 and at the last P that is in range.
bool is_exact(const Transfer& transfer, const ir::Device& device, int32_t rows, int32_t bits) {
  const int64_t top = (int64_t{1} << bits) - 1;
  for (int64_t n = 0; n <= rows; ++n) {
    const int64_t pedestal = unclamped(n * device.g_min, transfer);
    if (pedestal > top) break;
    const int64_t last = std::min(n * (device.levels - 1), top - pedestal);
    const int64_t current = n * device.g_min + last * device.g_step;
    if (unclamped(current, transfer) != pedestal + last) return false;
  }
  return true;
}

}  // namespace

std::string to_string(AdcRange range) {
  for (const auto& [name, each] : kRanges) {
    if (range == each) return name;
  }
  throw ir::Bug("a range has a name");
}

std::string to_string(AdcPer per) { return per == AdcPer::kLayer ? "layer" : "column"; }

Transfer find_transfer(const ir::Device& device, int32_t lsb, int32_t rows, int32_t bits) {
  ir::check(lsb >= 1 && rows >= 0 && bits >= 1 && bits <= 16, "an ADC has an LSB and 1..16 bits");
  const double step = level_step(device) * lsb;
  const double tolerance = std::ldexp(1.0, -bits) / 64;
  const bool want_exact = device.level_mean.empty() && lsb == 1;
  Transfer best;
  double best_error = 2;
  for (int32_t shift = 0; shift <= 31; ++shift) {
    const double ratio = std::ldexp(1.0, shift) / step;
    if (ratio > kMaxMult) break;
    for (const double mult : {std::floor(ratio), std::ceil(ratio)}) {
      if (mult < 1 || mult > kMaxMult) continue;
      const Transfer candidate = {static_cast<int32_t>(mult), shift, false};
      if (want_exact && is_exact(candidate, device, rows, bits)) {
        return {candidate.mult, candidate.shift, true};
      }
      const double error = std::abs(mult / ratio - 1);
      if (best_error >= tolerance && error < best_error) {
        best = candidate;
        best_error = error;
      }
    }
  }
  return best;
}

SliceTransfers find_transfers(const ir::Device& device, std::span<const int32_t> lsb, int32_t rows,
                              int32_t bits) {
  std::map<int32_t, Transfer> own;
  SliceTransfers all;
  for (const int32_t each : lsb) {
    if (own.count(each) == 0) own[each] = find_transfer(device, each, rows, bits);
    all.shift = std::max(all.shift, own[each].shift);
  }
  for (const auto& [each, transfer] : own) {
    while (int64_t{transfer.mult} << std::max(0, all.shift - transfer.shift) > kMaxMult) {
      --all.shift;
    }
  }
  for (const int32_t each : lsb) {
    const auto& [mult, shift, exact] = own[each];
    all.mult.push_back(shift <= all.shift ? mult << (all.shift - shift)
                                          : std::max(1, mult >> (shift - all.shift)));
  }
  return all;
}

int32_t covering_lsb(const ir::Device& device, int64_t current, int32_t rows, int32_t bits) {
  const int64_t top = (int64_t{1} << bits) - 1;
  const double steps = static_cast<double>(current) / level_step(device);
  // One below the estimate: a code may reach half an LSB beyond its value.
  auto lsb = std::max(1, static_cast<int32_t>(steps / static_cast<double>(top + 1)) - 1);
  while (unclamped(current, find_transfer(device, lsb, rows, bits)) > top) ++lsb;
  return lsb;
}

}  // namespace crosstwin::twin
