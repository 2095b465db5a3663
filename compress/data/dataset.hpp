// Labelled images in memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "compress/ir/network.hpp"

namespace crosstwin::data {

struct Dataset {
  ir::Shape shape;
  std::vector<uint8_t> images;  // [n][c][h][w]
  std::vector<uint8_t> labels;  // [n]
  int32_t classes = 0;
  int64_t size() const { return static_cast<int64_t>(labels.size()); }
};

}  // namespace crosstwin::data
