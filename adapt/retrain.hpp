// Noise- and fault-aware retraining: the network learns behind the arrays that it will run on.
// SPDX-License-Identifier: Apache-2.0
//
// Sources: noise injected into weights during training (Joshi et al., Nature Communications 11
// (2020); CrossSim and aihwkit do alike) and straight-through gradients (Bengio et al. 2013).
// Deviations: the forward pass is the twin itself, conversion by conversion (adapt/forward.hpp),
// and the gradients go through the chip's own conductances; rounding and clipping have the gradient
// 1, but that a relu passes none where its code is 0, and the fitted biases that of the network's
// own.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "adapt/forward.hpp"
#include "adapt/remap.hpp"
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
};

// Names how a network is trained: another number leaves checkpoints and records of one aside.
inline constexpr int kTrainingVersion = 1;

// Steps from one folding of the wires to the next.
inline constexpr int64_t kFoldSteps = 64;

// Trains `compressed`, whose structure and grids stay: every step runs forward on a chip of its
// own, as the twin, and backward through that chip's effective weights; the gradients go to the
// weights behind them. Epochs are judged on `validation` by the undisturbed network, for the log
// only. Resumable by train.checkpoint. The result is on the same grids, with the same edges. Throws
// ir::Error where a chip of the training cannot be programmed with these ranges, as a real one
// could not.
ir::Network retrain(const ir::Network& compressed, const Arrays& arrays, const data::Dataset& train,
                    const data::Dataset& validation, const RetrainConfig& config);

}  // namespace crosstwin::adapt
