// The whole compression of a network: train, prune, purify, quantize; each stage resumable.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "compress/data/dataset.hpp"
#include "compress/ir/network.hpp"
#include "compress/nn/trainer.hpp"
#include "compress/prune/admm_training.hpp"
#include "compress/prune/gradual.hpp"
#include "compress/prune/purify.hpp"
#include "compress/prune/structure.hpp"
#include "compress/quant/calibrate.hpp"

namespace crosstwin::recipe {

enum class Method {
  // Filters of largest norm are kept at once, then rows go gradually during one training.
  gradual,
  // ADMM on rows and filters, masked mapping, masked retraining. Filters behind which a batch norm
  // comes are kept by norm at once (prune/structure.hpp says why).
  admm,
};

struct QuantizeConfig {
  int32_t weight_range = 127;  // largest integer weight; 255 for a full 8 bits a polarity
  quant::ActivationConfig activations;
  // ADMM towards the grid before the projection, its epochs a stage of rho; none projects at once.
  std::optional<nn::TrainConfig> training = {};
  prune::AdmmConfig admm = {.rho = {1e-2, 1e-1}};
};

struct CompressConfig {
  std::vector<prune::LayerBudget> layers;
  bool train_dense = true;  // false: the network comes trained
  nn::TrainConfig dense;
  Method method = Method::gradual;
  nn::TrainConfig prune;  // the training that removes rows, or the masked retraining after ADMM
  prune::GradualConfig gradual;
  prune::AdmmConfig admm;
  nn::TrainConfig admm_training;  // its epochs are those of one stage of rho
  float distillation_alpha = 0;   // share of the dense network's outputs in the pruning's loss
  float distillation_temperature = 2;
  prune::PurifyConfig purify;
  QuantizeConfig quantize;
};

struct StageLog {
  std::string name;                // "dense", "admm", "prune", "purify", "quantize"
  double validation_accuracy = 0;  // 0..1, after the stage; of the integer model after "quantize"
  int64_t weights = 0;             // non-zero weights in conv and dense layers
  int64_t conv_weights = 0;
  double seconds = 0;  // 0 when the stage was found done
};

struct CompressResult {
  ir::Network network;  // quantized
  ir::Network pruned;   // compact, batch norms folded, float
  ir::Network dense;    // as trained, or as given
  std::vector<StageLog> log;
};

// Uses nothing but these two sets: the test set is the caller's. `dir` keeps every stage's network
// and the training's checkpoints; a stage whose configuration, data and predecessor are as before
// is not run again. Empty `dir`: nothing is kept. Threads, seed and quiet are those of the training
// configurations; their checkpoint and label are set here.
CompressResult compress(const ir::Network& network, const data::Dataset& train,
                        const data::Dataset& validation, const CompressConfig& config,
                        const std::filesystem::path& dir);

}  // namespace crosstwin::recipe
