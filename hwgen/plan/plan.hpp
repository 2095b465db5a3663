// The plan: a design and its chip as a netlist of templates, every decision made and explained.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"

namespace crosstwin::hwgen {

// What one crossbar layer is asked to be; unset values are chosen by the plan.
struct LayerOptions {
  std::optional<int32_t> pe;         // columns a pass, 1..columns of the layer
  std::optional<int32_t> adc_lanes;  // converters a layer: 1, 2 or 4, dividing 2 * slices
  std::optional<int32_t> lines;      // input lines the window keeps, >= kernel_h
};

struct PlanOptions {
  LayerOptions defaults;                       // for every crossbar layer
  std::map<std::string, LayerOptions> layers;  // by the design's layer names; goes before defaults
  // Images a second at clock_mhz: layers whose pe or adc_lanes are unset take the smallest that
  // meet it, fewest columns a pass first.
  std::optional<double> target_fps;
  double clock_mhz = 50;  // only read with target_fps
  bool per_cell = false;  // one conductance a cell even where a shared table would do
};

// One decision and why, as plan.json and the generated README show it.
struct Choice {
  std::string what;
  std::string value;
  std::string reason;
};

// A name and the SystemVerilog text bound to it: a parameter's value or a port's net.
struct Binding {
  std::string name;
  std::string value;
};

struct Instance {
  std::string module;  // of rtl_templates
  std::string name;
  std::string comment;
  std::vector<Binding> parameters;
  std::vector<Binding> ports;
};

struct Net {
  std::string name;
  int32_t width = 1;  // bits; 1 is a scalar
};

struct Port {
  std::string name;
  bool input = true;
  int32_t width = 1;    // bits
  bool vector = false;  // [width-1:0] even when width is 1
  std::string comment;
};

// A $readmemh image.
struct Memory {
  std::string file;                // relative to the generated design's folder
  std::string layer;               // name in the design
  std::string holds;               // rows | weights | table | requant
  int32_t width = 0;               // bits
  std::vector<std::string> words;  // hexadecimal, ceil(width / 4) digits each
};

enum class LayerKind { kConv, kDense, kMaxPool };
const char* to_string(LayerKind kind);

struct Layer {
  std::string name;      // in the design
  std::string instance;  // in the RTL; equal to name unless that is taken or a keyword
  LayerKind kind = LayerKind::kConv;
  ir::Shape in;
  ir::Shape out;
  int32_t out_bits = 0;  // a beat of its output stream
  int64_t cycles = 0;  // an image in steady state, never waiting
  // Crossbar layers only:
  int32_t rows = 0;
  int32_t cols = 0;
  int32_t row_tiles = 0;
  int32_t pe = 0;
  int32_t adc_lanes = 0;
  int32_t lines = 0;
  int64_t weight_bits = 0;  // size of the weight memory
  std::vector<Choice> choices;
};

struct Plan {
  static constexpr int32_t kSchemaVersion = 1;
  std::string name;  // legal identifier
  std::string top;   // <name>_top
  std::string design_name;
  std::string design_hash;
  std::string chip_hash;
  ir::Shape input;
  int32_t input_bits = 8;
  int32_t outputs = 0;
  int64_t cycles_per_image = 0;  // the slowest layer or edge
  std::string bottleneck;        // its name: a layer, "input" or "output"
  std::vector<Choice> choices;   // for the whole design
  std::vector<Layer> layers;     // the design's stages, in order
  std::vector<Port> ports;
  std::vector<Net> nets;
  std::vector<Instance> instances;
  std::vector<Memory> memories;            // sorted by file
  std::vector<std::string> sources;        // of rtl_templates, in dependency order
  std::vector<std::string> include_files;  // of rtl_templates
};

// Throws ir::Error naming the layer when the design cannot be built from the templates or the
// options ask for something impossible. The same inputs give the same plan.
Plan plan(const ir::Design& design, const ir::Chip& chip, const PlanOptions& options);

// Everything but the words of the memories, as JSON text (plan.json).
std::string to_json(const Plan& plan);

}  // namespace crosstwin::hwgen
