// `crosstwin simulate`: what every stage of the flow answers on the test split.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/log.hpp"
#include "cli/table.hpp"
#include "cli/verbs/verbs.hpp"
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

std::string device_title(const ir::Device& device) {
  return fmt::format("{} (sigma {:g}, stuck {:g}%)", device.name, device.sigma,
                     100 * (device.stuck_low + device.stuck_high));
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
  if (settings.draws > 0) {
    double sum = 0;
    double worst = 1;
    for (int32_t draw = 0; draw < settings.draws; ++draw) {
      const ir::Chip varied = twin::program(design, settings.variation,
                                            context.config.seed + static_cast<uint64_t>(draw),
                                            data.train.images, context.config.adc);
      const double accuracy = twin_accuracy(varied);
      sum += accuracy;
      worst = std::min(worst, accuracy);
    }
    ordered_json varied =
        row(fmt::format("twin, {}, mean of {}", device_title(settings.variation), settings.draws),
            sum / settings.draws);
    varied["worst"] = worst;
    varied["draws"] = settings.draws;
    rows.push_back(varied);
  }
  return {{"images", test.size()},
          {"accuracy", rows},
          {"twin_images_per_second", static_cast<double>(test.size()) / seconds.count()}};
}

std::string text(const ordered_json& result) {
  Table table({fmt::format("on {} test images", grouped(result["images"].get<int64_t>())),
               "accuracy", "worst draw"});
  for (const ordered_json& entry : result["accuracy"]) {
    table.add({entry["model"].get<std::string>(), percent(entry["accuracy"].get<double>()),
               entry.contains("worst") ? percent(entry["worst"].get<double>()) : ""});
  }
  return table.text() + fmt::format("The twin simulates {:.0f} images/s.\n",
                                    result["twin_images_per_second"].get<double>());
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
      .writes = "OUT/results/simulate.json",
      .example = "crosstwin simulate --out out/lenet5 --device reram --draws 10",
      .shortcuts = {{"--images", "simulate.images", "how many of the test split; 0 = all"},
                    {"--device", "simulate.variation", "device of the varied chips", "",
                     Shortcut::Form::text},
                    {"--draws", "simulate.draws", "varied chips drawn"}},
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
