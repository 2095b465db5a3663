// Folding scales, zeros and biases into integers, group by group.
// SPDX-License-Identifier: Apache-2.0
#include "compress/layout/map.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "compress/ir/error.hpp"

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
  const std::vector<float>& weight;  // [cols][rows]
  const std::vector<float>& bias;
  const std::vector<float>& scale;
};

std::optional<Weights> weights_of(const Node& node, const Shape& map) {
  if (const auto* conv = std::get_if<ir::Conv>(&node.kind)) {
    return Weights{conv->out_channels, conv->kernel_h, conv->kernel_w, conv->stride,      conv->pad,
                   conv->rows,         conv->weight,   conv->bias,     conv->weight_scale};
  }
  if (const auto* dense = std::get_if<ir::Dense>(&node.kind)) {
    return Weights{dense->out_features, map.h, map.w, 1, 0, dense->rows, dense->weight, dense->bias,
                   dense->weight_scale};
  }
  return std::nullopt;
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

// Raw uint8 codes: value = (code - zero[c]) / (255 stddev).
Edge input_edge(const ir::Network& network) {
  const Node& node = network.nodes.front();
  const auto& input = std::get<ir::Input>(node.kind);
  for (const float stddev : input.stddev) {
    if (stddev == input.stddev[0]) continue;
    fail(node, "channels have different stddev, so no one scale fits a column of the first layer",
         std::to_string(input.stddev[0]), std::to_string(stddev),
         "give all channels one stddev before training or quantizing");
  }
  return {input.shape, 8, false, 1.0 / (255.0 * input.stddev[0]), input.zero, "input"};
}

// A column of zeros may come without a scale: any scale serves it.
std::vector<double> column_scales(const Node& node, const Weights& weights) {
  if (static_cast<int32_t>(weights.scale.size()) != weights.cols) {
    fail(node, "its weights are not quantized", std::to_string(weights.cols) + " weight scales",
         std::to_string(weights.scale.size()), "quantize the network first");
  }
  const double largest = *std::max_element(weights.scale.begin(), weights.scale.end());
  std::vector<double> scales;
  const auto rows = static_cast<int64_t>(weights.rows.size());
  for (int32_t c = 0; c < weights.cols; ++c) {
    const double scale = weights.scale[static_cast<size_t>(c)];
    const auto first = weights.weight.begin() + c * rows;
    const bool zeros = std::all_of(first, first + rows, [](float w) { return w == 0; });
    if (zeros && !(scale > 0)) {
      scales.push_back(largest > 0 ? largest : 1.0);
      continue;
    }
    if (!(scale > 0) || !std::isfinite(scale)) {
      fail(node, "weight scale of column " + std::to_string(c), "a positive number",
           std::to_string(scale), "quantize the network again");
    }
    scales.push_back(scale);
  }
  return scales;
}

// [R][C] integers from [C][R] floats on the grid.
std::vector<int16_t> integer_weights(const Node& node, const Weights& weights,
                                     const std::vector<double>& scales, int32_t weight_range) {
  // A float holds scale * integer to 2^-24, far less than this of an integer up to 255.
  constexpr double kOnGrid = 1e-3;
  const size_t rows = weights.rows.size();
  std::vector<int16_t> codes(rows * scales.size());
  for (size_t c = 0; c < scales.size(); ++c) {
    for (size_t r = 0; r < rows; ++r) {
      const double code = weights.weight[c * rows + r] / scales[c];
      const std::string place =
          " (column " + std::to_string(c) + ", row " + std::to_string(weights.rows[r]) + ")";
      if (!(std::abs(code - std::round(code)) <= kOnGrid)) {
        fail(node, "a weight is off the conductance grid" + place, "an integer times its scale",
             std::to_string(code), "quantize the network again, and do not train it after that");
      }
      if (std::abs(code) > weight_range + 0.5) {
        fail(node, "a weight is beyond weight_range" + place, std::to_string(weight_range),
             std::to_string(std::lround(code)), "quantize for this layout's weight_range");
      }
      codes[r * scales.size() + c] = static_cast<int16_t>(std::lround(code));
    }
  }
  return codes;
}

std::vector<int32_t> integer_bias(const Node& node, const Weights& weights,
                                  const std::vector<double>& scales,
                                  const std::vector<int16_t>& codes, const Edge& in) {
  const int32_t area = weights.kernel_h * weights.kernel_w;
  std::vector<int32_t> biases;
  for (size_t c = 0; c < scales.size(); ++c) {
    double bias = std::round(weights.bias[c] / (scales[c] * in.scale));
    for (size_t r = 0; r < weights.rows.size(); ++r) {
      const int32_t zero = in.zero[static_cast<size_t>(weights.rows[r] / area)];
      bias -= double{1} * codes[r * scales.size() + c] * zero;
    }
    // Room is left for Y, so that v = Y + bias of a lossless product stays far from the limit.
    constexpr double kLimit = std::numeric_limits<int32_t>::max() / 2;
    if (!(std::abs(bias) <= kLimit)) {
      fail(node, "bias of column " + std::to_string(c) + " does not fit in level steps",
           "at most 2^30", std::to_string(bias),
           "its weight scale is too small for its bias; quantize again with a larger scale");
    }
    biases.push_back(static_cast<int32_t>(bias));
  }
  return biases;
}

// The largest shift that keeps round(ratio 2^shift) in 16 bits, at most 31.
int32_t widest_shift(double ratio) {
  int32_t shift = 31;
  while (shift > 0 && std::round(std::ldexp(ratio, shift)) > 65535) --shift;
  return shift;
}

void set_requantizer(const Node& node, const std::vector<double>& ratios, ir::Crossbar& crossbar) {
  const double largest = *std::max_element(ratios.begin(), ratios.end());
  const int32_t common = widest_shift(largest);
  // Half a unit of mult moves a code by at most high / (2 mult): under 1/32 when mult >= 16 high.
  const double reach = std::max(crossbar.high, -crossbar.low);
  const bool one_shift = std::all_of(ratios.begin(), ratios.end(), [&](double ratio) {
    return std::round(std::ldexp(ratio, common)) >= 16 * reach;
  });
  for (size_t c = 0; c < ratios.size(); ++c) {
    const int32_t shift = one_shift ? common : widest_shift(ratios[c]);
    const double mult = std::round(std::ldexp(ratios[c], shift));
    if (shift < 1 || mult < 1) {
      fail(node, "requantizer of column " + std::to_string(c) + " does not fit 16 bits",
           "weight_scale * in_scale / out_scale within 2^-31..2^15", std::to_string(ratios[c]),
           "check the activation scales of this node and of the one before it");
    }
    crossbar.mult.push_back(static_cast<uint16_t>(mult));
    crossbar.shift.push_back(static_cast<uint8_t>(shift));
  }
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
  set_requantizer(node, ratios, crossbar);
  return {{}, quant.bits, quant.is_signed, quant.scale, {}, node.name};
}

void require_one_scale(const Node& node, const std::vector<double>& scales) {
  for (const double scale : scales) {
    if (scale == scales[0]) continue;
    fail(node, "the last layer's columns have different weight scales, so logits do not compare",
         std::to_string(scales[0]), std::to_string(scale),
         "quantize the last layer with one scale for all columns");
  }
}

// Appends the stages of one group and returns the edge that leaves it.
Edge map_group(const Group& group, const Edge& in, bool last, ir::Design& design) {
  const Node& node = *group.node;
  const Weights weights = *weights_of(node, in.shape);
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
  const std::vector<double> scales = column_scales(node, weights);
  crossbar.weight = integer_weights(node, weights, scales, design.layout.weight_range);
  crossbar.bias = integer_bias(node, weights, scales, crossbar.weight, in);
  crossbar.logits = last;
  Edge out;
  if (last) {
    if (group.relu || !group.pools.empty()) {
      fail(node, "is followed by a relu or pool, but the last layer gives raw logits",
           "conv or dense last", "relu or max_pool last", "end the network with its logits");
    }
    require_one_scale(node, scales);
  } else {
    out = requantized_edge(group, scales, in, crossbar);
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
