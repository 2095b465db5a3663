// Coefficients of the resource estimate. Written by bench/estimator/fit.py; do not edit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace crosstwin::hwgen {

struct Coefficients {
  std::array<double, 5> lut;  // a bit of add, mux, plain, logic, control
  std::array<double, 5> ff;
};

// In the order of ir::PartFamily: ice40, up5k, ecp5, gowin.
inline constexpr std::array<Coefficients, 4> kCoefficients = {{
    {{1.00, 1.00, 1.00, 1.00, 60.0}, {1.00, 1.00, 1.00, 0.00, 40.0}},
    {{1.00, 1.00, 1.00, 1.00, 60.0}, {1.00, 1.00, 1.00, 0.00, 40.0}},
    {{1.00, 1.00, 0.00, 1.00, 60.0}, {1.00, 1.00, 1.00, 0.00, 40.0}},
    {{1.00, 1.00, 0.00, 1.00, 60.0}, {1.00, 1.00, 1.00, 0.00, 40.0}},
}};

}  // namespace crosstwin::hwgen
