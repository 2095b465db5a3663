// Requantization, pooling and the walk over the stages.
// SPDX-License-Identifier: Apache-2.0
#include "twin/stages.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "compress/ir/error.hpp"
#include "twin/tile_simd.hpp"

namespace crosstwin::twin {

namespace {

// Index of the stage of this name before `index`, -1 for "input".
int32_t source_of(const ir::Design& design, size_t index) {
  const std::string& name = design.stages[index].inputs.at(0);
  if (name == "input") return -1;
  for (size_t i = 0; i < index; ++i) {
    if (design.stages[i].name == name) return static_cast<int32_t>(i);
  }
  throw ir::Bug("a stage's input is an earlier stage");
}

struct CodeRange {
  int64_t low = 0;
  int64_t high = 0;
};

}  // namespace

std::vector<int32_t> to_stream_order(std::span<const uint8_t> images, const ir::Shape& shape) {
  std::vector<int32_t> codes(images.size());
  const int64_t pixels = int64_t{shape.h} * shape.w;
  const auto count = static_cast<int64_t>(images.size()) / shape.size();
  for (int64_t n = 0; n < count; ++n) {
    for (int64_t c = 0; c < shape.c; ++c) {
      for (int64_t pixel = 0; pixel < pixels; ++pixel) {
        codes[static_cast<size_t>(n * shape.size() + pixel * shape.c + c)] =
            images[static_cast<size_t>(n * shape.size() + c * pixels + pixel)];
      }
    }
  }
  return codes;
}

int64_t image_count(const ir::Design& design, std::span<const uint8_t> images) {
  const auto bytes = static_cast<int64_t>(images.size());
  const ir::Shape& shape = design.input;
  if (bytes % shape.size() != 0) {
    throw ir::Error(
        {"images", "no whole number of images of the design's input shape",
         "a multiple of " + std::to_string(shape.size()) + " bytes (" + std::to_string(shape.c) +
             " x " + std::to_string(shape.h) + " x " + std::to_string(shape.w) + ")",
         std::to_string(bytes) + " bytes", "use the data set the network was made for"});
  }
  return bytes / shape.size();
}

int32_t requantize(const ir::Crossbar& crossbar, int32_t column, int64_t y) {
  const auto c = static_cast<size_t>(column);
  const int64_t v = y + crossbar.bias[c];
  if (crossbar.logits) return static_cast<int32_t>(v);
  const int32_t shift = crossbar.shift[c];
  const int64_t scaled = (v * crossbar.mult[c] + (int64_t{1} << (shift - 1))) >> shift;
  return static_cast<int32_t>(std::clamp<int64_t>(scaled, crossbar.low, crossbar.high));
}

void max_pool(const ir::Stage& stage, std::span<const int32_t> in, std::span<int32_t> out) {
  const auto* pool = std::get_if<ir::PoolMax>(&stage.kind);
  ir::check(pool != nullptr, "only a pool pools");
  const int32_t channels = stage.in.c;
  for (int32_t y = 0; y < stage.out.h; ++y) {
    for (int32_t x = 0; x < stage.out.w; ++x) {
      for (int32_t c = 0; c < channels; ++c) {
        int32_t best = std::numeric_limits<int32_t>::min();
        for (int32_t ky = 0; ky < pool->kernel; ++ky) {
          for (int32_t kx = 0; kx < pool->kernel; ++kx) {
            const int32_t line = y * pool->stride + ky;
            const int32_t pixel = line * stage.in.w + x * pool->stride + kx;
            best = std::max(best, in[static_cast<size_t>(pixel * channels + c)]);
          }
        }
        out[static_cast<size_t>((y * stage.out.w + x) * channels + c)] = best;
      }
    }
  }
}

void check_ranges(const ir::Design& design, const std::vector<int64_t>& max_abs_y,
                  const std::string& where) {
  std::vector<CodeRange> codes;
  for (size_t i = 0; i < design.stages.size(); ++i) {
    const ir::Stage& stage = design.stages[i];
    const std::string place = where + ".stages[" + std::to_string(i) + "] (" + stage.name + ")";
    const int32_t source = source_of(design, i);
    const CodeRange in = source < 0 ? CodeRange{0, 255} : codes[static_cast<size_t>(source)];
    const int32_t magnitude_bits = stage.in_signed ? stage.in_bits - 1 : stage.in_bits;
    const int64_t high = (int64_t{1} << magnitude_bits) - 1;
    const int64_t low = stage.in_signed ? -high - 1 : 0;
    if (in.low < low || in.high > high) {
      throw ir::Error({place, "the codes of its input do not fit its in_bits",
                       std::to_string(low) + ".." + std::to_string(high),
                       std::to_string(in.low) + ".." + std::to_string(in.high), "map again"});
    }
    const auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind);
    codes.push_back(crossbar == nullptr ? in : CodeRange{crossbar->low, crossbar->high});
    if (crossbar != nullptr) check_sums(stage, max_abs_y[i], place);
  }
}

void check_sums(const ir::Stage& stage, int64_t max_abs_y, const std::string& where) {
  int64_t max_bias = 0;
  for (const int32_t bias : std::get<ir::Crossbar>(stage.kind).bias) {
    max_bias = std::max(max_bias, std::abs(int64_t{bias}));
  }
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  if (max_abs_y <= kMax - std::min(max_bias, kMax)) return;
  throw ir::Error(
      {where, "its sums can leave 32 bits", "|Y + bias| < 2^31",
       "|Y| up to " + std::to_string(max_abs_y) + ", |bias| up to " + std::to_string(max_bias),
       "use fewer layout.adc_bits, activation bits or rows"});
}

std::vector<int64_t> max_abs_products(const ir::Design& design) {
  std::vector<int64_t> bounds;
  for (const ir::Stage& stage : design.stages) {
    const auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind);
    std::vector<int64_t> columns(static_cast<size_t>(stage.out.c));
    const size_t weights = crossbar == nullptr ? 0 : crossbar->weight.size();
    for (size_t i = 0; i < weights; ++i) {
      columns[i % columns.size()] += std::abs(int64_t{crossbar->weight[i]});
    }
    const int64_t max_code =
        stage.in_signed ? int64_t{1} << (stage.in_bits - 1) : (int64_t{1} << stage.in_bits) - 1;
    bounds.push_back(*std::max_element(columns.begin(), columns.end()) * max_code);
  }
  return bounds;
}

void run_crossbar(const ir::Stage& stage, const Window& window, const Product& product,
                  std::span<const int32_t> in, std::span<int32_t> out) {
  const auto& crossbar = std::get<ir::Crossbar>(stage.kind);
  const int32_t cols = stage.out.c;
  std::vector<int32_t> padded;
  std::vector<int32_t> x(static_cast<size_t>(window.rows()));
  std::vector<int64_t> y(static_cast<size_t>(cols));
  const std::span<const int32_t> map = window.pad(in, padded);
  for (int32_t position = 0; position < window.positions(); ++position) {
    window.gather(map, position, x);
    product(position, x, y);
    for (int32_t c = 0; c < cols; ++c) {
      out[static_cast<size_t>(position) * cols + c] =
          requantize(crossbar, c, y[static_cast<size_t>(c)]);
    }
  }
}

Pipeline::Pipeline(const ir::Design& design) : design_(&design) {
  for (size_t i = 0; i < design.stages.size(); ++i) {
    source_.push_back(source_of(design, i));
    const bool crossbar = std::holds_alternative<ir::Crossbar>(design.stages[i].kind);
    windows_.push_back(crossbar ? std::make_unique<Window>(design.stages[i]) : nullptr);
  }
}

void Pipeline::run_stage(size_t index, const Product& product, std::span<const int32_t> in,
                         std::span<int32_t> out) const {
  const ir::Stage& stage = design_->stages[index];
  if (windows_[index]) {
    run_crossbar(stage, *windows_[index], product, in, out);
  } else {
    max_pool(stage, in, out);
  }
}

void Pipeline::run(std::span<const int32_t> image, const std::function<Product(size_t)>& product,
                   std::vector<std::vector<int32_t>>& outputs) const {
  outputs.resize(design_->stages.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].resize(static_cast<size_t>(design_->stages[i].out.size()));
    const std::span<const int32_t> in =
        source_[i] < 0 ? image : std::span<const int32_t>(outputs[static_cast<size_t>(source_[i])]);
    run_stage(i, windows_[i] ? product(i) : Product(), in, outputs[i]);
  }
}

void Pipeline::run_maps(size_t index, const BlockProduct& product, std::span<const int32_t> in,
                        int64_t count, std::span<int32_t> out) const {
  const ir::Stage& stage = design_->stages[index];
  const Window& window = *windows_[index];
  const auto& crossbar = std::get<ir::Crossbar>(stage.kind);
  const int32_t cols = stage.out.c;
  std::vector<int32_t> padded(static_cast<size_t>(count * window.padded_size()));
  for (int64_t n = 0; n < count; ++n) {
    window.pad(in.subspan(n * stage.in.size(), stage.in.size()),
               padded.data() + n * window.padded_size());
  }
  std::vector<int32_t> x(static_cast<size_t>(window.rows()) * kTileBlock);
  std::vector<int32_t> y(static_cast<size_t>(cols) * kTileBlock);
  const int64_t positions = count * window.positions();
  for (int64_t first = 0; first < positions; first += kTileBlock) {
    const auto block = static_cast<int32_t>(std::min<int64_t>(kTileBlock, positions - first));
    window.gather(padded.data(), first, block, kTileBlock, x.data());
    product(first, block, x.data(), y.data());
    for (int32_t i = 0; i < block; ++i) {
      for (int32_t c = 0; c < cols; ++c) {
        out[static_cast<size_t>((first + i) * cols + c)] =
            requantize(crossbar, c, y[static_cast<size_t>(i * cols + c)]);
      }
    }
  }
}

void Pipeline::run_block(std::span<const int32_t> images, int64_t count,
                         const std::function<BlockProduct(size_t)>& product,
                         std::vector<std::vector<int32_t>>& outputs) const {
  outputs.resize(design_->stages.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    const ir::Stage& stage = design_->stages[i];
    outputs[i].resize(static_cast<size_t>(count * stage.out.size()));
    const std::span<const int32_t> in =
        source_[i] < 0 ? images
                       : std::span<const int32_t>(outputs[static_cast<size_t>(source_[i])]);
    if (windows_[i]) {
      run_maps(i, product(i), in, count, outputs[i]);
      continue;
    }
    for (int64_t n = 0; n < count; ++n) {
      max_pool(stage, in.subspan(n * stage.in.size(), stage.in.size()),
               std::span(outputs[i]).subspan(n * stage.out.size(), stage.out.size()));
    }
  }
}

void for_image_blocks(int64_t images, const std::function<void(int64_t, int64_t)>& work,
                      int64_t block) {
  const int64_t blocks = (images + block - 1) / block;
  tbb::parallel_for(int64_t{0}, blocks, [&](int64_t index) {
    const int64_t first = index * block;
    work(first, std::min(first + block, images));
  });
}

}  // namespace crosstwin::twin
