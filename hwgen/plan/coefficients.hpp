// Coefficients of the resource estimate. Written by bench/estimator/fit.py; do not edit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace crosstwin::hwgen {

struct Coefficients {
  std::array<double, 9> lut;  // add, comb, gate, mask, mux, plain, logic, table, count
  double ff;                  // registers
};

// In the order of ir::PartFamily.
// clang-format off
inline constexpr std::array<Coefficients, 4> kCoefficients = {{
    {{0.8113, 0.9083, 0.0975, 0.9414, 1.2647, 1.1730, 0.8941, 1.1615, 1.0026}, 0.9548},  // ice40
    {{0.8113, 0.9083, 0.0975, 0.9414, 1.2647, 1.1730, 0.8941, 1.1615, 1.0026}, 0.9548},  // up5k
    {{1.3761, 0.8830, 0.6720, 0.9298, 0.9244, 0.0000, 0.9504, 0.8211, 2.5209}, 0.9511},  // ecp5
    {{1.1669, 0.5963, 0.6503, 0.5144, 0.8044, 0.0000, 1.4436, 0.9447, 2.2303}, 0.9478},  // gowin
}};
// clang-format on

}  // namespace crosstwin::hwgen
