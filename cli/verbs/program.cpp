// `crosstwin program`: one draw of a device for a design, its converters calibrated.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/fitted.hpp"
#include "cli/place.hpp"
#include "cli/table.hpp"
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

ordered_json deviation_json(const twin::Deviation& deviation) {
  return {{"mean", deviation.mean}, {"sigma", deviation.sigma}, {"max", deviation.max}};
}

// Errors and ageing in level steps, variation relative to the level; see twin/cells.hpp.
ordered_json cells_json(const twin::CellReport& cells, const ir::Device& device) {
  ordered_json json = {{"count", cells.cells},
                       {"stuck_low", cells.stuck_low},
                       {"stuck_high", cells.stuck_high},
                       {"error", deviation_json(cells.programmed)},
                       {"variation", deviation_json(cells.variation)}};
  if (device.ages()) json["aged"] = deviation_json(cells.aged);
  if (!device.wires.ideal()) json["wires"] = deviation_json(cells.wires);
  if (device.cells_noisy()) {
    std::vector<double> sigma;
    for (const double variance : cells.noise.variance) sigma.push_back(std::sqrt(variance));
    json["noise"] = {{"sigma", sigma},
                     {"least_column", cells.noise.least_column},
                     {"most_column", cells.noise.most_column}};
  }
  if (device.write_verify.max_pulses > 0) {
    json["pulses"] = cells.pulses;
    json["unverified"] = cells.unverified;
    // null: the device does not say what its pulses are.
    json["joules"] =
        device.write_verify.pulse_volt > 0 ? ordered_json(cells.joules) : ordered_json();
  }
  return json;
}

// [slice][column]
std::vector<std::vector<int32_t>> by_slice(const ir::CrossbarChip& stage) {
  std::vector<std::vector<int32_t>> slices;
  const auto cols = static_cast<int64_t>(stage.lsb.size() / stage.adc_shift.size());
  for (auto first = stage.lsb.begin(); first != stage.lsb.end(); first += cols) {
    slices.emplace_back(first, first + cols);
  }
  return slices;
}

ordered_json remap_json(const adapt::RemapReport& report) {
  return {{"stage", report.stage},
          {"error_before", report.error_before},
          {"error_after", report.error_after},
          {"weights", report.weights},
          {"wrong_before", report.wrong_before},
          {"wrong_after", report.wrong_after}};
}

ordered_json run(Context& context) {
  const ir::Design design = load_mapped(context);
  refuse_fitted(context.run, design);
  const data::Splits& data = context.data();
  twin::AdcOptions adc = context.config.adc;
  adc.given = given_ranges(context.config);
  std::vector<twin::CellReport> cells;
  const adapt::Remapped remapped =
      place(context.config, design, context.config.device, context.config.seed, data.train.images);
  const ir::Chip chip = twin::program(design, context.config.device, context.config.seed,
                                      data.train.images, adc, &cells, remapped.placements);
  ir::save_chip(chip, context.run.chip());
  ordered_json stages = ordered_json::array();
  for (size_t i = 0; i < chip.crossbars.size(); ++i) {
    const ir::CrossbarChip& stage = chip.crossbars[i];
    stages.push_back({{"stage", stage.stage},
                      {"lsb", by_slice(stage)},
                      {"adc_shift", stage.adc_shift},
                      {"cells", cells_json(cells[i], chip.device)}});
  }
  ordered_json remap = ordered_json::array();
  for (const adapt::RemapReport& report : remapped.reports) remap.push_back(remap_json(report));
  return {{"device", chip.device.name},
          {"seed", std::to_string(chip.seed)},
          {"time", chip.device.time},
          {"adc_range", adc.given.empty() ? twin::to_string(adc.range)
                                          : "of " + context.config.ranges_of.string()},
          {"adc_per", twin::to_string(adc.per)},
          {"adc_bits", design.layout.adc_bits},
          {"shared_table", chip.shared_table},
          {"remap", remap},
          {"stages", stages}};
}

// A slice's LSBs, or its least and greatest.
std::string lsb_list(const ordered_json& stage) {
  std::string list;
  for (const ordered_json& slice : stage["lsb"]) {
    const auto lsb = slice.get<std::vector<int32_t>>();
    const auto [least, most] = std::minmax_element(lsb.begin(), lsb.end());
    list += (list.empty() ? "" : "/") + std::to_string(*least);
    if (*least != *most) list += ".." + std::to_string(*most);
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

std::string joules(const ordered_json& value) {
  if (value.is_null()) return "-";
  return fmt::format("{:.3g} uJ", 1e6 * value.get<double>());
}

// A row a layer, for cells that are not all on their levels.
std::string cell_table(const ordered_json& result) {
  std::vector<std::string> head = {"cells",          "count",     "stuck low/high",
                                   "error in steps", "(largest)", "variation"};
  const ordered_json& first = result["stages"].front()["cells"];
  const bool ages = first.contains("aged");
  const bool wired = first.contains("wires");
  const bool verifies = first.contains("pulses");
  if (ages) head.push_back(fmt::format("steps in {:g} s", result["time"].get<double>()));
  if (wired) head.emplace_back("steps by wires");
  const bool noisy = first.contains("noise");
  if (noisy) head.insert(head.end(), {"noise of a cell", "(columns)"});
  if (verifies) head.insert(head.end(), {"pulses a cell", "unverified", "energy"});
  Table table(head);
  for (const ordered_json& stage : result["stages"]) {
    const ordered_json& cells = stage["cells"];
    const auto spread = [](const ordered_json& deviation) {
      return fmt::format("{:+.3f} +- {:.3f}", deviation["mean"].get<double>(),
                         deviation["sigma"].get<double>());
    };
    const double count = cells["count"].get<double>();
    std::vector<std::string> row = {
        stage["stage"].get<std::string>(),
        grouped(cells["count"].get<int64_t>()),
        fmt::format("{:.3f}/{:.3f}%", 100 * cells["stuck_low"].get<double>() / count,
                    100 * cells["stuck_high"].get<double>() / count),
        spread(cells["error"]),
        fmt::format("{:.2f}", cells["error"]["max"].get<double>()),
        fmt::format("{:.4f}", cells["variation"]["sigma"].get<double>())};
    if (ages) row.push_back(spread(cells["aged"]));
    if (wired) row.push_back(spread(cells["wires"]));
    if (noisy) {
      const ordered_json& noise = cells["noise"];
      std::string sigmas;
      for (const ordered_json& sigma : noise["sigma"]) {
        sigmas += fmt::format("{}{:.3f}", sigmas.empty() ? "" : "/", sigma.get<double>());
      }
      row.push_back(sigmas);
      // From variances: what a column's deviation is of the layer's mean.
      row.push_back(fmt::format("{:+.1f}..{:+.1f}%",
                                100 * (std::sqrt(noise["least_column"].get<double>()) - 1),
                                100 * (std::sqrt(noise["most_column"].get<double>()) - 1)));
    }
    if (verifies) {
      row.push_back(fmt::format("{:.2f}", cells["pulses"].get<double>() / count));
      row.push_back(grouped(cells["unverified"].get<int64_t>()));
      row.push_back(joules(cells["joules"]));
    }
    table.add(row);
  }
  return table.text();
}

// A row a layer: what the remap gained.
std::string remap_table(const ordered_json& remap) {
  Table table({"remapped", "weights", "wrong", "after", "weighted error", "after"});
  for (const ordered_json& stage : remap) {
    const auto share = [&stage](const char* name) {
      return fmt::format("{:.2f}%", 100 * stage[name].get<double>());
    };
    table.add({stage["stage"].get<std::string>(), grouped(stage["weights"].get<int64_t>()),
               grouped(stage["wrong_before"].get<int64_t>()),
               grouped(stage["wrong_after"].get<int64_t>()), share("error_before"),
               share("error_after")});
  }
  return table.text();
}

std::string text(const ordered_json& result) {
  const bool plain =
      result["shared_table"].get<bool>() && !result["stages"].front()["cells"].contains("noise");
  std::string all = line(result);
  if (!plain) all += "\n" + cell_table(result);
  if (!result["remap"].empty()) all += "\n" + remap_table(result["remap"]);
  return all;
}

}  // namespace

Step program_step() {
  return {
      .name = "program",
      .summary = "program the design into one draw of a device",
      .reads = "OUT/design/, the device (chip.device), 512 training images for the ADC ranges",
      .writes =
          "OUT/chip/: one integer conductance a cell, the converters' integers; realised "
          "faults, errors, ageing, pulses and energy a layer in OUT/results/program.json",
      .example =
          "crosstwin program --out out/lenet5 --device pcm_joshi --time 86400 --seed 7\n"
          "\nRTL of `generate --writable` has the converters' LSBs and shifts built in. Another "
          "chip\n"
          "for it, to be written by `crosstwin load`, takes those of the chip it was generated "
          "from:\n"
          "         crosstwin program --out out/lenet5 --seed 8 --ranges-of out/lenet5\n"
          "\n--remap faults places rows, columns and polarities of every tile around the stuck "
          "cells,\n"
          "which a test read has found, and lets working cells make up for stuck partners:\n"
          "         crosstwin program --out out/lenet5 --device reram --remap faults "
          "--spare-columns 2\n"
          "Better still: `crosstwin adapt --help`.\n"
          "\nThis device is chip.device, of the chip that becomes RTL. The many chips of "
          "`simulate` are\n"
          "of simulate.variation, which `simulate --device` sets.",
      .shortcuts = {{"--device", "chip.device",
                     "preset (" + std::string(ir::kDevicePresets) + ") or device file", "",
                     Shortcut::Form::text},
                    {"--time", "chip.device.time", "seconds that the chip has aged"},
                    {"--adc-range", "chip.adc_range",
                     "max, percentile, mse, worst_case or lossless"},
                    {"--adc-per", "chip.adc_per", "a range a layer, or a column"},
                    {"--ranges-of", "chip.ranges_of",
                     "take the converters' ranges from the chip of another run, or this one", "",
                     Shortcut::Form::text},
                    {"--remap", "chip.remap", "off, faults or cells: place weights around them"},
                    {"--spare-columns", "chip.spare_columns",
                     "physical columns of every column tile that the remap may use; at most "
                     "layout.tile_cols"}},
      .sections = {"seed", "dataset", "chip"},
      .uses_data = true,
      .inputs = {{"design", "map"}},
      .outputs = {"chip"},
      .also = ranges_text,
      .run = run,
      .line = line,
      .text = text};
}

}  // namespace crosstwin::cli
