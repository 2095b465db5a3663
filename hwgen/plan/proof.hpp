// Whether a layer's conversions lose nothing, so that integer products may stand for its crossbar.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"

namespace crosstwin::hwgen {

// For one physical column of a row tile, n driven rows whose codes add up to P give the current
// n g0 + P step, where g0 and step are the conductance of code 0 and the level step, and before the
// clamp the code
//   u(n, P) = floor((a(n) + k P) / 2^sh),   a(n) = n g0 mult + offset + half,   k = step mult.
// With k = 2^sh + d and f(n) = a(n) mod 2^sh, u(n, P) - u(n, 0) - P = floor((f(n) + d P) / 2^sh):
// monotone in P and 0 at P = 0. So a column converts every reachable (n, P) exactly if it does the
// largest P of every n, the sum of its n largest codes, and u(n, 0) >= 0 and that u is within full
// scale. With LSB one and equal settings over a pair, A[+] - A[-] is then the difference of the
// code sums, whatever rows are driven, and their weighted sum over slices and planes is W x.
//
// A column that misses this is tried with the very rows that miss it; where rounding of its arrays
// cancels there, every one of its inputs is tried (up to kEveryInput rows), or it counts as not
// proved.
struct Proof {
  bool exact = false;
  std::string failure;           // what stands against it, with place and numbers; empty when exact
  int64_t physical_columns = 0;  // looked at: row tiles x columns x slices x polarities
  int64_t tried_inputs = 0;      // of columns that were decided by trying every one
  // The conversion that comes nearest to full scale:
  std::string where;       // "row tile 0, column 3, slice 1, negative"
  int32_t rows = 0;        // driven
  int64_t sum = 0;         // of their codes
  int64_t current = 0;     // in conductance units
  int64_t code = 0;        // it becomes
  int64_t full_scale = 0;  // highest code of this column
  // The least distance of any worst case from rounding to another code, in 2^-16 LSB.
  int64_t rounding_margin = INT64_MAX;

  int64_t margin() const { return full_scale - code; }
};

inline constexpr int32_t kEveryInput = 12;

// Takes what ir::check_chip has checked.
Proof prove_lossless(const ir::Layout& layout, const ir::Crossbar& crossbar, const ir::Chip& chip,
                     const ir::CrossbarChip& cells);

// "worst case 135 of 255 codes ..." for plan.json and the generated README.
std::string to_string(const Proof& proof);

}  // namespace crosstwin::hwgen
