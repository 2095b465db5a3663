// `crosstwin train`: the data set and an architecture to a trained network.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/log.hpp"
#include "cli/verbs/verbs.hpp"
#include "compress/nn/model.hpp"
#include "compress/nn/trainer.hpp"

namespace crosstwin::cli {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

namespace {

ordered_json run(Context& context) {
  const data::Splits& data = context.data();
  info(fmt::format("data: {}; {} train, {} validation, {} test images", data.source,
                   data.train.size(), data.validation.size(), data.test.size()));
  ir::Network network = build_network(context.config.name, context.config.network,
                                      measured_input(data.train), data.train.classes);
  nn::initialize(network, context.config.seed);

  nn::TrainConfig config = context.config.train;
  config.seed = context.config.seed;
  config.threads = context.options.threads;
  config.checkpoint = context.run.checkpoints() / "train.ckpt";
  if (!context.options.resume) fs::remove(config.checkpoint);
  fs::create_directories(context.run.checkpoints());
  const nn::TrainResult trained = nn::train(network, data.train, data.validation, config);
  ir::save_network(trained.network, context.run.network());

  ordered_json epochs = ordered_json::array();
  for (const nn::EpochLog& epoch : trained.epochs) {
    epochs.push_back({{"loss", epoch.loss},
                      {"train_accuracy", epoch.train_accuracy},
                      {"validation_accuracy", epoch.validation_accuracy}});
  }
  return {{"network", context.config.name},
          {"data", data.source},
          {"validation_accuracy", trained.epochs.back().validation_accuracy},
          {"weights", ir::weight_count(trained.network)},
          {"conv_weights", ir::weight_count(trained.network, true)},
          {"images_per_second", trained.images_per_second},
          {"epochs", epochs}};
}

std::string line(const ordered_json& result) {
  return fmt::format("{} weights, {} epochs at {:.0f} images/s, validation {:.2f}%",
                     result["weights"].get<int64_t>(), result["epochs"].size(),
                     result["images_per_second"].get<double>(),
                     100 * result["validation_accuracy"].get<double>());
}

}  // namespace

Step train_step() {
  return {
      .name = "train",
      .summary = "train the dense network on a data set",
      .reads = "the configuration (network, dataset, train) and the data set",
      .writes = "OUT/network/ (float), OUT/checkpoints/train.ckpt (every epoch; --resume goes on)",
      .example = "crosstwin train examples/lenet5_mnist.json --data mnist/ --out out/lenet5",
      .shortcuts = {{"--data", "dataset.path", "folder of MNIST or CIFAR-10, or an NPZ file", "",
                     Shortcut::Form::text},
                    {"--epochs", "train.epochs", "passes over the training images"}},
      .sections = {"name", "seed", "dataset", "network", "train", "kinds"},
      .uses_data = true,
      .inputs = {},
      .outputs = {"network"},
      .run = run,
      .line = line,
      .text = line};
}

}  // namespace crosstwin::cli
