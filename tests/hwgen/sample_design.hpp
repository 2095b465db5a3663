// Small random designs and chips for the tests of hwgen and verif.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"

namespace crosstwin::test {

// conv1 (3x3, padded, rows left out) -> pool1 (2x2) -> conv2 (3x3, stride 2) -> fc (dense logits).
struct SampleOptions {
  uint64_t seed = 1;
  ir::Shape input = {2, 12, 10};
  ir::Layout layout = {.tile_rows = 8, .tile_cols = 8};  // so that layers have several row tiles
  int32_t conv1 = 3;                                     // output channels
  int32_t conv2 = 4;
  int32_t outputs = 5;
  bool signed_middle = false;  // conv1 clamps below zero, so conv2 has a sign plane
};
ir::Design sample_design(const SampleOptions& options = {});

// A converter per slice whose range does clip sometimes. `spread` moves every cell by up to that
// many conductance steps, so that cells no longer share a table.
ir::Chip sample_chip(const ir::Design& design, uint64_t seed = 1, int32_t spread = 0);

}  // namespace crosstwin::test
