// Which physical cells the weights of a design sit in, chosen around the faults of one chip.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/design.hpp"
#include "compress/ir/device.hpp"
#include "compress/ir/placement.hpp"

namespace crosstwin::adapt {

// What is known of the cells before they are programmed.
enum class Known {
  kFaults,  // which are stuck, and how: a test read of the array at both ends finds them
  kCells,   // that, and what every cell becomes when it is programmed once to each level: only a
            // chip whose spread is of the cells themselves and repeats has that
};

struct RemapOptions {
  Known known = Known::kFaults;
  int32_t spare_columns = 0;  // of every column tile
  int32_t rounds = 8;         // of rows, then columns, at most
};

// What was gained in one crossbar.
struct RemapReport {
  std::string stage;
  // Root of sum a_r k_c e^2 / sum a_r k_c w^2 over the weights w: e is the expected error of the
  // weight's cells, a_r the mean square of the row's activation on the calibration images, k_c the
  // square of the column's requantizer. In order, and as placed; both as programmed in the end.
  double error_before = 0;
  double error_after = 0;
  int64_t weights = 0;  // that are not 0
  // Weights whose cells give another value than theirs because of stuck cells.
  int64_t wrong_before = 0;
  int64_t wrong_after = 0;
};

struct Remapped {
  std::vector<ir::Placement> placements;  // one a crossbar
  std::vector<RemapReport> reports;
};

// Alternately the best order of rows in every row tile and of columns in every column tile (each an
// exact assignment, the cheaper polarity within the cost of a column), from the order of the
// design, until a round gains nothing. Working cells beside stuck ones make up for them
// (ir::Placement::makes_up). The cost of a placement is sum a_r k_c e^2, a sum over weights as if
// their errors were independent. Independent of the number of threads.
// `images` calibrate a_r; `seed` names the chip. Throws ir::Error as twin::program does.
Remapped remap(const ir::Design& design, const ir::Device& device, uint64_t seed,
               std::span<const uint8_t> images, const RemapOptions& options = {});

// The same physical chip in order: what remap() compares itself with.
std::vector<ir::Placement> in_order(const ir::Design& design, int32_t spare_columns);

}  // namespace crosstwin::adapt
