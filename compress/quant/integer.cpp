// The integer model: stages built once, then images in parallel.
// SPDX-License-Identifier: Apache-2.0
#include "compress/quant/integer.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "compress/ir/error.hpp"
#include "compress/ir/integers.hpp"
#include "compress/prune/crossbar.hpp"

namespace crosstwin::quant {
namespace {

using Map = std::vector<int32_t>;  // codes, [c][h][w]

// The widest weight_range of a layout; a mapped design checks its own.
constexpr int32_t kMaxWeight = 255;

// A conv, or a dense as a conv whose kernel is its whole input.
struct Matrix {
  ir::Shape in, out;
  int32_t kernel_h = 1, kernel_w = 1, stride = 1, pad = 0;
  std::vector<int32_t> rows;
  std::vector<int16_t> weight;
  std::vector<int32_t> bias;
  std::vector<int32_t> pad_value;             // [in.c]
  std::vector<ir::Requantizer> requantizers;  // empty for the logits
  int32_t low = 0, high = 0;
};

Map run(const Matrix& layer, const Map& in) {
  Map out(static_cast<size_t>(layer.out.size()));
  const size_t rows = layer.rows.size();
  std::vector<int32_t> patch(rows);
  const int32_t area = layer.kernel_h * layer.kernel_w;
  for (int32_t y = 0; y < layer.out.h; ++y) {
    for (int32_t x = 0; x < layer.out.w; ++x) {
      for (size_t row = 0; row < rows; ++row) {
        const int32_t c = layer.rows[row] / area;
        const int32_t iy = y * layer.stride - layer.pad + layer.rows[row] % area / layer.kernel_w;
        const int32_t ix = x * layer.stride - layer.pad + layer.rows[row] % layer.kernel_w;
        const bool inside = iy >= 0 && iy < layer.in.h && ix >= 0 && ix < layer.in.w;
        patch[row] = inside ? in[static_cast<size_t>((c * layer.in.h + iy) * layer.in.w + ix)]
                            : layer.pad_value[static_cast<size_t>(c)];
      }
      for (int32_t f = 0; f < layer.out.c; ++f) {
        const auto column = static_cast<size_t>(f);
        const int16_t* weight = layer.weight.data() + column * rows;
        int64_t sum = layer.bias[column];
        for (size_t row = 0; row < rows; ++row) sum += int64_t{weight[row]} * patch[row];
        if (!layer.requantizers.empty()) {
          const ir::Requantizer& scale = layer.requantizers[column];
          sum = (sum * scale.mult + (int64_t{1} << (scale.shift - 1))) >> scale.shift;
          sum = std::clamp<int64_t>(sum, layer.low, layer.high);
        }
        out[static_cast<size_t>((f * layer.out.h + y) * layer.out.w + x)] =
            static_cast<int32_t>(sum);
      }
    }
  }
  return out;
}

Map run(const ir::MaxPool& pool, const ir::Shape& in, const ir::Shape& out, const Map& codes) {
  Map result(static_cast<size_t>(out.size()), std::numeric_limits<int32_t>::min());
  for (int32_t c = 0; c < out.c; ++c) {
    for (int32_t y = 0; y < out.h; ++y) {
      for (int32_t x = 0; x < out.w; ++x) {
        int32_t& best = result[static_cast<size_t>((c * out.h + y) * out.w + x)];
        for (int32_t dy = 0; dy < pool.kernel; ++dy) {
          for (int32_t dx = 0; dx < pool.kernel; ++dx) {
            const int32_t iy = y * pool.stride + dy;
            const int32_t ix = x * pool.stride + dx;
            best = std::max(best, codes[static_cast<size_t>((c * in.h + iy) * in.w + ix)]);
          }
        }
      }
    }
  }
  return result;
}

[[noreturn]] void fail(const ir::Node& node, const std::string& what, const std::string& fix) {
  throw ir::Error(
      {.where = "layer " + node.name, .what = what, .got = ir::kind_name(node.kind), .fix = fix});
}

class IntegerNetwork {
 public:
  explicit IntegerNetwork(const ir::Network& network)
      : network_(network),
        shapes_(ir::infer_shapes(network)),
        reads_(prune::producers(network)),
        readers_(prune::consumers(network)) {
    for (size_t i = 0; i < network_.nodes.size(); ++i) {
      const ir::Kind& kind = network_.nodes[i].kind;
      const bool passes =
          std::holds_alternative<ir::Input>(kind) || std::holds_alternative<ir::MaxPool>(kind) ||
          std::holds_alternative<ir::Relu>(kind) || std::holds_alternative<ir::Flatten>(kind);
      const bool matrix =
          std::holds_alternative<ir::Conv>(kind) || std::holds_alternative<ir::Dense>(kind);
      if (!passes && !matrix) {
        fail(network_.nodes[i], "has no integer form here", "fold or replace it");
      }
      layers_.push_back(matrix ? std::optional<Matrix>(build(i)) : std::nullopt);
    }
  }

  int64_t outputs() const { return shapes_.back().size(); }

  Map logits(const uint8_t* image) const {
    std::vector<Map> maps;
    maps.emplace_back(image, image + shapes_[0].size());
    for (size_t i = 1; i < network_.nodes.size(); ++i) {
      const auto from = static_cast<size_t>(reads_[i][0]);
      const Map& in = maps[from];
      const ir::Kind& kind = network_.nodes[i].kind;
      if (layers_[i]) {
        maps.push_back(run(*layers_[i], in));
      } else if (const auto* pool = std::get_if<ir::MaxPool>(&kind)) {
        maps.push_back(run(*pool, shapes_[from], shapes_[i], in));
      } else {
        // A Flatten keeps the order; a Relu is the lower clamp of the layer before it.
        maps.push_back(in);
      }
    }
    return maps.back();
  }

 private:
  // The scale of what node i reads, back through flatten.
  const ir::Node& source(size_t i) const {
    auto from = static_cast<size_t>(reads_[i][0]);
    while (std::holds_alternative<ir::Flatten>(network_.nodes[from].kind)) {
      from = static_cast<size_t>(reads_[from][0]);
    }
    const ir::Node& node = network_.nodes[from];
    if (from != 0 && !node.quant)
      fail(node, "has no activation scale", "calibrate the activations first");
    return node;
  }

  // What quantizes the output of matrix i; nothing when it gives the logits. `relu` tells whether
  // a Relu lies between.
  const ir::Node* sink(size_t i, bool& relu) const {
    while (true) {
      if (network_.nodes[i].quant) return &network_.nodes[i];
      if (readers_[i].empty()) return nullptr;
      if (readers_[i].size() > 1) {
        fail(network_.nodes[i], "is read by several layers before it is quantized",
             "quantize it where the ways part");
      }
      i = static_cast<size_t>(readers_[i][0]);
      if (prune::as_crossbar(network_.nodes[i])) {
        fail(network_.nodes[i], "reads an edge without an activation scale",
             "calibrate the activations first");
      }
      relu = relu || std::holds_alternative<ir::Relu>(network_.nodes[i].kind);
    }
  }

  Matrix build(size_t i) const {
    const ir::Node& node = network_.nodes[i];
    const ir::Node& from = source(i);
    Matrix layer;
    layer.rows = *prune::as_crossbar(node)->rows;
    layer.in = shapes_[static_cast<size_t>(reads_[i][0])];
    layer.out = shapes_[i];
    if (const auto* conv = std::get_if<ir::Conv>(&node.kind)) {
      layer.kernel_h = conv->kernel_h;
      layer.kernel_w = conv->kernel_w;
      layer.stride = conv->stride;
      layer.pad = conv->pad;
    }
    // The zero of each channel of the input; activations inside the network have none.
    const auto* input = std::get_if<ir::Input>(&from.kind);
    const int32_t positions = input != nullptr && layer.in.h * layer.in.w == 1
                                  ? input->shape.h * input->shape.w
                                  : layer.kernel_h * layer.kernel_w;
    layer.pad_value =
        input != nullptr ? input->zero : std::vector<int32_t>(static_cast<size_t>(layer.in.c), 0);
    std::vector<int32_t> row_zero;
    for (const int32_t row : layer.rows) {
      row_zero.push_back(input == nullptr ? 0 : input->zero[static_cast<size_t>(row / positions)]);
    }
    const double in_scale = input != nullptr ? ir::input_scale(from) : double{from.quant->scale};
    bool relu = false;
    const ir::Node* to = sink(i, relu);
    ir::IntegerLayer integers =
        ir::integer_layer(node, kMaxWeight, row_zero, in_scale, to == nullptr);
    layer.weight = std::move(integers.weight);
    layer.bias = std::move(integers.bias);
    if (to == nullptr) return layer;
    const ir::ActivationQuant& quant = *to->quant;
    if (!relu && !quant.is_signed) {
      fail(node, "has no relu behind it, so its codes must be signed", "calibrate again");
    }
    const int32_t levels = 1 << (quant.bits - (quant.is_signed ? 1 : 0));
    layer.low = relu ? 0 : -levels;
    layer.high = levels - 1;
    std::vector<double> ratios;
    for (const double scale : integers.scale) ratios.push_back(scale * in_scale / quant.scale);
    layer.requantizers =
        ir::requantizers(ratios, std::max(layer.high, -layer.low), "node " + node.name);
    return layer;
  }

  const ir::Network& network_;
  std::vector<ir::Shape> shapes_;
  std::vector<std::vector<int32_t>> reads_, readers_;
  std::vector<std::optional<Matrix>> layers_;
};

}  // namespace

std::vector<int32_t> integer_logits(const ir::Network& network, const data::Dataset& dataset) {
  const IntegerNetwork integer(network);
  const auto outputs = static_cast<size_t>(integer.outputs());
  const auto size = static_cast<size_t>(dataset.shape.size());
  std::vector<int32_t> result(static_cast<size_t>(dataset.size()) * outputs);
  tbb::parallel_for(int64_t{0}, dataset.size(), [&](int64_t image) {
    const auto i = static_cast<size_t>(image);
    const Map logits = integer.logits(dataset.images.data() + i * size);
    std::copy(logits.begin(), logits.end(),
              result.begin() + static_cast<std::ptrdiff_t>(i * outputs));
  });
  return result;
}

double quantized_accuracy(const ir::Network& network, const data::Dataset& dataset) {
  const std::vector<int32_t> logits = integer_logits(network, dataset);
  const size_t outputs = logits.size() / dataset.labels.size();
  int64_t right = 0;
  for (size_t i = 0; i < dataset.labels.size(); ++i) {
    const auto begin = logits.begin() + static_cast<std::ptrdiff_t>(i * outputs);
    const auto best = std::max_element(begin, begin + static_cast<std::ptrdiff_t>(outputs));
    right += best - begin == dataset.labels[i];
  }
  return static_cast<double>(right) / static_cast<double>(dataset.size());
}

}  // namespace crosstwin::quant
