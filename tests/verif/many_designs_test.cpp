// Fifty random designs in random forms: every logit, and every answer in the planned cycle.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "tests/verif/fixture.hpp"

using namespace crosstwin;
using test::Fixture;

namespace {

constexpr int32_t kDesigns = 50;
constexpr int32_t kImages = 8;  // one part; the queues are full by then

class Draw {
 public:
  explicit Draw(uint64_t seed) : rng_(seed, 4) {}
  int32_t range(int32_t low, int32_t high) {
    return low + static_cast<int32_t>(rng_.below(static_cast<uint64_t>(high - low + 1)));
  }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[range(0, static_cast<int32_t>(values.size()) - 1)];
  }

 private:
  ir::Rng rng_;
};

test::SampleOptions sample(Draw& draw) {
  test::SampleOptions options;
  options.seed = static_cast<uint64_t>(draw.range(1, 1 << 20));
  options.input = {draw.range(1, 3), draw.range(9, 14), draw.range(9, 14)};
  options.layout.tile_rows = draw.one_of({4, 8, 13, 128});
  options.conv1 = draw.range(1, 5);
  options.conv2 = draw.range(1, 6);
  options.outputs = draw.range(2, 7);
  options.signed_middle = draw.range(0, 3) == 0;
  return options;
}

hwgen::LayerOptions layer(Draw& draw, const ir::Design& design, size_t stage) {
  const auto& crossbar = std::get<ir::Crossbar>(design.stages[stage].kind);
  const auto cols = static_cast<int32_t>(crossbar.bias.size());
  const auto rows = std::min(design.layout.tile_rows, static_cast<int32_t>(crossbar.rows.size()));
  hwgen::LayerOptions options;
  options.form = draw.one_of({hwgen::Form::kBitPlane, hwgen::Form::kBitSerial});
  const bool serial = options.form == hwgen::Form::kBitSerial;
  if (serial) options.planes = draw.one_of({1, 2, 4});
  options.pe = draw.range(1, cols);
  options.row_lanes = draw.range(1, std::min(4, rows));
  options.adc_lanes = draw.one_of(serial ? std::initializer_list<int32_t>{1, 2, 4}
                                         : std::initializer_list<int32_t>{1, 2, 4, 8, 16, 32});
  options.requant = draw.one_of({hwgen::Requant::kSerial, hwgen::Requant::kParallel});
  return options;
}

}  // namespace

// Compiled simulators are kept: stopped, it is soon where it was.
TEST_CASE("Fifty designs answer in the planned cycles") {
  int32_t queues = 0;
  for (int32_t number = 0; number < kDesigns; ++number) {
    Draw draw(static_cast<uint64_t>(number));
    const test::SampleOptions shape = sample(draw);
    hwgen::PlanOptions options;
    const ir::Design design = test::sample_design(shape);  // conv1, pool1, conv2, fc
    options.layers["conv1"] = layer(draw, design, 0);
    options.layers["conv2"] = layer(draw, design, 2);
    options.layers["conv2"].lines = draw.range(3, 6);
    options.layers["fc"] = layer(draw, design, 3);
    options.layers["fc"].requant.reset();
    const Fixture fixture(fmt::format("many_{}", number), kImages, shape, draw.range(0, 1) * 4,
                          options);
    verif::Options quick;
    quick.quick = true;
    const verif::Report report = fixture.verify(quick);
    INFO("design " << number << ": " << verif::to_text(report));
    CHECK(report.passed());
    const std::vector<int64_t> answers =
        hwgen::run_pipeline(fixture.plan.pipeline, kImages).answers;
    CHECK(report.answers == answers);
    fmt::print(
        "design {:2}: cycles an image {:6} planned, {:8.1f} measured; answer {} in cycle {} "
        "planned, {} measured\n",
        number, report.planned_cycles, report.measured_cycles, kImages, answers.back(),
        report.answers.empty() ? -1 : report.answers.back());
    std::fflush(stdout);
    for (const hwgen::Layer& planned : fixture.plan.layers) queues += planned.fifo_depth > 0;
    std::filesystem::remove_all(fixture.dir);
  }
  CHECK(queues > 0);  // else the sample says nothing of queues
}
