// SGD with momentum and AdamW, and the schedules of their rate.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/optimizer.hpp"

#include <algorithm>
#include <numbers>

#include "compress/nn/exact_math.hpp"
#include "compress/nn/kernels.hpp"

namespace crosstwin::nn {

namespace {

// Parameters that one worker updates at a time.
constexpr int64_t kChunk = 16384;

struct Chunk {
  float* values;
  const float* grad;
  const uint8_t* mask;
  float* first;
  float* second;
  int64_t size;
  float decay;
};

double power(double base, int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base) {
    if ((exponent & 1) != 0) result *= base;
  }
  return result;
}

float decay_of(const TrainConfig& config, ParameterKind kind) {
  switch (kind) {
    case ParameterKind::conv:
      return config.weight_decay_conv;
    case ParameterKind::dense:
      return config.weight_decay_dense;
    case ParameterKind::batch_norm:
      return 0;
  }
  return 0;
}

void cut(std::vector<float>& values, const std::vector<float>& grad,
         const std::vector<uint8_t>& mask, std::vector<float>& first, std::vector<float>& second,
         float decay, std::vector<Chunk>& chunks) {
  const auto size = static_cast<int64_t>(values.size());
  for (int64_t i = 0; i < size; i += kChunk) {
    chunks.push_back({values.data() + i, grad.data() + i, mask.empty() ? nullptr : mask.data() + i,
                      first.data() + i, second.empty() ? nullptr : second.data() + i,
                      std::min(kChunk, size - i), decay});
  }
}

}  // namespace

OptimizerState make_optimizer_state(const TrainConfig& config, const Parameters& parameters) {
  OptimizerState state;
  for (const LayerParameters& p : parameters.layers()) {
    LayerState layer;
    layer.weight_first.assign(p.weight.size(), 0);
    layer.bias_first.assign(p.bias.size(), 0);
    if (config.optimizer == Optimizer::adamw) {
      layer.weight_second = layer.weight_first;
      layer.bias_second = layer.bias_first;
    }
    state.layers.push_back(std::move(layer));
  }
  return state;
}

void update(const TrainConfig& config, float rate, OptimizerState& state, Parameters& parameters,
            Workers& workers) {
  ++state.steps;
  std::vector<Chunk> chunks;
  const std::vector<uint8_t> unmasked;
  for (size_t i = 0; i < state.layers.size(); ++i) {
    LayerParameters& p = parameters.layers()[i];
    LayerState& s = state.layers[i];
    cut(p.weight, p.weight_grad, p.mask, s.weight_first, s.weight_second, decay_of(config, p.kind),
        chunks);
    cut(p.bias, p.bias_grad, unmasked, s.bias_first, s.bias_second, 0, chunks);
  }
  const double correction1 = 1.0 / (1.0 - power(config.beta1, state.steps));
  const double correction2 = 1.0 / (1.0 - power(config.beta2, state.steps));
  workers.each(static_cast<int64_t>(chunks.size()), [&](int64_t i, Scratch&) {
    const Chunk& c = chunks[static_cast<size_t>(i)];
    if (config.optimizer == Optimizer::sgd) {
      sgd_update({rate, config.momentum, c.decay}, c.size, c.grad, c.mask, c.first, c.values);
    } else {
      adam_update({static_cast<float>(rate * correction1), config.beta1, config.beta2,
                   config.epsilon, static_cast<float>(correction2), 1 - rate * c.decay},
                  c.size, c.grad, c.mask, c.first, c.second, c.values);
    }
  });
}

float learning_rate(const TrainConfig& config, const Position& position) {
  const auto steps = static_cast<double>(position.steps_per_epoch);
  const double done = position.epoch + static_cast<double>(position.step) / steps;  // epochs
  const double warmup = config.warmup_epochs;
  if (done < warmup) {
    return static_cast<float>(config.learning_rate * (done + 1.0 / steps) / (warmup + 1.0 / steps));
  }
  double factor = 1;
  if (config.schedule == Schedule::cosine) {
    const double part = (done - warmup) / std::max(1e-9, position.epochs - warmup);
    factor = config.final_rate +
             (1.0 - config.final_rate) * 0.5 * (1.0 + exact_cos(std::numbers::pi * part));
  } else if (config.schedule == Schedule::step) {
    for (const int32_t epoch : config.step_epochs) {
      if (position.epoch >= epoch) factor *= config.step_factor;
    }
  }
  return static_cast<float>(config.learning_rate * factor);
}

}  // namespace crosstwin::nn
