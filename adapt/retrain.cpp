// The trainer's hooks: a chip before every step, the weights behind it after.
// SPDX-License-Identifier: Apache-2.0
#include "adapt/retrain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "compress/ir/error.hpp"
#include "compress/ir/rng.hpp"
#include "compress/nn/engine.hpp"
#include "compress/prune/crossbar.hpp"
#include "twin/accuracy.hpp"

namespace crosstwin::adapt {

namespace {

constexpr uint64_t kChipStream = 0x63686970;        // "chip"
constexpr uint64_t kConversionStream = 0x61646373;  // "adcs"

class Disturbance {
 public:
  Disturbance(const ArrayModel& model, const RetrainConfig& config)
      : model_(model), config_(config), own_(model.layers().size()) {
    for (size_t i = 0; i < own_.size(); ++i) index_[model.layers()[i].name] = i;
  }

  // The weights of the model become those of the step's chip.
  void put_on(nn::Parameters& parameters, uint64_t step) {
    ir::Rng rng = ir::Rng(config_.train.seed, kChipStream).at(step);
    const uint64_t drawn = rng.next_u64();
    ChipDraw chip{config_.chip.value_or(drawn),
                  config_.chip && config_.known == Known::kCells ? *config_.chip : drawn};
    if (!config_.remapped.empty()) {
      const auto& [seed, placements] =
          config_.remapped[rng.below(static_cast<uint32_t>(config_.remapped.size()))];
      chip = {seed, config_.known == Known::kCells ? seed : drawn, &placements};
    }
    for (size_t i = 0; i < own_.size(); ++i) {
      nn::LayerParameters& layer = parameters.at(model_.layers()[i].name);
      own_[i] = {layer.weight, layer.bias};
      model_.disturb(i, chip, config_.recalibrated, layer.weight, layer.bias);
    }
    step_ = step;
    on_ = true;
  }

  void take_off(nn::Parameters& parameters) {
    if (!on_) return;
    for (size_t i = 0; i < own_.size(); ++i) {
      nn::LayerParameters& layer = parameters.at(model_.layers()[i].name);
      layer.weight = own_[i].weight;
      layer.bias = own_[i].bias;
    }
    on_ = false;
  }

  // What the conversions of the step add to the sums of a block, [c][positions][lanes].
  void convert(const std::string& node, int64_t block, float* values, int64_t count) const {
    const ArrayModel::Layer& layer = model_.layers()[index_.at(node)];
    ir::Rng rng = ir::Rng(config_.train.seed, kConversionStream + 0x100000000 * layer.stage)
                      .at(step_ << 16 | static_cast<uint64_t>(block));
    const std::span<float> all(values, static_cast<size_t>(count));
    const int64_t of_column = count / layer.cols;
    for (int32_t c = 0; c < layer.cols; ++c) {
      const auto column = static_cast<size_t>(c);
      const auto sigma =
          static_cast<float>(layer.noise[column] * layer.scale[column] * layer.in_scale);
      // Sums of four bytes are near enough to normal; their deviation is 2 sqrt((256^2 - 1) / 12).
      constexpr float kByte = 147.8F;
      if (sigma == 0) continue;
      for (int64_t i = 0; i < of_column; ++i) {
        const uint32_t word = rng.next_u32();
        const auto sum = static_cast<int32_t>((word & 255) + (word >> 8 & 255) +
                                              (word >> 16 & 255) + (word >> 24));
        *values++ += sigma * (static_cast<float>(sum) - 510) / kByte;
      }
    }
    model_.to_codes(index_.at(node), all);
  }

 private:
  struct Own {
    std::vector<float> weight;
    std::vector<float> bias;
  };
  const ArrayModel& model_;
  const RetrainConfig& config_;
  std::map<std::string, size_t> index_;
  std::vector<Own> own_;
  uint64_t step_ = 0;
  bool on_ = false;
};

// On the grid of the layers it came from.
ir::Network on_grid(ir::Network network, const ArrayModel& model) {
  for (size_t i = 0; i < model.layers().size(); ++i) {
    const prune::CrossbarRef matrix = prune::crossbar(network, model.layers()[i].name);
    model.quantize(i, *matrix.weight);
    *matrix.weight_scale = model.layers()[i].scale;
  }
  return network;
}

// [n][outputs], layers' outputs rounded and clipped to their codes.
std::vector<float> modelled_logits(const ir::Network& network, const ArrayModel& model,
                                   const data::Dataset& dataset, int32_t threads) {
  nn::Workers workers(threads);
  nn::Model own(network);
  nn::EngineConfig config{nn::kLanes, true};
  config.disturb = [&](const std::string& node, int64_t, float* values, int64_t count) {
    const auto& layers = model.layers();
    const auto at = std::find_if(layers.begin(), layers.end(),
                                 [&](const ArrayModel::Layer& each) { return each.name == node; });
    model.to_codes(static_cast<size_t>(at - layers.begin()), {values, static_cast<size_t>(count)});
  };
  nn::Engine engine(own, workers, config);
  std::vector<float> logits;
  for (int64_t first = 0; first < dataset.size(); first += nn::kLanes) {
    const int64_t count = std::min<int64_t>(nn::kLanes, dataset.size() - first);
    nn::BlockImages images{};
    for (int64_t i = 0; i < count; ++i) {
      images[static_cast<size_t>(i)] = dataset.images.data() + (first + i) * dataset.shape.size();
    }
    engine.gradients(
        count, [&](int64_t) { return images; },
        [&](int64_t, const float* values, float* grad, nn::Scratch&) {
          const int64_t outputs = engine.output().shape.size();
          std::fill_n(grad, outputs * nn::kLanes, 0.0F);
          for (int64_t i = 0; i < count; ++i) {
            for (int64_t o = 0; o < outputs; ++o) logits.push_back(values[o * nn::kLanes + i]);
          }
        });
  }
  return logits;
}

}  // namespace

ir::Network retrain(const ir::Network& compressed, const ArrayModel& model,
                    const data::Dataset& train, const data::Dataset& validation,
                    const RetrainConfig& config) {
  Disturbance disturbance(model, config);
  const auto number = [](const nn::Position& at) {
    return static_cast<uint64_t>(at.epoch) * static_cast<uint64_t>(at.steps_per_epoch) +
           static_cast<uint64_t>(at.step);
  };
  const int64_t steps = (train.size() + config.train.batch - 1) / config.train.batch;
  nn::TrainHooks hooks;
  hooks.on_epoch_begin = [&](int32_t epoch, nn::Model& network) {
    disturbance.put_on(network.parameters(), static_cast<uint64_t>(epoch) * steps);
  };
  hooks.on_gradients = [&](nn::Parameters& parameters, const nn::Position&) {
    disturbance.take_off(parameters);
  };
  hooks.on_step = [&](nn::Model& network, const nn::Position& at) {
    if (at.step + 1 < at.steps_per_epoch) {
      disturbance.put_on(network.parameters(), number(at) + 1);
    }
  };
  hooks.on_output = [&](const std::string& node, int64_t block, float* values, int64_t count) {
    disturbance.convert(node, block, values, count);
  };
  const std::string settings =
      fmt::format("model {} chip {} of {} known {} recalibrated {}", model.key(),
                  config.chip ? std::to_string(*config.chip) : "any", config.remapped.size(),
                  static_cast<int>(config.known), config.recalibrated);
  hooks.save = [&] { return settings; };
  hooks.restore = [&](const std::string& saved) {
    if (saved == settings) return;
    throw ir::Error({config.train.checkpoint.string(), "of a retraining for another device or chip",
                     settings, saved, "remove it, or take another --out"});
  };
  return on_grid(nn::train(compressed, train, validation, config.train, hooks).network, model);
}

LogitDeviation logit_deviation(const ir::Network& network, const ArrayModel& model, uint64_t chip,
                               const data::Dataset& dataset, std::span<const int32_t> logits,
                               int32_t threads) {
  ir::Network disturbed = network;
  for (size_t i = 0; i < model.layers().size(); ++i) {
    const prune::CrossbarRef matrix = prune::crossbar(disturbed, model.layers()[i].name);
    model.disturb(i, {chip, chip}, false, *matrix.weight, *matrix.bias);
  }
  const std::vector<float> modelled = modelled_logits(disturbed, model, dataset, threads);
  ir::check(modelled.size() == logits.size(), "the twin's logits are of the same images");
  const ArrayModel::Layer& last = model.layers().back();
  const double unit = last.scale.front() * last.in_scale;
  double mean = 0;
  for (const int32_t logit : logits) mean += logit * unit;
  mean /= static_cast<double>(logits.size());
  double difference = 0;
  double spread = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    const double own = logits[i] * unit;
    difference += (modelled[i] - own) * (modelled[i] - own);
    spread += (own - mean) * (own - mean);
  }
  LogitDeviation deviation;
  deviation.relative = spread > 0 ? std::sqrt(difference / spread) : 0;
  const auto outputs = static_cast<size_t>(last.cols);
  const std::vector<int32_t> answers = twin::classes(logits, last.cols);
  int64_t same = 0;
  for (size_t n = 0; n < answers.size(); ++n) {
    const auto* first = modelled.data() + n * outputs;
    same += std::max_element(first, first + outputs) - first == answers[n] ? 1 : 0;
  }
  deviation.agreement = static_cast<double>(same) / static_cast<double>(answers.size());
  return deviation;
}

}  // namespace crosstwin::adapt
