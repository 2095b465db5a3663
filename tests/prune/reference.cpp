// Loops straight from the definitions of the kinds.
// SPDX-License-Identifier: Apache-2.0
#include "tests/prune/reference.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace crosstwin::tests {
namespace {

struct Evaluate {
  const std::vector<ir::Shape>& in_shapes;
  const std::vector<const std::vector<double>*>& in;
  const ir::Shape& out;

  double at(int32_t c, int32_t y, int32_t x) const {
    const ir::Shape& s = in_shapes[0];
    if (y < 0 || y >= s.h || x < 0 || x >= s.w) return 0;
    return (*in[0])[static_cast<size_t>((c * s.h + y) * s.w + x)];
  }
  std::vector<double> pool(int32_t kernel, int32_t stride, bool average) const {
    std::vector<double> result;
    for (int32_t c = 0; c < out.c; ++c) {
      for (int32_t y = 0; y < out.h; ++y) {
        for (int32_t x = 0; x < out.w; ++x) {
          double sum = 0;
          double best = -1e300;
          for (int32_t i = 0; i < kernel * kernel; ++i) {
            const double value = at(c, y * stride + i / kernel, x * stride + i % kernel);
            sum += value;
            best = std::max(best, value);
          }
          result.push_back(average ? sum / (kernel * kernel) : best);
        }
      }
    }
    return result;
  }
  std::vector<double> operator()(const ir::Input&) const { return {}; }
  std::vector<double> operator()(const ir::Conv& layer) const {
    std::vector<double> result;
    const int32_t area = layer.kernel_h * layer.kernel_w;
    for (int32_t f = 0; f < out.c; ++f) {
      for (int32_t y = 0; y < out.h; ++y) {
        for (int32_t x = 0; x < out.w; ++x) {
          double sum = layer.bias[static_cast<size_t>(f)];
          for (size_t r = 0; r < layer.rows.size(); ++r) {
            const int32_t row = layer.rows[r];
            sum += double{layer.weight[static_cast<size_t>(f) * layer.rows.size() + r]} *
                   at(row / area, y * layer.stride - layer.pad + row % area / layer.kernel_w,
                      x * layer.stride - layer.pad + row % layer.kernel_w);
          }
          result.push_back(sum);
        }
      }
    }
    return result;
  }
  std::vector<double> operator()(const ir::Dense& layer) const {
    std::vector<double> result;
    for (size_t f = 0; f < static_cast<size_t>(layer.out_features); ++f) {
      double sum = layer.bias[f];
      for (size_t r = 0; r < layer.rows.size(); ++r) {
        sum += double{layer.weight[f * layer.rows.size() + r]} *
               (*in[0])[static_cast<size_t>(layer.rows[r])];
      }
      result.push_back(sum);
    }
    return result;
  }
  std::vector<double> operator()(const ir::MaxPool& p) const {
    return pool(p.kernel, p.stride, false);
  }
  std::vector<double> operator()(const ir::AvgPool& p) const {
    return pool(p.kernel, p.stride, true);
  }
  std::vector<double> operator()(const ir::Relu&) const {
    std::vector<double> result = *in[0];
    for (double& value : result) value = std::max(value, 0.0);
    return result;
  }
  std::vector<double> operator()(const ir::Flatten&) const { return *in[0]; }
  std::vector<double> operator()(const ir::BatchNorm& norm) const {
    std::vector<double> result = *in[0];
    const size_t area = result.size() / norm.gamma.size();
    for (size_t i = 0; i < result.size(); ++i) {
      const size_t c = i / area;
      result[i] = norm.gamma[c] * (result[i] - norm.mean[c]) /
                      std::sqrt(double{norm.variance[c]} + double{norm.epsilon}) +
                  norm.beta[c];
    }
    return result;
  }
  std::vector<double> operator()(const ir::Add&) const {
    std::vector<double> result(in[0]->size(), 0);
    for (const auto* part : in) {
      for (size_t i = 0; i < result.size(); ++i) result[i] += (*part)[i];
    }
    return result;
  }
  std::vector<double> operator()(const ir::Concat&) const {
    std::vector<double> result;
    for (const auto* part : in) result.insert(result.end(), part->begin(), part->end());
    return result;
  }
  std::vector<double> operator()(const ir::Softmax&) const {
    std::vector<double> result = *in[0];
    double sum = 0;
    for (double& value : result) sum += value = std::exp(value);
    for (double& value : result) value /= sum;
    return result;
  }
};

std::vector<int32_t> all_rows(int32_t count) {
  std::vector<int32_t> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

}  // namespace

std::vector<double> forward(const ir::Network& network, const std::vector<double>& input) {
  const std::vector<ir::Shape> shapes = ir::infer_shapes(network);
  std::vector<std::vector<double>> values{input};
  for (size_t i = 1; i < network.nodes.size(); ++i) {
    std::vector<ir::Shape> in_shapes;
    std::vector<const std::vector<double>*> in;
    for (const std::string& name : network.nodes[i].inputs) {
      const auto from = static_cast<size_t>(ir::node_index(network, name));
      in_shapes.push_back(shapes[from]);
      in.push_back(&values[from]);
    }
    values.push_back(std::visit(Evaluate{in_shapes, in, shapes[i]}, network.nodes[i].kind));
    const auto& quant = network.nodes[i].quant;
    for (size_t k = 0; quant && k < values.back().size(); ++k) {
      const int32_t levels = 1 << (quant->bits - (quant->is_signed ? 1 : 0));
      double& value = values.back()[k];
      const double code = std::floor(value / quant->scale + 0.5);
      value = quant->scale * std::clamp(code, quant->is_signed ? -1.0 * levels : 0, levels - 1.0);
    }
  }
  return values.back();
}

double difference(const ir::Network& a, const ir::Network& b, uint64_t seed) {
  ir::Rng rng(seed, 7);
  const auto size = static_cast<size_t>(std::get<ir::Input>(a.nodes[0].kind).shape.size());
  double worst = 0;
  double largest = 1e-30;
  for (int image = 0; image < 8; ++image) {
    std::vector<double> input(size);
    for (double& value : input) value = rng.uniform(-1, 2);
    const std::vector<double> x = forward(a, input);
    const std::vector<double> y = forward(b, input);
    for (size_t i = 0; i < x.size(); ++i) {
      worst = std::max(worst, std::abs(x[i] - y[i]));
      largest = std::max(largest, std::abs(x[i]));
    }
  }
  return worst / largest;
}

std::vector<float> random_values(ir::Rng& rng, size_t count, float low, float high) {
  std::vector<float> values(count);
  for (float& value : values) value = rng.uniform(low, high);
  return values;
}

ir::Node input(ir::Shape shape) {
  const auto channels = static_cast<size_t>(shape.c);
  return {"input",
          {},
          ir::Input{shape, std::vector<int32_t>(channels, 0), std::vector<float>(channels, 1)}};
}

ir::Node conv(ir::Rng& rng, const std::string& name, const std::string& from, int32_t in_channels,
              int32_t out_channels, int32_t kernel, int32_t pad) {
  ir::Conv layer;
  layer.out_channels = out_channels;
  layer.kernel_h = layer.kernel_w = kernel;
  layer.pad = pad;
  layer.rows = all_rows(in_channels * kernel * kernel);
  layer.weight = random_values(rng, layer.rows.size() * static_cast<size_t>(out_channels));
  layer.bias = random_values(rng, static_cast<size_t>(out_channels));
  return {name, {from}, layer};
}

ir::Node dense(ir::Rng& rng, const std::string& name, const std::string& from, int32_t in,
               int32_t out) {
  ir::Dense layer;
  layer.out_features = out;
  layer.rows = all_rows(in);
  layer.weight = random_values(rng, layer.rows.size() * static_cast<size_t>(out));
  layer.bias = random_values(rng, static_cast<size_t>(out));
  return {name, {from}, layer};
}

ir::Node batch_norm(ir::Rng& rng, const std::string& name, const std::string& from,
                    int32_t channels, float low_gamma) {
  const auto count = static_cast<size_t>(channels);
  return {name,
          {from},
          ir::BatchNorm{random_values(rng, count, low_gamma, 2), random_values(rng, count),
                        random_values(rng, count), random_values(rng, count, 0.2F, 2)}};
}

ir::Network small_lenet(uint64_t seed) {
  ir::Rng rng(seed, 3);
  ir::Network network{"small", {}};
  auto& nodes = network.nodes;
  nodes.push_back(input({1, 16, 16}));
  nodes.push_back(conv(rng, "conv1", "input", 1, 6, 5));
  nodes.push_back({"pool1", {"conv1"}, ir::MaxPool{}});
  nodes.push_back({"relu1", {"pool1"}, ir::Relu{}});
  nodes.push_back(conv(rng, "conv2", "relu1", 6, 8, 3));
  nodes.push_back({"pool2", {"conv2"}, ir::MaxPool{}});
  nodes.push_back({"relu2", {"pool2"}, ir::Relu{}});
  nodes.push_back({"flatten", {"relu2"}, ir::Flatten{}});
  nodes.push_back(dense(rng, "fc1", "flatten", 32, 20));
  nodes.push_back({"relu3", {"fc1"}, ir::Relu{}});
  nodes.push_back(dense(rng, "fc2", "relu3", 20, 10));
  return network;
}

}  // namespace crosstwin::tests
