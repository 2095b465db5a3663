// Designs of one layer with millions of random weights.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"

namespace crosstwin::test {

// The layer gives the logits; `kernel` is its map for a dense layer. Exact converters have a code
// for every current, so that the plan may collapse the tile; the others round and clip.
struct LargeOptions {
  ir::Shape in;
  ir::Shape out;
  int32_t kernel = 1;
  int32_t pad = 0;
  bool exact = false;
};

struct Large {
  ir::Design design;
  ir::Chip chip;
  explicit Large(const LargeOptions& options);
};

inline LargeOptions large_dense() { return {.in = {2048, 1, 1}, .out = {1000, 1, 1}}; }

inline LargeOptions large_conv(int32_t h, int32_t w) {
  return {.in = {512, h, w}, .out = {512, h, w}, .kernel = 3, .pad = 1};
}

}  // namespace crosstwin::test
