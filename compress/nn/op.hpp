// A node in execution: what runs per block of 16 images, and what runs between.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "compress/ir/network.hpp"
#include "compress/nn/buffer.hpp"
#include "compress/nn/model.hpp"

namespace crosstwin::nn {

// The output of a node for all blocks. Nodes that change nothing share their input's tensor.
struct Tensor {
  ir::Shape shape;
  int64_t block = 0;       // floats a block: shape.size() * 16
  float* value = nullptr;  // [blocks][block]
  float* grad = nullptr;   // the same; null when no gradient is wanted
  const float* values(int64_t b) const { return value + b * block; }
  float* values(int64_t b) { return value + b * block; }
  float* grads(int64_t b) const { return grad == nullptr ? nullptr : grad + b * block; }
};

// One input of an op. The first op of the backward order that feeds a tensor's gradient sets it,
// later ones add.
struct Operand {
  Tensor* tensor = nullptr;
  bool accumulate = false;
};

struct OpContext {
  std::vector<Operand> inputs;
  Tensor* output = nullptr;
  bool relu = false;  // a Relu behind this node is computed with it
  int64_t blocks = 0;
  bool training = false;
};

class Op {
 public:
  explicit Op(OpContext context) : context_(std::move(context)) {}
  virtual ~Op() = default;
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;

  // Before a step, from one thread: the parameters or masks may have changed.
  virtual void refresh() {}
  virtual void forward(int64_t block, Scratch& scratch) = 0;
  virtual void backward(int64_t block, Scratch& scratch) = 0;

  // Ops that need the whole batch in the middle of a pass (BatchNorm in training): collect(block)
  // for all blocks, then combine() once, then forward; and the same for backward.
  virtual bool synchronizes() const { return false; }
  virtual void collect_forward(int64_t /*block*/, int64_t /*images*/) {}
  virtual void combine_forward(int64_t /*blocks*/, int64_t /*images*/) {}
  virtual void collect_backward(int64_t /*block*/) {}
  virtual void combine_backward(int64_t /*blocks*/) {}

  // After the backward pass: gradients of the parameters, in independent parts.
  virtual int64_t gradient_parts() const { return 0; }
  virtual void gradient(int64_t /*part*/, int64_t /*blocks*/) {}

 protected:
  const float* x(int64_t b, size_t i = 0) const { return context_.inputs[i].tensor->values(b); }
  float* dx(int64_t b, size_t i = 0) const { return context_.inputs[i].tensor->grads(b); }
  bool accumulate(size_t i = 0) const { return context_.inputs[i].accumulate; }
  float* y(int64_t b) const { return context_.output->values(b); }
  float* dy(int64_t b) const { return context_.output->grads(b); }

  OpContext context_;
};

// Zeroes the gradients of masked weights: a hook may have written there since the last step.
inline void clear_masked(LayerParameters& parameters) {
  for (size_t i = 0; i < parameters.mask.size(); ++i) {
    if (parameters.mask[i] == 0) parameters.weight_grad[i] = 0;
  }
}

std::unique_ptr<Op> make_conv(OpContext context, const ir::Conv& conv, LayerParameters& parameters,
                              const Model& model);
std::unique_ptr<Op> make_dense(OpContext context, const ir::Dense& dense,
                               LayerParameters& parameters, const Model& model);
std::unique_ptr<Op> make_batch_norm(OpContext context, const ir::BatchNorm& norm,
                                    LayerParameters& parameters, float momentum);
// MaxPool, AvgPool, Relu, Add, Concat, Softmax.
std::unique_ptr<Op> make_map(OpContext context, const ir::Kind& kind);

}  // namespace crosstwin::nn
