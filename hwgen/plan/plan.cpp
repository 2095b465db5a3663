// Builds the plan: one template a stage in a chain, between the chip's edges.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"
#include "hwgen/plan/choose.hpp"
#include "hwgen/plan/images.hpp"
#include "hwgen/plan/names.hpp"
#include "hwgen/plan/templates.hpp"
#include "hwgen/plan/tile_form.hpp"

namespace crosstwin::hwgen {
namespace {

constexpr int32_t kPixelBits = 8;   // uint8 images enter raw
constexpr int32_t kLogitBits = 32;  // a beat of m_axis_tdata

// The nets of one stream between two instances.
struct Stream {
  std::string valid, ready, data, last;
  int32_t width = 0;
};

std::string number(int64_t value) { return fmt::format("{}", value); }
std::string bit(bool value) { return value ? "1'b1" : "1'b0"; }

// `values` as one packed vector, element 0 low, `bits` (<= 32) each.
std::string packed(const std::vector<int32_t>& values, int32_t bits) {
  std::string digits;
  std::string binary;
  for (auto value = values.rbegin(); value != values.rend(); ++value) {
    for (int32_t at = bits - 1; at >= 0; --at) binary += (*value >> at) & 1 ? '1' : '0';
  }
  while (binary.size() % 4 != 0) binary.insert(0, "0");
  for (size_t at = 0; at < binary.size(); at += 4) {
    digits += "0123456789abcdef"[std::stoi(binary.substr(at, 4), nullptr, 2)];
  }
  return fmt::format("{}'h{}", values.size() * static_cast<size_t>(bits), digits);
}

class Planner {
 public:
  Planner(const ir::Design& design, const ir::Chip& chip, const PlanOptions& options)
      : design_(design), chip_(chip), options_(options) {}

  Plan run() {
    check_inputs();
    begin();
    Stream stream = add_unpack();
    size_t crossbar = 0;
    for (size_t i = 0; i < design_.stages.size(); ++i) {
      const ir::Stage& stage = design_.stages[i];
      const int32_t out_bits =
          i + 1 < design_.stages.size() ? design_.stages[i + 1].in_bits : kLogitBits;
      plan_.layers[i].out_bits = out_bits;
      const Stream out = new_stream(plan_.layers[i].instance, out_bits);
      if (const auto* pool = std::get_if<ir::PoolMax>(&stage.kind)) {
        add_pool(stage, *pool, plan_.layers[i], stream, out);
      } else {
        add_crossbar(stage, std::get<ir::Crossbar>(stage.kind), chip_.crossbars[crossbar++],
                     plan_.layers[i], stream, out);
      }
      stream = out;
    }
    add_argmax(stream);
    finish();
    return std::move(plan_);
  }

 private:
  void check_inputs() const {
    ir::check_design(design_, "design");
    ir::check_chip(chip_, design_, "chip");
    std::vector<std::string> crossbars;
    for (const ir::Stage& stage : design_.stages) {
      if (std::holds_alternative<ir::Crossbar>(stage.kind)) crossbars.push_back(stage.name);
    }
    for (const auto& [name, unused] : options_.layers) {
      if (std::find(crossbars.begin(), crossbars.end(), name) == crossbars.end()) {
        throw ir::Error({"generate options", "no crossbar layer of this name",
                         fmt::format("one of {}", fmt::join(crossbars, ", ")), name,
                         "take a name from the design"});
      }
    }
    if (options_.target_fps && !(*options_.target_fps > 0 && options_.clock_mhz > 0)) {
      throw ir::Error({"generate options", "target_fps and clock_mhz must be positive",
                       "numbers above 0",
                       fmt::format("{} and {}", *options_.target_fps, options_.clock_mhz), ""});
    }
    std::string before = "input";
    int32_t bits = kPixelBits;
    bool is_signed = false;
    for (const ir::Stage& stage : design_.stages) {
      check_edge(stage, before, bits, is_signed);
      before = stage.name;
      bits = stage.in_bits;
      is_signed = stage.in_signed;
      if (const auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind))
        check_crossbar(stage, *crossbar);
      if (const auto* pool = std::get_if<ir::PoolMax>(&stage.kind)) check_pool(stage, *pool);
    }
  }

  // A stage's input must be the stream of the stage before, in the form that it has there.
  void check_edge(const ir::Stage& stage, const std::string& before, int32_t bits,
                  bool is_signed) const {
    const std::string where = "layer " + stage.name;
    if (stage.inputs[0] != before) {
      throw ir::Error({where, "a branch cannot be built", "its input from " + before,
                       stage.inputs[0], "the RTL is a chain of layers; map a chain"});
    }
    const ir::Stage* producer = nullptr;
    for (const ir::Stage& other : design_.stages) {
      if (other.name == before) producer = &other;
    }
    const auto* crossbar = producer ? std::get_if<ir::Crossbar>(&producer->kind) : nullptr;
    if (!crossbar) {
      if (stage.in_bits != bits || stage.in_signed != is_signed) {
        throw ir::Error(
            {where, "its input does not have the form that it is given in",
             fmt::format("{} {} bits", is_signed ? "signed" : "unsigned", bits),
             fmt::format("{} {} bits", stage.in_signed ? "signed" : "unsigned", stage.in_bits),
             "map the network again"});
      }
      return;
    }
    const int64_t top = (int64_t{1} << (stage.in_signed ? stage.in_bits - 1 : stage.in_bits)) - 1;
    const int64_t bottom = stage.in_signed ? -top - 1 : 0;
    if (crossbar->low < bottom || crossbar->high > top) {
      throw ir::Error({where, "the output of " + before + " does not fit its input",
                       fmt::format("{}..{}", bottom, top),
                       fmt::format("{}..{}", crossbar->low, crossbar->high),
                       "map the network again"});
    }
  }

  void check_crossbar(const ir::Stage& stage, const ir::Crossbar& crossbar) const {
    const std::string where = "layer " + stage.name;
    if (crossbar.pad >= std::min(crossbar.kernel_h, crossbar.kernel_w)) {
      throw ir::Error({where, "padding is as large as the kernel",
                       fmt::format("less than {}", std::min(crossbar.kernel_h, crossbar.kernel_w)),
                       fmt::format("{}", crossbar.pad), "such a border sees padding only"});
    }
  }

  void check_pool(const ir::Stage& stage, const ir::PoolMax& pool) const {
    if (pool.stride < pool.kernel) {
      throw ir::Error({"layer " + stage.name, "overlapping pool windows cannot be built",
                       fmt::format("stride >= {}", pool.kernel), fmt::format("{}", pool.stride),
                       "pool with stride = kernel"});
    }
  }

  // Every name is given here, in one order: module, ports, edges, layers; nets come after.
  void begin() {
    plan_.design_name = design_.name;
    plan_.design_hash = chip_.design_hash;
    plan_.chip_hash = ir::chip_hash(chip_);
    plan_.name = modules_.take(design_.name);
    plan_.top = modules_.take(plan_.name + "_top");
    plan_.input = design_.input;
    plan_.input_bits = kPixelBits;
    plan_.outputs = static_cast<int32_t>(design_.stages.back().out.size());
    const int32_t user_bits = unsigned_bits(static_cast<uint64_t>(plan_.outputs - 1));
    plan_.ports = {
        {"clk_i", true, 1, false, "clock"},
        {"rst_ni", true, 1, false, "synchronous reset, active low"},
        {"s_axis_tdata", true, design_.input.c * kPixelBits, true, "one pixel, channel 0 low"},
        {"s_axis_tvalid", true, 1, false, ""},
        {"s_axis_tready", false, 1, false, ""},
        {"s_axis_tlast", true, 1, false, "last pixel of an image"},
        {"m_axis_tdata", false, kLogitBits, true, "one logit, signed"},
        {"m_axis_tvalid", false, 1, false, ""},
        {"m_axis_tready", true, 1, false, ""},
        {"m_axis_tlast", false, 1, false, "last logit of an image"},
        {"m_axis_tuser", false, user_bits, true, "class of the image, valid with tlast"}};
    for (const Port& port : plan_.ports) names_.take(port.name);
    unpack_ = names_.take("unpack");
    argmax_ = names_.take("argmax");
    for (const ir::Stage& stage : design_.stages) {
      Layer layer;
      layer.name = stage.name;
      layer.instance = names_.take(stage.name);
      layer.in = stage.in;
      layer.out = stage.out;
      plan_.layers.push_back(std::move(layer));
    }
    plan_.choices.push_back(
        {"template", "bit-plane",
         "one row of cells a cycle, all input planes at "
         "once: the fastest form that converts every plane as the crossbar does"});
    const bool table = chip_.shared_table && !options_.per_cell;
    plan_.choices.push_back({"cells", table ? "shared table" : "per cell",
                             table ? "every cell sits at its level: memories hold codes"
                             : chip_.shared_table
                                 ? "asked for"
                                 : "cells of this chip differ: memories hold conductances"});
  }

  Stream new_stream(const std::string& name, int32_t width) {
    Stream stream{names_.take(name + "_valid"), names_.take(name + "_ready"),
                  names_.take(name + "_data"), names_.take(name + "_last"), width};
    plan_.nets.push_back({stream.valid, 1});
    plan_.nets.push_back({stream.ready, 1});
    plan_.nets.push_back({stream.data, width});
    plan_.nets.push_back({stream.last, 1});
    return stream;
  }

  static std::vector<Binding> clocked() { return {{"clk_i", "clk_i"}, {"rst_ni", "rst_ni"}}; }

  static void connect(Instance& instance, const std::string& side, const Stream& stream) {
    const bool in = side == "in";
    instance.ports.push_back({side + (in ? "_valid_i" : "_valid_o"), stream.valid});
    instance.ports.push_back({side + (in ? "_ready_o" : "_ready_i"), stream.ready});
    instance.ports.push_back({side + (in ? "_data_i" : "_data_o"), stream.data});
    instance.ports.push_back({side + (in ? "_last_i" : "_last_o"), stream.last});
  }

  static void connect_edge(Instance& instance, const std::string& prefix,
                           std::initializer_list<const char*> signals) {
    for (const char* signal : signals) {
      instance.ports.push_back({prefix + signal, prefix + signal});
    }
  }

  Stream add_unpack() {
    const Stream out = new_stream(unpack_, kPixelBits);
    Instance instance{"xb_unpack",
                      unpack_,
                      "pixels to activations",
                      {{"Channels", number(design_.input.c)}, {"Bits", number(kPixelBits)}},
                      clocked()};
    connect_edge(instance, "s_axis_t", {"data", "valid", "ready", "last"});
    connect(instance, "out", out);
    plan_.instances.push_back(std::move(instance));
    return out;
  }

  void add_argmax(const Stream& in) {
    Instance instance{"xb_argmax",
                      argmax_,
                      "logits out, and the class with the last",
                      {{"Outputs", number(plan_.outputs)}, {"Bits", number(kLogitBits)}},
                      clocked()};
    connect(instance, "in", in);
    connect_edge(instance, "m_axis_t", {"data", "valid", "ready", "last", "user"});
    plan_.instances.push_back(std::move(instance));
  }

  static std::vector<Binding> map_parameters(const ir::Shape& in) {
    return {{"InH", number(in.h)}, {"InW", number(in.w)}, {"InC", number(in.c)}};
  }

  void add_pool(const ir::Stage& stage, const ir::PoolMax& pool, Layer& layer, const Stream& in,
                const Stream& out) {
    layer.kind = LayerKind::kMaxPool;
    layer.cycles = pool_cycles(stage.in.h, stage.in.w, stage.in.c, pool.kernel, pool.stride);
    Instance instance{"xb_max_pool", layer.instance, describe(layer), map_parameters(stage.in),
                      clocked()};
    for (const Binding& parameter :
         std::initializer_list<Binding>{{"Kernel", number(pool.kernel)},
                                        {"Stride", number(pool.stride)},
                                        {"Bits", number(stage.in_bits)},
                                        {"Signed", bit(stage.in_signed)}}) {
      instance.parameters.push_back(parameter);
    }
    connect(instance, "in", in);
    connect(instance, "out", out);
    plan_.instances.push_back(std::move(instance));
  }

  void add_crossbar(const ir::Stage& stage, const ir::Crossbar& crossbar,
                    const ir::CrossbarChip& cells, Layer& layer, const Stream& in,
                    const Stream& out) {
    const ir::Layout& layout = design_.layout;
    const TileForm form = tile_form(design_, stage, crossbar, chip_, cells, options_.per_cell);
    LayerTiming timing;
    timing.in_h = stage.in.h;
    timing.in_w = stage.in.w;
    timing.in_c = stage.in.c;
    timing.kernel_h = crossbar.kernel_h;
    timing.stride = crossbar.stride;
    timing.pad = crossbar.pad;
    timing.out_h = stage.out.h;
    timing.out_w = stage.out.w;
    timing.per_cell = form.per_cell;
    timing.rows = static_cast<int32_t>(crossbar.rows.size());
    timing.tile_rows = layout.tile_rows;
    timing.cols = stage.out.c;
    timing.in_bits = stage.in_bits;
    timing.slices = layout.slices;
    timing.adc_latency = adc_latency(form.adc_mult);
    for (int32_t col = 0; col < timing.cols; ++col) {
      timing.requant.push_back(crossbar.logits
                                   ? kLogitCycles
                                   : requant_cycles(crossbar.shift[static_cast<size_t>(col)]));
    }
    const Parallelism chosen = choose_parallelism(stage, crossbar, timing, options_);
    timing.pe = chosen.pe;
    timing.adc_lanes = chosen.adc_lanes;
    timing.lines = chosen.lines;

    const bool dense = crossbar.kernel_h == stage.in.h && crossbar.kernel_w == stage.in.w;
    layer.kind = dense ? LayerKind::kDense : LayerKind::kConv;
    layer.cycles = layer_cycles(timing);
    layer.rows = timing.rows;
    layer.cols = timing.cols;
    layer.row_tiles = (timing.rows + layout.tile_rows - 1) / layout.tile_rows;
    layer.pe = chosen.pe;
    layer.adc_lanes = chosen.adc_lanes;
    layer.lines = chosen.lines;
    layer.choices = chosen.choices;
    layer.choices.push_back({"g_bits", number(form.g_bits), "the largest conductance"});
    layer.choices.push_back({"bias_bits", number(form.bias_bits), "the largest bias"});
    layer.choices.push_back({"sum_bits", number(form.sum_bits), "every code at full scale"});

    const std::string rows = add_memory(layer, "rows", row_image(stage, crossbar));
    const Image weights = weight_image(layout, crossbar, cells, form, chosen.pe);
    layer.weight_bits = int64_t{weights.width} * static_cast<int64_t>(weights.words.size());
    const std::string weight = add_memory(layer, "weights", weights);
    const std::string requant = add_memory(layer, "requant", requant_image(crossbar, form));

    Instance instance{"xb_layer", layer.instance, describe(layer), map_parameters(stage.in),
                      clocked()};
    const auto set = [&](const char* name, std::string value) {
      instance.parameters.push_back({name, std::move(value)});
    };
    set("KernelH", number(crossbar.kernel_h));
    set("KernelW", number(crossbar.kernel_w));
    set("Stride", number(crossbar.stride));
    set("Pad", number(crossbar.pad));
    set("Lines", number(chosen.lines));
    set("Rows", number(layer.rows));
    set("TileRows", number(layout.tile_rows));
    set("Cols", number(layer.cols));
    set("Pe", number(chosen.pe));
    set("InBits", number(stage.in_bits));
    set("InSigned", bit(stage.in_signed));
    set("CellBits", number(layout.cell_bits));
    set("Slices", number(layout.slices));
    set("PerCell", bit(form.per_cell));
    if (!form.per_cell) set("MagBits", number(form.mag_bits));
    set("GBits", number(form.g_bits));
    set("AdcBits", number(layout.adc_bits));
    set("AdcLanes", number(chosen.adc_lanes));
    set("AdcMult", packed(form.adc_mult, 16));
    set("AdcShift", packed(form.adc_shift, 5));
    set("AdcOffset", packed(form.adc_offset, 32));
    set("Lsb", packed(form.lsb, 16));
    set("BiasBits", number(form.bias_bits));
    set("Logits", bit(crossbar.logits));
    set("OutBits", number(out.width));
    if (!crossbar.logits) {
      set("OutLow", number(crossbar.low));
      set("OutHigh", number(crossbar.high));
    }
    set("RowImage", rows);
    set("WeightImage", weight);
    if (!form.per_cell) set("TableImage", add_memory(layer, "table", table_image(chip_, form)));
    set("RequantImage", requant);
    connect(instance, "in", in);
    connect(instance, "out", out);
    plan_.instances.push_back(std::move(instance));
  }

  // Returns the parameter's text.
  std::string add_memory(const Layer& layer, const char* holds, Image image) {
    const std::string file = fmt::format("mem/{}_{}.hex", layer.instance, holds);
    plan_.memories.push_back({file, layer.name, holds, image.width, std::move(image.words)});
    return "\"" + file + "\"";
  }

  static std::string describe(const Layer& layer) {
    const std::string maps = fmt::format("{}x{}x{} to {}x{}x{}", layer.in.h, layer.in.w, layer.in.c,
                                         layer.out.h, layer.out.w, layer.out.c);
    if (layer.kind == LayerKind::kMaxPool) return "max pool, " + maps;
    return fmt::format("{}, {}, {} rows x {} columns", to_string(layer.kind), maps, layer.rows,
                       layer.cols);
  }

  void finish() {
    plan_.choices.push_back(
        {"cycles_per_image", "of the slowest part alone",
         "exact while no other part makes it wait; a layer almost as slow before it, whose lines "
         "come too late for the window, can add a few percent"});
    plan_.cycles_per_image = design_.input.size();
    plan_.bottleneck = "input";
    for (const Layer& layer : plan_.layers) {
      if (layer.cycles <= plan_.cycles_per_image) continue;
      plan_.cycles_per_image = layer.cycles;
      plan_.bottleneck = layer.name;
    }
    check_target();
    std::sort(plan_.memories.begin(), plan_.memories.end(),
              [](const Memory& a, const Memory& b) { return a.file < b.file; });
    std::set<std::string> modules;
    for (const Instance& instance : plan_.instances) modules.insert(instance.module);
    TemplateFiles files = template_files(modules);
    plan_.sources = std::move(files.sources);
    plan_.include_files = std::move(files.include_files);
  }

  // Streams move one activation a cycle, whatever the crossbars do.
  void check_target() const {
    if (!options_.target_fps) return;
    const double rate = options_.clock_mhz * 1e6 / static_cast<double>(plan_.cycles_per_image);
    if (rate >= *options_.target_fps) return;
    throw ir::Error({"layer " + plan_.bottleneck, "the target rate is out of reach",
                     fmt::format("{} images/s at {} MHz", *options_.target_fps, options_.clock_mhz),
                     fmt::format("{:.0f}: it takes {} cycles an image, whatever the crossbars do",
                                 rate, plan_.cycles_per_image),
                     "a lower rate or a faster clock"});
  }

  const ir::Design& design_;
  const ir::Chip& chip_;
  const PlanOptions& options_;
  Plan plan_;
  Namer modules_;  // module names
  Namer names_;    // names inside the top module
  std::string unpack_;
  std::string argmax_;
};

}  // namespace

const char* to_string(LayerKind kind) {
  switch (kind) {
    case LayerKind::kConv:
      return "conv";
    case LayerKind::kDense:
      return "dense";
    case LayerKind::kMaxPool:
      return "max_pool";
  }
  throw ir::Bug("unknown layer kind");
}

Plan plan(const ir::Design& design, const ir::Chip& chip, const PlanOptions& options) {
  return Planner(design, chip, options).run();
}

}  // namespace crosstwin::hwgen
