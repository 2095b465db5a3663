// Views and physical removal of rows and columns.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/crossbar.hpp"

#include <algorithm>

#include "compress/ir/error.hpp"

namespace crosstwin::prune {
namespace {

template <class T>
void keep_items(std::vector<T>& items, const std::vector<uint8_t>& keep) {
  if (items.empty()) return;
  ir::check(items.size() == keep.size(), "keep flags do not match the items");
  size_t kept = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    if (keep[i]) items[kept++] = items[i];
  }
  items.resize(kept);
}

template <class Ref, class Node>
std::optional<Ref> view(Node& node) {
  if (auto* conv = std::get_if<ir::Conv>(&node.kind)) {
    return Ref{conv->out_channels, &conv->rows,         &conv->weight,
               &conv->bias,        &conv->weight_scale, conv->kernel_h * conv->kernel_w,
               conv->pad};
  }
  if (auto* dense = std::get_if<ir::Dense>(&node.kind)) {
    return Ref{dense->out_features,
               &dense->rows,
               &dense->weight,
               &dense->bias,
               &dense->weight_scale,
               1,
               0};
  }
  return std::nullopt;
}

}  // namespace

std::optional<CrossbarRef> as_crossbar(ir::Node& node) { return view<CrossbarRef>(node); }
std::optional<CrossbarView> as_crossbar(const ir::Node& node) { return view<CrossbarView>(node); }

CrossbarRef crossbar(ir::Network& network, const std::string& name) {
  ir::Node& node = network.nodes[static_cast<size_t>(ir::node_index(network, name))];
  const std::optional<CrossbarRef> matrix = as_crossbar(node);
  if (!matrix) {
    throw ir::Error({.where = "layer " + name,
                     .what = "has no weights to compress",
                     .expected = "a conv or dense layer",
                     .got = ir::kind_name(node.kind)});
  }
  return *matrix;
}

std::vector<std::string> crossbar_names(const ir::Network& network) {
  std::vector<std::string> names;
  for (const ir::Node& node : network.nodes) {
    if (std::holds_alternative<ir::Conv>(node.kind) ||
        std::holds_alternative<ir::Dense>(node.kind)) {
      names.push_back(node.name);
    }
  }
  return names;
}

std::vector<std::vector<int32_t>> producers(const ir::Network& network) {
  std::vector<std::vector<int32_t>> result;
  for (const ir::Node& node : network.nodes) {
    std::vector<int32_t>& list = result.emplace_back();
    for (const std::string& input : node.inputs) list.push_back(ir::node_index(network, input));
  }
  return result;
}

std::vector<std::vector<int32_t>> consumers(const ir::Network& network) {
  std::vector<std::vector<int32_t>> result(network.nodes.size());
  const auto reads = producers(network);
  for (size_t i = 0; i < reads.size(); ++i) {
    for (const int32_t from : reads[i]) {
      result[static_cast<size_t>(from)].push_back(static_cast<int32_t>(i));
    }
  }
  return result;
}

void keep_columns(ir::Node& node, const std::vector<uint8_t>& keep) {
  const std::optional<CrossbarRef> matrix = as_crossbar(node);
  ir::check(matrix.has_value(), "only conv and dense layers have columns");
  const size_t rows = matrix->rows->size();
  std::vector<uint8_t> keep_weight;
  keep_weight.reserve(keep.size() * rows);
  for (const uint8_t flag : keep) keep_weight.insert(keep_weight.end(), rows, flag);
  keep_items(*matrix->weight, keep_weight);
  keep_items(*matrix->bias, keep);
  keep_items(*matrix->weight_scale, keep);
  const auto left = static_cast<int32_t>(std::count(keep.begin(), keep.end(), uint8_t{1}));
  if (auto* conv = std::get_if<ir::Conv>(&node.kind)) conv->out_channels = left;
  if (auto* dense = std::get_if<ir::Dense>(&node.kind)) dense->out_features = left;
}

void keep_rows(ir::Node& node, const std::vector<uint8_t>& keep) {
  const std::optional<CrossbarRef> matrix = as_crossbar(node);
  ir::check(matrix.has_value(), "only conv and dense layers have rows");
  std::vector<uint8_t> keep_weight;
  keep_weight.reserve(matrix->weight->size());
  for (int32_t column = 0; column < matrix->columns; ++column) {
    keep_weight.insert(keep_weight.end(), keep.begin(), keep.end());
  }
  keep_items(*matrix->weight, keep_weight);
  keep_items(*matrix->rows, keep);
}

}  // namespace crosstwin::prune
