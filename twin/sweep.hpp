// Sweeps: the points of one or two parameters of device, converters or layout.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "compress/ir/device.hpp"
#include "twin/adc.hpp"

namespace crosstwin::twin {

struct SweepAxis {
  // adc_bits, adc_range, adc_per, adc_percentile, adc_aged, or a member of the device: "drift.nu".
  std::string parameter;
  std::vector<double> values;  // of a parameter of words their places in `words`
  std::string text;            // as it was given, for messages
  bool scaled = false;         // a list of the device, times the value
  std::vector<std::string> words = {};

  std::string name() const { return scaled ? parameter + "*" : parameter; }
  std::string value_text(double value) const;  // as it would be typed
};

// PARAMETER=FROM:TO:POINTS (both ends among them), PARAMETER=FROM:TO in steps of 1,
// PARAMETER=VALUE,VALUE,.. or PARAMETER=WORD,WORD,..; LIST*= one of the numeric forms for the lists
// of the device, scaled. Throws ir::Error for another form, no points, an unknown parameter or
// word, a value out of its range, and one that is not whole where it must be.
SweepAxis parse_axis(const std::string& text);
// One or two, of different parameters.
std::vector<SweepAxis> parse_axes(const std::vector<std::string>& texts);

struct SweepPoint {
  std::vector<double> values;  // one an axis
  ir::Design design;
  ir::Device device;
  AdcOptions adc;
  std::string option;  // "--sweep levels=8", for messages
};

// All combinations, the last axis fastest. Throws ir::Error when a value does not go with the rest
// of the device, is overridden by another of its members, or has no effect with this range of the
// converters.
std::vector<SweepPoint> sweep_points(const std::vector<SweepAxis>& axes, const ir::Design& design,
                                     const ir::Device& device, const AdcOptions& adc);

// The chip of a point and seed; calls come from several threads.
using ProgramPoint = std::function<ir::Chip(const SweepPoint& point, uint64_t seed)>;

// Programs the first chip of every point, before anything is simulated. Throws ir::Error naming
// option and device for the first point that cannot be programmed, and for a parameter none of
// whose values changes a chip, looked at up to kComparedChips seeds.
inline constexpr int64_t kComparedChips = 3;
void check_points(const std::vector<SweepAxis>& axes, const std::vector<SweepPoint>& points,
                  uint64_t seed, int64_t chips, const ProgramPoint& program);

// "0.15": twelve digits, without zeros at the end.
std::string number_text(double value);

}  // namespace crosstwin::twin
