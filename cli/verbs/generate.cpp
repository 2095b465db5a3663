// `crosstwin generate`: a design and its chip to SystemVerilog.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/table.hpp"
#include "cli/verbs/verbs.hpp"
#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "fpga/flow/board.hpp"
#include "hwgen/emit/emit.hpp"
#include "hwgen/emit/pareto.hpp"
#include "hwgen/plan/plan.hpp"

namespace crosstwin::cli {
using nlohmann::ordered_json;

namespace {

std::optional<hwgen::Form> form_of(FormSetting setting) {
  switch (setting) {
    case FormSetting::automatic:
    case FormSetting::faithful:
      return {};
    case FormSetting::bit_plane:
      return hwgen::Form::kBitPlane;
    case FormSetting::bit_serial:
      return hwgen::Form::kBitSerial;
    case FormSetting::collapsed:
      return hwgen::Form::kCollapsed;
  }
  throw ir::Bug("unknown form");
}

std::optional<int32_t> given(int32_t value) {
  return value > 0 ? std::optional(value) : std::nullopt;
}

hwgen::LayerOptions layer_options(const LayerSettings& settings) {
  hwgen::LayerOptions options;
  options.form = form_of(settings.form);
  options.faithful = settings.form == FormSetting::faithful;
  options.planes = given(settings.planes);
  options.pe = given(settings.pe);
  options.row_lanes = given(settings.row_lanes);
  options.adc_lanes = given(settings.adc_lanes);
  if (settings.requant != RequantSetting::automatic) {
    options.requant = settings.requant == RequantSetting::serial ? hwgen::Requant::kSerial
                                                                 : hwgen::Requant::kParallel;
  }
  if (settings.dsp != DspSetting::automatic) options.dsp = settings.dsp == DspSetting::yes;
  options.lines = given(settings.lines);
  return options;
}

// From the smallest part to the largest.
std::vector<hwgen::Board> boards() {
  std::vector<hwgen::Board> list;
  for (const std::string& name : fpga::board_names()) {
    const fpga::Board board = fpga::load_board(name);
    list.push_back({name, ir::find_part(board.device, "board " + name)});
  }
  std::stable_sort(list.begin(), list.end(), [](const hwgen::Board& a, const hwgen::Board& b) {
    return a.part.lut < b.part.lut;
  });
  return list;
}

hwgen::PlanOptions plan_options(const Config& config, const ir::Design& design) {
  hwgen::PlanOptions options;
  options.target_fps = config.generate.target_fps;
  options.clock_mhz = config.generate.clock_mhz;
  if (!config.generate.fit.empty()) {
    options.fit = config.generate.fit;
    options.boards = boards();
  }
  options.per_cell = config.generate.per_cell;
  options.writable = config.generate.writable;
  for (const ir::Stage& stage : design.stages) {
    const auto settings = config.layers.find(stage.name);
    if (settings != config.layers.end()) {
      options.layers[stage.name] = layer_options(settings->second);
    }
  }
  return options;
}

ordered_json resources(const hwgen::Resources& r) {
  return {
      {"lut", std::llround(r.lut)}, {"ff", std::llround(r.ff)}, {"bram", r.bram}, {"dsp", r.dsp}};
}

// The family that figures are shown for: the board's, or ECP5.
ir::PartFamily family_of(const hwgen::PlanOptions& options) {
  for (const hwgen::Board& board : options.boards) {
    if (board.name == options.fit) return board.part.family;
  }
  return ir::PartFamily::kEcp5;
}

ordered_json summary(const hwgen::Plan& plan, const hwgen::PlanOptions& options) {
  const ir::PartFamily family = family_of(options);
  const auto estimate = [&](const hwgen::Estimates& all) {
    return resources(all[static_cast<size_t>(family)]);
  };
  ordered_json layers = ordered_json::array();
  for (const hwgen::Layer& layer : plan.layers) {
    ordered_json entry = {{"name", layer.name},
                          {"kind", hwgen::to_string(layer.kind)},
                          {"rows", layer.rows},
                          {"cols", layer.cols},
                          {"cycles", layer.cycles},
                          {"weight_bits", layer.weight_bits},
                          {"estimate", estimate(layer.estimates)}};
    if (layer.kind != hwgen::LayerKind::kMaxPool) {
      entry["form"] = hwgen::to_string(layer.build.form);
      entry["planes"] = layer.build.planes;
      entry["pe"] = layer.build.pe;
      entry["row_lanes"] = layer.build.row_lanes;
      entry["adc_lanes"] = layer.build.adc_lanes;
      entry["requant"] = hwgen::to_string(layer.build.requant);
      entry["bound_by"] = layer.bound_by;
      if (layer.proof) entry["lossless"] = hwgen::to_string(*layer.proof);
    }
    layers.push_back(entry);
  }
  return {{"top", plan.top},
          {"cycles_per_image", plan.cycles_per_image},
          {"bottleneck", plan.bottleneck},
          {"family", ir::to_string(family)},
          {"estimate", estimate(plan.estimates)},
          {"layers", layers}};
}

// The plan of a run, and the front when it was asked for; nothing is written.
struct Planned {
  hwgen::PlanOptions options;
  hwgen::Plan plan;
  std::vector<hwgen::ParetoPoint> front;
  ordered_json result;
};

Planned make_plan(Context& context) {
  const ir::Design design = ir::load_design(context.run.design());
  const ir::Chip chip = ir::load_chip(context.run.chip(), design);
  Planned planned;
  planned.options = plan_options(context.config, design);
  planned.plan = hwgen::plan(design, chip, planned.options);
  planned.result = summary(planned.plan, planned.options);
  if (context.config.generate.pareto) {
    planned.front = hwgen::pareto(design, chip, planned.options);
    planned.result["pareto"] = ordered_json::parse(hwgen::pareto_json(planned.plan, planned.front));
  }
  return planned;
}

ordered_json run(Context& context) {
  Planned planned = make_plan(context);
  hwgen::emit(planned.plan, context.run.rtl());
  planned.result["files"] = (context.run.rtl() / "README.md").string();
  if (!planned.front.empty()) {
    ir::write_dir(context.run.pareto(), [&](const std::filesystem::path& dir) {
      ir::write_file(dir / "pareto.json", hwgen::pareto_json(planned.plan, planned.front));
      ir::write_file(dir / "pareto.svg", hwgen::pareto_svg(planned.plan, planned.front));
    });
    planned.result["chart"] = (context.run.pareto() / "pareto.svg").string();
  }
  return planned.result;
}

ordered_json preview(Context& context) { return make_plan(context).result; }

std::string line(const ordered_json& result) {
  const ordered_json& estimate = result["estimate"];
  return fmt::format(
      "{}: {} cycles an image, bound by {}; about {} LUT, {} block RAMs ({})",
      result["top"].get<std::string>(), grouped(result["cycles_per_image"].get<int64_t>()),
      result["bottleneck"].get<std::string>(), grouped(estimate["lut"].get<int64_t>()),
      estimate["bram"].get<int64_t>(), result["family"].get<std::string>());
}

std::string pareto_text(const ordered_json& front) {
  Table table({"cycles/image", "LUT", "FF", "block RAM", "DSP", "bound by", "layers"});
  for (const ordered_json& point : front["points"]) {
    std::string layers;
    for (const auto& [name, build] : point["layers"].items()) {
      layers += fmt::format("{}{}: {}", layers.empty() ? "" : "; ", name,
                            build["text"].get<std::string>());
    }
    const auto cell = [&point](const char* key) { return grouped(point[key].get<int64_t>()); };
    table.add({cell("cycles"), cell("lut"), cell("ff"), cell("bram"), cell("dsp"),
               point["bottleneck"].get<std::string>(), layers});
  }
  return "\nCycles against logic, whole design (columns x rows / conversions a cycle; p: parallel "
         "requantizer,\nd: DSP blocks):\n" +
         table.text();
}

std::string text(const ordered_json& result) {
  Table table({"layer", "kind", "rows", "columns", "form", "pe", "row lanes", "ADC lanes",
               "bound by", "cycles/image", "LUT", "block RAM", "DSP"});
  for (const ordered_json& layer : result["layers"]) {
    const auto cell = [](const ordered_json& of, const char* key) {
      const int64_t value = of.contains(key) ? of[key].get<int64_t>() : 0;
      return value == 0 ? std::string() : grouped(value);
    };
    const ordered_json& estimate = layer["estimate"];
    table.add({layer["name"].get<std::string>(), layer["kind"].get<std::string>(),
               cell(layer, "rows"), cell(layer, "cols"), layer.value("form", std::string()),
               cell(layer, "pe"), cell(layer, "row_lanes"), cell(layer, "adc_lanes"),
               layer.value("bound_by", std::string()), cell(layer, "cycles"), cell(estimate, "lut"),
               cell(estimate, "bram"), cell(estimate, "dsp")});
  }
  std::string all = table.text() + line(result) + "\n";
  for (const ordered_json& layer : result["layers"]) {
    if (!layer.contains("lossless")) continue;
    all += fmt::format("{}: {}\n", layer["name"].get<std::string>(),
                       layer["lossless"].get<std::string>());
  }
  if (result.contains("pareto")) all += pareto_text(result["pareto"]);
  if (result.contains("chart")) all += "See " + result["chart"].get<std::string>() + "\n";
  if (result.contains("files")) all += "See " + result["files"].get<std::string>() + "\n";
  return all;
}

}  // namespace

Step generate_step() {
  return {
      .name = "generate",
      .summary = "generate the SystemVerilog of the chip",
      .reads = "OUT/design/ and OUT/chip/, integers only",
      .writes =
          "OUT/rtl/: sources, memory images, manifest.json, plan.json (every choice and why),\n"
          "         file lists, README.md; with --pareto OUT/pareto/",
      .example =
          "crosstwin generate --out out/lenet5 --target-fps 1000 --clock 80\n"
          "         crosstwin generate --out out/lenet5 --fit hx8k --form faithful --pareto\n"
          "         crosstwin generate --out out/lenet5 --form bit_serial --set layers.conv1.pe=4\n"
          "\nA layer is built as bit_plane (a cycle adds a row to the accumulators of every input\n"
          "plane), bit_serial (some planes at a time: fewer accumulators, more passes) or "
          "collapsed\n"
          "(integer multipliers; only where the chip's conversions are proved to lose nothing).\n"
          "pe columns a pass, row_lanes rows and adc_lanes conversions a cycle make it faster and\n"
          "larger. Without a rate or a board: bit_plane, one of each. --dry-run shows the plan.",
      .shortcuts = {{"--target-fps", "generate.target_fps",
                     "images a second; each layer takes the cheapest form that meets it"},
                    {"--clock", "generate.clock_mhz", "MHz that --target-fps counts with"},
                    {"--fit", "generate.fit",
                     "board that the design must fit; the fastest is taken, or the cheapest at "
                     "--target-fps",
                     "", Shortcut::Form::text},
                    {"--form", "defaults.form",
                     "auto, bit_plane, bit_serial, faithful (either) or collapsed", "",
                     Shortcut::Form::text},
                    {"--pareto", "generate.pareto",
                     "cycles against LUTs of the whole design: table, JSON, SVG", "true"},
                    {"--writable", "generate.writable",
                     "memories can be written over a stream, without synthesis", "true"}},
      .sections = {"generate", "layers"},
      .uses_data = false,
      .inputs = {{"design", "map"}, {"chip", "program"}},
      .outputs = {"rtl"},
      .tool_data = {"rtl_templates", "fpga/boards"},
      .run = run,
      .preview = preview,
      .line = line,
      .text = text};
}

}  // namespace crosstwin::cli
