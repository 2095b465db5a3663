// Biases and scales of a design fitted to one programmed chip.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "compress/ir/device.hpp"
#include "twin/adc.hpp"

namespace crosstwin::adapt {

// Of one crossbar, in the units of its activation codes (of its logits) and relative to the spread
// of what the design computes: root of sum k_c (v - v_design)^2 / sum k_c (v_design - mean)^2.
struct RecalibrateReport {
  std::string stage;
  double error_before = 0;  // with the design's own biases and scales
  double error_after = 0;
};

struct ColumnFit {
  RecalibrateReport report;
  double logit_gain = 1;  // a of the logits' a Y + b; of others it is in mult and shift
};

// Gives the crossbar, which has its design's own bias, mult and shift, those of the lines from the
// sums y to the design's products, both [images][positions][C].
ColumnFit fit_columns(const std::string& stage, const std::vector<int32_t>& y,
                      const std::vector<int32_t>& product, int64_t images, ir::Crossbar& crossbar);

struct Recalibrated {
  ir::Design design;  // the same weights; bias, mult and shift are this chip's
  ir::Chip chip;      // of that design
  std::vector<RecalibrateReport> reports;
};

// Programs the chip of this seed and, stage by stage, measures on the calibration images what its
// columns give, at the device's time, without read noise, behind the stages as they are by now. Per
// column it takes the line a Y + b nearest in least squares to the design's own v = W x + bias:
//   mult / 2^shift becomes a mult / 2^shift, bias becomes b / a
// so that gain, offset and what drift has taken are undone; where Y says nothing (a would not be
// within kLeastGain .. 1 / kLeastGain) only the mean is matched. Logits are compared with each
// other and have no scale: one a for all their columns, a bias each. Ranges of the converters are
// set at the device's time too. Independent of the number of threads.
// Throws ir::Error as twin::program does, and without images.
Recalibrated recalibrate(const ir::Design& design, const ir::Device& device, uint64_t seed,
                         std::span<const uint8_t> images, const twin::AdcOptions& options = {},
                         std::span<const ir::Placement> placements = {});

inline constexpr double kLeastGain = 1.0 / 64;

}  // namespace crosstwin::adapt
