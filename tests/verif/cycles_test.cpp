// The plan's pipeline against Verilator: every answer in the planned cycle.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "compress/ir/atomic_write.hpp"
#include "tests/verif/fixture.hpp"

using namespace crosstwin;
using test::Fixture;

namespace {

constexpr int32_t kImages = 16;  // one part, so that no image starts from reset but the first

// The RTL's answers; their values are checked too.
std::vector<int64_t> measured(const Fixture& fixture) {
  const verif::Report report = fixture.verify();
  INFO(verif::to_text(report));
  CHECK(report.passed());
  return report.answers;
}

std::vector<int64_t> planned(const Fixture& fixture) {
  return hwgen::run_pipeline(fixture.plan.pipeline, kImages).answers;
}

// Two layers of much the same pace, the second behind a window of few lines.
hwgen::PlanOptions narrow_windows() {
  hwgen::PlanOptions options;
  options.defaults.requant = hwgen::Requant::kParallel;
  hwgen::LayerOptions& conv1 = options.layers["conv1"];
  conv1.pe = 3;
  conv1.row_lanes = 3;
  conv1.adc_lanes = 16;
  conv1.lines = 4;
  options.layers["conv2"].lines = 3;
  return options;
}

int32_t deepest_queue(const hwgen::Plan& plan) {
  int32_t depth = 0;
  for (const hwgen::Layer& layer : plan.layers) depth = std::max(depth, layer.fifo_depth);
  return depth;
}

}  // namespace

TEST_CASE("Every answer of a design comes in the planned cycle, whichever layer is the slowest") {
  hwgen::PlanOptions options;
  SECTION("the plain forms") {}
  SECTION("several rows and converters, pipelined requantizers") {
    options.defaults.row_lanes = 2;
    options.defaults.adc_lanes = 8;
    options.defaults.requant = hwgen::Requant::kParallel;
  }
  SECTION("bit-serial") {
    options.defaults.form = hwgen::Form::kBitSerial;
    options.layers["conv1"].pe = 3;
  }
  const Fixture fixture("cycles", kImages, {}, 0, options);
  const std::vector<int64_t> answers = measured(fixture);
  CHECK(answers == planned(fixture));
  CHECK(answers.front() == fixture.plan.first_answer);
}

TEST_CASE("Queues are as deep as the pipeline needs, and one place less is slower") {
  const Fixture fixture("queues", kImages, {}, 0, narrow_windows());
  const int32_t depth = deepest_queue(fixture.plan);
  REQUIRE(depth > 0);
  const std::vector<int64_t> answers = measured(fixture);
  CHECK(answers == planned(fixture));

  const auto top = fixture.dir / "rtl/rtl/sample_top.sv";
  std::string text = ir::read_file(top);
  const std::string before = fmt::format(".Depth({})", depth);
  const size_t at = text.find(before);
  REQUIRE(at != std::string::npos);
  ir::write_file(top, text.replace(at, before.size(), fmt::format(".Depth({})", depth - 1)));
  const std::vector<int64_t> slower = measured(fixture);
  CHECK(slower.back() - slower[kImages / 2] > answers.back() - answers[kImages / 2]);
}
