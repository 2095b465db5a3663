// BatchNorm in execution: statistics of the whole batch in training, running ones otherwise.
// SPDX-License-Identifier: Apache-2.0
//
// Source: Ioffe and Szegedy 2015. Blocks' means and squares are joined in block order by the
// formula of Chan, Golub and LeVeque 1979, in double precision.
#include <cmath>

#include "compress/nn/kernels.hpp"
#include "compress/nn/op.hpp"

namespace crosstwin::nn {

namespace {

class NormOp final : public Op {
 public:
  NormOp(OpContext context, const ir::BatchNorm& norm, LayerParameters& parameters, float momentum)
      : Op(std::move(context)),
        epsilon_(norm.epsilon),
        momentum_(momentum),
        parameters_(parameters),
        channels_(context_.output->shape.c),
        pixels_(int64_t{context_.output->shape.h} * context_.output->shape.w),
        valid_(kLanes * context_.blocks),
        sums_(2 * channels_ * context_.blocks),
        images_(static_cast<size_t>(context_.blocks)) {
    const auto count = static_cast<size_t>(channels_);
    mean_.resize(count);
    inverse_.resize(count);
    from_dy_.resize(count);
    from_x_.resize(count);
    constant_.resize(count);
  }

  bool synchronizes() const override { return context_.training; }

  void refresh() override {
    if (context_.training) return;
    for (size_t c = 0; c < mean_.size(); ++c) {
      mean_[c] = parameters_.mean[c];
      inverse_[c] = 1.0F / std::sqrt(parameters_.variance[c] + epsilon_);
    }
  }

  void collect_forward(int64_t b, int64_t images) override {
    float* valid = valid_.data() + b * kLanes;
    for (int64_t lane = 0; lane < kLanes; ++lane) valid[lane] = lane < images ? 1.0F : 0.0F;
    images_[static_cast<size_t>(b)] = images;
    const auto count = static_cast<float>(images * pixels_);
    for (int64_t c = 0; c < channels_; ++c) {
      const float* in = x(b) + c * pixels_ * kLanes;
      float* sums = sums_.data() + (b * channels_ + c) * 2;
      sums[0] = masked_sum(in, pixels_, valid) / count;
      sums[1] = masked_square_sum(in, pixels_, valid, sums[0]);
    }
  }

  void combine_forward(int64_t blocks, int64_t images) override {
    total_ = static_cast<double>(images * pixels_);
    for (int64_t c = 0; c < channels_; ++c) {
      double count = 0;
      double mean = 0;
      double squares = 0;
      for (int64_t b = 0; b < blocks; ++b) {
        const float* sums = sums_.data() + (b * channels_ + c) * 2;
        const auto more = static_cast<double>(images_[static_cast<size_t>(b)] * pixels_);
        const double delta = sums[0] - mean;
        mean += delta * more / (count + more);
        squares += sums[1] + delta * delta * count * more / (count + more);
        count += more;
      }
      const auto i = static_cast<size_t>(c);
      const double variance = squares / count;
      mean_[i] = static_cast<float>(mean);
      inverse_[i] = static_cast<float>(1.0 / std::sqrt(variance + epsilon_));
      // The running variance is the unbiased one, as in PyTorch.
      const double unbiased = count > 1 ? squares / (count - 1) : variance;
      parameters_.mean[i] += momentum_ * (mean_[i] - parameters_.mean[i]);
      parameters_.variance[i] +=
          momentum_ * (static_cast<float>(unbiased) - parameters_.variance[i]);
    }
  }

  void forward(int64_t b, Scratch& /*scratch*/) override {
    for (int64_t c = 0; c < channels_; ++c) {
      const auto i = static_cast<size_t>(c);
      const float scale = parameters_.weight[i] * inverse_[i];
      const int64_t plane = c * pixels_ * kLanes;
      scale_shift(x(b) + plane, pixels_, scale, parameters_.bias[i] - mean_[i] * scale,
                  context_.relu, y(b) + plane);
    }
  }

  void collect_backward(int64_t b) override {
    for (int64_t c = 0; c < channels_; ++c) {
      const int64_t plane = c * pixels_ * kLanes;
      norm_sums(x(b) + plane, dy(b) + plane, context_.relu ? y(b) + plane : nullptr, pixels_,
                valid_.data() + b * kLanes, mean_[static_cast<size_t>(c)],
                sums_.data() + (b * channels_ + c) * 2);
    }
  }

  void combine_backward(int64_t blocks) override {
    for (int64_t c = 0; c < channels_; ++c) {
      double sum = 0;
      double weighted = 0;
      for (int64_t b = 0; b < blocks; ++b) {
        sum += sums_.data()[(b * channels_ + c) * 2];
        weighted += sums_.data()[(b * channels_ + c) * 2 + 1];
      }
      const auto i = static_cast<size_t>(c);
      const double inverse = inverse_[i];
      const double scale = parameters_.weight[i] * inverse;
      parameters_.weight_grad[i] = static_cast<float>(weighted * inverse);
      parameters_.bias_grad[i] = static_cast<float>(sum);
      from_dy_[i] = static_cast<float>(scale);
      from_x_[i] = static_cast<float>(-scale * weighted * inverse * inverse / total_);
      constant_[i] = static_cast<float>(-scale * sum / total_);
    }
  }

  void backward(int64_t b, Scratch& /*scratch*/) override {
    if (dx(b) == nullptr) return;
    for (int64_t c = 0; c < channels_; ++c) {
      const auto i = static_cast<size_t>(c);
      const int64_t plane = c * pixels_ * kLanes;
      norm_backward(x(b) + plane, dy(b) + plane, context_.relu ? y(b) + plane : nullptr, pixels_,
                    valid_.data() + b * kLanes, mean_[i], from_dy_[i], from_x_[i], constant_[i],
                    accumulate(), dx(b) + plane);
    }
  }

 private:
  const float epsilon_;
  const float momentum_;
  LayerParameters& parameters_;
  const int64_t channels_;
  const int64_t pixels_;
  Buffer valid_;                       // [blocks][16]
  Buffer sums_;                        // [blocks][channels][2]
  std::vector<int64_t> images_;        // [blocks]
  double total_ = 0;                   // values a channel
  std::vector<float> mean_, inverse_;  // of this batch, or running
  std::vector<float> from_dy_, from_x_,
      constant_;  // dx = from_dy dy + from_x (x - mean) + constant
};

}  // namespace

std::unique_ptr<Op> make_batch_norm(OpContext context, const ir::BatchNorm& norm,
                                    LayerParameters& parameters, float momentum) {
  return std::make_unique<NormOp>(std::move(context), norm, parameters, momentum);
}

}  // namespace crosstwin::nn
