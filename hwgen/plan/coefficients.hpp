// Coefficients of the resource estimate. Written by bench/estimator/fit.py; do not edit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace crosstwin::hwgen {

struct Coefficients {
  std::array<double, 9> lut;  // add, comb, gate, mask, mux, plain, logic, table, count
  double ff;                   // registers
};

// In the order of ir::PartFamily.
// clang-format off
inline constexpr std::array<Coefficients, 4> kCoefficients = {{
    {{0.8316, 1.0134, 0.0975, 0.9386, 1.2426, 1.0635, 0.9394, 0.1878, 1.3705}, 0.9470},  // ice40
    {{0.8316, 1.0134, 0.0975, 0.9386, 1.2426, 1.0635, 0.9394, 0.1878, 1.3705}, 0.9470},  // up5k
    {{1.2270, 1.0211, 0.7377, 1.0858, 1.0426, 0.0000, 1.1523, 0.6665, 2.4767}, 0.9423},  // ecp5
    {{1.0591, 0.6560, 0.6901, 0.6666, 0.8880, 0.0000, 1.4354, 0.9546, 2.0969}, 0.9405},  // gowin
}};
// clang-format on

}  // namespace crosstwin::hwgen
