// The trainer's hooks: a chip before every step, the weights behind it after.
// SPDX-License-Identifier: Apache-2.0
#include "adapt/retrain.hpp"

#include <fmt/format.h>

#include <utility>

#include "compress/ir/error.hpp"
#include "compress/ir/rng.hpp"

namespace crosstwin::adapt {

namespace {

constexpr uint64_t kChipStream = 0x63686970;  // "chip"

class Chips {
 public:
  Chips(const ir::Network& compressed, const Arrays& arrays, const RetrainConfig& config)
      : forward_(compressed, arrays), config_(config), own_(forward_.layers().size()) {}

  // Sets the ranges of an epoch that begins with this step.
  void begin(const nn::Parameters& parameters, uint64_t step) {
    const ChipDraw draw = chip(step);
    try {
      forward_.set_ranges(parameters, draw);
    } catch (const ir::Error& error) {
      ir::Diagnosis diagnosis = error.diagnosis();
      diagnosis.where =
          fmt::format("a chip of the retraining (seed {}): {}", draw.faults, diagnosis.where);
      throw ir::Error(std::move(diagnosis));
    }
  }

  // The weights become those of the step's chip; the first of an epoch has at = 0.
  void put_on(nn::Parameters& parameters, uint64_t step, int64_t at) {
    forward_.program(parameters, chip(step), at % kFoldSteps == 0);
    for (size_t i = 0; i < own_.size(); ++i) {
      std::vector<float>& weight = parameters.at(forward_.layers()[i].name).weight;
      own_[i] = weight;
      forward_.effective_weights(i, weight);
    }
    on_ = true;
  }

  void take_off(nn::Parameters& parameters) {
    if (!on_) return;
    for (size_t i = 0; i < own_.size(); ++i) {
      parameters.at(forward_.layers()[i].name).weight = own_[i];
    }
    on_ = false;
  }

  const ChipForward& forward() const { return forward_; }

 private:
  ChipDraw chip(uint64_t step) const {
    ir::Rng rng = ir::Rng(config_.train.seed, kChipStream).at(step);
    const uint64_t drawn = rng.next_u64();
    const bool known = config_.known == Known::kCells;
    if (!config_.remapped.empty()) {
      const auto& [seed, placements] =
          config_.remapped[rng.below(static_cast<uint32_t>(config_.remapped.size()))];
      return {seed, known ? seed : drawn, drawn, &placements};
    }
    if (config_.chip) return {*config_.chip, known ? *config_.chip : drawn, drawn};
    return {drawn, drawn, drawn};
  }

  ChipForward forward_;
  const RetrainConfig& config_;
  std::vector<std::vector<float>> own_;
  bool on_ = false;
};

}  // namespace

ir::Network retrain(const ir::Network& compressed, const Arrays& arrays, const data::Dataset& train,
                    const data::Dataset& validation, const RetrainConfig& config) {
  Chips chips(compressed, arrays, config);
  const auto number = [](int64_t epoch, int64_t step, int64_t steps_per_epoch) {
    return static_cast<uint64_t>(epoch * steps_per_epoch + step);
  };
  const int64_t steps = (train.size() + config.train.batch - 1) / config.train.batch;
  nn::TrainHooks hooks;
  hooks.on_epoch_begin = [&](int32_t epoch, nn::Model& network) {
    chips.begin(network.parameters(), number(epoch, 0, steps));
    chips.put_on(network.parameters(), number(epoch, 0, steps), 0);
  };
  hooks.on_gradients = [&](nn::Parameters& parameters, const nn::Position&) {
    chips.take_off(parameters);
  };
  hooks.on_step = [&](nn::Model& network, const nn::Position& at) {
    if (at.step + 1 == at.steps_per_epoch) return;
    chips.put_on(network.parameters(), number(at.epoch, at.step + 1, steps), at.step + 1);
  };
  hooks.product = [&](const std::string& node, int64_t block, const float* in, float* out) {
    chips.forward().product(node, block, in, out);
  };
  const std::string settings =
      fmt::format("version {} arrays {} chip {} of {} known {}", kTrainingVersion,
                  arrays_key(arrays), config.chip ? std::to_string(*config.chip) : "any",
                  config.remapped.size(), static_cast<int>(config.known));
  hooks.save = [&] { return settings; };
  hooks.restore = [&](const std::string& saved) {
    if (saved == settings) return;
    throw ir::Error({config.train.checkpoint.string(),
                     "of a retraining for another device or chip, or in another way", settings,
                     saved, "remove it, or take another --out"});
  };
  // The trained layers lose their grid, which is still that of the layers they came from.
  const ir::Network trained = nn::train(compressed, train, validation, config.train, hooks).network;
  return chips.forward().on_grid(nn::Model(trained).parameters());
}

}  // namespace crosstwin::adapt
