// Stages that are kept on disk and not run again while nothing they depend on changed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "compress/data/dataset.hpp"
#include "compress/ir/network.hpp"
#include "compress/nn/trainer.hpp"

namespace crosstwin::recipe {

// Every field that changes the result, as text.
std::string describe(const nn::TrainConfig& config);
// Everything of a network or a data set, as a hash.
std::string fingerprint(const ir::Network& network);
std::string fingerprint(const data::Dataset& dataset);

// Runs stages one after another. In `dir`, NAME/ holds the network after the stage NAME, NAME.key
// says of what it is the result, NAME-KEY.checkpoint* are of a training under way.
class Stages {
 public:
  // `origin` names what the first stage starts from.
  Stages(std::filesystem::path dir, const std::string& origin);

  // The network of the stage: from disk when its key is there, else from `work`, which gets the
  // checkpoint path for its training (empty without a dir). `description` is its configuration.
  // `ran` tells whether work was called.
  ir::Network run(const std::string& name, const std::string& description,
                  const std::function<ir::Network(const std::filesystem::path& checkpoint)>& work,
                  bool& ran);

 private:
  std::filesystem::path dir_;
  std::string key_;  // of the stage before
};

}  // namespace crosstwin::recipe
