// What a design occupies, layer by layer, beside the unpruned network.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/ir/design.hpp"
#include "compress/ir/layout.hpp"
#include "compress/ir/network.hpp"

namespace crosstwin::layout {

// A layer's matrix before pruning.
struct FullShape {
  int64_t rows = 0;
  int64_t cols = 0;
};

// Of every Conv and Dense, in order; of the network as it was designed, with nothing pruned.
std::vector<FullShape> full_shapes(const ir::Network& unpruned);

struct Use {
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t weights = 0;  // rows * cols
  ir::TileCount tiles;
};

struct LayerReport {
  std::string name;
  Use before;
  Use after;
};

struct Report {
  ir::Layout layout;
  std::vector<LayerReport> layers;  // crossbar stages in order
  LayerReport total;                // sums; rows and cols are 0
};

// `full` has one entry a crossbar stage, at least as large as the stage; Error otherwise.
Report report(const ir::Design& design, const std::vector<FullShape>& full);

// {"layout": {...}, "layers": [{"name", "before": {...}, "after": {...}}], "total": {...}}.
std::string to_json(const Report& report);

// A table for people, one line a layer.
std::string to_text(const Report& report);

}  // namespace crosstwin::layout
