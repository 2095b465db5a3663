// Successive approximation with capacitors that differ: which code an input comes out as.
// SPDX-License-Identifier: Apache-2.0
#include "twin/sar.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "twin/converter.hpp"

namespace crosstwin::twin {

double SarArray::level(int32_t code) const {
  double on = 0;
  for (size_t k = 0; k < bit.size(); ++k) {
    if ((code >> k & 1) != 0) on += bit[k];
  }
  const double all = std::accumulate(bit.begin(), bit.end(), closing);
  return std::ldexp(on / all, static_cast<int32_t>(bit.size()));
}

SarArray draw_sar(double mismatch, int32_t bits, uint64_t seed, int32_t stage) {
  const auto capacitor = [&](int32_t index, double units) {
    // No column's converter has slice -1.
    const double n = draw_converter(seed, {stage, -1, index}).gain;
    return std::max(0.0, units + mismatch * n * std::sqrt(units));
  };
  SarArray array;
  for (int32_t k = 0; k < bits; ++k) array.bit.push_back(capacitor(k, std::ldexp(1.0, k)));
  array.closing = capacitor(bits, 1);
  return array;
}

int32_t sar_code(const SarArray& array, double input) {
  int32_t code = 0;
  for (size_t k = array.bit.size(); k-- > 0;) {
    const int32_t trial = code | 1 << k;
    if (input + 0.5 >= array.level(trial)) code = trial;
  }
  return code;
}

std::vector<uint16_t> sar_table(const SarArray& array) {
  std::vector<uint16_t> codes;
  for (int32_t code = 0; code < 1 << array.bit.size(); ++code) {
    codes.push_back(static_cast<uint16_t>(sar_code(array, code)));
  }
  return codes;
}

}  // namespace crosstwin::twin
