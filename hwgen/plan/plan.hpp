// The plan: a design and its chip as a netlist of templates, every decision made and explained.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "hwgen/plan/build.hpp"
#include "hwgen/plan/estimate.hpp"
#include "hwgen/plan/image.hpp"
#include "hwgen/plan/pipeline.hpp"
#include "hwgen/plan/plan_options.hpp"
#include "hwgen/plan/proof.hpp"

namespace crosstwin::hwgen {

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
  std::string file;   // relative to the generated design's folder
  std::string layer;  // name in the design
  std::string holds;  // rows | weights | table | requant | adc | inl | noise
  // Where a configuration record writes it, in a writable design: crossbar layer and memory.
  int32_t config_layer = 0;
  int32_t config_memory = 0;
  MemoryStyle style = MemoryStyle::kTool;
  Image image;
};

// What a module or a design takes on a part of every family, in the order of ir::PartFamily.
using Estimates = std::array<Resources, 4>;

enum class LayerKind { kConv, kDense, kMaxPool };
const char* to_string(LayerKind kind);

struct Layer {
  std::string name;      // in the design
  std::string instance;  // in the RTL; equal to name unless that is taken or a keyword
  LayerKind kind = LayerKind::kConv;
  ir::Shape in;
  ir::Shape out;
  int32_t out_bits = 0;    // a beat of its output stream
  int64_t cycles = 0;      // an image in steady state, never waiting
  int32_t fifo_depth = 0;  // beats of the queue in front of it; 0: none
  Estimates estimates;
  // Crossbar layers only:
  int32_t rows = 0;
  int32_t cols = 0;
  int32_t row_tiles = 0;
  Build build;
  std::string bound_by;     // rows | conversions | requantizer | input: what takes the cycles
  int64_t weight_bits = 0;  // size of the weight memory
  std::optional<uint64_t> noise_keys;  // where it has read noise
  std::optional<Proof> proof;          // where collapsing was considered
  std::vector<Choice> choices;
};

// One point of a front: the design built for so many cycles.
struct ParetoPoint {
  int64_t cycles = 0;  // an image
  std::string bottleneck;
  Resources resources;        // of the family that was asked for
  std::vector<Build> builds;  // of the crossbar layers, in order
  bool fits = false;          // the board that was asked for
};

struct Plan {
  static constexpr int32_t kSchemaVersion = 2;
  std::string name;  // legal identifier
  std::string top;   // <name>_top
  std::string design_name;
  std::string design_hash;
  std::string chip_hash;
  ir::Shape input;
  int32_t input_bits = 8;
  int32_t outputs = 0;
  int64_t pixels_taken = 0;      // of an image, into the first window before anything is computed
  int64_t cycles_per_image = 0;  // in steady state, never waiting
  int64_t first_answer = 0;      // cycle of the first image's last logit; 0: not followed
  PipelineTiming pipeline;       // what was followed, queues included; no stages: nothing was
  std::string bottleneck;        // the slowest part: a layer or "input"
  std::vector<Choice> choices;   // for the whole design
  Structure structure;           // of the top module
  Estimates estimates;           // and what that takes
  bool writable = false;         // the top has a configuration stream s_cfg
  bool noise = false;            // a layer has read noise: the top has first_image_i
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

// The design at ever fewer cycles an image against the look-up tables it takes, for the part of
// options.fit, or an ECP5. Throws as plan() does.
std::vector<ParetoPoint> pareto(const ir::Design& design, const ir::Chip& chip,
                                const PlanOptions& options);

// Everything but the words of the memories, as JSON text (plan.json).
std::string to_json(const Plan& plan);

}  // namespace crosstwin::hwgen
