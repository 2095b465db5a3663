// A picture of one layer: its matrix before pruning, and what is left of it on tiles.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/ir/design.hpp"

namespace crosstwin::layout {

// Where a layer's kept rows and columns stood in the matrix before pruning, ascending.
struct Origin {
  int32_t full_rows = 0;
  int32_t full_cols = 0;
  std::vector<int32_t> rows;  // [R] in 0..full_rows - 1
  std::vector<int32_t> cols;  // [C] in 0..full_cols - 1
  bool assumed = false;       // filters went whose positions are unknown; the caption says so
};

// For when removed filters were not recorded: rows keep their numbers among the channels that are
// left, columns stand first, and what was removed with whole channels or filters comes last.
// Error when full_rows or full_cols is smaller than the layer.
Origin assumed_origin(const ir::Stage& stage, int32_t full_rows, int32_t full_cols);

// An SVG, 1,100 units wide: above the matrix before pruning (crossbar rows to the right, columns
// downward; kept weights by colour, pruned ones shaded, borders of the tiles it would need), below
// the tiles in use. With more than 20,000 kept weights, blocks of them are shown by their largest
// one. Error when the origin does not fit the stage.
std::string picture(const ir::Design& design, const ir::Stage& stage, const Origin& origin);

}  // namespace crosstwin::layout
