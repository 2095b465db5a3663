// `crosstwin simulate`: what every stage of the flow answers on the test split, chips and sweeps.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/analog.hpp"
#include "cli/chips.hpp"
#include "cli/device_title.hpp"
#include "cli/events.hpp"
#include "cli/log.hpp"
#include "cli/sweep_plot.hpp"
#include "cli/table.hpp"
#include "cli/verbs/verbs.hpp"
#include "compress/ir/device_json.hpp"
#include "compress/ir/device_presets.hpp"
#include "compress/ir/error.hpp"
#include "compress/nn/evaluate.hpp"
#include "twin/accuracy.hpp"
#include "twin/program.hpp"

namespace crosstwin::cli {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

namespace {

ordered_json row(const std::string& model, double accuracy) {
  return {{"model", model}, {"accuracy", accuracy}};
}

// The keys of this step that an earlier run has left in OUT/config.json, unless this call sets
// them.
std::string kept_settings(const Context& context) {
  const fs::path file = context.run.config();
  if (!context.options.config.empty() || !fs::exists(file)) return "";
  const ordered_json kept = to_json(load_config(file, {}))["simulate"];
  const ordered_json ordinary = to_json(Config())["simulate"];
  std::string text;
  for (const auto& [key, value] : kept.items()) {
    if (value == ordinary[key]) continue;
    // A member that is set leaves the device that it is of.
    const bool whole = std::any_of(
        context.options.overrides.begin(), context.options.overrides.end(),
        [&](const std::string& set) { return set.starts_with("simulate." + key + "="); });
    if (whole) continue;
    std::string shown = value.dump();
    if (key == "variation") {
      const std::string name = value["name"];
      const auto preset = ir::device_preset(name);
      shown =
          name + (preset && ir::device_json(*preset) != value ? " with members of its own" : "");
    } else if (key == "sweep") {
      shown = fmt::format("{}", fmt::join(value.get<std::vector<std::string>>(), " and "));
    }
    text += fmt::format("{} {} {}", text.empty() ? "" : ",", key, shown);
  }
  return text.empty() ? "" : "from " + file.string() + ":" + text;
}

// The first `count` images of the test split.
data::Dataset first_images(const data::Dataset& test, int64_t count, const std::string& option) {
  if (count > test.size()) {
    throw ir::Error({option, "more images than the test split has",
                     "at most " + std::to_string(test.size()), std::to_string(count)});
  }
  return data::head(test, count);
}

ordered_json run(Context& context) {
  const SimulateSettings& settings = context.config.simulate;
  const data::Splits& data = context.data();
  const std::string kept = kept_settings(context);
  if (!kept.empty()) info("simulate: " + kept);
  if (is_set(context.options, "simulate.analog") && settings.analog > 0) {
    refuse_other_chips(context, "--analog");
  }
  const data::Dataset test =
      settings.images == 0 ? data.test : first_images(data.test, settings.images, "--images");
  const data::Dataset analog_images = first_images(data.test, settings.analog, "--analog");
  const ir::Design design = load_mapped(context);
  Chips chips(context, test, design);
  if (!settings.sweep.empty()) chips.prepare();
  const ir::Chip chip = ir::load_chip(context.run.chip(), design);
  const int32_t threads = context.options.threads;

  ordered_json rows = ordered_json::array();
  const auto twin_accuracy = [&](const ir::Chip& of) {
    return twin::evaluate(twin::Simulator(design, of), test.images, test.labels).fraction();
  };
  if (fs::exists(context.run.network())) {
    info("simulate: float network");
    rows.push_back(row("trained, float",
                       nn::accuracy(ir::load_network(context.run.network()), test, threads)));
  }
  rows.push_back(row("compressed, float activations",
                     nn::accuracy(ir::load_network(context.run.compressed()), test, threads)));
  rows.push_back(
      row("quantized, integers", twin::evaluate(design, test.images, test.labels).fraction()));

  info("simulate: twin");
  ir::Device ideal;
  ideal.levels = context.config.device.levels;
  const ir::Chip ideal_chip = chip.device.ideal()
                                  ? chip
                                  : twin::program(design, ideal, context.config.seed,
                                                  data.train.images, context.config.adc);
  const auto start = std::chrono::steady_clock::now();
  rows.push_back(row("twin, ideal device", twin_accuracy(ideal_chip)));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (!chip.device.ideal()) {
    rows.push_back(row("twin, this chip: " + device_title(chip.device), twin_accuracy(chip)));
  }
  ordered_json result = {
      {"images", test.size()},
      {"twin_images_per_second", static_cast<double>(test.size()) / seconds.count()}};
  if (!settings.sweep.empty()) {
    result["sweep"] = chips.of_sweep();
  } else if (settings.chips > 0) {
    rows.push_back(chips.of_device());
  }
  result["accuracy"] = rows;
  if (settings.events) {
    info("simulate: events");
    result["events"] = count_events(twin::Simulator(design, chip), test);
  }
  if (settings.analog > 0) {
    const ordered_json analog = compare_analog(design, chip, context.config, analog_images);
    result["analog"] = analog;
    if (analog["outside"] > 0) {
      result["passed"] = false;
      result["failure"] =
          "the twin is outside the bound of its own rounding, against the analog "
          "reference:\n" +
          analog_table(analog);
    }
  }
  if (settings.half_width > 0) result["half_width_asked"] = settings.half_width;
  if (chips.simulated() > 0) {
    result["chips_per_second"] = static_cast<double>(chips.simulated()) / chips.seconds();
  }
  return result;
}

std::string text(const ordered_json& result) {
  Table table({fmt::format("on {} test images", grouped(result["images"].get<int64_t>())),
               "accuracy", "95%", "worst chip"});
  for (const ordered_json& entry : result["accuracy"]) {
    table.add(
        {entry["model"].get<std::string>(), percent(entry["accuracy"].get<double>()),
         entry.contains("half_width") && !entry["half_width"].is_null()
             ? interval_text(entry["accuracy"].get<double>(), entry["half_width"].get<double>())
             : "",
         entry.contains("worst") ? percent(entry["worst"].get<double>()) : ""});
  }
  std::string all = table.text() + fmt::format("The twin simulates {:.0f} images/s",
                                               result["twin_images_per_second"].get<double>());
  if (result.contains("chips_per_second")) {
    all += fmt::format(", {:.2f} chips/s with their programming",
                       result["chips_per_second"].get<double>());
  }
  all += ".\n";
  const double asked = result.value("half_width_asked", 0.);
  all += reached_text(asked, result["accuracy"]);
  if (result.contains("events")) all += "\n" + events_table(result["events"]);
  if (result.contains("analog")) all += "\n" + analog_table(result["analog"]);
  if (!result.contains("sweep")) return all;
  return all + "\n" + sweep_table(result["sweep"]) +
         reached_text(asked, result["sweep"]["points"]) +
         "Files: " + result["sweep"]["page"].get<std::string>() + ", .svg, .csv, .json\n";
}

std::string line(const ordered_json& result) {
  std::string all;
  for (const ordered_json& entry : result["accuracy"]) {
    all += (all.empty() ? "" : ", ") + entry["model"].get<std::string>() + " " +
           percent(entry["accuracy"].get<double>());
  }
  return all;
}

}  // namespace

Step simulate_step() {
  return {
      .name = "simulate",
      .summary = "accuracy of the float, quantized and twin models on the test split",
      .reads = "OUT/network/ (when there), OUT/compressed/, OUT/design/, OUT/chip/, the test split",
      .writes =
          "OUT/results/simulate.json; of a sweep OUT/results/sweep.json, .csv, .svg, .html;\n"
          "         OUT/monte_carlo/: every chip's result as it comes. A run that was stopped goes "
          "on\n"
          "         from there, and so does one of more chips; other inputs make other files",
      .example =
          "crosstwin simulate --out out/lenet5 --device reram --chips 200 --images 1000\n"
          "\nChips are those of seeds N, N+1, ...: each is programmed, calibrated and answers the "
          "same\n"
          "images. +- is the 95% interval of their mean. As many chips as a half-width of 0.05\n"
          "percentage points takes (from the 50th on, at most --chips):\n"
          "         crosstwin simulate --out out/lenet5 --chips 2000 --half-width 0.05\n"
          "\nA sweep sets one or two members of the device (docs/artifact.md: sigma, stuck_low, "
          "time,\n"
          "drift.nu, wires.row_ohm, lognormal, ...) or of the converters (adc_bits, adc_range, "
          "adc_per,\n"
          "adc_percentile, adc_aged), and draws the chips at every point; adc_bits are the "
          "design's\n"
          "with other converters, calibrated anew. A list of the device is scaled, with a star:\n"
          "         crosstwin simulate --out out/lenet5 --sweep sigma=0:0.3:7 --chips 200\n"
          "         crosstwin simulate --out out/lenet5 --sweep adc_bits=3:10 --device ideal "
          "--chips 1\n"
          "         crosstwin simulate --out out/lenet5 --sweep time=1,3600,86400 --sweep "
          "sigma=0:0.2:5\n"
          "         crosstwin simulate --out out/lenet5 --device reram_wan --sweep "
          "'level_sigma*=0:2:5'\n"
          "         crosstwin simulate --out out/lenet5 --sweep adc_range=max,mse --sweep "
          "adc_bits=3:6\n"
          "FROM:TO:POINTS has both ends among its points, FROM:TO goes in steps of 1. The first "
          "chips\n"
          "of all points are programmed before any is simulated: what cannot be, or changes no "
          "chip,\n"
          "is refused at once. Settings other than --analog and --explain stay in "
          "OUT/config.json;\n"
          "`--set simulate.sweep=[]` ends a sweep.\n"
          "\n--explain prints one column's conversions of one image and runs nothing else; "
          "without\n"
          "POSITION at the place with the most driven rows (docs/analog.md):\n"
          "         crosstwin simulate --out out/lenet5 --explain conv2,3,7\n"
          "--events counts what the arrays do, --analog N compares every conversion of N images "
          "with\n"
          "the analog reference; all three look at the run's own chip, that of OUT/chip:\n"
          "         crosstwin simulate --out out/lenet5 --images 1000 --chips 0 --events --analog "
          "10",
      .shortcuts = {{"--images", "simulate.images", "how many of the test split; 0 = all"},
                    {"--device", "simulate.variation", "device of the varied chips", "",
                     Shortcut::Form::text},
                    {"--time", "simulate.variation.time", "seconds that those chips have aged"},
                    {"--adc-range", "chip.adc_range",
                     "max, percentile, mse, worst_case or lossless"},
                    {"--chips", "simulate.chips", "how many are drawn of it, at most"},
                    {"--half-width", "simulate.half_width",
                     "stop at this 95% interval, percentage points; 0 = draw all"},
                    {"--sweep", "simulate.sweep",
                     "PARAMETER=FROM:TO:POINTS, FROM:TO, V,V,.. or WORD,WORD,..; may be given "
                     "twice",
                     "", Shortcut::Form::each},
                    {"--events", "simulate.events", "count conversions, reads and sums", "true"},
                    {"--analog", "simulate.analog",
                     "images compared with the analog reference, conversion by conversion", "",
                     Shortcut::Form::json, true}},
      .sections = {"seed", "dataset", "chip", "simulate"},
      .uses_data = true,
      .inputs = {{"compressed", "compress"}, {"design", "map"}, {"chip", "program"}},
      .outputs = {},
      .optional_inputs = {"network"},
      .run = run,
      .line = line,
      .text = text};
}

}  // namespace crosstwin::cli
