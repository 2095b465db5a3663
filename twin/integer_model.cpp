// Exact products of the kept rows.
// SPDX-License-Identifier: Apache-2.0
#include "twin/integer_model.hpp"

#include <algorithm>

#include "twin/stages.hpp"

namespace crosstwin::twin {

namespace {

void integer_product(const ir::Crossbar& crossbar, std::span<const int32_t> x,
                     std::span<int64_t> y) {
  std::fill(y.begin(), y.end(), 0);
  const int16_t* weight = crossbar.weight.data();
  for (const int32_t activation : x) {
    if (activation != 0) {
      for (size_t c = 0; c < y.size(); ++c) y[c] += activation * weight[c];
    }
    weight += y.size();
  }
}

}  // namespace

std::vector<int32_t> integer_logits(const ir::Design& design, std::span<const uint8_t> images) {
  ir::check_design(design, "design");
  check_ranges(design, max_abs_products(design), "design");
  const int64_t count = image_count(design, images);
  const Pipeline pipeline(design);
  const int64_t pixels = design.input.size();
  const int64_t logits = design.stages.back().out.size();
  std::vector<int32_t> result(static_cast<size_t>(count * logits));
  for_image_blocks(count, [&](int64_t first, int64_t last) {
    std::vector<std::vector<int32_t>> outputs;
    for (int64_t n = first; n < last; ++n) {
      const auto image = to_stream_order(images.subspan(n * pixels, pixels), design.input);
      const auto product = [&](size_t stage) -> Product {
        const auto& crossbar = std::get<ir::Crossbar>(design.stages[stage].kind);
        return [&crossbar](int32_t, std::span<const int32_t> x, std::span<int64_t> y) {
          integer_product(crossbar, x, y);
        };
      };
      pipeline.run(image, product, outputs);
      std::copy(outputs.back().begin(), outputs.back().end(), result.begin() + n * logits);
    }
  });
  return result;
}

}  // namespace crosstwin::twin
