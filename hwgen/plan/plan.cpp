// Builds the plan: one template a stage in a chain, between the chip's edges.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"
#include "compress/ir/noise.hpp"
#include "hwgen/plan/check.hpp"
#include "hwgen/plan/choose.hpp"
#include "hwgen/plan/cycles.hpp"
#include "hwgen/plan/images.hpp"
#include "hwgen/plan/load.hpp"
#include "hwgen/plan/names.hpp"
#include "hwgen/plan/parameters.hpp"
#include "hwgen/plan/settle.hpp"
#include "hwgen/plan/space.hpp"
#include "hwgen/plan/structure.hpp"
#include "hwgen/plan/surroundings.hpp"
#include "hwgen/plan/templates.hpp"
#include "hwgen/plan/tile_form.hpp"

namespace crosstwin::hwgen {
namespace {

constexpr int32_t kLogitBits = 32;  // a beat of m_axis_tdata

// The nets of one stream between two instances.
struct Stream {
  std::string valid, ready, data, last;
  int32_t width = 0;
};

class Planner {
 public:
  Planner(const ir::Design& design, const ir::Chip& chip, const PlanOptions& options)
      : design_(design), chip_(chip), options_(options) {}

  Plan run() {
    check_inputs(design_, chip_, options_);
    begin();
    std::vector<LayerSpace> spaces = layer_spaces();
    const Surroundings around = surroundings(design_, spaces, options_);
    plan_.pixels_taken = around.pixels_taken;
    const std::vector<Chosen> chosen = settle_pipeline(spaces, around);
    add_configuration(static_cast<int32_t>(spaces.size()));
    Stream stream = add_unpack();
    size_t crossbar = 0;
    for (size_t i = 0; i < design_.stages.size(); ++i) {
      const ir::Stage& stage = design_.stages[i];
      const int32_t out_bits =
          i + 1 < design_.stages.size() ? design_.stages[i + 1].in_bits : kLogitBits;
      plan_.layers[i].out_bits = out_bits;
      if (depths_[i] > 0) stream = add_fifo(plan_.layers[i], depths_[i], stream);
      const Stream out = new_stream(plan_.layers[i].instance, out_bits);
      if (const auto* pool = std::get_if<ir::PoolMax>(&stage.kind)) {
        add_pool(stage, *pool, plan_.layers[i], stream, out);
      } else {
        add_crossbar(spaces[crossbar], chosen[crossbar], plan_.layers[i], stream, out);
        ++crossbar;
      }
      stream = out;
    }
    add_argmax(stream);
    finish();
    return std::move(plan_);
  }

  std::vector<ParetoPoint> front() {
    check_inputs(design_, chip_, options_);
    begin();
    std::vector<LayerSpace> spaces = layer_spaces();
    return settled_front(design_, spaces, surroundings(design_, spaces, options_), options_);
  }

 private:
  int32_t out_bits(size_t stage) const {
    return stage + 1 < design_.stages.size() ? design_.stages[stage + 1].in_bits : kLogitBits;
  }

  std::vector<LayerSpace> layer_spaces() const {
    std::vector<LayerSpace> spaces;
    for (size_t i = 0; i < design_.stages.size(); ++i) {
      const ir::Stage& stage = design_.stages[i];
      if (!std::holds_alternative<ir::Crossbar>(stage.kind)) continue;
      spaces.emplace_back(
          design_, stage, chip_, chip_.crossbars[spaces.size()], out_bits(i),
          layer_options(options_, stage.name),
          Rewriting{options_.per_cell, options_.writable, options_.inl, options_.g_bits});
    }
    return spaces;
  }

  static Estimates estimates(const Structure& structure) {
    Estimates all;
    for (size_t family = 0; family < all.size(); ++family) {
      all[family] = estimate(structure, static_cast<ir::PartFamily>(family));
    }
    return all;
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
    plan_.noise = ir::noisy(chip_);
    plan_.writable = options_.writable;
    if (plan_.noise) {
      plan_.ports.push_back({"first_image_i", true, 32, true, "number of the image behind reset"});
    }
    if (plan_.writable) {
      plan_.ports.push_back({"s_cfg_tdata", true, 32, true, "records that write memories"});
      plan_.ports.push_back({"s_cfg_tvalid", true, 1, false, ""});
      plan_.ports.push_back({"s_cfg_tready", false, 1, false, "always high"});
      plan_.ports.push_back({"s_cfg_tlast", true, 1, false, "end of a load"});
    }
    for (const Port& port : plan_.ports) names_.take(port.name);
    if (plan_.writable) config_ = names_.take("configuration");
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

  // What every layer is; cycles, latency, and the queues in front of each stage.
  std::vector<Chosen> settle_pipeline(std::vector<LayerSpace>& spaces, const Surroundings& around) {
    Settled settled = settle(design_, spaces, around, options_);
    plan_.structure = around.structure;
    plan_.structure += settled.queues;
    Followed& followed = settled.followed;
    plan_.cycles_per_image = followed.cycles_per_image;
    plan_.first_answer = followed.first_answer;
    plan_.bottleneck = followed.slowest;
    plan_.pipeline = std::move(followed.pipeline);
    for (const Followed::Finding& finding : followed.findings) {
      plan_.choices.push_back({finding.what, finding.value, finding.reason});
    }
    depths_ = std::move(followed.depths);
    return std::move(settled.chosen);
  }

  Stream add_fifo(Layer& layer, int32_t depth, const Stream& in) {
    const std::string name = names_.take(layer.instance + "_fifo");
    const Stream out = new_stream(name, in.width);
    layer.fifo_depth = depth;
    Instance instance{"xb_fifo",
                      name,
                      "queue in front of " + layer.instance,
                      {{"Width", number(in.width + 1)}, {"Depth", number(depth)}},
                      clocked()};
    for (const Binding& port : std::initializer_list<Binding>{
             {"in_valid_i", in.valid},
             {"in_ready_o", in.ready},
             {"in_data_i", fmt::format("{{{}, {}}}", in.last, in.data)},
             {"out_valid_o", out.valid},
             {"out_ready_i", out.ready},
             {"out_data_o", fmt::format("{{{}, {}}}", out.last, out.data)}}) {
      instance.ports.push_back(port);
    }
    plan_.instances.push_back(std::move(instance));
    return out;
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

  void add_pool(const ir::Stage& stage, const ir::PoolMax& pool, Layer& layer, const Stream& in,
                const Stream& out) {
    layer.kind = LayerKind::kMaxPool;
    layer.cycles = pool_cycles(stage.in.h, stage.in.w, stage.in.c, pool.kernel, pool.stride);
    layer.estimates = estimates(pool_structure(stage.in, pool, stage.in_bits));
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

  void add_crossbar(LayerSpace& space, const Chosen& chosen, Layer& layer, const Stream& in,
                    const Stream& out) {
    const ir::Layout& layout = design_.layout;
    const ir::Stage& stage = space.stage();
    const ir::Crossbar& crossbar = space.crossbar();
    const TileForm& form = space.form();
    const LayerShape& shape = space.shape();
    const Build& build = chosen.build;
    const bool collapsed = build.form == Form::kCollapsed;
    const bool noise = !collapsed && !form.noise_mult.empty();
    if (noise) {
      const auto index = static_cast<uint32_t>(crossbar_index(space));
      layer.noise_keys = ir::noise_keys(chip_.noise_seed, index).bits;
    }

    const bool dense = crossbar.kernel_h == stage.in.h && crossbar.kernel_w == stage.in.w;
    layer.kind = dense ? LayerKind::kDense : LayerKind::kConv;
    layer.cycles = chosen.cycles;
    layer.bound_by = chosen.bound_by;
    layer.rows = shape.rows;
    layer.cols = shape.cols;
    layer.row_tiles = collapsed ? 1 : shape.row_tiles();
    layer.build = build;
    layer.estimates = estimates(space.structure(build));
    plan_.structure += space.structure(build);
    layer.choices = chosen.choices;
    if (space.proved()) layer.proof = space.proof();
    if (layer.proof) {
      layer.choices.push_back(
          {"lossless", layer.proof->exact ? "proved" : "not proved", to_string(*layer.proof)});
    }
    const char* const why = options_.writable ? "any that may be written" : nullptr;
    layer.choices.push_back({"bias_bits", number(form.bias_bits), why ? why : "the largest bias"});
    if (collapsed) {
      layer.choices.push_back(
          {"weight_bits", number(form.weight_bits), why ? why : "the largest weight"});
    } else {
      layer.choices.push_back(
          {"g_bits", number(form.g_bits), why ? why : "the largest conductance"});
      layer.choices.push_back({"sum_bits", number(form.sum_bits), "every code at full scale"});
      layer.choices.push_back({"adc", form.adc_per_column ? "per column" : "per slice",
                               options_.writable     ? "asked for: converters can be written"
                               : form.lsb_bits > 0   ? "ranges differ by column"
                               : form.adc_per_column ? "gains, offsets or clips differ by column"
                                                     : "every column converts alike"});
    }

    const Cut cut{shape.rows, shape.cols, collapsed ? shape.rows : shape.tile_rows, build.row_lanes,
                  build.pe};
    Instance instance{"xb_layer", layer.instance, describe(layer), map_parameters(stage.in),
                      clocked()};
    const auto set = [&](const char* name, std::string value) {
      instance.parameters.push_back({name, std::move(value)});
    };
    // An image and, where it is not the tool's to choose, where it lies.
    const auto set_memory = [&](const char* name, const char* holds, int32_t memory, Image image) {
      set(name, add_memory(layer, crossbar_index(space), holds, memory, std::move(image)));
    };
    const auto set_style = [&](const char* name, const Image& image) {
      set(name, number(static_cast<int>(style(image, build))));
    };
    for (Binding& parameter : layer_parameters(design_, chip_, space, build, options_.writable)) {
      instance.parameters.push_back(std::move(parameter));
    }
    const Image rows = row_image(stage, crossbar, cut);
    const Image weights = weight_image(layout, crossbar, space.cells(), form, build.form, cut);
    const Image requant = requant_image(crossbar, form);
    layer.weight_bits = weights.bits();
    set_style("RowBlock", rows);
    set_style("WeightBlock", weights);
    set_style("RequantBlock", requant);
    if (!collapsed && form.adc_per_column) {
      const Image adc = adc_image(layout, space.cells(), form);
      set_style("AdcBlock", adc);
      set_memory("AdcImage", "adc", 4, adc);
    }
    set_memory("RowImage", "rows", 0, rows);
    set_memory("WeightImage", "weights", 1, weights);
    if (!collapsed) {
      if (!form.per_cell) set_memory("TableImage", "table", 2, table_image(chip_, form));
      if (form.inl) {
        const Image inl = inl_image(layout, space.cells());
        set_style("InlBlock", inl);
        set_memory("InlImage", "inl", 5, inl);
      }
      if (form.noise_rows) {
        const Image gains = noise_image(layout, space.cells());
        set_style("NoiseBlock", gains);
        set_memory("NoiseImage", "noise", 7, gains);
      }
    }
    set_memory("RequantImage", "requant", 3, requant);
    connect_configuration(instance, crossbar_index(space), noise);
    connect(instance, "in", in);
    connect(instance, "out", out);
    plan_.instances.push_back(std::move(instance));
  }

  // The nets of the bus that writes memories, behind the port of xb_layer that each goes to.
  struct ConfigNet {
    const char* port;
    const char* name;
    int32_t width;
    const char* idle;  // what stands there in a design that is not writable
  };
  static constexpr std::array<ConfigNet, 4> kConfigNets = {{{"cfg_mem_i", "_mem", 3, "3'd0"},
                                                            {"cfg_addr_i", "_addr", 24, "24'd0"},
                                                            {"cfg_chunk_i", "_chunk", 8, "8'd0"},
                                                            {"cfg_data_i", "_data", 32, "32'd0"}}};

  // The decoder of s_cfg, a valid bit for every crossbar layer.
  void add_configuration(int32_t layers) {
    if (!plan_.writable) return;
    Instance instance{"xb_config",
                      config_,
                      "writes the layers' memories",
                      {{"Layers", number(layers)}},
                      clocked()};
    connect_edge(instance, "s_cfg_t", {"data", "valid", "ready", "last"});
    config_layers_ = layers;
    config_valid_ = names_.take(config_ + "_valid");
    plan_.nets.push_back({config_valid_, layers});
    instance.ports.push_back({"cfg_valid_o", config_valid_});
    for (const ConfigNet& net : kConfigNets) {
      config_nets_.push_back(names_.take(config_ + net.name));
      plan_.nets.push_back({config_nets_.back(), net.width});
      std::string port = net.port;
      port.back() = 'o';
      instance.ports.push_back({port, config_nets_.back()});
    }
    plan_.instances.push_back(std::move(instance));
  }

  // Of crossbar layer `index`.
  void connect_configuration(Instance& instance, int32_t index, bool noise) const {
    const std::string bit_of =
        config_layers_ > 1 ? fmt::format("{}[{}]", config_valid_, index) : config_valid_;
    instance.ports.push_back({"cfg_valid_i", plan_.writable ? bit_of : "1'b0"});
    for (size_t i = 0; i < kConfigNets.size(); ++i) {
      instance.ports.push_back(
          {kConfigNets[i].port, plan_.writable ? config_nets_[i] : kConfigNets[i].idle});
    }
    instance.ports.push_back({"first_image_i", noise ? "first_image_i" : "32'd0"});
  }

  int32_t crossbar_index(const LayerSpace& space) const {
    return static_cast<int32_t>(&space.cells() - chip_.crossbars.data());
  }

  MemoryStyle style(const Image& image, const Build& build) const {
    return memory_style(image.words(), image.width(), options_.writable, build.block_worth);
  }

  // Returns the parameter's text.
  std::string add_memory(const Layer& layer, int32_t crossbar, const char* holds, int32_t memory,
                         Image image) {
    const std::string file = fmt::format("mem/{}_{}.hex", layer.instance, holds);
    if (options_.writable && (image.words() > kMostWords || image.width() > kMostWordBits)) {
      throw ir::Error({"layer " + layer.name,
                       fmt::format("its memory of {} is too large to be written", holds),
                       fmt::format("at most {} words of {} bits", kMostWords, kMostWordBits),
                       fmt::format("{} of {}", image.words(), image.width()),
                       "fewer pe or row_lanes for narrower words, more for fewer words"});
    }
    plan_.memories.push_back(
        {file, layer.name, holds, crossbar, memory, style(image, layer.build), std::move(image)});
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
    plan_.estimates = estimates(plan_.structure);
    std::sort(plan_.memories.begin(), plan_.memories.end(),
              [](const Memory& a, const Memory& b) { return a.file < b.file; });
    std::set<std::string> modules;
    for (const Instance& instance : plan_.instances) modules.insert(instance.module);
    TemplateFiles files = template_files(modules);
    plan_.sources = std::move(files.sources);
    plan_.include_files = std::move(files.include_files);
  }

  const ir::Design& design_;
  const ir::Chip& chip_;
  const PlanOptions& options_;
  Plan plan_;
  Namer modules_;                // module names
  Namer names_;                  // names inside the top module
  std::vector<int32_t> depths_;  // [stages] of the queue in front of each; 0: none
  std::string config_;           // xb_config and the nets of its bus
  std::string config_valid_;
  std::vector<std::string> config_nets_;  // in the order of kConfigNets
  int32_t config_layers_ = 0;
  std::string unpack_;
  std::string argmax_;
};

}  // namespace

Plan plan(const ir::Design& design, const ir::Chip& chip, const PlanOptions& options) {
  return Planner(design, chip, options).run();
}

std::vector<ParetoPoint> pareto(const ir::Design& design, const ir::Chip& chip,
                                const PlanOptions& options) {
  return Planner(design, chip, options).front();
}

}  // namespace crosstwin::hwgen
