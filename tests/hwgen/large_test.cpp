// Layers of millions of weights: every image is as long as its memory.
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "hwgen/emit/emit.hpp"
#include "tests/catch.hpp"
#include "tests/hwgen/large_design.hpp"

using namespace crosstwin;
using test::Large;

namespace {

void check_emitted(const Large& large, const hwgen::PlanOptions& options) {
  const hwgen::Plan plan = hwgen::plan(large.design, large.chip, options);
  hwgen::emit(plan, std::filesystem::current_path() / "large");
  int64_t bits = 0;
  for (const hwgen::Memory& memory : plan.memories) {
    bits += memory.image.bits();
    CHECK(std::filesystem::file_size(std::filesystem::current_path() / "large" / memory.file) ==
          static_cast<size_t>(memory.image.words() * ((memory.image.width() + 3) / 4 + 1)));
  }
  CHECK(bits > 16'000'000);
}

}  // namespace

TEST_CASE("A dense layer of 2048 x 1000 is planned and emitted whole") {
  const Large large(test::large_dense());
  check_emitted(large, {});
  hwgen::PlanOptions options;
  options.target_fps = 500;
  options.clock_mhz = 100;
  check_emitted(large, options);
}

TEST_CASE("A 3 x 3 conv of 512 channels is planned and emitted whole") {
  const Large large(test::large_conv(14, 14));
  check_emitted(large, {});
}
