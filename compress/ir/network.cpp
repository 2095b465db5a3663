// Shapes and checks of the network graph.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/network.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "compress/ir/error.hpp"
#include "compress/ir/names.hpp"
#include "compress/ir/overload.hpp"

namespace crosstwin::ir {

namespace {

struct Checker {
  const std::string& where;
  const Node& node;
  std::vector<Shape> in;

  [[noreturn]] void fail(const std::string& what, const std::string& expected = {},
                         const std::string& got = {}) const {
    throw Error({where + ": " + node.name, what, expected, got, ""});
  }

  void arity(size_t low, size_t high) const {
    if (in.size() >= low && in.size() <= high) return;
    fail("wrong number of inputs",
         low == high ? std::to_string(low) : std::to_string(low) + " or more",
         std::to_string(in.size()));
  }

  template <class T>
  void length(const char* field, const std::vector<T>& values, int64_t expected) const {
    if (static_cast<int64_t>(values.size()) == expected) return;
    fail(std::string(field) + " has the wrong length", std::to_string(expected),
         std::to_string(values.size()));
  }

  void positive_number(const char* field, float value) const {
    if (value > 0 && std::isfinite(value)) return;
    fail(std::string(field) + " out of range", "a finite number above 0", std::to_string(value));
  }

  void positive(const char* field, int64_t value) const {
    if (value < 1) fail(std::string(field) + " out of range", "1 or more", std::to_string(value));
  }

  template <class Layer>
  void matrix(const Layer& layer, int64_t columns, int64_t all_rows) const {
    positive("output count", columns);
    length("weight", layer.weight, columns * static_cast<int64_t>(layer.rows.size()));
    length("bias", layer.bias, columns);
    if (!layer.weight_scale.empty()) length("weight_scale", layer.weight_scale, columns);
    for (const float scale : layer.weight_scale) {  // 0 is for a column of zeros
      if (scale >= 0 && std::isfinite(scale)) continue;
      fail("weight_scale out of range", "a finite number, 0 or more", std::to_string(scale));
    }
    int64_t last = -1;
    for (const int32_t row : layer.rows) {
      if (row <= last || row >= all_rows) {
        fail("rows not ascending within range",
             std::to_string(last + 1) + ".." + std::to_string(all_rows - 1), std::to_string(row));
      }
      last = row;
    }
  }

  int32_t windows(const char* axis, int32_t extent, int32_t kernel, int32_t stride,
                  int32_t pad) const {
    positive("kernel", kernel);
    positive("stride", stride);
    if (pad < 0 || pad >= kernel) fail("pad out of range", "0..kernel - 1", std::to_string(pad));
    if (extent + 2 * pad < kernel) {
      fail(std::string("kernel larger than the padded input's ") + axis,
           "at most " + std::to_string(extent + 2 * pad), std::to_string(kernel));
    }
    return (extent + 2 * pad - kernel) / stride + 1;
  }

  Shape operator()(const Input& input) const {
    arity(0, 0);
    positive("channels", input.shape.c);
    positive("height", input.shape.h);
    positive("width", input.shape.w);
    length("zero", input.zero, input.shape.c);
    length("stddev", input.stddev, input.shape.c);
    for (const int32_t zero : input.zero) {
      if (zero < 0 || zero > 255) fail("zero out of range", "0..255", std::to_string(zero));
    }
    for (const float stddev : input.stddev) {
      positive_number("stddev", stddev);
    }
    return input.shape;
  }
  Shape operator()(const Conv& conv) const {
    arity(1, 1);
    const int32_t h = windows("height", in[0].h, conv.kernel_h, conv.stride, conv.pad);
    const int32_t w = windows("width", in[0].w, conv.kernel_w, conv.stride, conv.pad);
    matrix(conv, conv.out_channels, full_rows(in[0], node));
    return {conv.out_channels, h, w};
  }
  Shape operator()(const Dense& dense) const {
    arity(1, 1);
    flat();
    matrix(dense, dense.out_features, full_rows(in[0], node));
    return {dense.out_features, 1, 1};
  }
  template <class Pool>
  Shape pool(const Pool& layer) const {
    arity(1, 1);
    return {in[0].c, windows("height", in[0].h, layer.kernel, layer.stride, 0),
            windows("width", in[0].w, layer.kernel, layer.stride, 0)};
  }
  Shape operator()(const MaxPool& layer) const { return pool(layer); }
  Shape operator()(const AvgPool& layer) const { return pool(layer); }
  Shape operator()(const Relu& /*relu*/) const { return same(); }
  Shape operator()(const Softmax& /*softmax*/) const {
    arity(1, 1);
    flat();
    return in[0];
  }
  Shape operator()(const Flatten& /*flatten*/) const {
    arity(1, 1);
    return {static_cast<int32_t>(in[0].size()), 1, 1};
  }
  Shape operator()(const BatchNorm& norm) const {
    const Shape shape = same();
    length("gamma", norm.gamma, shape.c);
    length("beta", norm.beta, shape.c);
    length("mean", norm.mean, shape.c);
    length("variance", norm.variance, shape.c);
    for (const float variance : norm.variance) {
      if (variance >= 0 && std::isfinite(variance)) continue;
      fail("variance out of range", "a finite number, 0 or more", std::to_string(variance));
    }
    positive_number("epsilon", norm.epsilon);
    return shape;
  }
  Shape operator()(const Add& /*add*/) const {
    arity(2, SIZE_MAX);
    for (const Shape& shape : in) {
      if (!(shape == in[0])) fail("inputs of different shapes");
    }
    return in[0];
  }
  Shape operator()(const Concat& /*concat*/) const {
    arity(2, SIZE_MAX);
    Shape out = {0, in[0].h, in[0].w};
    for (const Shape& shape : in) {
      if (shape.h != out.h || shape.w != out.w) fail("inputs of different height or width");
      out.c += shape.c;  // both at most kMaxSize
      if (out.c > Shape::kMaxSize) fail("output too large");
    }
    return out;
  }
  Shape same() const {
    arity(1, 1);
    return in[0];
  }
  void flat() const {
    if (in[0].h != 1 || in[0].w != 1) {
      fail("needs a flat input", "height and width 1 (put a flatten before it)",
           std::to_string(in[0].h) + " x " + std::to_string(in[0].w));
    }
  }
};

}  // namespace

std::string kind_name(const Kind& kind) {
  constexpr const char* kNames[] = {"input",    "conv",   "dense",   "max_pool",
                                    "avg_pool", "relu",   "flatten", "batch_norm",
                                    "add",      "concat", "softmax"};
  static_assert(std::size(kNames) == std::variant_size_v<Kind>);
  return kNames[kind.index()];
}

int32_t node_index(const Network& network, const std::string& name) {
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    if (network.nodes[i].name == name) return static_cast<int32_t>(i);
  }
  throw Error({"network " + network.name, "no layer of this name", "", "\"" + name + "\"", ""});
}

int64_t full_rows(const Shape& input, const Node& node) {
  return std::visit(
      Overload{[&](const Conv& conv) { return int64_t{input.c} * conv.kernel_h * conv.kernel_w; },
               [&](const Dense&) { return input.size(); }, [](const auto&) { return int64_t{0}; }},
      node.kind);
}

std::vector<Shape> infer_shapes(const Network& network, const std::string& source) {
  const std::string where = source + "network " + network.name;
  if (network.nodes.empty()) throw Error({where, "has no layers"});
  if (!std::holds_alternative<Input>(network.nodes[0].kind)) {
    throw Error({where, "the first node is no input", "input", kind_name(network.nodes[0].kind)});
  }
  std::vector<Shape> shapes;
  std::map<std::string, size_t> index;
  for (const Node& node : network.nodes) {
    check_name(node.name, where);
    Checker checker{where, node, {}};
    for (const std::string& input : node.inputs) {
      const auto found = index.find(input);
      if (found == index.end()) checker.fail("input is no earlier layer", "", "\"" + input + "\"");
      checker.in.push_back(shapes[found->second]);
    }
    if (std::holds_alternative<Input>(node.kind) && !shapes.empty()) checker.fail("a second input");
    if (!index.emplace(node.name, shapes.size()).second) checker.fail("two layers of this name");
    if (node.quant) {
      const ActivationQuant& quant = *node.quant;
      if (quant.bits < 1 || quant.bits > 16) {
        checker.fail("activation bits out of range", "1..16", std::to_string(quant.bits));
      }
      checker.positive_number("activation scale", quant.scale);
    }
    shapes.push_back(std::visit(checker, node.kind));
    if (!shapes.back().fits()) {
      const Shape& shape = shapes.back();
      checker.fail("output too large", "at most " + std::to_string(Shape::kMaxSize) + " values",
                   std::to_string(shape.c) + " x " + std::to_string(shape.h) + " x " +
                       std::to_string(shape.w));
    }
  }
  return shapes;
}

int64_t weight_count(const Network& network, bool conv_only) {
  int64_t count = 0;
  for (const Node& node : network.nodes) {
    if (const auto* conv = std::get_if<Conv>(&node.kind)) {
      count += static_cast<int64_t>(conv->weight.size());
    }
    if (const auto* dense = std::get_if<Dense>(&node.kind); dense != nullptr && !conv_only) {
      count += static_cast<int64_t>(dense->weight.size());
    }
  }
  return count;
}

}  // namespace crosstwin::ir
