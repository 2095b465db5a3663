// The device model: conductances of the levels, and what programming and time make of one cell.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compress/ir/device.hpp"

namespace crosstwin::twin {

// Mean conductance of every level, in units of G.
std::vector<double> level_means(const ir::Device& device);

// The same as integers: what an undisturbed cell has.
std::vector<uint16_t> level_table(const ir::Device& device);

// One level in units of G: g_step, or the mean distance of measured levels.
double level_step(const ir::Device& device);

// What a cell of conductance g (units) becomes: rounded, 0..65535.
uint16_t to_conductance(double g);

// Something of the device is drawn by the seed: its chips differ.
bool draws(const ir::Device& device);

// Which cell: a place in the design, so that the draw does not depend on the order of drawing.
struct CellPlace {
  int32_t stage = 0;  // index among the design's stages
  int32_t polarity = 0;
  int32_t slice = 0;
  int32_t row = 0;  // of the crossbar, all row tiles counted through
  int32_t column = 0;
};

enum class Fault : uint8_t { kNone, kLow, kHigh };

// A cell right after programming.
struct Programmed {
  double g = 0;          // units, at least 0
  int32_t pulses = 0;    // 0 unless write-verified
  bool verified = true;  // the last read was within the tolerance
  double joules = 0;     // of the pulses
};

// Draws cells. Every draw is keyed by seed, purpose and place, and by the pulse's number where it
// is one of a pulse; cells, purposes and pulses are independent.
class CellModel {
 public:
  // `device` is copied; it is checked and has the levels of the layout.
  CellModel(const ir::Device& device, uint64_t seed);

  const std::vector<double>& means() const { return means_; }

  // By the device's rates.
  Fault fault(const CellPlace& place) const;
  double stuck_at(Fault fault) const {
    return fault == Fault::kLow ? means_.front() : means_.back();
  }

  // The level for a working cell of a pair whose other cell is stuck: the difference to that one
  // comes nearest to that of the levels `code` and `other_code`; ties go to the lower level.
  int32_t made_up(int32_t code, int32_t other_code, Fault other) const;

  // A working cell programmed to `code`. One shot: mean (1 + sigma n), or mean exp(sigma n) when
  // lognormal, n standard normal; with measured level_sigma normal or, when lognormal, log-normal
  // of that mean and that deviation. Write-verify: ir::WriteVerify, from one shot at level 0.
  Programmed program(int32_t code, const CellPlace& place) const;

  // What a working cell of conductance g at time 0 has at the device's time.
  double aged(double g, int32_t code, const CellPlace& place) const;

 private:
  double one_shot(size_t level, double normal) const;

  ir::Device device_;
  uint64_t seed_;
  std::vector<double> means_;
  double step_;
  // Of the logarithm, when lognormal and measured.
  std::vector<double> log_mean_;
  std::vector<double> log_sigma_;
  double retained_ = 1;
};

}  // namespace crosstwin::twin
