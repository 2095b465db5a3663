// Coefficients of the resource estimate. Written by bench/estimator/fit.py; do not edit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace crosstwin::hwgen {

struct Coefficients {
  std::array<double, 9> lut;  // add, comb, gate, mux, plain, logic, table, count, control
  std::array<double, 2> ff;   // registers, control
};

// In the order of ir::PartFamily.
// clang-format off
inline constexpr std::array<Coefficients, 4> kCoefficients = {{
    {{1.0000, 1.0000, 0.5000, 1.0000, 1.0000, 1.0000, 1.0000, 1.5000, 20.0000}, {1.0000, 10.0000}},  // ice40
    {{1.0000, 1.0000, 0.5000, 1.0000, 1.0000, 1.0000, 1.0000, 1.5000, 20.0000}, {1.0000, 10.0000}},  // up5k
    {{1.2876, 1.4123, 0.8630, 0.9634, 0.0000, 0.1955, 0.9129, 4.0982, 0.0000}, {0.9391, 0.0000}},  // ecp5
    {{1.0000, 1.0000, 1.0000, 1.0000, 0.0000, 1.0000, 1.0000, 1.5000, 20.0000}, {1.0000, 10.0000}},  // gowin
}};
// clang-format on

}  // namespace crosstwin::hwgen
