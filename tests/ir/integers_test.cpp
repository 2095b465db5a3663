// The rules of weights and requantizers in integers.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/integers.hpp"

#include <cmath>

#include "compress/ir/rng.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"

namespace crosstwin::ir {
namespace {

Node dense(const std::vector<float>& weight, const std::vector<float>& scale) {
  return {"fc", {"input"}, Dense{2, {0, 3}, weight, {0.5F, -1}, scale}};
}

TEST_CASE("A requantizer is within half a 16-bit step of its ratio") {
  Rng rng(1);
  for (int i = 0; i < 2000; ++i) {
    const double ratio = std::exp2(rng.uniform(-14, 14));
    const Requantizer found = requantizers({ratio}, 255, "layer").at(0);
    CHECK(found.shift >= 1);
    CHECK(found.shift <= 31);
    // mult is at least 2^15 unless the shift is at its end
    const double bound = found.shift == 31 ? std::exp2(-32) : ratio * std::exp2(-16);
    CHECK(std::abs(std::ldexp(found.mult, -found.shift) - ratio) <= bound);
  }
  CHECK_THAT(tests::message_of([] { requantizers({1e-12}, 255, "node conv9"); }),
             tests::contains("conv9"));
  CHECK_THAT(tests::message_of([] { requantizers({1e9}, 255, "node conv9"); }),
             tests::contains("conv9"));
}

TEST_CASE("A layer shares one shift until a column would round by 1/32 code") {
  // At the shift of the ratio 1/2, 16, a mult of 16 * 255 = 4080 is a ratio of 1/16.06.
  const auto shared = requantizers({0.49, 0.063}, 255, "layer");
  CHECK(shared[0].shift == shared[1].shift);
  const auto own = requantizers({0.49, 0.030}, 255, "layer");
  CHECK(own[0].shift < own[1].shift);
  CHECK(own[1].mult >= 32768);
}

TEST_CASE("Weights and biases come out in steps of their column, less the zero of their rows") {
  const Node node = dense({0.5F, -0.25F, 0.3F, 0}, {0.25F, 0.1F});
  const IntegerLayer layer = integer_layer(node, 127, {7, 10}, 0.5, false);
  CHECK(layer.weight == std::vector<int16_t>{2, -1, 3, 0});
  // 0.5 / (0.25 / 2) - (2 * 7 - 10) and -1 / (0.1 / 2) - 3 * 7
  CHECK(layer.bias == std::vector<int32_t>{0, -41});
}

TEST_CASE("Weights off the grid, beyond the range or without scales are named") {
  const auto refusal = [](const Node& node, bool logits = false) {
    return tests::message_of([&] { integer_layer(node, 127, {0, 0}, 1, logits); });
  };
  CHECK_THAT(refusal(dense({0.51F, 0, 0, 0}, {0.25F, 0.25F})),
             tests::contains("fc") && tests::contains("(column 0, row 0)"));
  CHECK_THAT(refusal(dense({0, 0, 0, 32}, {0.25F, 0.25F})),
             tests::contains("weight_range") && tests::contains("(column 1, row 3)"));
  CHECK_THAT(refusal(dense({0, 0, 0, 0}, {})), tests::contains("not quantized"));
  CHECK_THAT(refusal(dense({0.5F, 0, 0.5F, 0}, {0.25F, 0.125F}), true),
             tests::contains("logits do not compare"));
  CHECK_THAT(refusal(dense({1e-10F, 0, 0, 0}, {1e-10F, 1})), tests::contains("does not fit"));
}

}  // namespace
}  // namespace crosstwin::ir
