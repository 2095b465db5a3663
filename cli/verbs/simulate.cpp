// `crosstwin simulate`: what every stage of the flow answers on the test split, chips and sweeps.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/analog.hpp"
#include "cli/device_title.hpp"
#include "cli/events.hpp"
#include "cli/log.hpp"
#include "cli/place.hpp"
#include "cli/sweep_plot.hpp"
#include "cli/table.hpp"
#include "cli/verbs/verbs.hpp"
#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/nn/evaluate.hpp"
#include "twin/accuracy.hpp"
#include "twin/monte_carlo.hpp"
#include "twin/program.hpp"
#include "twin/sweep.hpp"

namespace crosstwin::cli {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

namespace {

ordered_json row(const std::string& model, double accuracy) {
  return {{"model", model}, {"accuracy", accuracy}};
}

ordered_json statistics_json(const twin::ChipStatistics& of) {
  return {{"chips", of.chips},
          {"mean", of.mean},
          {"sigma", of.sigma},
          {"half_width", of.half_width ? ordered_json(*of.half_width) : ordered_json()},
          {"worst", of.worst},
          {"best", of.best}};
}

// Says how far a run of chips is, every few seconds.
class Progress {
 public:
  explicit Progress(std::string of) : of_(std::move(of)) {}

  void operator()(const twin::ChipStatistics& so_far, int64_t all) {
    const auto now = std::chrono::steady_clock::now();
    if (so_far.chips < all && now - last_ < std::chrono::seconds(5)) return;
    last_ = now;
    const std::string interval =
        so_far.half_width ? fmt::format(" +- {:.2f}", 100 * *so_far.half_width) : "";
    info(fmt::format("simulate: {}: {} of {} chips, {}{}", of_, so_far.chips, all,
                     percent(so_far.mean), interval));
  }

 private:
  std::string of_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// What every trial of this run shares.
struct Trials {
  Context& context;
  const data::Dataset& test;
  double seconds = 0;  // of the chips that were not in a record
  int64_t simulated = 0;

  twin::ChipStatistics run(const ir::Design& design, const ir::Device& device,
                           const twin::AdcOptions& adc, const std::string& title) {
    const SimulateSettings& settings = context.config.simulate;
    const twin::Trial trial{design,      device,     adc, context.data().train.images,
                            test.images, test.labels};
    const Config& config = context.config;
    const bool in_order = config.remap == RemapSetting::off && config.spare_columns == 0;
    std::string key = twin::trial_key(trial);
    if (!in_order) {
      key = ir::content_hash(ordered_json{
          {"trial", key},
          {"remap", static_cast<int>(config.remap)},
          {"spare_columns",
           config.spare_columns}}.dump());
    }
    twin::ChipRecord record(context.run.monte_carlo() / (key + ".jsonl"), key);
    Progress progress(title);
    const auto start = std::chrono::steady_clock::now();
    const twin::ChipRun chips = twin::run_chips(
        [&](uint64_t seed) {
          if (in_order) return twin::chip_accuracy(trial, seed);
          return twin::chip_accuracy(
              trial, seed, place(config, design, device, seed, trial.calibration).placements);
        },
        config.seed, {settings.chips, settings.half_width / 100}, record,
        [&](const twin::ChipStatistics& so_far) { progress(so_far, settings.chips); });
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    simulated += chips.simulated;
    return chips.statistics;
  }
};

ordered_json run_sweep(Trials& trials, const ir::Design& design) {
  const Config& config = trials.context.config;
  const std::vector<twin::SweepAxis> axes = twin::parse_axes(config.simulate.sweep);
  if (config.simulate.chips == 0) {
    throw ir::Error({"--chips", "a sweep of no chips", "at least 1", "0"});
  }
  const std::vector<twin::SweepPoint> points =
      twin::sweep_points(axes, design, config.simulate.variation, config.adc);
  ordered_json parameters = ordered_json::array();
  for (const twin::SweepAxis& axis : axes) {
    parameters.push_back({{"name", axis.parameter}, {"values", axis.values}});
  }
  ordered_json list = ordered_json::array();
  for (const twin::SweepPoint& point : points) {
    std::string title;
    for (size_t i = 0; i < axes.size(); ++i) {
      title += fmt::format("{}{} {}", i == 0 ? "" : ", ", axes[i].parameter,
                           twin::number_text(point.values[i]));
    }
    ordered_json entry = {{"values", point.values}};
    entry.update(statistics_json(trials.run(point.design, point.device, point.adc, title)));
    list.push_back(entry);
  }
  ordered_json sweep = {
      {"schema_version", 1},
      {"title", fmt::format("{}: {} on {} images", design.name, config.simulate.variation.name,
                            grouped(trials.test.size()))},
      {"device", config.simulate.variation.name},
      {"seed", std::to_string(config.seed)},
      {"images", trials.test.size()},
      {"parameters", parameters},
      {"points", list}};
  const fs::path json = trials.context.run.results("sweep");
  const auto beside = [&json](const char* end) { return fs::path(json).replace_extension(end); };
  ir::write_file(json, sweep.dump(2) + "\n");
  ir::write_file(beside("csv"), sweep_csv(sweep));
  ir::write_file(beside("svg"), sweep_svg(sweep));
  ir::write_file(beside("html"), sweep_html(sweep));
  sweep["page"] = beside("html").string();
  return sweep;
}

ordered_json run(Context& context) {
  const SimulateSettings& settings = context.config.simulate;
  const data::Splits& data = context.data();
  const data::Dataset test =
      settings.images == 0 ? data.test : data::head(data.test, settings.images);
  const ir::Design design = ir::load_design(context.run.design());
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
  Trials trials{context, test};
  if (!settings.sweep.empty()) {
    result["sweep"] = run_sweep(trials, design);
  } else if (settings.chips > 0) {
    const twin::ChipStatistics chips = trials.run(design, settings.variation, context.config.adc,
                                                  device_title(settings.variation));
    ordered_json varied =
        row(fmt::format("twin, {}, mean of {}", device_title(settings.variation), chips.chips),
            chips.mean);
    varied.update(statistics_json(chips));
    rows.push_back(varied);
  }
  result["accuracy"] = rows;
  if (settings.events) {
    info("simulate: events");
    result["events"] = count_events(twin::Simulator(design, chip), test);
  }
  if (settings.analog > 0) {
    info("simulate: analog reference");
    const ordered_json analog =
        compare_analog(design, chip, context.config, data::head(data.test, settings.analog));
    result["analog"] = analog;
    if (analog["outside"] > 0) {
      result["passed"] = false;
      result["failure"] =
          "the twin is outside the bound of its own rounding, against the analog "
          "reference:\n" +
          analog_table(analog);
    }
  }
  if (trials.simulated > 0) {
    result["chips_per_second"] = static_cast<double>(trials.simulated) / trials.seconds;
  }
  return result;
}

std::string text(const ordered_json& result) {
  Table table({fmt::format("on {} test images", grouped(result["images"].get<int64_t>())),
               "accuracy", "95%", "worst chip"});
  for (const ordered_json& entry : result["accuracy"]) {
    table.add({entry["model"].get<std::string>(), percent(entry["accuracy"].get<double>()),
               entry.contains("half_width") && !entry["half_width"].is_null()
                   ? fmt::format("+- {:.2f}", 100 * entry["half_width"].get<double>())
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
  if (result.contains("events")) all += "\n" + events_table(result["events"]);
  if (result.contains("analog")) all += "\n" + analog_table(result["analog"]);
  if (!result.contains("sweep")) return all;
  return all + "\n" + sweep_table(result["sweep"]) +
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
          "\nA sweep sets one or two numbers of the device (docs/artifact.md: sigma, stuck_low, "
          "time,\n"
          "drift.nu, wires.row_ohm, ...), or adc_bits, and draws the chips at every point; "
          "adc_bits\n"
          "are the design's with other converters, calibrated anew:\n"
          "         crosstwin simulate --out out/lenet5 --sweep sigma=0:0.3:7 --chips 200\n"
          "         crosstwin simulate --out out/lenet5 --sweep adc_bits=3:10 --device ideal "
          "--chips 1\n"
          "         crosstwin simulate --out out/lenet5 --sweep time=1,3600,86400 --sweep "
          "sigma=0:0.2:5\n"
          "FROM:TO:POINTS has both ends among its points, FROM:TO goes in steps of 1.\n"
          "\n--explain prints one column's conversions of one image and runs nothing else; "
          "without\n"
          "POSITION at the place with the most driven rows (docs/analog.md):\n"
          "         crosstwin simulate --out out/lenet5 --explain conv2,3,7\n"
          "--events counts what the arrays do, --analog N compares every conversion of N images "
          "with\n"
          "the analog reference:\n"
          "         crosstwin simulate --out out/lenet5 --images 1000 --chips 0 --events --analog "
          "10",
      .shortcuts = {{"--images", "simulate.images", "how many of the test split; 0 = all"},
                    {"--device", "simulate.variation", "device of the varied chips", "",
                     Shortcut::Form::text},
                    {"--chips", "simulate.chips", "how many are drawn of it, at most"},
                    {"--half-width", "simulate.half_width",
                     "stop at this 95% interval, percentage points; 0 = draw all"},
                    {"--sweep", "simulate.sweep",
                     "PARAMETER=FROM:TO:POINTS, FROM:TO or V,V,..; may be given twice", "",
                     Shortcut::Form::each},
                    {"--events", "simulate.events", "count conversions, reads and sums", "true"},
                    {"--analog", "simulate.analog",
                     "images compared with the analog reference, conversion by conversion"}},
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
