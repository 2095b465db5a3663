// `crosstwin generate`: a design and its chip to SystemVerilog.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/table.hpp"
#include "cli/verbs/verbs.hpp"
#include "hwgen/emit/emit.hpp"
#include "hwgen/plan/plan.hpp"

namespace crosstwin::cli {
using nlohmann::ordered_json;

namespace {

hwgen::PlanOptions plan_options(const Config& config, const ir::Design& design) {
  hwgen::PlanOptions options;
  options.target_fps = config.generate.target_fps;
  options.clock_mhz = config.generate.clock_mhz;
  options.per_cell = config.generate.per_cell;
  for (const ir::Stage& stage : design.stages) {
    const auto settings = config.layers.find(stage.name);
    if (settings == config.layers.end()) continue;
    hwgen::LayerOptions layer;
    if (settings->second.pe > 0) layer.pe = settings->second.pe;
    if (settings->second.adc_lanes > 0) layer.adc_lanes = settings->second.adc_lanes;
    options.layers[stage.name] = layer;
  }
  return options;
}

ordered_json run(Context& context) {
  const ir::Design design = ir::load_design(context.run.design());
  const ir::Chip chip = ir::load_chip(context.run.chip(), design);
  const hwgen::Plan plan = hwgen::plan(design, chip, plan_options(context.config, design));
  hwgen::emit(plan, context.run.rtl());

  ordered_json layers = ordered_json::array();
  for (const hwgen::Layer& layer : plan.layers) {
    layers.push_back({{"name", layer.name},
                      {"kind", hwgen::to_string(layer.kind)},
                      {"rows", layer.rows},
                      {"cols", layer.cols},
                      {"pe", layer.pe},
                      {"adc_lanes", layer.adc_lanes},
                      {"cycles", layer.cycles},
                      {"weight_bits", layer.weight_bits}});
  }
  return {{"top", plan.top},
          {"files", (context.run.rtl() / "README.md").string()},
          {"cycles_per_image", plan.cycles_per_image},
          {"bottleneck", plan.bottleneck},
          {"layers", layers}};
}

std::string line(const ordered_json& result) {
  return fmt::format("{}: {} cycles an image, bound by {}", result["top"].get<std::string>(),
                     grouped(result["cycles_per_image"].get<int64_t>()),
                     result["bottleneck"].get<std::string>());
}

std::string text(const ordered_json& result) {
  Table table(
      {"layer", "kind", "rows", "columns", "pe", "ADC lanes", "cycles/image", "weight bits"});
  for (const ordered_json& layer : result["layers"]) {
    const auto cell = [&layer](const char* key) {
      const auto value = layer[key].get<int64_t>();
      return value == 0 ? std::string() : grouped(value);
    };
    table.add({layer["name"].get<std::string>(), layer["kind"].get<std::string>(), cell("rows"),
               cell("cols"), cell("pe"), cell("adc_lanes"), cell("cycles"), cell("weight_bits")});
  }
  return table.text() + line(result) + "\nSee " + result["files"].get<std::string>() + "\n";
}

}  // namespace

Step generate_step() {
  return {
      .name = "generate",
      .summary = "generate the SystemVerilog of the chip",
      .reads = "OUT/design/ and OUT/chip/, integers only",
      .writes = "OUT/rtl/: sources, memory images, manifest.json, plan.json, file lists, README.md",
      .example = "crosstwin generate --out out/lenet5 --target-fps 1000 --set layers.conv1.pe=4",
      .shortcuts = {{"--target-fps", "generate.target_fps",
                     "images a second that layers without pe must meet"},
                    {"--clock", "generate.clock_mhz", "MHz that --target-fps counts with"}},
      .sections = {"generate", "layers"},
      .uses_data = false,
      .inputs = {{"design", "map"}, {"chip", "program"}},
      .outputs = {"rtl"},
      .tool_data = {"rtl_templates"},
      .run = run,
      .line = line,
      .text = text};
}

}  // namespace crosstwin::cli
