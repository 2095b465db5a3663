// Updates the parameters of a model from their gradients.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "compress/nn/model.hpp"
#include "compress/nn/trainer.hpp"
#include "compress/nn/workers.hpp"

namespace crosstwin::nn {

// What the optimizer remembers of one layer; the same sizes as the parameters. sgd uses `first`
// (velocity) only.
struct LayerState {
  std::vector<float> weight_first, weight_second;
  std::vector<float> bias_first, bias_second;
};

struct OptimizerState {
  int64_t steps = 0;
  std::vector<LayerState> layers;  // in the order of Parameters::layers()
};

OptimizerState make_optimizer_state(const TrainConfig& config, const Parameters& parameters);

// One step at the given rate.
void update(const TrainConfig& config, float rate, OptimizerState& state, Parameters& parameters,
            Workers& workers);

}  // namespace crosstwin::nn
