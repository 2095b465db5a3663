// The training loop.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "compress/ir/error.hpp"
#include "compress/ir/rng.hpp"
#include "compress/nn/checkpoint.hpp"
#include "compress/nn/engine.hpp"
#include "compress/nn/evaluate.hpp"
#include "compress/nn/loss.hpp"
#include "compress/nn/optimizer.hpp"
#include "compress/nn/progress.hpp"

namespace crosstwin::nn {

namespace {

constexpr uint64_t kOrderStream = 0x6F72646572;  // "order"
// A BatchNorm behind a MaxPool folds into the layer before it only while gamma is positive.
constexpr float kLeastGamma = 1e-3F;

void expect(bool condition, const std::string& what, const std::string& expected,
            const std::string& got) {
  if (!condition) throw ir::Error({"training", what, expected, got, ""});
}

void check_config(const TrainConfig& c) {
  const auto in = [](const char* name, double value, double low, double high) {
    expect(value >= low && value <= high, std::string(name) + " out of range",
           std::to_string(low) + ".." + std::to_string(high), std::to_string(value));
  };
  in("epochs", c.epochs, 1, 100000);
  in("batch", c.batch, 1, 65536);
  in("learning_rate", c.learning_rate, 0, 100);
  in("warmup_epochs", c.warmup_epochs, 0, c.epochs);
  in("final_rate", c.final_rate, 0, 1);
  in("momentum", c.momentum, 0, 1);
  in("beta1", c.beta1, 0, 0.999999);
  in("beta2", c.beta2, 0, 0.999999);
  in("label_smoothing", c.label_smoothing, 0, 1);
  in("batch_norm_momentum", c.batch_norm_momentum, 0, 1);
  in("weight_decay_conv", c.weight_decay_conv, 0, 100);
  in("weight_decay_dense", c.weight_decay_dense, 0, 100);
}

class Trainer {
 public:
  Trainer(const ir::Network& network, const data::Dataset& train, const data::Dataset& validation,
          const TrainConfig& config, const TrainHooks& hooks)
      : data_(train),
        validation_(validation),
        config_(config),
        hooks_(hooks),
        workers_(config.threads),
        model_(network),
        engine_(model_, workers_,
                {config.batch, true, true, config.batch_norm_momentum, hooks.product}),
        optimizer_(make_optimizer_state(config, model_.parameters())),
        input_(std::get<ir::Input>(network.nodes[0].kind)),
        positive_gamma_(norms_behind_max_pool(network)) {
    check_fit(model_, train, "training data");
    if (validation.size() > 0) check_fit(model_, validation, "validation data");
    expect(train.size() > 0, "no training data", "1 image or more", "0");
    ir::check(static_cast<bool>(hooks.save) == static_cast<bool>(hooks.restore),
              "training hooks need both save and restore");
    if (hooks.distillation) {
      const Distillation& d = *hooks.distillation;
      expect(d.alpha >= 0 && d.alpha <= 1, "distillation alpha out of range", "0..1",
             std::to_string(d.alpha));
      expect(d.temperature > 0, "distillation temperature out of range", "above 0",
             std::to_string(d.temperature));
      teacher_.emplace(without_softmax(d.teacher));
      check_fit(*teacher_, train, "training data and teacher");
      teacher_engine_.emplace(*teacher_, workers_, EngineConfig{config.batch});
      teacher_engine_->refresh();
    }
    const auto images = static_cast<size_t>(Engine::blocks_of(config.batch) * kLanes);
    shown_.resize(images / kLanes);
    block_losses_.resize(images / kLanes);
    if (!config.augmentation.identity()) {
      drawn_.resize(images * static_cast<size_t>(train.shape.size()));
    }
  }

  TrainResult run() {
    Checkpoint checkpoint;
    std::string fingerprint;
    if (!config_.checkpoint.empty()) {
      fingerprint = training_fingerprint(model_.graph(), data_, validation_, config_, hooks_);
      if (std::filesystem::exists(config_.checkpoint)) {
        checkpoint =
            load_checkpoint(config_.checkpoint, fingerprint, config_.epochs, model_, optimizer_);
        if (hooks_.restore) hooks_.restore(checkpoint.hooks);
      }
    }
    Progress progress(config_.label, config_.epochs, data_.size(), checkpoint.epochs_done,
                      config_.quiet);
    double seconds = 0;
    const int32_t first = checkpoint.epochs_done;
    for (int32_t epoch = first; epoch < config_.epochs; ++epoch) {
      if (hooks_.on_epoch_begin) hooks_.on_epoch_begin(epoch, model_);
      const auto start = std::chrono::steady_clock::now();
      EpochLog log = run_epoch(epoch, progress);
      seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      if (hooks_.on_epoch_end) hooks_.on_epoch_end(epoch, model_);
      if (validation_.size() > 0) {
        log.validation_accuracy = accuracy(model_.to_network(), validation_, config_.threads);
      }
      checkpoint.log.push_back(log);
      checkpoint.epochs_done = epoch + 1;
      if (hooks_.save) checkpoint.hooks = hooks_.save();
      if (!config_.checkpoint.empty()) {
        save_checkpoint(config_.checkpoint, fingerprint, checkpoint, model_, optimizer_);
      }
      progress.finish_epoch(epoch, log.loss, validation_.size() > 0 ? log.validation_accuracy : -1);
    }
    const auto images = static_cast<double>((config_.epochs - first) * data_.size());
    return {model_.to_network(), checkpoint.log, seconds > 0 ? images / seconds : 0};
  }

 private:
  static ir::Network without_softmax(ir::Network network) {
    if (std::holds_alternative<ir::Softmax>(network.nodes.back().kind)) network.nodes.pop_back();
    return network;
  }

  static std::vector<std::string> norms_behind_max_pool(const ir::Network& network) {
    std::vector<std::string> names;
    for (const ir::Node& node : network.nodes) {
      if (!std::holds_alternative<ir::BatchNorm>(node.kind)) continue;
      const auto input = static_cast<size_t>(ir::node_index(network, node.inputs[0]));
      if (std::holds_alternative<ir::MaxPool>(network.nodes[input].kind)) {
        names.push_back(node.name);
      }
    }
    return names;
  }

  EpochLog run_epoch(int32_t epoch, Progress& progress) {
    shuffle(epoch);
    const int64_t steps = (data_.size() + config_.batch - 1) / config_.batch;
    double loss = 0;
    int64_t correct = 0;
    int64_t done = 0;
    for (int64_t step = 0; step < steps; ++step) {
      const int64_t images = std::min<int64_t>(config_.batch, data_.size() - done);
      const Position position{epoch, step, steps, config_.epochs};
      run_step(position, done, images);
      for (int64_t b = 0; b < Engine::blocks_of(images); ++b) {
        loss += block_losses_[static_cast<size_t>(b)].loss;
        correct += block_losses_[static_cast<size_t>(b)].correct;
      }
      done += images;
      progress.update(epoch, done, loss / static_cast<double>(done));
    }
    const auto count = static_cast<double>(data_.size());
    return {loss / count, static_cast<double>(correct) / count, 0};
  }

  // The order of an epoch depends on seed and epoch only.
  void shuffle(int32_t epoch) {
    order_.resize(static_cast<size_t>(data_.size()));
    std::iota(order_.begin(), order_.end(), 0);
    ir::Rng rng = ir::Rng(config_.seed, kOrderStream).at(static_cast<uint64_t>(epoch));
    for (size_t i = order_.size(); i > 1; --i) {
      std::swap(order_[i - 1], order_[rng.below(static_cast<uint32_t>(i))]);
    }
  }

  void run_step(const Position& position, int64_t first, int64_t images) {
    const auto lanes = [&](int64_t b) { return std::min(kLanes, images - b * kLanes); };
    const int64_t classes = engine_.output().shape.size();
    LossConfig loss{config_.label_smoothing, 0, 1};
    if (hooks_.distillation) {
      loss.alpha = hooks_.distillation->alpha;
      loss.temperature = hooks_.distillation->temperature;
    }
    engine_.gradients(
        images,
        [&](int64_t b) {
          shown_[static_cast<size_t>(b)] = show(position.epoch, first + b * kLanes, b, lanes(b));
          return shown_[static_cast<size_t>(b)];
        },
        [&](int64_t b, const float* logits, float* grad, Scratch& scratch) {
          const float* taught = nullptr;
          if (teacher_engine_) {
            teacher_engine_->forward_block(b, lanes(b), shown_[static_cast<size_t>(b)], scratch);
            taught = teacher_engine_->output().values(b);
          }
          uint8_t labels[kLanes] = {};
          for (int64_t i = 0; i < lanes(b); ++i) {
            labels[i] = data_.labels[order_[static_cast<size_t>(first + b * kLanes + i)]];
          }
          block_losses_[static_cast<size_t>(b)] =
              block_loss(loss, classes, lanes(b), logits, taught, labels,
                         1.0 / static_cast<double>(images), grad);
        });
    if (hooks_.on_gradients) hooks_.on_gradients(model_.parameters(), position);
    update(config_, learning_rate(config_, position), optimizer_, model_.parameters(), workers_);
    for (const std::string& name : positive_gamma_) {
      for (float& gamma : model_.parameters().at(name).weight) {
        gamma = std::max(gamma, kLeastGamma);
      }
    }
    if (hooks_.on_step) hooks_.on_step(model_, position);
  }

  // The images of a block, distorted where that is asked for.
  BlockImages show(int32_t epoch, int64_t first, int64_t block, int64_t count) {
    BlockImages images{};
    const int64_t size = data_.shape.size();
    for (int64_t i = 0; i < count; ++i) {
      const int64_t index = order_[static_cast<size_t>(first + i)];
      const uint8_t* image = data_.images.data() + index * size;
      if (!drawn_.empty()) {
        uint8_t* room = drawn_.data() + (block * kLanes + i) * size;
        augment(config_.augmentation, data_.shape, input_.zero, config_.seed,
                static_cast<uint64_t>(epoch), static_cast<uint64_t>(index), image, room);
        image = room;
      }
      images[static_cast<size_t>(i)] = image;
    }
    return images;
  }

  const data::Dataset& data_;
  const data::Dataset& validation_;
  const TrainConfig& config_;
  const TrainHooks& hooks_;
  Workers workers_;
  Model model_;
  Engine engine_;
  OptimizerState optimizer_;
  const ir::Input input_;
  const std::vector<std::string> positive_gamma_;
  std::optional<Model> teacher_;
  std::optional<Engine> teacher_engine_;
  std::vector<uint32_t> order_;  // of the epoch
  std::vector<BlockImages> shown_;
  std::vector<BlockLoss> block_losses_;
  std::vector<uint8_t> drawn_;  // [images of a batch][c][h][w]
};

}  // namespace

TrainResult train(const ir::Network& network, const data::Dataset& train,
                  const data::Dataset& validation, const TrainConfig& config,
                  const TrainHooks& hooks) {
  check_config(config);
  return Trainer(network, train, validation, config, hooks).run();
}

}  // namespace crosstwin::nn
