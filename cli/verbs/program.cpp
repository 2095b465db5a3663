// `crosstwin program`: one draw of a device for a design, its converters calibrated.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/verbs/verbs.hpp"
#include "twin/program.hpp"

namespace crosstwin::cli {
using nlohmann::ordered_json;

namespace {

// The ranges taken from another chip; empty when they are measured.
std::vector<ir::ConverterRange> given_ranges(const Config& config) {
  if (config.ranges_of.empty()) return {};
  return ir::read_ranges(config.ranges_of);
}

// Not the other chip's cells: this step may replace it by a chip of the same ranges.
std::string ranges_text(const Context& context) {
  std::string text;
  for (const ir::ConverterRange& range : given_ranges(context.config)) {
    text += fmt::format("{} {} {}\n", range.stage, fmt::join(range.lsb, ","),
                        fmt::join(range.adc_shift, ","));
  }
  return text;
}

ordered_json run(Context& context) {
  const ir::Design design = ir::load_design(context.run.design());
  const data::Splits& data = context.data();
  twin::AdcOptions adc = context.config.adc;
  adc.given = given_ranges(context.config);
  const ir::Chip chip =
      twin::program(design, context.config.device, context.config.seed, data.train.images, adc);
  ir::save_chip(chip, context.run.chip());
  ordered_json stages = ordered_json::array();
  for (const ir::CrossbarChip& stage : chip.crossbars) {
    stages.push_back({{"stage", stage.stage}, {"lsb", stage.lsb}, {"adc_shift", stage.adc_shift}});
  }
  return {{"device", chip.device.name},
          {"seed", std::to_string(chip.seed)},
          {"adc_range", adc.given.empty() ? twin::to_string(adc.range)
                                          : "of " + context.config.ranges_of.string()},
          {"adc_bits", design.layout.adc_bits},
          {"shared_table", chip.shared_table},
          {"stages", stages}};
}

std::string lsb_list(const ordered_json& stage) {
  std::string list;
  for (const ordered_json& lsb : stage["lsb"]) {
    list += (list.empty() ? "" : "/") + std::to_string(lsb.get<int>());
  }
  return fmt::format("{} {}", stage["stage"].get<std::string>(), list);
}

std::string line(const ordered_json& result) {
  std::string lsbs;
  for (const ordered_json& stage : result["stages"]) {
    lsbs += (lsbs.empty() ? "" : ", ") + lsb_list(stage);
  }
  return fmt::format("device {}, {}-bit ADCs, level steps a code (low/high slice): {}",
                     result["device"].get<std::string>(), result["adc_bits"].get<int>(), lsbs);
}

}  // namespace

Step program_step() {
  return {
      .name = "program",
      .summary = "program the design into one draw of a device",
      .reads = "OUT/design/, the device (chip.device), 512 training images for the ADC ranges",
      .writes = "OUT/chip/: one integer conductance a cell, the converters' integers",
      .example =
          "crosstwin program --out out/lenet5 --device reram --seed 7\n"
          "\nRTL of `generate --writable` has the converters' LSBs and shifts built in. Another "
          "chip\n"
          "for it, to be written by `crosstwin load`, takes those of the chip it was generated "
          "from:\n"
          "         crosstwin program --out out/lenet5 --seed 8 --ranges-of out/lenet5",
      .shortcuts = {{"--device", "chip.device", "preset (ideal, reram, reram_full) or device file",
                     "", Shortcut::Form::text},
                    {"--adc-range", "chip.adc_range",
                     "max, percentile, mse, worst_case or lossless"},
                    {"--ranges-of", "chip.ranges_of",
                     "take the converters' ranges from the chip of another run, or this one", "",
                     Shortcut::Form::text}},
      .sections = {"seed", "dataset", "chip"},
      .uses_data = true,
      .inputs = {{"design", "map"}},
      .outputs = {"chip"},
      .also = ranges_text,
      .run = run,
      .line = line,
      .text = line};
}

}  // namespace crosstwin::cli
