// One way of building a crossbar layer: every number that the planner may choose.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace crosstwin::hwgen {

// What a crossbar becomes in hardware. Bit-plane and bit-serial convert every input plane as the
// crossbar does, and differ in the planes that they accumulate at a time: all, or some of them.
// Collapsed is an array of integer multipliers, the same numbers where no conversion loses any.
enum class Form { kBitPlane, kBitSerial, kCollapsed };
const char* to_string(Form form);  // "bit_plane", "bit_serial", "collapsed"

enum class Requant { kSerial, kParallel };
const char* to_string(Requant requant);  // "serial", "parallel"

// What a block RAM counts for where none is scarce.
inline constexpr int32_t kBlockWorth = 40;

struct Build {
  Form form = Form::kBitPlane;
  int32_t planes = 8;     // accumulated at a time; divides the input's bits. Collapsed: all
  int32_t pe = 1;         // columns a pass
  int32_t row_lanes = 1;  // rows a cycle
  int32_t adc_lanes = 1;  // conversions a cycle. Collapsed: 0
  Requant requant = Requant::kSerial;
  bool dsp = false;   // multipliers in DSP blocks
  int32_t lines = 1;  // input lines that the window keeps
  // Look-up tables that a block RAM counts for: a memory that takes fewer is built of them.
  int32_t block_worth = kBlockWorth;
  friend bool operator==(const Build&, const Build&) = default;
};

// "bit_plane, 2 columns x 4 rows, 4 conversions a cycle, serial requantizer"
std::string to_string(const Build& build);
// "bit_plane 2x4/4": columns x rows / conversions a cycle; p: parallel requantizer, d: DSP blocks.
std::string short_text(const Build& build);

}  // namespace crosstwin::hwgen
