// Networks the recipes start from.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "compress/ir/network.hpp"

namespace crosstwin::recipe {

// Two conv blocks and two dense layers: conv -> 2x2 max pool -> batch norm -> relu, twice, then
// dense -> batch norm -> relu, dense. The papers' LeNet-5 is {20, 50, 5, 500}.
struct LenetConfig {
  int32_t conv1 = 20;  // filters
  int32_t conv2 = 50;
  int32_t kernel = 5;
  int32_t hidden = 500;  // outputs of the first dense layer
};

// Fresh parameters from `seed`. Normalises one-channel images as MNIST (mean 33/255, deviation
// 0.3081), others around 1/2 with deviation 1/4. Error when the image is too small.
ir::Network lenet(const ir::Shape& image, int32_t classes, const LenetConfig& config,
                  uint64_t seed);

}  // namespace crosstwin::recipe
