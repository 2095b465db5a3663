// Parameters taken out of a network, masked, and put back.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/model.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "compress/ir/error.hpp"
#include "compress/ir/overload.hpp"
#include "compress/ir/rng.hpp"

namespace crosstwin::nn {

namespace {

// Stream of ir::Rng that initial weights are drawn from; one sub-stream a node.
constexpr uint64_t kInitStream = 0x696E6974;  // "init"

template <class Layer>
LayerParameters matrix_parameters(const std::string& node, ParameterKind kind, int64_t outs,
                                  const Layer& layer) {
  LayerParameters p;
  p.node = node;
  p.kind = kind;
  p.outs = outs;
  p.rows = static_cast<int64_t>(layer.rows.size());
  p.weight = layer.weight;
  p.bias = layer.bias;
  return p;
}

LayerParameters norm_parameters(const std::string& node, const ir::BatchNorm& norm) {
  LayerParameters p;
  p.node = node;
  p.kind = ParameterKind::batch_norm;
  p.outs = static_cast<int64_t>(norm.gamma.size());
  p.rows = 1;
  p.weight = norm.gamma;
  p.bias = norm.beta;
  p.mean = norm.mean;
  p.variance = norm.variance;
  return p;
}

template <class Layer>
void put_back(const LayerParameters& p, Layer& layer) {
  if (layer.weight != p.weight) layer.weight_scale.clear();
  layer.weight = p.weight;
  layer.bias = p.bias;
}

}  // namespace

bool Parameters::has(const std::string& node) const {
  return std::any_of(layers_.begin(), layers_.end(),
                     [&](const LayerParameters& p) { return p.node == node; });
}

const LayerParameters& Parameters::at(const std::string& node) const {
  for (const LayerParameters& p : layers_) {
    if (p.node == node) return p;
  }
  throw ir::Error({"network", "no layer of this name has parameters", "", "\"" + node + "\"", ""});
}

LayerParameters& Parameters::at(const std::string& node) {
  return const_cast<LayerParameters&>(std::as_const(*this).at(node));
}

Model::Model(const ir::Network& network) : graph_(network), shapes_(ir::infer_shapes(network)) {
  for (const ir::Node& node : graph_.nodes) {
    std::visit(ir::Overload{[&](const ir::Conv& conv) {
                              parameters_.layers().push_back(matrix_parameters(
                                  node.name, ParameterKind::conv, conv.out_channels, conv));
                            },
                            [&](const ir::Dense& dense) {
                              parameters_.layers().push_back(matrix_parameters(
                                  node.name, ParameterKind::dense, dense.out_features, dense));
                            },
                            [&](const ir::BatchNorm& norm) {
                              parameters_.layers().push_back(norm_parameters(node.name, norm));
                            },
                            [](const auto&) {}},
               node.kind);
  }
  for (LayerParameters& p : parameters_.layers()) {
    p.weight_grad.assign(p.weight.size(), 0);
    p.bias_grad.assign(p.bias.size(), 0);
  }
}

ir::Network Model::to_network() const {
  ir::Network network = graph_;
  for (ir::Node& node : network.nodes) {
    if (!parameters_.has(node.name)) continue;
    const LayerParameters& p = parameters_.at(node.name);
    std::visit(ir::Overload{[&](ir::Conv& conv) { put_back(p, conv); },
                            [&](ir::Dense& dense) { put_back(p, dense); },
                            [&](ir::BatchNorm& norm) {
                              norm.gamma = p.weight;
                              norm.beta = p.bias;
                              norm.mean = p.mean;
                              norm.variance = p.variance;
                            },
                            [](auto&) {}},
               node.kind);
  }
  return network;
}

void Model::set_mask(const std::string& node, std::span<const uint8_t> mask) {
  LayerParameters& p = parameters_.at(node);
  ir::check(p.kind != ParameterKind::batch_norm, "a BatchNorm has no mask");
  ir::check(mask.empty() || mask.size() == p.weight.size(), "the mask has not the weights' size");
  p.mask.assign(mask.begin(), mask.end());
  for (size_t i = 0; i < p.mask.size(); ++i) {
    if (p.mask[i] == 0) p.weight[i] = p.weight_grad[i] = 0;
  }
  ++mask_version_;
}

namespace {

// Uniform in +-bound; variance bound^2 / 3.
void draw(std::vector<float>& weight, double bound, ir::Rng rng) {
  for (float& w : weight) w = rng.uniform(-static_cast<float>(bound), static_cast<float>(bound));
}

// Whether the node's values reach a Relu before the next layer with weights.
bool relu_follows(const ir::Network& network, size_t index) {
  for (size_t i = index + 1; i < network.nodes.size(); ++i) {
    const ir::Node& node = network.nodes[i];
    const auto& inputs = node.inputs;
    if (std::find(inputs.begin(), inputs.end(), network.nodes[index].name) == inputs.end()) {
      continue;
    }
    if (std::holds_alternative<ir::Relu>(node.kind)) return true;
    if (std::holds_alternative<ir::Conv>(node.kind) ||
        std::holds_alternative<ir::Dense>(node.kind)) {
      continue;
    }
    if (relu_follows(network, i)) return true;
  }
  return false;
}

template <class Layer>
void initialize_matrix(Layer& layer, int64_t outs, int64_t full_rows, int64_t fan_out, bool relu,
                       const ir::Rng& rng) {
  if (layer.rows.empty()) {
    for (int64_t r = 0; r < full_rows; ++r) layer.rows.push_back(static_cast<int32_t>(r));
  }
  const auto fan_in = static_cast<double>(layer.rows.size());
  layer.weight.assign(static_cast<size_t>(outs) * layer.rows.size(), 0);
  layer.bias.assign(static_cast<size_t>(outs), 0);
  layer.weight_scale.clear();
  draw(layer.weight,
       relu ? std::sqrt(6.0 / fan_in) : std::sqrt(6.0 / (fan_in + static_cast<double>(fan_out))),
       rng);
}

}  // namespace

void initialize(ir::Network& network, uint64_t seed) {
  // Shapes are known node by node only: a layer's parameters must fit before its shape is asked.
  ir::Network done;
  done.name = network.name;
  std::vector<ir::Shape> shapes;
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    ir::Node& node = network.nodes[i];
    const ir::Rng rng = ir::Rng(seed, kInitStream).at(i);
    const auto input_shape = [&] {
      return node.inputs.empty()
                 ? ir::Shape{}
                 : shapes[static_cast<size_t>(ir::node_index(done, node.inputs[0]))];
    };
    std::visit(ir::Overload{[&](ir::Conv& conv) {
                              initialize_matrix(
                                  conv, conv.out_channels, ir::full_rows(input_shape(), node),
                                  int64_t{conv.out_channels} * conv.kernel_h * conv.kernel_w,
                                  relu_follows(network, i), rng);
                            },
                            [&](ir::Dense& dense) {
                              initialize_matrix(dense, dense.out_features,
                                                ir::full_rows(input_shape(), node),
                                                dense.out_features, relu_follows(network, i), rng);
                            },
                            [&](ir::BatchNorm& norm) {
                              const auto channels = static_cast<size_t>(input_shape().c);
                              norm.gamma.assign(channels, 1);
                              norm.beta.assign(channels, 0);
                              norm.mean.assign(channels, 0);
                              norm.variance.assign(channels, 1);
                            },
                            [](auto&) {}},
               node.kind);
    done.nodes.push_back(node);
    shapes = ir::infer_shapes(done);
  }
}

}  // namespace crosstwin::nn
