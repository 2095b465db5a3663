// Budgets checked, turned into projections, and applied.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/structure.hpp"

#include <algorithm>
#include <set>

#include "compress/ir/error.hpp"
#include "compress/prune/compact.hpp"
#include "compress/prune/crossbar.hpp"
#include "compress/prune/fold.hpp"
#include "compress/prune/projection.hpp"

namespace crosstwin::prune {
namespace {

MatrixShape shape_of(const CrossbarRef& matrix) { return {matrix.columns, matrix.row_count()}; }

struct Channels {
  int64_t count = 0;
  std::vector<int32_t> of_row;
};

// The channels of a layer's input. A dense sees flat features: behind a Flatten, h * w of them (c,
// h, w order) are one channel.
Channels channels_of(const ir::Network& network, const std::string& layer) {
  const auto index = static_cast<size_t>(ir::node_index(network, layer));
  const std::vector<ir::Shape> shapes = ir::infer_shapes(network);
  const auto reads = producers(network);
  const CrossbarView matrix = *as_crossbar(network.nodes[index]);
  auto from = static_cast<size_t>(reads[index][0]);
  int32_t rows_each = matrix.kernel;
  int64_t count = shapes[from].c;
  if (std::holds_alternative<ir::Dense>(network.nodes[index].kind)) {
    // Nodes that keep every feature in its place.
    while (std::holds_alternative<ir::Relu>(network.nodes[from].kind) ||
           std::holds_alternative<ir::BatchNorm>(network.nodes[from].kind)) {
      from = static_cast<size_t>(reads[from][0]);
    }
    if (std::holds_alternative<ir::Flatten>(network.nodes[from].kind)) {
      const ir::Shape& map = shapes[static_cast<size_t>(reads[from][0])];
      rows_each = map.h * map.w;
      count = map.c;
    }
  }
  Channels channels{count, {}};
  for (const int32_t row : *matrix.rows) channels.of_row.push_back(row / rows_each);
  return channels;
}

// Makes the output of a filter zero: its weights, its bias, and what batch norms add to it on the
// way to the next layer.
void clear_filter(ir::Network& network, size_t index, size_t column) {
  const CrossbarRef matrix = *as_crossbar(network.nodes[index]);
  const auto rows = static_cast<size_t>(matrix.row_count());
  std::fill_n(matrix.weight->begin() + static_cast<std::ptrdiff_t>(column * rows), rows, 0.0F);
  (*matrix.bias)[column] = 0;
  const auto readers = consumers(network);
  std::vector<size_t> open{index};
  while (!open.empty()) {
    const size_t at = open.back();
    open.pop_back();
    for (const int32_t reader : readers[at]) {
      ir::Node& node = network.nodes[static_cast<size_t>(reader)];
      if (auto* norm = std::get_if<ir::BatchNorm>(&node.kind)) {
        norm->mean[column] = 0;
        norm->beta[column] = 0;
      } else if (!std::holds_alternative<ir::Relu>(node.kind) &&
                 !std::holds_alternative<ir::MaxPool>(node.kind) &&
                 !std::holds_alternative<ir::AvgPool>(node.kind)) {
        continue;
      }
      open.push_back(static_cast<size_t>(reader));
    }
  }
}

}  // namespace

void check_budgets(const ir::Network& network, const std::vector<LayerBudget>& budgets) {
  ir::Network copy = network;
  const std::vector<std::string> names = crossbar_names(network);
  std::set<std::string> seen;
  for (const LayerBudget& budget : budgets) {
    const CrossbarRef matrix = crossbar(copy, budget.layer);
    const std::string where = "budget of layer " + budget.layer;
    if (!seen.insert(budget.layer).second) {
      throw ir::Error({.where = where, .what = "is given twice"});
    }
    const auto range = [&](const char* what, int64_t value, int64_t all) {
      if (value >= 0 && value <= all) return;
      throw ir::Error({.where = where,
                       .what = std::string("cannot keep so many ") + what,
                       .expected = "0 (all) .. " + std::to_string(all),
                       .got = std::to_string(value)});
    };
    range("filters", budget.filters, matrix.columns);
    range("rows", budget.rows, matrix.row_count());
    range("channels", budget.channels, channels_of(network, budget.layer).count);
    if (budget.layer == names.back() && budget.filters != 0 && budget.filters != matrix.columns) {
      throw ir::Error({.where = where,
                       .what = "the last layer's filters are the classes and cannot be pruned",
                       .expected = "0 (all)",
                       .got = std::to_string(budget.filters)});
    }
  }
}

std::vector<LayerBudget> filters_behind_norm(const ir::Network& network,
                                             const std::vector<LayerBudget>& budgets) {
  std::vector<LayerBudget> result;
  for (const LayerBudget& budget : budgets) {
    if (has_batch_norm(network, budget.layer)) result.push_back({budget.layer, budget.filters, 0});
  }
  return result;
}

std::vector<Constraint> structure_constraints(const ir::Network& network,
                                              const std::vector<LayerBudget>& budgets) {
  ir::Network copy = network;
  std::vector<Constraint> constraints;
  for (const LayerBudget& budget : budgets) {
    const MatrixShape shape = shape_of(crossbar(copy, budget.layer));
    const Structure structure{
        .filters = budget.filters, .shapes = budget.rows, .channels = budget.channels};
    constraints.push_back(
        {budget.layer, [shape, structure, channel = channels_of(network, budget.layer).of_row](
                           std::span<float> weight) {
           apply_support(weight, shape, choose_support(weight, shape, structure, channel));
         }});
  }
  return constraints;
}

ir::Network map_to_structure(ir::Network network, const std::vector<LayerBudget>& budgets,
                             bool with_rows) {
  ir::Network scaled = fold_where_possible(network);
  for (const LayerBudget& budget : budgets) {
    if (budget.filters == 0) continue;
    const Support support =
        choose_support(*crossbar(scaled, budget.layer).weight,
                       shape_of(crossbar(network, budget.layer)), {.filters = budget.filters});
    for (size_t column = 0; column < support.columns.size(); ++column) {
      if (!support.columns[column]) {
        clear_filter(network, static_cast<size_t>(ir::node_index(network, budget.layer)), column);
      }
    }
  }
  network = compact(std::move(network));
  // Rows and channels after filters: those of channels that went are gone and must not take the
  // place of others.
  scaled = fold_where_possible(network);
  for (const LayerBudget& budget : budgets) {
    const CrossbarRef matrix = crossbar(network, budget.layer);
    const MatrixShape shape = shape_of(matrix);
    apply_support(*matrix.weight, shape,
                  choose_support(*crossbar(scaled, budget.layer).weight, shape,
                                 {.shapes = with_rows ? std::min(budget.rows, shape.rows) : 0,
                                  .channels = budget.channels},
                                 channels_of(network, budget.layer).of_row));
  }
  return compact(std::move(network));
}

}  // namespace crosstwin::prune
