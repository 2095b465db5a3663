// Small networks and data that the tests of training share.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/data/dataset.hpp"
#include "compress/ir/network.hpp"

namespace crosstwin::test {

// Noise: every byte is random, and so is every label.
data::Dataset noise_images(const ir::Shape& shape, int64_t count, int32_t classes, uint64_t seed);

// A bright bar on a noisy ground whose place (one of `classes` bands of rows) is the label.
data::Dataset bar_images(int64_t count, uint64_t seed);
constexpr int32_t kBarClasses = 4;
inline const ir::Shape kBarShape = {1, 12, 12};

ir::Node input_node(const ir::Shape& shape);
ir::Node conv_node(const std::string& name, const std::string& input, int32_t outs, int32_t kernel,
                   int32_t stride = 1, int32_t pad = 0);
ir::Node dense_node(const std::string& name, const std::string& input, int32_t outs);

// conv, max pool, batch-norm, relu, flatten, dense, relu, dense on bar_images.
ir::Network bar_network(uint64_t seed);

// Every kind of node in one graph, with branches that join, odd channel counts, stride, padding
// and kept rows. Biases, gamma and beta are random too.
ir::Network every_kind(uint64_t seed);

bool same_parameters(const ir::Network& a, const ir::Network& b);

}  // namespace crosstwin::test
