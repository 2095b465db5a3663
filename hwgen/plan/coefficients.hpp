// Coefficients of the resource estimate. Written by bench/estimator/fit.py; do not edit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace crosstwin::hwgen {

struct Coefficients {
  std::array<double, 10> lut;  // add, comb, gate, mask, mux, plain, logic, table, count, control
  std::array<double, 2> ff;   // registers, control
};

// In the order of ir::PartFamily.
// clang-format off
inline constexpr std::array<Coefficients, 4> kCoefficients = {{
    {{0.9083, 1.1469, 0.0000, 0.9218, 1.2126, 0.9496, 0.4619, 0.0000, 1.7827, 15.8077}, {0.9472, 0.0000}},  // ice40
    {{0.9083, 1.1469, 0.0000, 0.9218, 1.2126, 0.9496, 0.4619, 0.0000, 1.7827, 15.8077}, {0.9472, 0.0000}},  // up5k
    {{1.2685, 2.2577, 0.5691, 1.1290, 0.9596, 0.0000, 0.3380, 0.7482, 4.2723, 0.0000}, {0.9434, 0.0000}},  // ecp5
    {{1.0000, 1.0000, 1.0000, 1.0000, 1.0000, 0.0000, 1.0000, 1.0000, 1.5000, 20.0000}, {1.0000, 10.0000}},  // gowin
}};
// clang-format on

}  // namespace crosstwin::hwgen
