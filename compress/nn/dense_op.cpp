// Dense in execution: a full matrix product over the rows and outputs that are not masked whole.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "compress/nn/kernels.hpp"
#include "compress/nn/op.hpp"

namespace crosstwin::nn {

namespace {

class DenseOp final : public Op {
 public:
  DenseOp(OpContext context, const ir::Dense& dense, LayerParameters& parameters,
          const Model& model)
      : Op(std::move(context)),
        rows_(dense.rows),
        ins_(context_.inputs[0].tensor->shape.size()),
        parameters_(parameters),
        model_(model) {}

  void refresh() override {
    if (!listed_ || mask_version_ != model_.mask_version()) make_lists();
    if (!compact_) return;
    for (size_t o = 0; o < active_outs_.size(); ++o) {
      const float* from = parameters_.weight.data() + active_outs_[o] * parameters_.rows;
      float* to = weight_.data() + o * active_rows_.size();
      for (size_t r = 0; r < active_rows_.size(); ++r) to[r] = from[active_rows_[r]];
      bias_[o] = parameters_.bias[static_cast<size_t>(active_outs_[o])];
    }
  }

  void forward(int64_t b, Scratch& scratch) override {
    const float* in = gathered(b, scratch);
    if (!compact_) {
      dense_forward(in, rows(), parameters_.weight.data(), rows(), parameters_.bias.data(), outs(),
                    context_.relu, y(b));
      return;
    }
    float* out = scratch.get(1, outs() * kLanes);
    dense_forward(in, rows(), weight_.data(), rows(), bias_.data(), outs(), context_.relu, out);
    for (int64_t o = 0; o < parameters_.outs; ++o) {
      const float bias = parameters_.bias[static_cast<size_t>(o)];
      std::fill_n(y(b) + o * kLanes, kLanes, context_.relu && !(bias > 0) ? 0.0F : bias);
    }
    for (int64_t o = 0; o < outs(); ++o) {
      std::memcpy(y(b) + active_outs_[static_cast<size_t>(o)] * kLanes, out + o * kLanes, kBytes);
    }
  }

  void backward(int64_t b, Scratch& scratch) override {
    if (context_.relu) relu_backward(y(b), dy(b), parameters_.outs * kLanes, false, dy(b));
    plane_sums(dy(b), parameters_.outs, kLanes, 1, kLanes, 1,
               bias_partial_.data() + b * parameters_.outs);
    transpose_lanes(gathered(b, scratch), rows(), transposed_.data() + b * kLanes * stride_,
                    stride_);
    const float* upstream = dy(b);
    const float* weight = parameters_.weight.data();
    if (compact_) {
      float* active = upstream_.data() + b * outs() * kLanes;
      for (int64_t o = 0; o < outs(); ++o) {
        std::memcpy(active + o * kLanes, dy(b) + active_outs_[static_cast<size_t>(o)] * kLanes,
                    kBytes);
      }
      upstream = active;
      weight = weight_.data();
    }
    if (dx(b) == nullptr) return;
    if (!gather_) {
      dense_backward(upstream, outs(), weight, rows(), rows(), accumulate(), dx(b));
      return;
    }
    float* part = scratch.get(1, rows() * kLanes);
    std::fill_n(part, rows() * kLanes, 0.0F);
    dense_backward(upstream, outs(), weight, rows(), rows(), false, part);
    if (!accumulate()) std::fill_n(dx(b), ins_ * kLanes, 0.0F);
    for (int64_t r = 0; r < rows(); ++r) {
      float* to = dx(b) + inputs_[static_cast<size_t>(r)] * kLanes;
      add(to, part + r * kLanes, kLanes, to);
    }
  }

  int64_t gradient_parts() const override { return 1 + (outs() + kDenseOuts - 1) / kDenseOuts; }

  // Part 0 is the biases, the others kDenseOuts outputs each over the whole batch.
  void gradient(int64_t part, int64_t blocks) override {
    if (part == 0) {
      clear_masked(parameters_);
      std::fill(parameters_.bias_grad.begin(), parameters_.bias_grad.end(), 0.0F);
      for (int64_t b = 0; b < blocks; ++b) {
        for (int64_t o = 0; o < parameters_.outs; ++o) {
          parameters_.bias_grad[static_cast<size_t>(o)] +=
              bias_partial_.data()[b * parameters_.outs + o];
        }
      }
      return;
    }
    const int64_t first = (part - 1) * kDenseOuts;
    const int64_t count = std::min(kDenseOuts, outs() - first);
    if (!compact_) {
      dense_grad(context_.output->grad + first * kLanes, context_.output->block, blocks, count,
                 transposed_.data(), stride_, rows(),
                 parameters_.weight_grad.data() + first * rows(), rows());
      return;
    }
    std::vector<float> grad(static_cast<size_t>(count * rows()));
    dense_grad(upstream_.data() + first * kLanes, outs() * kLanes, blocks, count,
               transposed_.data(), stride_, rows(), grad.data(), rows());
    for (int64_t o = 0; o < count; ++o) {
      const int64_t base = active_outs_[static_cast<size_t>(first + o)] * parameters_.rows;
      for (int64_t r = 0; r < rows(); ++r) {
        const int64_t at = base + active_rows_[static_cast<size_t>(r)];
        if (kept(at)) {
          parameters_.weight_grad[static_cast<size_t>(at)] =
              grad[static_cast<size_t>(o * rows() + r)];
        }
      }
    }
  }

 private:
  static constexpr size_t kBytes = kLanes * sizeof(float);

  // Of what is computed.
  int64_t rows() const { return static_cast<int64_t>(inputs_.size()); }
  int64_t outs() const {
    return compact_ ? static_cast<int64_t>(active_outs_.size()) : parameters_.outs;
  }
  bool kept(int64_t at) const {
    return parameters_.mask.empty() || parameters_.mask[static_cast<size_t>(at)] != 0;
  }

  void make_lists() {
    listed_ = true;
    mask_version_ = model_.mask_version();
    active_rows_.clear();
    active_outs_.clear();
    std::vector<uint8_t> row_used(static_cast<size_t>(parameters_.rows), 0);
    for (int64_t o = 0; o < parameters_.outs; ++o) {
      bool used = false;
      for (int64_t r = 0; r < parameters_.rows; ++r) {
        if (!kept(o * parameters_.rows + r)) continue;
        used = true;
        row_used[static_cast<size_t>(r)] = 1;
      }
      if (used) active_outs_.push_back(o);
    }
    inputs_.clear();
    for (int64_t r = 0; r < parameters_.rows; ++r) {
      if (row_used[static_cast<size_t>(r)] == 0) continue;
      active_rows_.push_back(r);
      inputs_.push_back(rows_[static_cast<size_t>(r)]);
    }
    compact_ = !parameters_.mask.empty();
    gather_ = rows() != ins_;
    weight_.resize(active_outs_.size() * active_rows_.size());
    bias_.resize(active_outs_.size());
    if (!context_.training) return;
    stride_ = (rows() + kLanes - 1) / kLanes * kLanes;
    transposed_ = Buffer(context_.blocks * kLanes * stride_);
    bias_partial_ = Buffer(context_.blocks * parameters_.outs);
    if (compact_) upstream_ = Buffer(context_.blocks * outs() * kLanes);
  }

  const float* gathered(int64_t b, Scratch& scratch) const {
    if (!gather_) return x(b);
    float* in = scratch.get(0, rows() * kLanes);
    for (int64_t r = 0; r < rows(); ++r) {
      std::memcpy(in + r * kLanes, x(b) + inputs_[static_cast<size_t>(r)] * kLanes, kBytes);
    }
    return in;
  }

  const std::vector<int32_t> rows_;
  const int64_t ins_;
  LayerParameters& parameters_;
  const Model& model_;
  bool listed_ = false;
  uint64_t mask_version_ = 0;
  bool compact_ = false;              // works on copies without what is masked whole
  bool gather_ = false;               // the inputs are not all of the tensor
  std::vector<int64_t> active_rows_;  // among the kept rows
  std::vector<int64_t> active_outs_;
  std::vector<int64_t> inputs_;  // [active rows] place in the input tensor
  std::vector<float> weight_;    // [active outs][active rows] when compact
  std::vector<float> bias_;
  int64_t stride_ = 0;
  Buffer transposed_;    // [blocks * 16][stride_]
  Buffer bias_partial_;  // [blocks][outs]
  Buffer upstream_;      // [blocks][active outs][16] when compact
};

}  // namespace

std::unique_ptr<Op> make_dense(OpContext context, const ir::Dense& dense,
                               LayerParameters& parameters, const Model& model) {
  return std::make_unique<DenseOp>(std::move(context), dense, parameters, model);
}

}  // namespace crosstwin::nn
