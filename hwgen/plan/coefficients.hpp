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
    {{0.8200, 0.9350, 0.1016, 0.9237, 1.2662, 1.1467, 0.8011, 1.1912, 1.0954}, 0.9478},  // ice40
    {{0.8200, 0.9350, 0.1016, 0.9237, 1.2662, 1.1467, 0.8011, 1.1912, 1.0954}, 0.9478},  // up5k
    {{1.2596, 0.9032, 0.7070, 1.0548, 1.0365, 0.0000, 0.9830, 0.8755, 2.4444}, 0.9453},  // ecp5
    {{1.0470, 0.6645, 0.6940, 0.6621, 0.9014, 0.0000, 1.4909, 0.9621, 2.1665}, 0.9423},  // gowin
}};
// clang-format on

}  // namespace crosstwin::hwgen
