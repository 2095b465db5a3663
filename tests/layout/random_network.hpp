// Random quantized networks, and their evaluation in floating point written as loops.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compress/ir/network.hpp"
#include "compress/ir/rng.hpp"

namespace crosstwin::test {

struct NetworkSpec {
  bool pool_first = false;     // conv, pool, relu rather than conv, relu, pool
  bool signed_edge = false;    // the second conv has no relu
  bool powers_of_two = false;  // every scale is one, so that requantization is exact
  int32_t out_bits = 8;
};

class RandomNetwork {
 public:
  RandomNetwork(uint64_t seed, const NetworkSpec& spec) : rng_(seed, 55), spec_(spec) {
    network_.name = "random";
    const int32_t channels = 1 + static_cast<int32_t>(rng_.below(3));
    ir::Input input{{channels, 9, 8}, {}, {}};
    // stddev 2^k / 255 makes the input's scale a power of two (to float accuracy).
    const float stddev = spec.powers_of_two ? 0.25F : rng_.uniform(0.2F, 0.4F);
    for (int32_t c = 0; c < channels; ++c) {
      input.zero.push_back(static_cast<int32_t>(rng_.below(256)));
      input.stddev.push_back(spec.powers_of_two ? stddev / 255 * 256 : stddev);
    }
    network_.nodes.push_back({"image", {}, input});
    edge_scale_ = 1.0 / (255.0 * input.stddev[0]);
    add_conv("conv1", 5, 3, 1, 1);
    if (spec.pool_first) add("pool1", ir::MaxPool{});
    add("relu1", ir::Relu{});
    if (!spec.pool_first) add("pool1", ir::MaxPool{});
    quantize(false);
    add_conv("conv2", 6, 2, 1, 0);
    if (!spec.signed_edge) add("relu2", ir::Relu{});
    quantize(spec.signed_edge);
    add("flatten", ir::Flatten{});
    add_dense("fc1", 12, false);
    add("relu3", ir::Relu{});
    quantize(false);
    add_dense("fc2", 4, true);
  }

  const ir::Network& network() const { return network_; }
  // value = logit_scale * integer logit.
  double logit_scale() const { return edge_scale_; }

 private:
  void add(const std::string& name, const ir::Kind& kind) {
    network_.nodes.push_back({name, {network_.nodes.back().name}, kind});
  }
  ir::Shape shape() const { return ir::infer_shapes(network_).back(); }

  float scale_near(float value) {
    return spec_.powers_of_two ? std::exp2(std::round(std::log2(value))) : value;
  }

  // Rows, weights on the grid, biases; the edge's scale becomes the product's.
  template <class Layer>
  void fill(Layer& layer, int32_t cols, int32_t all_rows, bool one_scale) {
    for (int32_t r = 0; r < all_rows; ++r) {
      if (rng_.uniform() < 0.6F || r == all_rows / 2) layer.rows.push_back(r);
    }
    float scale = 0;
    for (int32_t c = 0; c < cols; ++c) {
      if (c == 0 || !one_scale) scale = scale_near(rng_.uniform(0.002F, 0.01F));
      layer.weight_scale.push_back(scale);
      for (size_t r = 0; r < layer.rows.size(); ++r) {
        const int32_t code = static_cast<int32_t>(rng_.below(255)) - 127;
        layer.weight.push_back(scale * static_cast<float>(code));
      }
      // On the grid of level steps, so that rounding it loses nothing.
      const auto bias = static_cast<double>(rng_.below(4000)) - 2000;
      layer.bias.push_back(static_cast<float>(bias * scale * edge_scale_));
    }
    column_scale_ = layer.weight_scale;
  }
  void add_conv(const std::string& name, int32_t cols, int32_t kernel, int32_t stride,
                int32_t pad) {
    ir::Conv conv{cols, kernel, kernel, stride, pad, {}, {}, {}, {}};
    fill(conv, cols, shape().c * kernel * kernel, false);
    rows_ = static_cast<double>(conv.rows.size());
    add(name, conv);
  }
  void add_dense(const std::string& name, int32_t cols, bool last) {
    ir::Dense dense{cols, {}, {}, {}, {}};
    fill(dense, cols, shape().c, last);
    rows_ = static_cast<double>(dense.rows.size());
    add(name, dense);
    if (last) edge_scale_ *= column_scale_[0];
  }
  void quantize(bool is_signed) {
    // About 60 codes a standard deviation of the product, so that both clamps are met at times.
    const double spread = 73.0 * 100 * std::sqrt(rows_) * 0.005 * edge_scale_;
    const float scale = scale_near(static_cast<float>(spread / 60));
    network_.nodes.back().quant = ir::ActivationQuant{spec_.out_bits, is_signed, scale};
    edge_scale_ = scale;
  }

  ir::Rng rng_;
  NetworkSpec spec_;
  ir::Network network_;
  double edge_scale_ = 0;
  double rows_ = 0;
  std::vector<float> column_scale_;
};

// The network's values in double, quantized where it says so: floor(value / scale + 1/2), with a
// nudge that sends what float noise left just under a half up with the exact halves. Maps are
// [c][h][w]; zero padding is a plain zero.
inline std::vector<double> float_logits(const ir::Network& network, const uint8_t* image) {
  const std::vector<ir::Shape> shapes = ir::infer_shapes(network);
  std::vector<double> map;
  const auto& input = std::get<ir::Input>(network.nodes[0].kind);
  const ir::Shape in_shape = input.shape;
  for (int32_t i = 0; i < in_shape.size(); ++i) {
    const auto c = static_cast<size_t>(i / (in_shape.h * in_shape.w));
    map.push_back((image[i] - input.zero[c]) / 255.0 / input.stddev[c]);
  }
  for (size_t n = 1; n < network.nodes.size(); ++n) {
    const ir::Node& node = network.nodes[n];
    const ir::Shape in = shapes[n - 1];
    const ir::Shape out = shapes[n];
    std::vector<double> next;
    if (std::holds_alternative<ir::Relu>(node.kind)) {
      for (const double v : map) next.push_back(std::max(v, 0.0));
    } else if (const auto* pool = std::get_if<ir::MaxPool>(&node.kind)) {
      for (int32_t i = 0; i < out.size(); ++i) {
        double best = -1e300;
        for (int32_t k = 0; k < pool->kernel * pool->kernel; ++k) {
          const int32_t y = i / out.w % out.h * pool->stride + k / pool->kernel;
          const int32_t x = i % out.w * pool->stride + k % pool->kernel;
          best =
              std::max(best, map[static_cast<size_t>((i / out.w / out.h * in.h + y) * in.w + x)]);
        }
        next.push_back(best);
      }
    } else if (const auto* conv = std::get_if<ir::Conv>(&node.kind)) {
      const size_t rows = conv->rows.size();
      for (int32_t i = 0; i < out.size(); ++i) {
        const auto c = static_cast<size_t>(i / out.w / out.h);
        double sum = conv->bias[c];
        for (size_t r = 0; r < rows; ++r) {
          const int32_t area = conv->kernel_h * conv->kernel_w;
          const int32_t y =
              i / out.w % out.h * conv->stride - conv->pad + conv->rows[r] % area / conv->kernel_w;
          const int32_t x = i % out.w * conv->stride - conv->pad + conv->rows[r] % conv->kernel_w;
          if (y < 0 || y >= in.h || x < 0 || x >= in.w) continue;
          sum += conv->weight[c * rows + r] *
                 map[static_cast<size_t>((conv->rows[r] / area * in.h + y) * in.w + x)];
        }
        next.push_back(sum);
      }
    } else if (const auto* dense = std::get_if<ir::Dense>(&node.kind)) {
      const size_t rows = dense->rows.size();
      for (size_t c = 0; c < static_cast<size_t>(dense->out_features); ++c) {
        double sum = dense->bias[c];
        for (size_t r = 0; r < rows; ++r) {
          sum += dense->weight[c * rows + r] * map[static_cast<size_t>(dense->rows[r])];
        }
        next.push_back(sum);
      }
    } else {
      next = map;  // flatten
    }
    if (node.quant) {
      const int32_t magnitude_bits = node.quant->bits - (node.quant->is_signed ? 1 : 0);
      const double high = std::exp2(magnitude_bits) - 1;
      const double low = node.quant->is_signed ? -high - 1 : 0;
      for (double& v : next) {
        const double code = std::floor(v / node.quant->scale + 0.5 + 1e-4);
        v = std::clamp(code, low, high) * node.quant->scale;
      }
    }
    map = next;
  }
  return map;
}

}  // namespace crosstwin::test
