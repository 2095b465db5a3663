// What is asked of a plan.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compress/ir/part.hpp"
#include "hwgen/plan/build.hpp"

namespace crosstwin::hwgen {

// What one crossbar layer is asked to be; unset values are chosen by the plan.
struct LayerOptions {
  std::optional<Form> form;
  bool faithful = false;             // converts as the crossbar does: not collapsed, proof or not
  std::optional<int32_t> planes;     // accumulated at a time; divides the input's bits
  std::optional<int32_t> pe;         // columns a pass, 1..columns of the layer; the last pass has
                                     // fewer where it does not divide them
  std::optional<int32_t> row_lanes;  // rows a cycle, 1..rows of a tile; likewise
  std::optional<int32_t> adc_lanes;  // conversions a cycle: a divisor of 2 * slices, or a multiple
                                     // of it that divides 2 * slices * planes
  std::optional<Requant> requant;
  std::optional<bool> dsp;       // multipliers in DSP blocks
  std::optional<int32_t> lines;  // input lines the window keeps, >= kernel_h
};

// A board that a design may be made to fit, in the order in which others are offered.
struct Board {
  std::string name;
  ir::Part part;
};

struct PlanOptions {
  LayerOptions defaults;                       // for every crossbar layer
  std::map<std::string, LayerOptions> layers;  // by the design's layer names; goes before defaults
  // Images a second at clock_mhz: every layer takes the cheapest form that meets it.
  std::optional<double> target_fps;
  double clock_mhz = 50;           // only read with target_fps
  std::optional<std::string> fit;  // the fastest design that the board of this name holds
  std::vector<Board> boards;       // those there are
  bool per_cell = false;           // one conductance a cell even where a shared table would do
  bool writable = false;           // memories can be written over a stream
  bool inl = false;    // a table behind the converters even where codes stay as they are
  int32_t g_bits = 0;  // of a conductance at least; only read with writable
};

// Of layer `name`: its own options where they are set, else the defaults.
LayerOptions layer_options(const PlanOptions& options, const std::string& name);

}  // namespace crosstwin::hwgen
