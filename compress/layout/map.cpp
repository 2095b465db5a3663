// Folding scales, zeros and biases into integers, group by group.
// SPDX-License-Identifier: Apache-2.0
#include "compress/layout/map.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "compress/ir/error.hpp"
#include "compress/ir/integers.hpp"

namespace crosstwin::layout {

namespace {

using ir::ActivationQuant;
using ir::Node;
using ir::Shape;

[[noreturn]] void fail(const Node& node, const std::string& what, const std::string& expected,
                       const std::string& got, const std::string& fix) {
  throw ir::Error({"node " + node.name, what, expected, got, fix});
}

// The two kinds of layer that hold weights, seen alike: a Dense is a conv over its whole map.
struct Weights {
  int32_t cols;
  int32_t kernel_h;
  int32_t kernel_w;
  int32_t stride;
  int32_t pad;
  const std::vector<int32_t>& rows;
};

Weights weights_of(const Node& node, const Shape& map) {
  if (const auto* conv = std::get_if<ir::Conv>(&node.kind)) {
    return {conv->out_channels, conv->kernel_h, conv->kernel_w,
            conv->stride,       conv->pad,      conv->rows};
  }
  const auto& dense = std::get<ir::Dense>(node.kind);
  return {dense.out_features, map.h, map.w, 1, 0, dense.rows};
}

// What a stream between groups carries: value = scale (code - zero[channel]).
struct Edge {
  Shape shape;  // before any flattening
  int32_t bits = 8;
  bool is_signed = false;
  double scale = 0;
  std::vector<int32_t> zero;  // [c]
  std::string stage = "input";
};

// A weight layer and what follows it up to the next one.
struct Group {
  const Node* node = nullptr;
  std::vector<const Node*> pools;
  std::optional<ActivationQuant> quant;
  bool relu = false;
};

void add_quant(Group& group, const Node& node) {
  if (!node.quant) return;
  const auto& given = *node.quant;
  if (group.quant && (group.quant->bits != given.bits || group.quant->scale != given.scale ||
                      group.quant->is_signed != given.is_signed)) {
    fail(node, "its activation quantization differs from another one of the same edge",
         "one bits, sign and scale between two weight layers", "two",
         "quantize the last node before the next weight layer only");
  }
  group.quant = given;
}

void check_chain(const ir::Network& network) {
  for (size_t i = 1; i < network.nodes.size(); ++i) {
    const Node& node = network.nodes[i];
    if (node.inputs.size() == 1 && node.inputs[0] == network.nodes[i - 1].name) continue;
    fail(node, "is not fed by the node before it alone; only chains map onto crossbars so far",
         "input \"" + network.nodes[i - 1].name + "\"",
         std::to_string(node.inputs.size()) + " inputs, the first \"" +
             (node.inputs.empty() ? "" : node.inputs[0]) + "\"",
         "use a network without branches");
  }
}

std::vector<Group> split(const ir::Network& network) {
  std::vector<Group> groups;
  bool flat = false;  // behind a Flatten only a Dense can still use the map as it lies
  for (size_t i = 1; i < network.nodes.size(); ++i) {
    const Node& node = network.nodes[i];
    const std::string kind = ir::kind_name(node.kind);
    if (std::holds_alternative<ir::Conv>(node.kind) ||
        std::holds_alternative<ir::Dense>(node.kind)) {
      if (flat && kind == "conv") {
        fail(node, "a conv stands behind a flatten", "dense", kind, "use a dense layer there");
      }
      groups.push_back({&node, {}, std::nullopt, false});
      flat = false;
    } else if (std::holds_alternative<ir::Flatten>(node.kind)) {
      flat = true;
      if (groups.empty()) continue;
    } else if (std::holds_alternative<ir::BatchNorm>(node.kind)) {
      fail(node, "a batch-norm does not map onto a crossbar", "none", kind,
           "fold it into the layer before it (quantization does)");
    } else if (std::holds_alternative<ir::Softmax>(node.kind)) {
      fail(node, "a softmax is not computed by the hardware", "none", kind,
           "drop it: the largest logit is the class");
    } else if (std::holds_alternative<ir::Relu>(node.kind) ||
               std::holds_alternative<ir::MaxPool>(node.kind)) {
      if (groups.empty()) {
        fail(node, "stands before the first weight layer", "conv or dense", kind,
             "start the network with a conv or dense layer");
      }
      if (flat && kind == "max_pool") {
        fail(node, "a pool stands behind a flatten", "pool, then flatten", "flatten, then pool",
             "swap the two");
      }
      groups.back().relu = groups.back().relu || kind == "relu";
      if (kind == "max_pool") groups.back().pools.push_back(&node);
    } else {
      fail(node, "does not map onto a crossbar", "conv, dense, relu, max_pool, flatten", kind,
           kind == "avg_pool" ? "train with max pooling or a strided conv"
                              : "use a network without it");
    }
    add_quant(groups.back(), node);
  }
  if (groups.empty()) {
    fail(network.nodes.back(), "no layer holds weights", "a conv or dense layer", "none", "");
  }
  return groups;
}

// Raw uint8 codes.
Edge input_edge(const ir::Network& network) {
  const Node& node = network.nodes.front();
  const auto& input = std::get<ir::Input>(node.kind);
  return {input.shape, 8, false, ir::input_scale(node), input.zero, "input"};
}

// What leaves a group; sets the clamp and the requantizer.
Edge requantized_edge(const Group& group, const std::vector<double>& scales, const Edge& in,
                      ir::Crossbar& crossbar) {
  const Node& node = *group.node;
  if (!group.quant) {
    fail(node, "the edge to the next layer has no activation quantization", "bits, sign and scale",
         "none", "quantize the network's activations first");
  }
  const ActivationQuant& quant = *group.quant;
  if (quant.bits < 1 + (quant.is_signed ? 1 : 0) || quant.bits > 16 || !(quant.scale > 0) ||
      !std::isfinite(quant.scale)) {
    fail(node, "its activation quantization is out of range", "1..16 bits and a positive scale",
         std::to_string(quant.bits) + " bits, scale " + std::to_string(quant.scale),
         "quantize the network's activations again");
  }
  if (!group.relu && !quant.is_signed) {
    fail(node, "its output is not clipped by a relu, so codes must be signed", "signed codes",
         "unsigned codes", "quantize this edge as signed or add a relu");
  }
  const int32_t top = (1 << (quant.is_signed ? quant.bits - 1 : quant.bits)) - 1;
  crossbar.high = top;
  crossbar.low = group.relu ? 0 : -top - 1;
  std::vector<double> ratios;
  for (const double scale : scales) ratios.push_back(scale * in.scale / quant.scale);
  const int32_t reach = std::max(crossbar.high, -crossbar.low);
  for (const ir::Requantizer& each : ir::requantizers(ratios, reach, "node " + node.name)) {
    crossbar.mult.push_back(each.mult);
    crossbar.shift.push_back(each.shift);
  }
  return {{}, quant.bits, quant.is_signed, quant.scale, {}, node.name};
}

// The code that stands for 0 in every row.
std::vector<int32_t> row_zeros(const Weights& weights, const Edge& in) {
  const int32_t area = weights.kernel_h * weights.kernel_w;
  std::vector<int32_t> zeros;
  for (const int32_t row : weights.rows) zeros.push_back(in.zero[static_cast<size_t>(row / area)]);
  return zeros;
}

// [R][C] of [C][R].
std::vector<int16_t> transposed(const std::vector<int16_t>& codes, size_t rows) {
  const size_t cols = codes.size() / rows;
  std::vector<int16_t> result(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) result[i % rows * cols + i / rows] = codes[i];
  return result;
}

// Appends the stages of one group and returns the edge that leaves it.
Edge map_group(const Group& group, const Edge& in, bool last, ir::Design& design) {
  const Node& node = *group.node;
  const Weights weights = weights_of(node, in.shape);
  if (weights.rows.empty()) {
    fail(node, "has no row left", "at least 1", "0", "prune this layer less");
  }
  ir::Crossbar crossbar;
  crossbar.kernel_h = weights.kernel_h;
  crossbar.kernel_w = weights.kernel_w;
  crossbar.stride = weights.stride;
  crossbar.pad = weights.pad;
  crossbar.pad_value = in.zero;
  crossbar.rows = weights.rows;
  ir::IntegerLayer integers =
      ir::integer_layer(node, design.layout.weight_range, row_zeros(weights, in), in.scale, last);
  crossbar.weight = transposed(integers.weight, weights.rows.size());
  crossbar.bias = std::move(integers.bias);
  crossbar.logits = last;
  Edge out;
  if (last) {
    if (group.relu || !group.pools.empty()) {
      fail(node, "is followed by a relu or pool, but the last layer gives raw logits",
           "conv or dense last", "relu or max_pool last", "end the network with its logits");
    }
  } else {
    out = requantized_edge(group, integers.scale, in, crossbar);
  }
  out.shape = {weights.cols, (in.shape.h + 2 * weights.pad - weights.kernel_h) / weights.stride + 1,
               (in.shape.w + 2 * weights.pad - weights.kernel_w) / weights.stride + 1};
  design.stages.push_back(
      {node.name, {in.stage}, in.shape, out.shape, in.bits, in.is_signed, std::move(crossbar)});
  out.stage = node.name;
  for (const Node* node_of_pool : group.pools) {
    const auto& pool = std::get<ir::MaxPool>(node_of_pool->kind);
    const Shape before = out.shape;
    out.shape.h = (before.h - pool.kernel) / pool.stride + 1;
    out.shape.w = (before.w - pool.kernel) / pool.stride + 1;
    design.stages.push_back({node_of_pool->name,
                             {out.stage},
                             before,
                             out.shape,
                             out.bits,
                             out.is_signed,
                             ir::PoolMax{pool.kernel, pool.stride}});
    out.stage = node_of_pool->name;
  }
  out.zero.assign(static_cast<size_t>(out.shape.c), 0);
  return out;
}

}  // namespace

ir::Design map(const ir::Network& quantized, const ir::Layout& layout) {
  ir::infer_shapes(quantized);
  ir::check_layout(layout, "layout");
  check_chain(quantized);
  const std::vector<Group> groups = split(quantized);
  Edge edge = input_edge(quantized);
  ir::Design design;
  design.name = quantized.name;
  design.input = edge.shape;
  design.layout = layout;
  for (size_t i = 0; i < groups.size(); ++i) {
    edge = map_group(groups[i], edge, i + 1 == groups.size(), design);
  }
  ir::check_design(design, "design");
  return design;
}

}  // namespace crosstwin::layout
