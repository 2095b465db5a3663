// Random designs for the twin's tests, and the plain network written as loops.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "compress/ir/design.hpp"
#include "compress/ir/rng.hpp"

namespace crosstwin::test {

inline int32_t between(ir::Rng& rng, int32_t low, int32_t high) {
  return low + static_cast<int32_t>(rng.below(static_cast<uint32_t>(high - low + 1)));
}

// Each row kept with probability `keep`, at least one.
inline std::vector<int32_t> random_rows(ir::Rng& rng, int32_t all, float keep) {
  std::vector<int32_t> rows;
  for (int32_t r = 0; r < all; ++r) {
    if (rng.uniform() < keep) rows.push_back(r);
  }
  if (rows.empty()) rows.push_back(between(rng, 0, all - 1));
  return rows;
}

struct CrossbarSpec {
  int32_t cols = 4;
  int32_t kernel_h = 1;
  int32_t kernel_w = 1;
  int32_t stride = 1;
  int32_t pad = 0;
  float keep = 0.7F;
  bool logits = false;
  bool relu = true;
};

// Appends a crossbar of random weights; codes out have 8 bits, unsigned behind a relu.
inline void add_crossbar(ir::Design& design, ir::Rng& rng, const std::string& name,
                         const CrossbarSpec& spec, int32_t in_bits = 8, bool in_signed = false) {
  ir::Stage stage;
  stage.name = name;
  stage.inputs = {design.stages.empty() ? "input" : design.stages.back().name};
  stage.in = design.stages.empty() ? design.input : design.stages.back().out;
  stage.in_bits = in_bits;
  stage.in_signed = in_signed;
  stage.out = {spec.cols, (stage.in.h + 2 * spec.pad - spec.kernel_h) / spec.stride + 1,
               (stage.in.w + 2 * spec.pad - spec.kernel_w) / spec.stride + 1};
  ir::Crossbar crossbar;
  crossbar.kernel_h = spec.kernel_h;
  crossbar.kernel_w = spec.kernel_w;
  crossbar.stride = spec.stride;
  crossbar.pad = spec.pad;
  const int32_t code_top = (1 << (in_signed ? in_bits - 1 : in_bits)) - 1;
  for (int32_t c = 0; c < stage.in.c; ++c) {
    crossbar.pad_value.push_back(between(rng, in_signed ? -code_top - 1 : 0, code_top));
  }
  crossbar.rows = random_rows(rng, stage.in.c * spec.kernel_h * spec.kernel_w, spec.keep);
  const int32_t range = design.layout.weight_range;
  for (size_t i = 0; i < crossbar.rows.size() * static_cast<size_t>(spec.cols); ++i) {
    crossbar.weight.push_back(static_cast<int16_t>(between(rng, -range, range)));
  }
  const auto rows = static_cast<double>(crossbar.rows.size());
  for (int32_t c = 0; c < spec.cols; ++c) {
    crossbar.bias.push_back(between(rng, -2000, 2000));
    if (spec.logits) continue;
    // About one output code a standard deviation / 60.
    const double scale = 60.0 / (range * 0.58 * code_top * 0.58 * std::sqrt(rows) + 1);
    crossbar.mult.push_back(static_cast<uint16_t>(std::clamp(scale * 65536 * 4, 1.0, 65535.0)));
    crossbar.shift.push_back(18);
  }
  crossbar.logits = spec.logits;
  if (!spec.logits) {
    crossbar.low = spec.relu ? 0 : -128;
    crossbar.high = spec.relu ? 255 : 127;
  }
  stage.kind = crossbar;
  design.stages.push_back(stage);
}

inline void add_pool(ir::Design& design, const std::string& name, int32_t in_bits, bool in_signed) {
  ir::Stage stage;
  stage.name = name;
  stage.inputs = {design.stages.back().name};
  stage.in = design.stages.back().out;
  stage.out = {stage.in.c, (stage.in.h - 2) / 2 + 1, (stage.in.w - 2) / 2 + 1};
  stage.in_bits = in_bits;
  stage.in_signed = in_signed;
  stage.kind = ir::PoolMax{2, 2};
  design.stages.push_back(stage);
}

// conv (padded, maybe strided), pool, conv with signed codes out, dense, dense logits.
inline ir::Design random_design(uint64_t seed, const ir::Layout& layout = {}) {
  ir::Rng rng(seed, 77);
  ir::Design design;
  design.name = "random";
  design.input = {between(rng, 1, 3), between(rng, 8, 11), between(rng, 8, 11)};
  design.layout = layout;
  add_crossbar(design, rng, "conv1", {.cols = 5, .kernel_h = 3, .kernel_w = 2, .pad = 1});
  add_pool(design, "pool1", 8, false);
  add_crossbar(design, rng, "conv2",
               {.cols = 7, .kernel_h = 2, .kernel_w = 2, .keep = 0.9F, .relu = false});
  const ir::Shape map = design.stages.back().out;
  add_crossbar(design, rng, "fc1", {.cols = 11, .kernel_h = map.h, .kernel_w = map.w}, 8, true);
  add_crossbar(design, rng, "fc2", {.cols = 4, .logits = true});
  return design;
}

inline std::vector<uint8_t> random_images(const ir::Design& design, int64_t count, uint64_t seed) {
  ir::Rng rng(seed, 78);
  std::vector<uint8_t> images(static_cast<size_t>(count * design.input.size()));
  // Half of the pixels dark, as in pictures of digits.
  for (uint8_t& pixel : images) {
    pixel = rng.uniform() < 0.5F ? 0 : static_cast<uint8_t>(rng.below(256));
  }
  return images;
}

// The design's network by its definition in compress/ir/design.hpp, every index spelt out. Maps are
// indexed [c][h][w], unlike the library's; the answer holds the output of every stage.
inline std::vector<std::vector<int64_t>> naive_network(const ir::Design& design,
                                                       const uint8_t* image) {
  std::vector<std::vector<int64_t>> outputs;
  std::vector<int64_t> map(image, image + design.input.size());
  for (const ir::Stage& stage : design.stages) {
    const ir::Shape in = stage.in;
    std::vector<int64_t> out(static_cast<size_t>(stage.out.size()));
    for (int32_t c = 0; c < stage.out.c; ++c) {
      for (int32_t y = 0; y < stage.out.h; ++y) {
        for (int32_t x = 0; x < stage.out.w; ++x) {
          int64_t value = 0;
          if (const auto* pool = std::get_if<ir::PoolMax>(&stage.kind)) {
            value = INT64_MIN;
            for (int32_t i = 0; i < pool->kernel * pool->kernel; ++i) {
              const int32_t py = y * pool->stride + i / pool->kernel;
              const int32_t px = x * pool->stride + i % pool->kernel;
              value = std::max(value, map[static_cast<size_t>((c * in.h + py) * in.w + px)]);
            }
          } else {
            const auto& layer = std::get<ir::Crossbar>(stage.kind);
            value = layer.bias[static_cast<size_t>(c)];
            for (size_t r = 0; r < layer.rows.size(); ++r) {
              const int32_t area = layer.kernel_h * layer.kernel_w;
              const int32_t channel = layer.rows[r] / area;
              const int32_t py =
                  y * layer.stride - layer.pad + layer.rows[r] % area / layer.kernel_w;
              const int32_t px = x * layer.stride - layer.pad + layer.rows[r] % layer.kernel_w;
              const bool inside = py >= 0 && py < in.h && px >= 0 && px < in.w;
              const int64_t code = inside
                                       ? map[static_cast<size_t>((channel * in.h + py) * in.w + px)]
                                       : layer.pad_value[static_cast<size_t>(channel)];
              value += code * layer.weight[r * static_cast<size_t>(stage.out.c) + c];
            }
            if (!layer.logits) {
              const auto column = static_cast<size_t>(c);
              const double scaled =
                  std::floor(std::ldexp(static_cast<double>(value) * layer.mult[column],
                                        -layer.shift[column]) +
                             0.5);
              value = std::clamp<int64_t>(static_cast<int64_t>(scaled), layer.low, layer.high);
            }
          }
          out[static_cast<size_t>((c * stage.out.h + y) * stage.out.w + x)] = value;
        }
      }
    }
    outputs.push_back(out);
    map = out;
  }
  return outputs;
}

}  // namespace crosstwin::test
