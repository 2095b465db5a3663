// Affine maps moved into weights and biases.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/fold.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "compress/ir/error.hpp"
#include "compress/prune/crossbar.hpp"

namespace crosstwin::prune {
namespace {

// The conv or dense node behind `index` through pools, checked to be read by this chain only;
// nothing when there is none, and then `why` says why.
std::optional<size_t> affine_producer(const ir::Network& network, size_t index,
                                      ir::Diagnosis& why) {
  const auto reads = producers(network);
  const auto readers = consumers(network);
  const auto* norm = std::get_if<ir::BatchNorm>(&network.nodes[index].kind);
  const std::string where = "layer " + network.nodes[index].name;
  size_t at = index;
  while (true) {
    at = static_cast<size_t>(reads[at].at(0));
    const ir::Node& node = network.nodes[at];
    if (readers[at].size() != 1) {
      why = {.where = where,
             .what = "cannot be folded: another layer also reads " + node.name,
             .fix = "put the batch_norm directly behind its conv or dense"};
      return std::nullopt;
    }
    if (as_crossbar(node)) return at;
    if (std::holds_alternative<ir::MaxPool>(node.kind)) {
      const bool rising = std::all_of(norm->gamma.begin(), norm->gamma.end(),
                                      [](float gamma) { return gamma >= 0; });
      if (rising) continue;
      why = {.where = where,
             .what = "cannot be folded through max_pool " + node.name,
             .expected = "gamma >= 0",
             .got = "a negative gamma",
             .fix = "train with gamma kept positive, or normalise before the pool"};
      return std::nullopt;
    }
    if (std::holds_alternative<ir::AvgPool>(node.kind)) continue;
    why = {.where = where,
           .what = "cannot be folded",
           .expected = "a conv or dense before it, directly or through pools",
           .got = ir::kind_name(node.kind) + " " + node.name};
    return std::nullopt;
  }
}

// The first batch norm that folds into the layer, or null.
const ir::BatchNorm* norm_behind(const ir::Network& network, const std::string& layer) {
  const auto target = static_cast<size_t>(ir::node_index(network, layer));
  for (size_t index = 0; index < network.nodes.size(); ++index) {
    const auto* norm = std::get_if<ir::BatchNorm>(&network.nodes[index].kind);
    ir::Diagnosis why;
    if (norm != nullptr && affine_producer(network, index, why) == target) return norm;
  }
  return nullptr;
}

// Folds the batch norm at `index` and takes it out of the graph.
void fold_one(ir::Network& network, size_t index, size_t producer) {
  const ir::BatchNorm norm = std::get<ir::BatchNorm>(network.nodes[index].kind);
  const CrossbarRef matrix = *as_crossbar(network.nodes[producer]);
  const auto rows = static_cast<size_t>(matrix.row_count());
  for (size_t column = 0; column < static_cast<size_t>(matrix.columns); ++column) {
    const double gain =
        norm.gamma[column] / std::sqrt(double{norm.variance[column]} + double{norm.epsilon});
    for (size_t row = 0; row < rows; ++row) {
      float& weight = (*matrix.weight)[column * rows + row];
      weight = static_cast<float>(weight * gain);
    }
    float& bias = (*matrix.bias)[column];
    bias = static_cast<float>((double{bias} - norm.mean[column]) * gain + norm.beta[column]);
  }
  const std::string name = network.nodes[index].name;
  const std::string before = network.nodes[index].inputs.at(0);
  network.nodes.erase(network.nodes.begin() + static_cast<std::ptrdiff_t>(index));
  for (ir::Node& node : network.nodes) {
    std::replace(node.inputs.begin(), node.inputs.end(), name, before);
  }
}

// Folds what can be folded; the first that cannot is given to `refuse`.
template <class Refuse>
ir::Network fold(ir::Network network, const Refuse& refuse) {
  for (size_t index = 0; index < network.nodes.size();) {
    ir::Diagnosis why;
    if (!std::holds_alternative<ir::BatchNorm>(network.nodes[index].kind)) {
      ++index;
    } else if (const auto producer = affine_producer(network, index, why)) {
      fold_one(network, index, *producer);
    } else {
      refuse(why);
      ++index;
    }
  }
  return network;
}

}  // namespace

ir::Network fold_batch_norm(ir::Network network) {
  return fold(std::move(network), [](const ir::Diagnosis& why) { throw ir::Error(why); });
}

ir::Network fold_where_possible(ir::Network network) {
  return fold(std::move(network), [](const ir::Diagnosis&) {});
}

bool has_batch_norm(const ir::Network& network, const std::string& layer) {
  return norm_behind(network, layer) != nullptr;
}

std::vector<float> column_gains(const ir::Network& network, const std::string& layer) {
  const auto target = static_cast<size_t>(ir::node_index(network, layer));
  const int32_t columns = as_crossbar(network.nodes[target]).value().columns;
  std::vector<float> gains(static_cast<size_t>(columns), 1.0F);
  const ir::BatchNorm* norm = norm_behind(network, layer);
  for (size_t c = 0; norm != nullptr && c < gains.size(); ++c) {
    gains[c] = std::abs(norm->gamma[c]) / std::sqrt(norm->variance[c] + norm->epsilon);
  }
  return gains;
}

ir::Network fold_input_scale(ir::Network network) {
  auto& input = std::get<ir::Input>(network.nodes.at(0).kind);
  const auto readers = consumers(network);
  const int32_t positions = input.shape.h * input.shape.w;
  const auto divide = [&](ir::Node& node, int32_t rows_per_channel) {
    const auto matrix = as_crossbar(node);
    if (!matrix) {
      throw ir::Error({.where = "layer " + node.name,
                       .what = "reads the input but has no weights to take its scale",
                       .expected = "a conv or dense layer",
                       .got = ir::kind_name(node.kind)});
    }
    const auto rows = static_cast<size_t>(matrix->row_count());
    for (size_t i = 0; i < matrix->weight->size(); ++i) {
      const auto channel = static_cast<size_t>((*matrix->rows)[i % rows] / rows_per_channel);
      (*matrix->weight)[i] /= input.stddev[channel];
    }
  };
  for (const int32_t reader : readers[0]) {
    ir::Node& node = network.nodes[static_cast<size_t>(reader)];
    if (std::holds_alternative<ir::Flatten>(node.kind)) {
      for (const int32_t behind : readers[static_cast<size_t>(reader)]) {
        divide(network.nodes[static_cast<size_t>(behind)], positions);
      }
    } else {
      const auto matrix = as_crossbar(node);
      divide(node, matrix ? matrix->kernel : 1);
    }
  }
  std::fill(input.stddev.begin(), input.stddev.end(), 1.0F);
  return network;
}

}  // namespace crosstwin::prune
