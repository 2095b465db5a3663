// The plain integer network of a design: every product exact, no converter.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compress/ir/design.hpp"

namespace crosstwin::twin {

// uint8 images [n][c][h][w] -> logits [n][outputs], over the calling oneTBB arena. A lossless chip
// of ideal cells gives the same.
std::vector<int32_t> integer_logits(const ir::Design& design, std::span<const uint8_t> images);

}  // namespace crosstwin::twin
