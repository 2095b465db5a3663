// `crosstwin program`: one draw of a device for a design, its converters calibrated.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/verbs/verbs.hpp"
#include "twin/program.hpp"

namespace crosstwin::cli {
using nlohmann::ordered_json;

namespace {

ordered_json run(Context& context) {
  const ir::Design design = ir::load_design(context.run.design());
  const data::Splits& data = context.data();
  const ir::Chip chip = twin::program(design, context.config.device, context.config.seed,
                                      data.train.images, context.config.adc);
  ir::save_chip(chip, context.run.chip());
  ordered_json stages = ordered_json::array();
  for (const ir::CrossbarChip& stage : chip.crossbars) {
    stages.push_back({{"stage", stage.stage}, {"lsb", stage.lsb}, {"adc_shift", stage.adc_shift}});
  }
  return {{"device", chip.device.name},
          {"seed", std::to_string(chip.seed)},
          {"adc_range", twin::to_string(context.config.adc.range)},
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
      .example = "crosstwin program --out out/lenet5 --device reram --seed 7",
      .shortcuts = {{"--device", "chip.device", "preset (ideal, reram, reram_full) or device file",
                     "", Shortcut::Form::text},
                    {"--adc-range", "chip.adc_range",
                     "max, percentile, mse, worst_case or lossless"}},
      .sections = {"seed", "dataset", "chip"},
      .uses_data = true,
      .inputs = {{"design", "map"}},
      .outputs = {"chip"},
      .run = run,
      .line = line,
      .text = line};
}

}  // namespace crosstwin::cli
