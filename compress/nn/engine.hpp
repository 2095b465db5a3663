// A model in execution on batches: forward, and in training the gradients of its parameters.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "compress/nn/model.hpp"
#include "compress/nn/op.hpp"
#include "compress/nn/workers.hpp"

namespace crosstwin::nn {

struct EngineConfig {
  int64_t images = 0;     // most images of a batch
  bool training = false;  // keeps gradients; BatchNorm uses the batch. A last Softmax is left out
  bool fuse = true;       // a Relu shares its producer's tensor
  float batch_norm_momentum = 0.1F;
  // Training, where given: writes the output of a Conv or Dense, before its Relu, of one block of
  // its inputs, all [c][h][w][16], instead of the node. The gradient passes as through the node,
  // with the parameters. Called from the workers.
  std::function<void(const std::string& node, int64_t block, const float* in, float* out)> product =
      {};
};

// Pointers to the (up to 16) images of a block, [c][h][w] bytes.
using BlockImages = std::array<const uint8_t*, kLanes>;

class Engine {
 public:
  // The model must outlive the engine; its parameters and masks are read at every batch.
  Engine(Model& model, Workers& workers, const EngineConfig& config);

  static int64_t blocks_of(int64_t images) { return (images + kLanes - 1) / kLanes; }

  using Source = std::function<BlockImages(int64_t block)>;
  void forward(int64_t images, const Source& source);

  // In training: forward, `loss` on every block, backward, parameters' gradients. `loss` reads the
  // logits [classes][16] and writes their gradients, zeros for lanes without an image.
  using Loss =
      std::function<void(int64_t block, const float* logits, float* grad, Scratch& scratch)>;
  void gradients(int64_t images, const Source& source, const Loss& loss);

  // One block of a batch on the calling thread, after refresh(); evaluation only.
  void refresh();
  void forward_block(int64_t block, int64_t images, const BlockImages& source, Scratch& scratch);

  // The output of a node, and of the last one.
  const Tensor& tensor(const std::string& node) const;
  const Tensor& output() const { return *tensors_[output_]; }

 private:
  struct Step {  // of one node that computes something
    std::unique_ptr<Op> op;
    bool backward = false;
    std::string replaced = {};  // the node's name when EngineConfig::product computes it
    const Tensor* input = nullptr;
    Tensor* output = nullptr;
  };

  void build(const EngineConfig& config);
  void load(int64_t block, int64_t images, const BlockImages& source);

  Model& model_;
  Workers& workers_;
  bool training_;
  decltype(EngineConfig::product) product_;
  size_t output_ = 0;
  std::vector<std::shared_ptr<Tensor>> tensors_;  // [nodes], shared by nodes that change nothing
  std::vector<Buffer> buffers_;
  std::vector<Step> steps_;
  std::vector<std::array<float, 256>> lut_;  // [input channel] of a raw value
};

}  // namespace crosstwin::nn
