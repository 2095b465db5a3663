// A naive double-precision network and random networks to try passes on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/ir/network.hpp"
#include "compress/ir/rng.hpp"

namespace crosstwin::tests {

// Output of the last node for values as the layers see them, [c][h][w]. Nodes behind the input that
// have a quant put out the nearest of its codes, halves upwards.
std::vector<double> forward(const ir::Network& network, const std::vector<double>& input);

// Largest difference of outputs over random inputs, relative to the largest output magnitude.
double difference(const ir::Network& a, const ir::Network& b, uint64_t seed = 1);

std::vector<float> random_values(ir::Rng& rng, size_t count, float low = -1, float high = 1);
ir::Node input(ir::Shape shape);
ir::Node conv(ir::Rng& rng, const std::string& name, const std::string& from, int32_t in_channels,
              int32_t out_channels, int32_t kernel, int32_t pad = 0);
ir::Node dense(ir::Rng& rng, const std::string& name, const std::string& from, int32_t in,
               int32_t out);
ir::Node batch_norm(ir::Rng& rng, const std::string& name, const std::string& from,
                    int32_t channels, float low_gamma);

// conv, pool, relu, conv, pool, relu, flatten, dense, relu, dense on 1 x 16 x 16; random weights.
ir::Network small_lenet(uint64_t seed);

}  // namespace crosstwin::tests
