// `crosstwin compress`: a trained network to a small one on the conductance grid.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/table.hpp"
#include "cli/verbs/verbs.hpp"
#include "compress/recipe/compress.hpp"

namespace crosstwin::cli {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

namespace {

recipe::CompressConfig recipe_of(const Context& context) {
  const Config& config = context.config;
  const CompressSettings& settings = config.compress;
  nn::TrainConfig training = settings.retrain;
  training.seed = config.seed;
  training.threads = context.options.threads;
  training.weight_decay_conv = config.train.weight_decay_conv;
  training.weight_decay_dense = config.train.weight_decay_dense;

  recipe::CompressConfig recipe;
  for (const auto& [name, layer] : config.layers) {
    if (layer.filters > 0 || layer.rows > 0 || layer.channels > 0) {
      recipe.layers.push_back({name, layer.filters, layer.rows, layer.channels});
    }
  }
  recipe.train_dense = false;
  recipe.dense = training;
  recipe.method = settings.method;
  recipe.prune = training;
  recipe.gradual = settings.gradual;
  recipe.admm = settings.admm;
  recipe.admm_training = training;
  recipe.admm_training.epochs = settings.admm_epochs;
  recipe.admm_training.learning_rate = settings.admm_learning_rate;
  recipe.distillation_alpha = settings.distillation_alpha;
  recipe.distillation_temperature = settings.distillation_temperature;
  recipe.purify = settings.purify;
  recipe.quantize.weight_range = config.layout.weight_range;
  recipe.quantize.activations = settings.activations;
  recipe.quantize.admm = settings.grid_admm;
  if (settings.grid_epochs > 0) {
    recipe.quantize.training = training;
    recipe.quantize.training->epochs = settings.grid_epochs;
    recipe.quantize.training->learning_rate = settings.grid_learning_rate;
  }
  return recipe;
}

ordered_json run(Context& context) {
  const data::Splits& data = context.data();
  const ir::Network network = ir::load_network(context.run.network());
  const fs::path checkpoints = context.run.checkpoints() / "compress";
  if (!context.options.resume) fs::remove_all(checkpoints);
  const recipe::CompressResult compressed =
      recipe::compress(network, data.train, data.validation, recipe_of(context), checkpoints);
  ir::save_network(compressed.network, context.run.compressed());

  ordered_json stages = ordered_json::array();
  for (const recipe::StageLog& stage : compressed.log) {
    stages.push_back({{"stage", stage.name},
                      {"validation_accuracy", stage.validation_accuracy},
                      {"weights", stage.weights},
                      {"conv_weights", stage.conv_weights},
                      {"seconds", stage.seconds}});
  }
  return {{"weights_before", ir::weight_count(network)},
          {"conv_weights_before", ir::weight_count(network, true)},
          {"weights", ir::weight_count(compressed.network)},
          {"conv_weights", ir::weight_count(compressed.network, true)},
          {"validation_accuracy", compressed.log.back().validation_accuracy},
          {"stages", stages}};
}

std::string rate(const ordered_json& result, const std::string& key) {
  const auto before = result[key + "_before"].get<int64_t>();
  const auto after = result[key].get<int64_t>();
  return fmt::format(
      "{} of {} {} ({:.1f}x)", grouped(after), grouped(before),
      key == "weights" ? "weights" : "conv weights",
      static_cast<double>(before) / static_cast<double>(std::max<int64_t>(after, 1)));
}

std::string line(const ordered_json& result) {
  return fmt::format("{}, {}, validation {}", rate(result, "weights"), rate(result, "conv_weights"),
                     percent(result["validation_accuracy"].get<double>()));
}

std::string text(const ordered_json& result) {
  Table table({"after", "validation", "weights", "conv weights", "seconds"});
  for (const ordered_json& stage : result["stages"]) {
    table.add(
        {stage["stage"].get<std::string>(), percent(stage["validation_accuracy"].get<double>()),
         grouped(stage["weights"].get<int64_t>()), grouped(stage["conv_weights"].get<int64_t>()),
         fmt::format("{:.1f}", stage["seconds"].get<double>())});
  }
  return table.text() + "kept " + line(result) + "\n";
}

}  // namespace

Step compress_step() {
  return {.name = "compress",
          .summary = "prune, purify and quantize the trained network",
          .reads =
              "OUT/network/, the training and validation images; filters, rows and channels a "
              "layer keeps",
          .writes = "OUT/compressed/ (weights on the conductance grid), OUT/checkpoints/compress/",
          .example = "crosstwin compress --out out/lenet5 --set layers.conv2.rows=10",
          .shortcuts = {},
          .sections = {"seed", "dataset", "kinds", "layers", "compress", "retrain", "admm",
                       "quantize", "layout"},
          .uses_data = true,
          .inputs = {{"network", "train"}},
          .outputs = {"compressed"},
          .run = run,
          .line = line,
          .text = text};
}

}  // namespace crosstwin::cli
