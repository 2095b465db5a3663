// Checks of the design, and its name by content.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/design.hpp"

#include <map>
#include <set>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/names.hpp"

namespace crosstwin::ir {

namespace {

struct Checker {
  const Design& design;
  const Stage& stage;
  std::string where;
  bool last;

  [[noreturn]] void fail(const std::string& what, const std::string& expected = {},
                         const std::string& got = {}) const {
    throw Error({where, what, expected, got, ""});
  }
  void range(const char* field, int64_t value, int64_t low, int64_t high) const {
    if (value >= low && value <= high) return;
    fail(std::string(field) + " out of range", std::to_string(low) + ".." + std::to_string(high),
         std::to_string(value));
  }
  template <class T>
  void ranges(const char* field, const std::vector<T>& values, int64_t low, int64_t high) const {
    for (size_t i = 0; i < values.size(); ++i) {
      range((std::string(field) + "[" + std::to_string(i) + "]").c_str(), values[i], low, high);
    }
  }
  template <class T>
  void length(const char* field, const std::vector<T>& values, int64_t expected) const {
    if (static_cast<int64_t>(values.size()) == expected) return;
    fail(std::string(field) + " has the wrong length", std::to_string(expected),
         std::to_string(values.size()));
  }
  void windows(int32_t kernel_h, int32_t kernel_w, int32_t stride, int32_t pad) const {
    range("kernel height", kernel_h, 1, int64_t{stage.in.h} + 2 * pad);
    range("kernel width", kernel_w, 1, int64_t{stage.in.w} + 2 * pad);
    range("stride", stride, 1, 1 << 16);
    range("out.h", stage.out.h, (stage.in.h + 2 * pad - kernel_h) / stride + 1,
          (stage.in.h + 2 * pad - kernel_h) / stride + 1);
    range("out.w", stage.out.w, (stage.in.w + 2 * pad - kernel_w) / stride + 1,
          (stage.in.w + 2 * pad - kernel_w) / stride + 1);
  }

  void operator()(const Crossbar& layer) const {
    const int64_t rows = static_cast<int64_t>(layer.rows.size());
    const int64_t cols = stage.out.c;
    range("pad", layer.pad, 0, 255);
    windows(layer.kernel_h, layer.kernel_w, layer.stride, layer.pad);
    range("number of rows", rows, 1, 1 << 20);
    const int64_t all_rows = int64_t{stage.in.c} * layer.kernel_h * layer.kernel_w;
    ranges("rows", layer.rows, 0, all_rows - 1);
    const std::set<int32_t> distinct(layer.rows.begin(), layer.rows.end());
    if (distinct.size() != layer.rows.size()) fail("a row is named twice");
    length("weight", layer.weight, rows * cols);
    ranges("weight", layer.weight, -design.layout.weight_range, design.layout.weight_range);
    length("bias", layer.bias, cols);
    length("pad_value", layer.pad_value, stage.in.c);
    const int64_t low_code = stage.in_signed ? -(int64_t{1} << (stage.in_bits - 1)) : 0;
    const int64_t high_code =
        (int64_t{1} << (stage.in_signed ? stage.in_bits - 1 : stage.in_bits)) - 1;
    ranges("pad_value", layer.pad_value, low_code, high_code);
    if (layer.logits != last) {
      fail(last ? "the last stage gives no logits" : "only the last stage may give logits");
    }
    length("mult", layer.mult, layer.logits ? 0 : cols);
    length("shift", layer.shift, layer.logits ? 0 : cols);
    ranges("mult", layer.mult, 1, 65535);
    ranges("shift", layer.shift, 1, 31);
    if (layer.logits) return;
    range("low", layer.low, -32768, 65534);
    range("high", layer.high, layer.low + 1, 65535);
  }
  void operator()(const PoolMax& pool) const {
    if (last) fail("the last stage must be a crossbar");
    windows(pool.kernel, pool.kernel, pool.stride, 0);
    range("out.c", stage.out.c, stage.in.c, stage.in.c);
  }
};

}  // namespace

void check_design(const Design& design, const std::string& where) {
  check_name(design.name, where + ".name");
  check_layout(design.layout, (where + ".layout").c_str());
  if (design.stages.empty()) throw Error({where + ".stages", "has no stages"});
  std::map<std::string, Shape> outputs = {{"input", design.input}};
  for (size_t i = 0; i < design.stages.size(); ++i) {
    const Stage& stage = design.stages[i];
    const bool last = i + 1 == design.stages.size();
    const Checker checker{design, stage,
                          where + ".stages[" + std::to_string(i) + "] (" + stage.name + ")", last};
    check_name(stage.name, checker.where);
    checker.range("in_bits", stage.in_bits, 1, 16);
    for (const int32_t extent : {stage.in.c, stage.in.h, stage.in.w, stage.out.c}) {
      checker.range("extent", extent, 1, 1 << 20);
    }
    for (const Shape& shape : {stage.in, stage.out}) {
      if (shape.fits()) continue;
      checker.fail("map too large", "at most " + std::to_string(Shape::kMaxSize) + " values",
                   std::to_string(shape.c) + " x " + std::to_string(shape.h) + " x " +
                       std::to_string(shape.w));
    }
    if (stage.inputs.size() != 1) {
      checker.fail("wrong number of inputs", "1", std::to_string(stage.inputs.size()));
    }
    const auto source = outputs.find(stage.inputs[0]);
    if (source == outputs.end()) {
      checker.fail("input is no earlier stage", "", "\"" + stage.inputs[0] + "\"");
    }
    if (!(source->second == stage.in)) checker.fail("in is not the shape that its input gives");
    std::visit(checker, stage.kind);
    if (!outputs.emplace(stage.name, stage.out).second) checker.fail("two stages of this name");
  }
}

}  // namespace crosstwin::ir
