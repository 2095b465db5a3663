// Networks in plain loops and double precision: what the engine is compared with.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compress/data/dataset.hpp"
#include "compress/ir/network.hpp"

namespace crosstwin::test {

// Parameters of a network in double precision, so that differences of 1e-6 can be seen.
struct DoubleParameters {
  std::vector<double> weight;  // BatchNorm: gamma
  std::vector<double> bias;    // BatchNorm: beta
};
using DoubleNetwork = std::map<std::string, DoubleParameters>;
DoubleNetwork parameters_of(const ir::Network& network);

// Outputs of every node, [node][image][c][h][w]. BatchNorm takes the statistics of all images when
// `training`, else the running ones.
std::vector<std::vector<std::vector<double>>> reference_outputs(const ir::Network& network,
                                                                const DoubleNetwork& parameters,
                                                                const data::Dataset& images,
                                                                bool training);

// Mean softmax cross-entropy of the last node's outputs.
double reference_loss(const ir::Network& network, const DoubleNetwork& parameters,
                      const data::Dataset& images, bool training);

}  // namespace crosstwin::test
