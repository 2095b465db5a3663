// Waves of chips, their record, and Student's t.
// SPDX-License-Identifier: Apache-2.0
#include "twin/monte_carlo.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/device_arrays.hpp"
#include "compress/ir/device_json.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"

namespace crosstwin::twin {
namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

namespace {

// Names what a chip's result is made by; another number leaves all earlier records aside.
constexpr int kRecordVersion = 1;

// How a damaged record is mended.
constexpr const char* kDrawAgain = "remove this file, its chips are drawn again";

// P(|T| < t): the finite sums of Abramowitz and Stegun 26.7.3 and 26.7.4.
double student_probability(double t, int64_t freedom) {
  const double theta = std::atan(t / std::sqrt(static_cast<double>(freedom)));
  const double square = std::cos(theta) * std::cos(theta);
  const bool odd = freedom % 2 == 1;
  double term = odd ? std::cos(theta) : 1;
  double sum = freedom == 1 ? 0 : term;
  for (int64_t k = odd ? 3 : 2; k <= freedom - 2; k += 2) {
    term *= square * static_cast<double>(k - 1) / static_cast<double>(k);
    sum += term;
  }
  const double part = std::sin(theta) * sum;
  return odd ? (theta + part) * 2 / std::numbers::pi : part;
}

std::string bytes_hash(std::span<const uint8_t> bytes) {
  return ir::content_hash({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// A wave: as many chips as there are threads.
int64_t wave_size() {
  const auto allowed = static_cast<int64_t>(
      tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism));
  return std::clamp<int64_t>(tbb::this_task_arena::max_concurrency(), 1, allowed);
}

}  // namespace

double student_t(int64_t freedom) {
  ir::check(freedom >= 1, "an interval has a degree of freedom");
  // Beyond, the first term of the expansion about the normal is right to 1e-6.
  if (freedom > 1000) {
    const double z = 1.959963984540054;
    return z + (z * z * z + z) / (4 * static_cast<double>(freedom));
  }
  double low = 1.9;
  double high = 12.8;
  for (int i = 0; i < 50; ++i) {
    const double middle = (low + high) / 2;
    (student_probability(middle, freedom) < 0.95 ? low : high) = middle;
  }
  return high;
}

ChipStatistics chip_statistics(std::span<const double> accuracies) {
  ChipStatistics of;
  of.chips = static_cast<int64_t>(accuracies.size());
  if (accuracies.empty()) return of;
  const auto n = static_cast<double>(of.chips);
  for (const double accuracy : accuracies) of.mean += accuracy;
  of.mean /= n;
  const auto [worst, best] = std::minmax_element(accuracies.begin(), accuracies.end());
  of.worst = *worst;
  of.best = *best;
  if (of.chips < 2) return of;
  double squares = 0;
  for (const double accuracy : accuracies) squares += (accuracy - of.mean) * (accuracy - of.mean);
  // Equal chips have no spread, whatever the rounding of their mean.
  of.sigma = *worst == *best ? 0 : std::sqrt(squares / (n - 1));
  of.half_width = student_t(of.chips - 1) * of.sigma / std::sqrt(n);
  return of;
}

std::optional<int64_t> stops_at(std::span<const double> accuracies, const StopRule& rule) {
  const auto there = std::min(static_cast<int64_t>(accuracies.size()), rule.chips);
  if (rule.half_width > 0) {
    for (int64_t n = kLeastChips; n <= there; ++n) {
      const auto first = accuracies.first(static_cast<size_t>(n));
      if (*chip_statistics(first).half_width <= rule.half_width) return n;
    }
  }
  if (there == rule.chips) return there;
  return std::nullopt;
}

std::string trial_key(const Trial& trial) {
  ordered_json names = {
      {"version", kRecordVersion},
      {"design", ir::design_hash(trial.design)},
      {"device", ir::device_json(trial.device)},
      {"device_files", ir::device_files_hash(trial.device)},
      {"adc_range", to_string(trial.adc.range)},
      {"adc_percentile", trial.adc.percentile},
      {"calibration", bytes_hash(trial.calibration.first(static_cast<size_t>(
                          std::min<int64_t>(static_cast<int64_t>(trial.calibration.size()),
                                            kMaxCalibrationImages * trial.design.input.size()))))},
      {"images", bytes_hash(trial.images)},
      {"labels", bytes_hash(trial.labels)}};
  // Absent otherwise: older records stay valid.
  if (trial.adc.per != AdcPer::kLayer) names["adc_per"] = to_string(trial.adc.per);
  if (trial.adc.aged) names["adc_aged"] = true;
  return ir::content_hash(names.dump());
}

Accuracy chip_accuracy(const Trial& trial, uint64_t seed,
                       std::span<const ir::Placement> placements) {
  const Simulator simulator(
      trial.design,
      program(trial.design, trial.device, seed, trial.calibration, trial.adc, nullptr, placements));
  return evaluate(simulator, trial.images, trial.labels);
}

ChipRecord::ChipRecord(fs::path file, const std::string& key) : file_(std::move(file)), key_(key) {
  if (!fs::exists(file_)) return;
  const std::string text = ir::read_file(file_);
  size_t at = 0;
  for (int number = 1; at < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const json line = ir::parse_json(text.substr(at, end - at), file_.string(), kDrawAgain, number);
    const ir::JsonReader reader(line, file_.string() + ", line " + std::to_string(number), "$",
                                kDrawAgain);
    at = end + 1;
    if (number == 1) {
      const std::string trial = reader.at("trial").string();
      if (trial != key_) reader.at("trial").fail("the record of another trial", key_, trial);
      continue;
    }
    reader.only({"seed", "right", "images"});
    Accuracy accuracy;
    accuracy.images = reader.at("images").integer(1, INT32_MAX);
    accuracy.right = reader.at("right").integer(0, accuracy.images);
    chips_[reader.at("seed").seed()] = accuracy;
  }
}

std::optional<Accuracy> ChipRecord::find(uint64_t seed) const {
  const std::lock_guard lock(mutex_);
  const auto found = chips_.find(seed);
  if (found == chips_.end()) return std::nullopt;
  return found->second;
}

void ChipRecord::add(uint64_t seed, const Accuracy& accuracy) {
  const std::lock_guard lock(mutex_);
  chips_[seed] = accuracy;
  if (file_.empty()) return;
  std::string text = ordered_json{{"trial", key_}}.dump() + "\n";
  for (const auto& [of, chip] : chips_) {
    const ordered_json line = {
        {"seed", std::to_string(of)}, {"right", chip.right}, {"images", chip.images}};
    text += line.dump() + "\n";
  }
  ir::write_file(file_, text);
}

ChipRun run_chips(const std::function<Accuracy(uint64_t)>& chip, uint64_t seed,
                  const StopRule& rule, ChipRecord& record,
                  const std::function<void(const ChipStatistics&)>& progress) {
  ir::check(rule.chips >= 1, "a run has a chip");
  ChipRun run;
  const int64_t wave = wave_size();
  std::optional<int64_t> end;
  while (!end) {
    const uint64_t first = seed + run.accuracies.size();
    const auto left = rule.chips - static_cast<int64_t>(run.accuracies.size());
    std::vector<Accuracy> found(static_cast<size_t>(std::min(wave, left)));
    std::vector<uint8_t> fresh(found.size());
    // Chips of a wave are alike in work: one a task, none stolen in pieces.
    tbb::parallel_for(
        tbb::blocked_range<size_t>(0, found.size(), 1),
        [&](const tbb::blocked_range<size_t>& range) {
          for (size_t i = range.begin(); i < range.end(); ++i) {
            const auto known = record.find(first + i);
            found[i] = known ? *known : chip(first + i);
            if (!known) record.add(first + i, found[i]);
            fresh[i] = known ? 0 : 1;
          }
        },
        tbb::simple_partitioner());
    for (const Accuracy& accuracy : found) run.accuracies.push_back(accuracy.fraction());
    run.simulated += std::count(fresh.begin(), fresh.end(), 1);
    end = stops_at(run.accuracies, rule);
    if (end) run.accuracies.resize(static_cast<size_t>(*end));
    progress(chip_statistics(run.accuracies));
  }
  run.statistics = chip_statistics(run.accuracies);
  return run;
}

}  // namespace crosstwin::twin
