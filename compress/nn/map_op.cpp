// The kinds without parameters in execution.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "compress/ir/error.hpp"
#include "compress/ir/overload.hpp"
#include "compress/nn/exact_math.hpp"
#include "compress/nn/kernels.hpp"
#include "compress/nn/op.hpp"

namespace crosstwin::nn {

namespace {

template <class Pool>
PoolShape pool_shape(const ir::Shape& in, const Pool& pool) {
  return {in.c, in.h, in.w, pool.kernel, pool.stride};
}

class MaxPoolOp final : public Op {
 public:
  MaxPoolOp(OpContext context, const ir::MaxPool& pool)
      : Op(std::move(context)), shape_(pool_shape(context_.inputs[0].tensor->shape, pool)) {}
  void forward(int64_t b, Scratch& /*scratch*/) override { max_pool_forward(shape_, x(b), y(b)); }
  void backward(int64_t b, Scratch& /*scratch*/) override {
    if (dx(b) != nullptr) max_pool_backward(shape_, x(b), y(b), dy(b), accumulate(), dx(b));
  }

 private:
  const PoolShape shape_;
};

class AvgPoolOp final : public Op {
 public:
  AvgPoolOp(OpContext context, const ir::AvgPool& pool)
      : Op(std::move(context)), shape_(pool_shape(context_.inputs[0].tensor->shape, pool)) {}
  void forward(int64_t b, Scratch& /*scratch*/) override { avg_pool_forward(shape_, x(b), y(b)); }
  void backward(int64_t b, Scratch& /*scratch*/) override {
    if (dx(b) != nullptr) avg_pool_backward(shape_, dy(b), accumulate(), dx(b));
  }

 private:
  const PoolShape shape_;
};

class ReluOp final : public Op {
 public:
  using Op::Op;
  void forward(int64_t b, Scratch& /*scratch*/) override {
    relu_forward(x(b), context_.output->block, y(b));
  }
  void backward(int64_t b, Scratch& /*scratch*/) override {
    if (dx(b) == nullptr) return;
    relu_backward(y(b), dy(b), context_.output->block, accumulate(), dx(b));
  }
};

// Copies or adds a run of floats.
void pass_on(const float* from, int64_t size, bool accumulate, float* to) {
  if (accumulate) {
    add(to, from, size, to);
  } else {
    std::memcpy(to, from, static_cast<size_t>(size) * sizeof(float));
  }
}

class AddOp final : public Op {
 public:
  using Op::Op;
  void forward(int64_t b, Scratch& /*scratch*/) override {
    const int64_t size = context_.output->block;
    add(x(b, 0), x(b, 1), size, y(b));
    for (size_t i = 2; i < context_.inputs.size(); ++i) add(y(b), x(b, i), size, y(b));
    if (context_.relu) relu_forward(y(b), size, y(b));
  }
  void backward(int64_t b, Scratch& /*scratch*/) override {
    const int64_t size = context_.output->block;
    if (context_.relu) relu_backward(y(b), dy(b), size, false, dy(b));
    for (size_t i = 0; i < context_.inputs.size(); ++i) {
      if (dx(b, i) != nullptr) pass_on(dy(b), size, accumulate(i), dx(b, i));
    }
  }
};

class ConcatOp final : public Op {
 public:
  using Op::Op;
  void forward(int64_t b, Scratch& /*scratch*/) override {
    float* to = y(b);
    for (size_t i = 0; i < context_.inputs.size(); ++i) {
      pass_on(x(b, i), context_.inputs[i].tensor->block, false, to);
      to += context_.inputs[i].tensor->block;
    }
  }
  void backward(int64_t b, Scratch& /*scratch*/) override {
    const float* from = dy(b);
    for (size_t i = 0; i < context_.inputs.size(); ++i) {
      const int64_t size = context_.inputs[i].tensor->block;
      if (dx(b, i) != nullptr) pass_on(from, size, accumulate(i), dx(b, i));
      from += size;
    }
  }
};

// Evaluation only: training takes the loss on the logits in front of a Softmax.
class SoftmaxOp final : public Op {
 public:
  using Op::Op;
  void forward(int64_t b, Scratch& /*scratch*/) override {
    const int64_t classes = context_.output->shape.size();
    std::vector<double> e(static_cast<size_t>(classes));
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      float top = x(b)[lane];
      for (int64_t c = 1; c < classes; ++c) top = std::max(top, x(b)[c * kLanes + lane]);
      double sum = 0;
      for (int64_t c = 0; c < classes; ++c) {
        e[static_cast<size_t>(c)] = exact_exp(static_cast<double>(x(b)[c * kLanes + lane]) - top);
        sum += e[static_cast<size_t>(c)];
      }
      for (int64_t c = 0; c < classes; ++c) {
        y(b)[c * kLanes + lane] = static_cast<float>(e[static_cast<size_t>(c)] / sum);
      }
    }
  }
  void backward(int64_t /*block*/, Scratch& /*scratch*/) override {
    throw ir::Bug("a Softmax inside the trained part of a network");
  }
};

}  // namespace

std::unique_ptr<Op> make_map(OpContext context, const ir::Kind& kind) {
  return std::visit(ir::Overload{[&](const ir::MaxPool& pool) -> std::unique_ptr<Op> {
                                   return std::make_unique<MaxPoolOp>(std::move(context), pool);
                                 },
                                 [&](const ir::AvgPool& pool) -> std::unique_ptr<Op> {
                                   return std::make_unique<AvgPoolOp>(std::move(context), pool);
                                 },
                                 [&](const ir::Relu&) -> std::unique_ptr<Op> {
                                   return std::make_unique<ReluOp>(std::move(context));
                                 },
                                 [&](const ir::Add&) -> std::unique_ptr<Op> {
                                   return std::make_unique<AddOp>(std::move(context));
                                 },
                                 [&](const ir::Concat&) -> std::unique_ptr<Op> {
                                   return std::make_unique<ConcatOp>(std::move(context));
                                 },
                                 [&](const ir::Softmax&) -> std::unique_ptr<Op> {
                                   return std::make_unique<SoftmaxOp>(std::move(context));
                                 },
                                 [](const auto&) -> std::unique_ptr<Op> {
                                   throw ir::Bug("this kind of node is no map");
                                 }},
                    kind);
}

}  // namespace crosstwin::nn
