// Successive approximation with capacitors that differ: which code an input comes out as.
// SPDX-License-Identifier: Apache-2.0
//
// The conventional array: bit k is 2^k unit capacitors, and one more unit closes the divider, so
// that trial code t stands at 2^bits (sum of its bits' capacitors) / (sum of all) LSB. A unit is
// 1 + m n with m the mismatch and n standard normal, so a bit of 2^k of them is
// 2^k (1 + m n / sqrt(2^k)). The converter decides bit by bit from the top: a bit stays when the
// input reaches its trial. Steps are worst where most bits change: the step from 2^(bits-1) - 1 to
// 2^(bits-1) is off by m sqrt(2^bits - 1) LSB, one sigma. Where a step is under 0 codes are
// missing. Source: M. Saberi, R. Lotfi, K. Mafinezhad, W. A. Serdijn, "Analysis of power
// consumption and linearity in capacitive digital-to-analog converters used in successive
// approximation ADCs", IEEE Trans. Circuits Syst. I 58 (2011).
//
// Deviations: one array a layer, as a table of codes is one a layer; no parasitic capacitors, no
// noise of the comparator (read_noise is of the current); capacitors are at least 0.
//
// What is folded. A chip's table takes an ideal converter's code, which is coarser than what the
// array decides on: every code comes out as the middle of its LSB does. So each threshold lies at a
// multiple of an LSB: a conversion gives the true code of an input that is off by at most half an
// LSB, and errors well below half an LSB do not show at all. A finer table would be a wider
// converter in the RTL, 2^n times its table for n bits.
#pragma once

#include <cstdint>
#include <vector>

namespace crosstwin::twin {

struct SarArray {
  std::vector<double> bit;  // capacitor of each bit, low first, in unit capacitors
  double closing = 1;

  double level(int32_t code) const;  // of a trial, in LSB
};

// Keyed by (seed, stage).
SarArray draw_sar(double mismatch, int32_t bits, uint64_t seed, int32_t stage);

// The code of an input in LSB, which an ideal array rounds: floor(input + 1/2) within range. Never
// falls as the input rises.
int32_t sar_code(const SarArray& array, double input);

// [2^bits] sar_code of every ideal code.
std::vector<uint16_t> sar_table(const SarArray& array);

}  // namespace crosstwin::twin
