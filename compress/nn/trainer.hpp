// Training: mini-batch descent on the softmax cross-entropy, with hooks for compression.
// SPDX-License-Identifier: Apache-2.0
//
// Equal network, data, configuration and hooks give equal bytes: on any number of threads, on any
// vector width, interrupted and resumed or not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compress/data/dataset.hpp"
#include "compress/ir/network.hpp"
#include "compress/nn/augment.hpp"
#include "compress/nn/model.hpp"

namespace crosstwin::nn {

enum class Optimizer { sgd, adamw };
enum class Schedule { constant, cosine, step };

struct TrainConfig {
  int32_t epochs = 10;
  int32_t batch = 128;  // images a step; the last step of an epoch takes what is left
  Optimizer optimizer = Optimizer::adamw;
  float learning_rate = 3e-3F;  // peak, after the warm-up
  Schedule schedule = Schedule::cosine;
  float warmup_epochs = 0;           // linear from 0 to the peak
  float final_rate = 0;              // cosine: fraction of the peak at the end
  std::vector<int32_t> step_epochs;  // step: epochs at which the rate is multiplied by step_factor
  float step_factor = 0.1F;
  float momentum = 0.9F;  // sgd
  float beta1 = 0.9F;     // adamw
  float beta2 = 0.999F;
  float epsilon = 1e-8F;
  // sgd: added to the gradient; adamw: decoupled, times the rate. Biases and BatchNorm have none.
  float weight_decay_conv = 0;
  float weight_decay_dense = 0;
  float label_smoothing = 0;         // 0..1
  float batch_norm_momentum = 0.1F;  // share of the batch in the running statistics
  Augmentation augmentation;         // nothing by default
  uint64_t seed = 1;                 // order of the images, augmentation
  int32_t threads = 0;               // 0 = all cores; the result does not depend on it
  // Written whole after every epoch; when it exists, training goes on from it. Error when it
  // belongs to another network, configuration or data set. Empty = none.
  std::filesystem::path checkpoint;
  bool quiet = false;           // no progress on stderr
  std::string label = "train";  // in front of the progress line
};

// Where training stands: `step` counts within the epoch, 0-based; epochs are 0-based too.
struct Position {
  int32_t epoch = 0;
  int64_t step = 0;
  int64_t steps_per_epoch = 0;
  int32_t epochs = 0;
  // Fraction of the whole training done before this step, 0..1.
  double fraction() const {
    return (epoch + static_cast<double>(step) / static_cast<double>(steps_per_epoch)) / epochs;
  }
};

// Learn also from the outputs of a teacher (Hinton et al. 2015): the loss is
//   (1 - alpha) cross_entropy(labels) + alpha T^2 KL(teacher at T || student at T).
struct Distillation {
  ir::Network teacher;  // same input shape and classes; sees the augmented images
  float alpha = 0.5F;
  float temperature = 2;
};

// All optional; called from one thread.
struct TrainHooks {
  // After the gradients of a step, before the update (masked weights: their gradients are zero).
  std::function<void(Parameters&, const Position&)> on_gradients;
  // After the update of a step: projections, row removal through Model::set_mask.
  std::function<void(Model&, const Position&)> on_step;
  std::function<void(int32_t epoch, Model&)> on_epoch_begin;
  std::function<void(int32_t epoch, Model&)> on_epoch_end;
  // As EngineConfig::product, of the step now done; called from the workers.
  std::function<void(const std::string& node, int64_t block, const float* in, float* out)> product;
  // State of the hooks as bytes, kept in the checkpoint after on_epoch_end and given back before
  // the first epoch of a resumed run. Both or neither. That the hooks themselves are the same is
  // theirs to check: `restore` should throw when the bytes are of other settings.
  std::function<std::string()> save;
  std::function<void(const std::string&)> restore;
  std::optional<Distillation> distillation;
};

struct EpochLog {
  double loss = 0;                 // mean over the epoch's training images, as seen
  double train_accuracy = 0;       // 0..1, of the same forward passes
  double validation_accuracy = 0;  // 0..1, after the epoch; 0 when there is no validation set
};

struct TrainResult {
  ir::Network network;           // after the last epoch
  std::vector<EpochLog> epochs;  // all, those before a resume too
  double images_per_second = 0;  // training passes of this process, validation not counted
};

// `validation` may be empty (size 0). Throws Error when data and network do not fit.
TrainResult train(const ir::Network& network, const data::Dataset& train,
                  const data::Dataset& validation, const TrainConfig& config,
                  const TrainHooks& hooks = {});

// The rate of a step, as a fraction of the peak times the peak.
float learning_rate(const TrainConfig& config, const Position& position);

}  // namespace crosstwin::nn
