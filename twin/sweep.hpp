// Sweeps: the points of one or two parameters of device, converters or layout.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "compress/ir/design.hpp"
#include "compress/ir/device.hpp"
#include "twin/adc.hpp"

namespace crosstwin::twin {

struct SweepAxis {
  std::string parameter;  // adc_bits, adc_percentile or a member of the device: "drift.nu"
  std::vector<double> values;
  std::string text;  // as it was given, for messages
};

// PARAMETER=FROM:TO:POINTS (both ends among them), PARAMETER=FROM:TO in steps of 1, or
// PARAMETER=VALUE,VALUE,... Throws ir::Error for another form, no points, an unknown parameter, a
// value out of its range, and one that is not whole where it must be.
SweepAxis parse_axis(const std::string& text);
// One or two, of different parameters.
std::vector<SweepAxis> parse_axes(const std::vector<std::string>& texts);

struct SweepPoint {
  std::vector<double> values;  // one an axis
  ir::Design design;
  ir::Device device;
  AdcOptions adc;
};

// All combinations, the last axis fastest. Throws ir::Error when a value does not go with the rest
// of the device, or has no effect with this range of the converters.
std::vector<SweepPoint> sweep_points(const std::vector<SweepAxis>& axes, const ir::Design& design,
                                     const ir::Device& device, const AdcOptions& adc);

// "0.15": twelve digits, without zeros at the end.
std::string number_text(double value);

}  // namespace crosstwin::twin
