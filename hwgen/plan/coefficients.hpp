// Coefficients of the resource estimate. Written by bench/estimator/fit.py; do not edit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace crosstwin::hwgen {

struct Coefficients {
  std::array<double, 7> lut;  // add, comb, gate, mux, plain, logic, control
  std::array<double, 2> ff;   // registers, control
};

// In the order of ir::PartFamily.
inline constexpr std::array<Coefficients, 4> kCoefficients = {{
    {{1.0000, 1.0000, 0.5000, 1.0000, 1.0000, 1.0000, 20.0000}, {1.0000, 10.0000}},  // ice40
    {{1.0000, 1.0000, 0.5000, 1.0000, 1.0000, 1.0000, 20.0000}, {1.0000, 10.0000}},  // up5k
    {{1.0059, 0.6425, 1.0108, 1.0721, 0.0484, 0.1197, 76.3129}, {0.8909, 0.0000}},  // ecp5
    {{1.0000, 1.0000, 1.0000, 1.0000, 0.0000, 1.0000, 20.0000}, {1.0000, 10.0000}},  // gowin
}};

}  // namespace crosstwin::hwgen
