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
    {{0.8391, 1.0177, 0.0951, 0.9208, 1.2407, 1.0639, 0.9978, 0.1260, 1.3572}, 0.9475},  // ice40
    {{0.8391, 1.0177, 0.0951, 0.9208, 1.2407, 1.0639, 0.9978, 0.1260, 1.3572}, 0.9475},  // up5k
    {{1.2660, 1.0330, 0.6964, 1.0472, 1.0238, 0.0000, 1.1491, 0.6282, 2.4622}, 0.9450},  // ecp5
    {{1.0601, 0.6544, 0.7023, 0.6484, 0.8937, 0.0000, 1.4739, 0.9222, 2.0814}, 0.9419},  // gowin
}};
// clang-format on

}  // namespace crosstwin::hwgen
