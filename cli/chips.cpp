// Trials of this run's settings, their intervals, and the files of a sweep.
// SPDX-License-Identifier: Apache-2.0
#include "cli/chips.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/device_title.hpp"
#include "cli/log.hpp"
#include "cli/place.hpp"
#include "cli/sweep_plot.hpp"
#include "cli/table.hpp"
#include "compress/ir/atomic_write.hpp"
#include "compress/ir/device_json.hpp"
#include "compress/ir/error.hpp"
#include "twin/device.hpp"
#include "twin/program.hpp"

namespace crosstwin::cli {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

namespace {

const char* remap_word(RemapSetting remap) {
  switch (remap) {
    case RemapSetting::off:
      return "off";
    case RemapSetting::faults:
      return "faults";
    case RemapSetting::cells:
      return "cells";
  }
  throw ir::Bug("a remap has a name");
}

ordered_json statistics_json(const twin::ChipStatistics& of) {
  return {{"chips", of.chips},
          {"mean", of.mean},
          {"sigma", of.sigma},
          {"half_width", of.half_width ? ordered_json(*of.half_width) : ordered_json()},
          {"worst", of.worst},
          {"best", of.best}};
}

// Whether the interval asked for was reached, and about how many chips it takes.
void say_reached(const twin::ChipStatistics& of, double asked, ordered_json& entry) {
  // Fewer chips may agree by chance.
  const bool reached = of.half_width && *of.half_width <= asked && of.chips >= twin::kLeastChips;
  entry["reached"] = reached;
  if (reached || of.chips < 2) return;
  const double wide = *of.half_width / asked;
  const double more = std::ceil(static_cast<double>(of.chips) * wide * wide);
  entry["chips_needed"] = std::max<int64_t>(twin::kLeastChips, std::llround(std::min(more, 1e15)));
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
        so_far.half_width ? " " + interval_text(so_far.mean, *so_far.half_width) : "";
    info(fmt::format("simulate: {}: {} of {} chips, {}{}", of_, so_far.chips, all,
                     percent(so_far.mean), interval));
  }

 private:
  std::string of_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace

ir::Chip Chips::program(const ir::Design& design, const ir::Device& device,
                        const twin::AdcOptions& adc, uint64_t seed) const {
  const std::span<const uint8_t> images = context_.data().train.images;
  const Config& config = context_.config;
  if (config.remap == RemapSetting::off && config.spare_columns == 0) {
    return twin::program(design, device, seed, images, adc);
  }
  const adapt::Remapped placed = place(config, design, device, seed, images);
  return twin::program(design, device, seed, images, adc, nullptr, placed.placements);
}

ordered_json Chips::run(const ir::Design& design, const ir::Device& device,
                        const twin::AdcOptions& adc, const std::string& title) {
  const Config& config = context_.config;
  const SimulateSettings& settings = config.simulate;
  const twin::Trial trial{design,       device,      adc, context_.data().train.images,
                          test_.images, test_.labels};
  const bool in_order = config.remap == RemapSetting::off && config.spare_columns == 0;
  std::string key = twin::trial_key(trial);
  if (!in_order) {
    key = ir::content_hash(ordered_json{
        {"trial", key},
        {"remap", static_cast<int>(config.remap)},
        {"spare_columns",
         config.spare_columns}}.dump());
  }
  twin::ChipRecord record(context_.run.monte_carlo() / (key + ".jsonl"), key);
  // Where nothing is drawn one chip is all of them.
  const bool drawn = twin::draws(device);
  const int64_t chips = drawn ? settings.chips : 1;
  Progress progress(title);
  const auto start = std::chrono::steady_clock::now();
  const twin::ChipRun of = twin::run_chips(
      [&](uint64_t seed) {
        const twin::Simulator simulator(design, program(design, device, adc, seed));
        return twin::evaluate(simulator, trial.images, trial.labels);
      },
      config.seed, {chips, settings.half_width / 100}, record,
      [&](const twin::ChipStatistics& so_far) { progress(so_far, chips); });
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  simulated_ += of.simulated;
  ordered_json entry = statistics_json(of.statistics);
  if (!drawn) {
    if (settings.chips > 1) {
      info(fmt::format("simulate: {}: nothing is drawn, one chip is all of them", title));
    }
    entry["drawn"] = false;
  } else if (settings.half_width > 0) {
    say_reached(of.statistics, settings.half_width / 100, entry);
  }
  return entry;
}

void Chips::prepare() {
  const Config& config = context_.config;
  if (config.simulate.chips == 0) {
    throw ir::Error({"--chips", "a sweep of no chips", "at least 1", "0"});
  }
  axes_ = twin::parse_axes(config.simulate.sweep);
  points_ = twin::sweep_points(axes_, design_, config.simulate.variation, config.adc);
  info(fmt::format("simulate: first chips of {} points", points_.size()));
  (void)context_.data();  // loaded by one thread
  twin::check_points(axes_, points_, config.seed, config.simulate.chips,
                     [this](const twin::SweepPoint& point, uint64_t seed) {
                       return program(point.design, point.device, point.adc, seed);
                     });
}

ordered_json Chips::of_device() {
  const ir::Device& device = context_.config.simulate.variation;
  const std::string title = device_title(device);
  const ordered_json of = run(design_, device, context_.config.adc, title);
  ordered_json row = {
      {"model",
       fmt::format("twin, {}, {}", title,
                   of.contains("drawn") ? "nothing is drawn: one chip"
                                        : fmt::format("mean of {}", of["chips"].get<int64_t>()))},
      {"accuracy", of["mean"]}};
  row.update(of);
  return row;
}

// All that the points have in common beside the data.
ordered_json Chips::settings() const {
  const Config& config = context_.config;
  return {{"device", ir::device_json(config.simulate.variation)},
          {"adc_bits", design_.layout.adc_bits},
          {"adc_range", twin::to_string(config.adc.range)},
          {"adc_per", twin::to_string(config.adc.per)},
          {"adc_percentile", config.adc.percentile},
          {"adc_aged", config.adc.aged},
          {"remap", remap_word(config.remap)},
          {"spare_columns", config.spare_columns},
          {"chips", config.simulate.chips},
          {"half_width", config.simulate.half_width},
          {"design_hash", ir::design_hash(design_)}};
}

ordered_json Chips::of_sweep() {
  const Config& config = context_.config;
  ordered_json parameters = ordered_json::array();
  for (const twin::SweepAxis& axis : axes_) {
    parameters.push_back(
        {{"name", axis.name()},
         {"values", axis.words.empty() ? ordered_json(axis.values) : ordered_json(axis.words)}});
  }
  ordered_json list = ordered_json::array();
  for (const twin::SweepPoint& point : points_) {
    std::string title;
    ordered_json values = ordered_json::array();
    for (size_t i = 0; i < axes_.size(); ++i) {
      const std::string text = axes_[i].value_text(point.values[i]);
      title += fmt::format("{}{} {}", i == 0 ? "" : ", ", axes_[i].name(), text);
      if (axes_[i].words.empty()) {
        values.push_back(point.values[i]);
      } else {
        values.push_back(text);
      }
    }
    ordered_json entry = {{"values", values}};
    entry.update(run(point.design, point.device, point.adc, title));
    list.push_back(entry);
  }
  ordered_json sweep = {
      {"schema_version", 1},
      {"title", fmt::format("{}: {} on {} images", design_.name, config.simulate.variation.name,
                            grouped(test_.size()))},
      {"device", config.simulate.variation.name},
      {"seed", std::to_string(config.seed)},
      {"images", test_.size()},
      {"settings", settings()},
      {"parameters", parameters},
      {"points", list}};
  const fs::path json = context_.run.results("sweep");
  const auto beside = [&json](const char* end) { return fs::path(json).replace_extension(end); };
  ir::write_file(json, sweep.dump(2) + "\n");
  ir::write_file(beside("csv"), sweep_csv(sweep));
  ir::write_file(beside("svg"), sweep_svg(sweep));
  ir::write_file(beside("html"), sweep_html(sweep));
  sweep["page"] = beside("html").string();
  return sweep;
}

std::string reached_text(double asked, const ordered_json& entries) {
  int64_t missed = 0;
  int64_t most = 0;
  int64_t chips = 0;
  for (const ordered_json& entry : entries) {
    if (entry.value("reached", true)) continue;
    ++missed;
    chips = std::max(chips, entry["chips"].get<int64_t>());
    most = std::max(most, entry.value("chips_needed", int64_t{0}));
  }
  if (missed == 0) return "";
  return fmt::format("Asked for +- {:g}, not reached with {} chips{}{}.\n", asked, grouped(chips),
                     missed > 1 ? fmt::format(" at {} points", missed) : "",
                     most > 0 ? fmt::format(": about {} would do", grouped(most)) : "");
}

}  // namespace crosstwin::cli
