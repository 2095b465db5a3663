// One view of conv and dense layers: a matrix of crossbar rows and columns.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compress/ir/network.hpp"

namespace crosstwin::prune {

// Refers into a node; valid as long as the node is. weight is [columns][rows->size()].
template <class Ints, class Floats>
struct BasicCrossbarRef {
  int32_t columns = 0;
  Ints* rows = nullptr;
  Floats* weight = nullptr;
  Floats* bias = nullptr;
  Floats* weight_scale = nullptr;
  int32_t kernel = 1;  // rows a channel of the layer's input: kernel_h * kernel_w; 1 of a dense
  int32_t pad = 0;
  int64_t row_count() const { return static_cast<int64_t>(rows->size()); }
};
using CrossbarRef = BasicCrossbarRef<std::vector<int32_t>, std::vector<float>>;
using CrossbarView = BasicCrossbarRef<const std::vector<int32_t>, const std::vector<float>>;

// The matrix of a conv or dense node; nothing for every other kind.
std::optional<CrossbarRef> as_crossbar(ir::Node& node);
std::optional<CrossbarView> as_crossbar(const ir::Node& node);

// The node's matrix; Error when there is no such node or it is neither conv nor dense.
CrossbarRef crossbar(ir::Network& network, const std::string& name);

// Names of the conv and dense nodes, in order.
std::vector<std::string> crossbar_names(const ir::Network& network);

// Indices of the nodes that read each node, and of the nodes that each node reads.
std::vector<std::vector<int32_t>> consumers(const ir::Network& network);
std::vector<std::vector<int32_t>> producers(const ir::Network& network);

// Keeps the columns (and rows, by position in rows) whose flag is set. Sizes stay consistent.
void keep_columns(ir::Node& node, const std::vector<uint8_t>& keep);
void keep_rows(ir::Node& node, const std::vector<uint8_t>& keep);

}  // namespace crosstwin::prune
