// The naive network.
// SPDX-License-Identifier: Apache-2.0
#include "tests/nn/reference.hpp"

#include <algorithm>
#include <cmath>

#include "compress/ir/overload.hpp"

namespace crosstwin::test {

using Map = std::vector<double>;  // one image
using Batch = std::vector<Map>;   // all images

DoubleNetwork parameters_of(const ir::Network& network) {
  DoubleNetwork all;
  const auto widen = [](const std::vector<float>& v) { return Map(v.begin(), v.end()); };
  for (const ir::Node& node : network.nodes) {
    std::visit(ir::Overload{[&](const ir::Conv& l) {
                              all[node.name] = {widen(l.weight), widen(l.bias)};
                            },
                            [&](const ir::Dense& l) {
                              all[node.name] = {widen(l.weight), widen(l.bias)};
                            },
                            [&](const ir::BatchNorm& l) {
                              all[node.name] = {widen(l.gamma), widen(l.beta)};
                            },
                            [](const auto&) {}},
               node.kind);
  }
  return all;
}

namespace {

struct Runner {
  const DoubleParameters& parameters;
  std::vector<const Batch*> in;
  std::vector<ir::Shape> in_shapes;
  ir::Shape out;
  const data::Dataset& data;
  bool training;

  double at(size_t image, int64_t c, int64_t y, int64_t x) const {
    const ir::Shape& s = in_shapes[0];
    if (y < 0 || y >= s.h || x < 0 || x >= s.w) return 0;
    return (*in[0])[image][static_cast<size_t>((c * s.h + y) * s.w + x)];
  }

  // f(image, c, y, x) for every output.
  template <class F>
  Batch fill(const F& f) const {
    Batch batch(data.labels.size());
    for (size_t i = 0; i < batch.size(); ++i) {
      for (int64_t c = 0; c < out.c; ++c) {
        for (int64_t y = 0; y < out.h; ++y) {
          for (int64_t x = 0; x < out.w; ++x) batch[i].push_back(f(i, c, y, x));
        }
      }
    }
    return batch;
  }

  Batch operator()(const ir::Input& l) const {
    size_t next = 0;
    return fill([&](size_t, int64_t c, int64_t, int64_t) {
      const auto ch = static_cast<size_t>(c);
      return (data.images[next++] / 255.0 - l.zero[ch] / 255.0) / l.stddev[ch];
    });
  }
  Batch operator()(const ir::Conv& l) const {
    return fill([&](size_t i, int64_t o, int64_t y, int64_t x) {
      double sum = parameters.bias[static_cast<size_t>(o)];
      for (size_t r = 0; r < l.rows.size(); ++r) {
        const int32_t area = l.kernel_h * l.kernel_w;
        sum += parameters.weight[static_cast<size_t>(o) * l.rows.size() + r] *
               at(i, l.rows[r] / area, y * l.stride - l.pad + l.rows[r] % area / l.kernel_w,
                  x * l.stride - l.pad + l.rows[r] % l.kernel_w);
      }
      return sum;
    });
  }
  Batch operator()(const ir::Dense& l) const {
    return fill([&](size_t i, int64_t o, int64_t, int64_t) {
      double sum = parameters.bias[static_cast<size_t>(o)];
      for (size_t r = 0; r < l.rows.size(); ++r) {
        sum += parameters.weight[static_cast<size_t>(o) * l.rows.size() + r] *
               (*in[0])[i][static_cast<size_t>(l.rows[r])];
      }
      return sum;
    });
  }
  Batch operator()(const ir::MaxPool& l) const {
    return fill([&](size_t i, int64_t c, int64_t y, int64_t x) {
      double best = at(i, c, y * l.stride, x * l.stride);
      for (int32_t k = 0; k < l.kernel * l.kernel; ++k) {
        best = std::max(best, at(i, c, y * l.stride + k / l.kernel, x * l.stride + k % l.kernel));
      }
      return best;
    });
  }
  Batch operator()(const ir::AvgPool& l) const {
    return fill([&](size_t i, int64_t c, int64_t y, int64_t x) {
      double sum = 0;
      for (int32_t k = 0; k < l.kernel * l.kernel; ++k) {
        sum += at(i, c, y * l.stride + k / l.kernel, x * l.stride + k % l.kernel);
      }
      return sum / (l.kernel * l.kernel);
    });
  }
  Batch operator()(const ir::Relu&) const {
    return fill(
        [&](size_t i, int64_t c, int64_t y, int64_t x) { return std::max(0.0, at(i, c, y, x)); });
  }
  Batch operator()(const ir::Flatten&) const { return *in[0]; }
  Batch operator()(const ir::BatchNorm& l) const {
    const auto images = data.labels.size();
    const int64_t pixels = int64_t{out.h} * out.w;
    Map mean(l.mean.begin(), l.mean.end());
    Map variance(l.variance.begin(), l.variance.end());
    for (int64_t c = 0; c < out.c && training; ++c) {
      double sum = 0;
      double squares = 0;
      for (size_t i = 0; i < images; ++i) {
        for (int64_t p = 0; p < pixels; ++p) sum += at(i, c, p / out.w, p % out.w);
      }
      const auto count = static_cast<double>(images) * static_cast<double>(pixels);
      for (size_t i = 0; i < images; ++i) {
        for (int64_t p = 0; p < pixels; ++p) {
          squares += std::pow(at(i, c, p / out.w, p % out.w) - sum / count, 2);
        }
      }
      mean[static_cast<size_t>(c)] = sum / count;
      variance[static_cast<size_t>(c)] = squares / count;
    }
    return fill([&](size_t i, int64_t c, int64_t y, int64_t x) {
      const auto ch = static_cast<size_t>(c);
      return parameters.weight[ch] * (at(i, c, y, x) - mean[ch]) /
                 std::sqrt(variance[ch] + l.epsilon) +
             parameters.bias[ch];
    });
  }
  Batch operator()(const ir::Add&) const {
    Batch sum = *in[0];
    for (size_t k = 1; k < in.size(); ++k) {
      for (size_t i = 0; i < sum.size(); ++i) {
        for (size_t v = 0; v < sum[i].size(); ++v) sum[i][v] += (*in[k])[i][v];
      }
    }
    return sum;
  }
  Batch operator()(const ir::Concat&) const {
    Batch joined = *in[0];
    for (size_t k = 1; k < in.size(); ++k) {
      for (size_t i = 0; i < joined.size(); ++i) {
        joined[i].insert(joined[i].end(), (*in[k])[i].begin(), (*in[k])[i].end());
      }
    }
    return joined;
  }
  Batch operator()(const ir::Softmax&) const {
    Batch batch = *in[0];
    for (Map& map : batch) {
      double sum = 0;
      for (double& v : map) sum += v = std::exp(v);
      for (double& v : map) v /= sum;
    }
    return batch;
  }
};

}  // namespace

std::vector<Batch> reference_outputs(const ir::Network& network, const DoubleNetwork& parameters,
                                     const data::Dataset& images, bool training) {
  const std::vector<ir::Shape> shapes = ir::infer_shapes(network);
  static const DoubleParameters none;
  std::vector<Batch> outputs;
  outputs.reserve(network.nodes.size());
  for (size_t n = 0; n < network.nodes.size(); ++n) {
    const ir::Node& node = network.nodes[n];
    const auto own = parameters.find(node.name);
    Runner runner{
        own == parameters.end() ? none : own->second, {}, {}, shapes[n], images, training};
    for (const std::string& input : node.inputs) {
      const auto i = static_cast<size_t>(ir::node_index(network, input));
      runner.in.push_back(&outputs[i]);
      runner.in_shapes.push_back(shapes[i]);
    }
    outputs.push_back(std::visit(runner, node.kind));
  }
  return outputs;
}

double reference_loss(const ir::Network& network, const DoubleNetwork& parameters,
                      const data::Dataset& images, bool training) {
  const Batch last = reference_outputs(network, parameters, images, training).back();
  double loss = 0;
  for (size_t i = 0; i < last.size(); ++i) {
    double sum = 0;
    for (const double v : last[i]) sum += std::exp(v);
    loss += std::log(sum) - last[i][images.labels[i]];
  }
  return loss / static_cast<double>(last.size());
}

}  // namespace crosstwin::test
