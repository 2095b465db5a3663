// Constant folding forward, liveness over tied channels, then physical removal, to a fixed point.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/compact.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "compress/ir/error.hpp"
#include "compress/prune/crossbar.hpp"

namespace crosstwin::prune {
namespace {

// Per node and channel: its value if it is the same for every image and pixel.
using Constants = std::vector<std::vector<std::optional<double>>>;

// Folds what constant inputs give into the biases and drops rows that carry nothing. True when a
// row went.
bool fold_rows(ir::Node& node, const std::vector<std::optional<double>>& input) {
  const CrossbarRef matrix = *as_crossbar(node);
  const auto rows = static_cast<size_t>(matrix.row_count());
  std::vector<uint8_t> keep(rows, 1);
  for (size_t row = 0; row < rows; ++row) {
    const auto& value = input[static_cast<size_t>((*matrix.rows)[row] / matrix.kernel)];
    bool zero = true;
    for (size_t column = 0; column < static_cast<size_t>(matrix.columns); ++column) {
      zero = zero && (*matrix.weight)[column * rows + row] == 0;
    }
    const bool folds = value && (*value == 0 || matrix.pad == 0);
    keep[row] = !zero && !folds;
  }
  if (std::find(keep.begin(), keep.end(), uint8_t{0}) == keep.end()) return false;
  for (size_t column = 0; column < static_cast<size_t>(matrix.columns); ++column) {
    double bias = (*matrix.bias)[column];
    for (size_t row = 0; row < rows; ++row) {
      const auto& value = input[static_cast<size_t>((*matrix.rows)[row] / matrix.kernel)];
      if (!keep[row] && value) bias += *value * (*matrix.weight)[column * rows + row];
    }
    (*matrix.bias)[column] = static_cast<float>(bias);
  }
  keep_rows(node, keep);
  return true;
}

// The constants of a node's output from those of its inputs.
struct ConstantOutput {
  const Constants& constants;
  const std::vector<int32_t>& inputs;
  const ir::Shape& shape;  // of the output
  const ir::Shape* in;     // of the first input

  using Values = std::vector<std::optional<double>>;
  const Values& first() const { return constants[static_cast<size_t>(inputs[0])]; }

  Values of_matrix(size_t columns, const std::vector<float>& weight,
                   const std::vector<float>& bias) const {
    Values values(columns);
    const size_t rows = columns == 0 ? 0 : weight.size() / columns;
    for (size_t column = 0; column < columns; ++column) {
      const auto begin = weight.begin() + static_cast<std::ptrdiff_t>(column * rows);
      const bool empty = std::all_of(begin, begin + static_cast<std::ptrdiff_t>(rows),
                                     [](float value) { return value == 0; });
      if (empty) values[column] = bias[column];
    }
    return values;
  }
  Values operator()(const ir::Input&) const { return Values(static_cast<size_t>(shape.c)); }
  Values operator()(const ir::Conv& conv) const {
    return of_matrix(static_cast<size_t>(conv.out_channels), conv.weight, conv.bias);
  }
  Values operator()(const ir::Dense& dense) const {
    return of_matrix(static_cast<size_t>(dense.out_features), dense.weight, dense.bias);
  }
  Values operator()(const ir::MaxPool&) const { return first(); }
  Values operator()(const ir::AvgPool&) const { return first(); }
  Values operator()(const ir::Relu&) const {
    Values values = first();
    for (auto& value : values) {
      if (value) value = std::max(*value, 0.0);
    }
    return values;
  }
  Values operator()(const ir::Flatten&) const {
    Values values;
    for (const auto& value : first()) {
      values.insert(values.end(), static_cast<size_t>(in->h) * static_cast<size_t>(in->w), value);
    }
    return values;
  }
  Values operator()(const ir::BatchNorm& norm) const {
    Values values = first();
    for (size_t c = 0; c < values.size(); ++c) {
      const double gain =
          norm.gamma[c] / std::sqrt(double{norm.variance[c]} + double{norm.epsilon});
      if (values[c]) values[c] = (*values[c] - norm.mean[c]) * gain + norm.beta[c];
    }
    return values;
  }
  Values operator()(const ir::Add&) const {
    Values values = first();
    for (size_t i = 1; i < inputs.size(); ++i) {
      const Values& other = constants[static_cast<size_t>(inputs[i])];
      for (size_t c = 0; c < values.size(); ++c) {
        if (values[c] && other[c]) {
          *values[c] += *other[c];
        } else {
          values[c].reset();
        }
      }
    }
    return values;
  }
  Values operator()(const ir::Concat&) const {
    Values values;
    for (const int32_t input : inputs) {
      const Values& part = constants[static_cast<size_t>(input)];
      values.insert(values.end(), part.begin(), part.end());
    }
    return values;
  }
  Values operator()(const ir::Softmax&) const { return Values(static_cast<size_t>(shape.c)); }
};

// Channels of all nodes, joined where they can only stay or go together.
class Ties {
 public:
  Ties(const ir::Network& network, const std::vector<ir::Shape>& shapes,
       const std::vector<std::vector<int32_t>>& reads) {
    size_t total = 0;
    for (const ir::Shape& shape : shapes) {
      first_.push_back(total);
      total += static_cast<size_t>(shape.c);
    }
    parent_.resize(total);
    std::iota(parent_.begin(), parent_.end(), size_t{0});
    for (size_t i = 0; i < network.nodes.size(); ++i) {
      const ir::Kind& kind = network.nodes[i].kind;
      if (reads[i].empty() || std::holds_alternative<ir::Conv>(kind) ||
          std::holds_alternative<ir::Dense>(kind)) {
        continue;
      }
      size_t offset = 0;
      for (const int32_t read : reads[i]) {
        const auto from = static_cast<size_t>(read);
        const ir::Shape& in = shapes[from];
        const size_t spread = std::holds_alternative<ir::Flatten>(kind)
                                  ? static_cast<size_t>(in.h) * static_cast<size_t>(in.w)
                                  : 1;
        for (size_t c = 0; c < static_cast<size_t>(in.c) * spread; ++c) {
          join(id(from, c / spread), id(i, offset + c));
        }
        if (std::holds_alternative<ir::Concat>(kind)) offset += static_cast<size_t>(in.c);
      }
    }
  }
  size_t id(size_t node, size_t channel) const { return first_[node] + channel; }
  size_t root(size_t item) const {
    while (parent_[item] != item) item = parent_[item];
    return item;
  }
  size_t size() const { return parent_.size(); }

 private:
  void join(size_t a, size_t b) {
    a = root(a);
    b = root(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }
  std::vector<size_t> first_;
  std::vector<size_t> parent_;
};

// Per node, which of its output channels something still needs.
std::vector<std::vector<uint8_t>> live_channels(const ir::Network& network,
                                                const std::vector<ir::Shape>& shapes) {
  const auto reads = producers(network);
  const Ties ties(network, shapes, reads);
  std::vector<uint8_t> live(ties.size(), 0);
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    const bool fixed = i == 0 || i + 1 == network.nodes.size();
    if (fixed) {
      for (size_t c = 0; c < static_cast<size_t>(shapes[i].c); ++c) {
        live[ties.root(ties.id(i, c))] = 1;
      }
    }
    const auto matrix = as_crossbar(network.nodes[i]);
    if (!matrix) continue;
    for (const int32_t row : *matrix->rows) {
      const auto channel = static_cast<size_t>(row / matrix->kernel);
      live[ties.root(ties.id(static_cast<size_t>(reads[i][0]), channel))] = 1;
    }
  }
  std::vector<std::vector<uint8_t>> result;
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    std::vector<uint8_t>& flags = result.emplace_back();
    for (size_t c = 0; c < static_cast<size_t>(shapes[i].c); ++c) {
      flags.push_back(live[ties.root(ties.id(i, c))]);
    }
  }
  return result;
}

// Renumbers the rows of a layer after its input lost channels.
void renumber(const CrossbarRef& matrix, const std::vector<uint8_t>& live) {
  std::vector<int32_t> number(live.size(), 0);
  std::exclusive_scan(live.begin(), live.end(), number.begin(), 0);
  for (int32_t& row : *matrix.rows) {
    const int32_t channel = row / matrix.kernel;
    row = number[static_cast<size_t>(channel)] * matrix.kernel + row % matrix.kernel;
  }
}

void keep_norm(ir::BatchNorm& norm, const std::vector<uint8_t>& live) {
  for (auto* values : {&norm.gamma, &norm.beta, &norm.mean, &norm.variance}) {
    size_t kept = 0;
    for (size_t c = 0; c < live.size(); ++c) {
      if (live[c]) (*values)[kept++] = (*values)[c];
    }
    values->resize(kept);
  }
}

// True when something went.
bool remove_dead(ir::Network& network) {
  const std::vector<ir::Shape> shapes = ir::infer_shapes(network);
  const auto live = live_channels(network, shapes);
  const auto reads = producers(network);
  bool changed = false;
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    ir::Node& node = network.nodes[i];
    const bool whole = std::find(live[i].begin(), live[i].end(), uint8_t{0}) == live[i].end();
    changed = changed || !whole;
    if (const auto matrix = as_crossbar(node)) {
      if (std::find(live[i].begin(), live[i].end(), uint8_t{1}) == live[i].end()) {
        throw ir::Error({.where = "layer " + node.name,
                         .what = "is pruned to nothing: no later layer reads any of its columns",
                         .fix = "keep more rows and columns"});
      }
      renumber(*matrix, live[static_cast<size_t>(reads[i][0])]);
      keep_columns(node, live[i]);
    } else if (auto* norm = std::get_if<ir::BatchNorm>(&node.kind)) {
      keep_norm(*norm, live[i]);
    }
  }
  return changed;
}

// True when a row went.
bool fold_constants(ir::Network& network) {
  const std::vector<ir::Shape> shapes = ir::infer_shapes(network);
  const auto reads = producers(network);
  Constants constants;
  bool changed = false;
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    ir::Node& node = network.nodes[i];
    if (as_crossbar(node)) {
      changed = fold_rows(node, constants[static_cast<size_t>(reads[i][0])]) || changed;
    }
    const ir::Shape* in = reads[i].empty() ? nullptr : &shapes[static_cast<size_t>(reads[i][0])];
    constants.push_back(std::visit(ConstantOutput{constants, reads[i], shapes[i], in}, node.kind));
    const auto matrix = as_crossbar(node);
    if (matrix && matrix->rows->empty()) {
      throw ir::Error({.where = "layer " + node.name,
                       .what = "is pruned to nothing: no row is left",
                       .fix = "keep more rows, or lower the thresholds of the purification"});
    }
  }
  return changed;
}

}  // namespace

ir::Network compact(ir::Network network) {
  while (true) {
    const bool folded = fold_constants(network);
    const bool removed = remove_dead(network);
    if (!folded && !removed) break;
  }
  ir::infer_shapes(network);
  return network;
}

}  // namespace crosstwin::prune
