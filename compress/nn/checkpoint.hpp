// Where a training stands, as one file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "compress/nn/model.hpp"
#include "compress/nn/optimizer.hpp"
#include "compress/nn/trainer.hpp"

namespace crosstwin::nn {

struct Checkpoint {
  int32_t epochs_done = 0;
  std::vector<EpochLog> log;
  std::string hooks;  // what TrainHooks::save gave
};

// Names everything that the result depends on: network, data, configuration, kind of hooks.
std::string training_fingerprint(const ir::Network& network, const data::Dataset& train,
                                 const data::Dataset& validation, const TrainConfig& config,
                                 const TrainHooks& hooks);

// NPZ, written whole or not at all.
void save_checkpoint(const std::filesystem::path& file, const std::string& fingerprint,
                     const Checkpoint& checkpoint, const Model& model, const OptimizerState& state);

// Puts the parameters, masks and optimizer state back. Error when the file is damaged, stands
// beyond `epochs`, or was written by another training.
Checkpoint load_checkpoint(const std::filesystem::path& file, const std::string& fingerprint,
                           int32_t epochs, Model& model, OptimizerState& state);

}  // namespace crosstwin::nn
