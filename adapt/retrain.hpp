// Noise- and fault-aware retraining: the network learns behind the arrays that it will run on.
// SPDX-License-Identifier: Apache-2.0
//
// Sources: noise injected into weights during training (Joshi et al., Nature Communications 11
// (2020); CrossSim and aihwkit do alike) and straight-through gradients (Bengio et al. 2013).
// Deviations: the noise is the twin's device model, cell by cell, with its levels, faults, drift
// and slices, on quantized weights; conversions as in adapt/forward.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "adapt/forward.hpp"
#include "compress/data/dataset.hpp"
#include "compress/ir/network.hpp"
#include "compress/nn/trainer.hpp"

namespace crosstwin::adapt {

struct RetrainConfig {
  nn::TrainConfig train = {};
  // The chip whose faults are known, and with Known::kCells its cells too; what is not known is
  // drawn anew for every step. None: every step has a chip of its own, and the network is for all.
  std::optional<uint64_t> chip = {};
  // Instead, where there are any: chips with the places that a remap found on them. Every step has
  // one of them, its errors drawn anew, as the chips to come will be remapped too.
  std::vector<std::pair<uint64_t, std::vector<ir::Placement>>> remapped = {};
  Known known = Known::kFaults;
  // The chip's biases and scales will be fitted to it, so the network learns behind that.
  bool recalibrated = true;
};

// Trains `compressed`, whose structure and grids stay: every step's forward and backward pass uses
// the effective weights of a chip drawn by `model`; the gradients go to the weights behind them.
// Epochs are judged on `validation` by the undisturbed network, for the log only. Resumable by
// train.checkpoint. The result is on the same grids, with the same edges.
ir::Network retrain(const ir::Network& compressed, const ArrayModel& model,
                    const data::Dataset& train, const data::Dataset& validation,
                    const RetrainConfig& config);

// How near the model of the forward pass is to the twin: of one chip, its logits and the twin's,
// both in units of the network.
struct LogitDeviation {
  double relative = 0;  // root mean square of the difference over that of the twin's about its mean
  double agreement = 0;  // share of images with the same class
};
// `logits` [n][outputs] are the twin's of the chip of seed `chip` for the images of `dataset`.
LogitDeviation logit_deviation(const ir::Network& network, const ArrayModel& model, uint64_t chip,
                               const data::Dataset& dataset, std::span<const int32_t> logits,
                               int32_t threads);

}  // namespace crosstwin::adapt
