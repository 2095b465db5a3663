// The W-step of ADMM as training, over a schedule of penalties.
// SPDX-License-Identifier: Apache-2.0
//
// Source: as admm.hpp. The schedule is the common one of this family's public code: Z and U are
// updated every few epochs, rho grows tenfold from stage to stage, and the learning rate starts
// anew with every stage.
// Deviations: within a stage the rate follows the training configuration's own schedule. With
// AdamW the penalty is part of the gradient that is normalised.
#pragma once

#include <cstdint>
#include <vector>

#include "compress/data/dataset.hpp"
#include "compress/nn/trainer.hpp"
#include "compress/prune/admm.hpp"

namespace crosstwin::prune {

struct AdmmConfig {
  std::vector<double> rho = {1e-4, 1e-3, 1e-2, 1e-1};  // one a stage
  int32_t update_every = 1;  // epochs between Z-steps; config.epochs is the length of a stage
};

// Trains rho.size() stages of `training`.epochs each and returns the network, which is near the
// constraints but not in them: project it (masked mapping) next. `residuals`, when given, receives
// Admm::residual() after each stage. Each stage has its own checkpoint beside training.checkpoint.
ir::Network train_admm(ir::Network network, const data::Dataset& train,
                       const data::Dataset& validation, std::vector<Constraint> constraints,
                       const AdmmConfig& config, const nn::TrainConfig& training,
                       const nn::TrainHooks& hooks = {}, std::vector<double>* residuals = nullptr);

}  // namespace crosstwin::prune
