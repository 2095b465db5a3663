// A network in training: the graph, its float parameters, their gradients and their masks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/network.hpp"

namespace crosstwin::nn {

enum class ParameterKind { conv, dense, batch_norm };

// The parameters of one Conv, Dense or BatchNorm node, in ir layout: weight [outs][rows] over the
// kept rows of the node. A BatchNorm has rows = 1: weight is gamma, bias is beta.
struct LayerParameters {
  std::string node;
  ParameterKind kind = ParameterKind::conv;
  int64_t outs = 0;
  int64_t rows = 0;
  std::vector<float> weight;       // [outs][rows]
  std::vector<float> bias;         // [outs]
  std::vector<float> weight_grad;  // [outs][rows], of the mean loss over the batch
  std::vector<float> bias_grad;    // [outs]
  std::vector<uint8_t> mask;       // [outs][rows], 0 = stays exactly zero; empty = nothing masked
  std::vector<float> mean;         // [outs] running statistics; BatchNorm only
  std::vector<float> variance;     // [outs]
};

// All layers with parameters, in the order of the network's nodes.
class Parameters {
 public:
  std::vector<LayerParameters>& layers() { return layers_; }
  const std::vector<LayerParameters>& layers() const { return layers_; }

  bool has(const std::string& node) const;
  // Error when the node has no parameters.
  LayerParameters& at(const std::string& node);
  const LayerParameters& at(const std::string& node) const;

 private:
  std::vector<LayerParameters> layers_;
};

class Model {
 public:
  // Checks the graph (ir::infer_shapes); throws Error naming the node.
  explicit Model(const ir::Network& network);

  // The graph; the parameters inside its nodes are those given to the constructor.
  const ir::Network& graph() const { return graph_; }
  const std::vector<ir::Shape>& shapes() const { return shapes_; }  // of every node's output

  Parameters& parameters() { return parameters_; }
  const Parameters& parameters() const { return parameters_; }

  // The network with the present parameters. Masked weights are zeros in it; prune/compact makes
  // the layers physically smaller. A changed layer loses its weight_scale (its grid no longer
  // holds), an unchanged one keeps it.
  ir::Network to_network() const;

  // Sets the mask of a Conv or Dense ([outs][rows]; empty removes it) and zeroes what it masks.
  // Rows and outputs that are masked whole are not computed. Never write `mask` directly.
  void set_mask(const std::string& node, std::span<const uint8_t> mask);
  // Grows by one with every set_mask: whoever caches loop lists made from masks compares it.
  uint64_t mask_version() const { return mask_version_; }

 private:
  ir::Network graph_;
  std::vector<ir::Shape> shapes_;
  Parameters parameters_;
  uint64_t mask_version_ = 0;
};

// Fresh parameters for every Conv, Dense and BatchNorm (sizes as in the graph): He-uniform weights
// for layers behind which a Relu comes, Glorot-uniform for others, zero biases, gamma 1, beta 0.
// Equal seeds give equal bytes.
void initialize(ir::Network& network, uint64_t seed);

}  // namespace crosstwin::nn
