// The schedule, and one removal event.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/gradual.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "compress/ir/error.hpp"
#include "compress/nn/evaluate.hpp"
#include "compress/prune/fold.hpp"
#include "compress/prune/obs.hpp"
#include "compress/prune/projection.hpp"

namespace crosstwin::prune {
namespace {

// Flags of the rows that have an unmasked weight.
std::vector<uint8_t> rows_alive(const nn::LayerParameters& layer) {
  const auto rows = static_cast<size_t>(layer.rows);
  std::vector<uint8_t> alive(rows, layer.mask.empty());
  for (size_t i = 0; i < layer.mask.size(); ++i) alive[i % rows] |= layer.mask[i];
  return alive;
}

void remove_by_magnitude(nn::LayerParameters& layer, std::vector<uint8_t>& alive, int64_t keep) {
  const auto rows = static_cast<size_t>(layer.rows);
  std::vector<double> energy(rows, 0);
  for (size_t i = 0; i < layer.weight.size(); ++i) {
    energy[i % rows] += double{layer.weight[i]} * layer.weight[i];
  }
  for (size_t row = 0; row < rows; ++row) {
    if (!alive[row]) energy[row] = -1;
  }
  alive = largest(energy, keep);
}

// A column that its batch norm silences still has weights to train.
std::vector<float> usable(std::vector<float> gains) {
  for (float& gain : gains) gain = std::max(gain, 1e-3F);
  return gains;
}

// To and from what the batch norm behind makes of the columns: the error of a layer's outputs
// counts as the next layer sees it.
void scale_columns(nn::LayerParameters& layer, const std::vector<float>& gains, bool back) {
  const auto rows = static_cast<size_t>(layer.rows);
  for (size_t i = 0; i < layer.weight.size(); ++i) {
    layer.weight[i] = back ? layer.weight[i] / gains[i / rows] : layer.weight[i] * gains[i / rows];
  }
  for (size_t c = 0; c < gains.size(); ++c) {
    layer.bias[c] = back ? layer.bias[c] / gains[c] : layer.bias[c] * gains[c];
  }
}

void set_rows(nn::Model& model, const std::string& name, const std::vector<uint8_t>& alive) {
  const int64_t outs = model.parameters().at(name).outs;
  std::vector<uint8_t> mask;
  mask.reserve(alive.size() * static_cast<size_t>(outs));
  for (int64_t out = 0; out < outs; ++out) mask.insert(mask.end(), alive.begin(), alive.end());
  model.set_mask(name, mask);
}

}  // namespace

int64_t rows_left(int64_t all, int64_t target, double fraction, const GradualConfig& config) {
  if (fraction <= config.begin) return all;
  if (fraction >= config.end) return target;
  const double left = 1 - (fraction - config.begin) / (config.end - config.begin);
  return target +
         static_cast<int64_t>(std::ceil(static_cast<double>(all - target) * left * left * left));
}

void remove_rows_gradually(nn::TrainHooks& hooks, std::vector<LayerBudget> budgets,
                           const GradualConfig& config, const data::Dataset& train,
                           int32_t threads) {
  if (!(config.begin >= 0 && config.begin < config.end && config.end <= 1)) {
    throw ir::Error({.where = "row removal",
                     .what = "the schedule is out of order",
                     .expected = "0 <= begin < end <= 1",
                     .got = std::to_string(config.begin) + ", " + std::to_string(config.end)});
  }
  std::erase_if(budgets, [](const LayerBudget& budget) { return budget.rows == 0; });
  const auto event = [budgets = std::move(budgets), config,
                      images = data::head(train, config.images),
                      threads](nn::Model& model, const nn::Position& position) {
    const int64_t done = position.step + 1;
    const int64_t every =
        std::max<int64_t>(1, position.steps_per_epoch / std::max(1, config.events_per_epoch));
    if (done % every != 0 && done != position.steps_per_epoch) return;
    nn::Position after = position;
    after.step = done;
    for (const LayerBudget& budget : budgets) {
      nn::LayerParameters& layer = model.parameters().at(budget.layer);
      std::vector<uint8_t> alive = rows_alive(layer);
      const int64_t keep = rows_left(layer.rows, budget.rows, after.fraction(), config);
      if (std::count(alive.begin(), alive.end(), uint8_t{1}) <= keep) continue;
      const ir::Network network = model.to_network();
      const std::vector<float> gains = usable(column_gains(network, budget.layer));
      scale_columns(layer, gains, false);
      if (config.score == RowScore::magnitude) {
        remove_by_magnitude(layer, alive, keep);
      } else {
        const nn::PatchMatrix patches =
            nn::input_patches(network, images, budget.layer, config.positions, threads);
        remove_rows(layer.weight, layer.bias, {layer.outs, layer.rows}, alive, patches.values, keep,
                    config.damping);
      }
      scale_columns(layer, gains, true);
      set_rows(model, budget.layer, alive);
    }
  };
  hooks.on_step = [event, before = std::move(hooks.on_step)](nn::Model& model,
                                                             const nn::Position& position) {
    if (before) before(model, position);
    event(model, position);
  };
}

}  // namespace crosstwin::prune
