// Parallelism chosen for a rate.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/error.hpp"
#include "hwgen/plan/plan.hpp"
#include "tests/catch.hpp"
#include "tests/hwgen/sample_design.hpp"

using namespace crosstwin;
using crosstwin::hwgen::Plan;

namespace {

Plan plan_for(double fps) {
  const ir::Design design = test::sample_design();
  hwgen::PlanOptions options;
  options.target_fps = fps;
  options.clock_mhz = 100;
  return hwgen::plan(design, test::sample_chip(design), options);
}

}  // namespace

TEST_CASE("A low rate is met by the smallest hardware") {
  for (const hwgen::Layer& layer : plan_for(100).layers) {
    if (layer.kind == hwgen::LayerKind::kMaxPool) continue;
    CHECK(layer.build.form == hwgen::Form::kBitSerial);
    CHECK(layer.build.planes == 1);
    CHECK(layer.build.pe == 1);
    CHECK(layer.build.row_lanes == 1);
    CHECK(layer.build.adc_lanes == 1);
  }
}

TEST_CASE("A rate is met, and nothing cheaper that was tried would meet it") {
  const size_t ecp5 = static_cast<size_t>(ir::PartFamily::kEcp5);
  for (const double fps : {2000., 5000., 10000., 20000.}) {
    const auto budget = static_cast<int64_t>(100e6 / fps);
    const Plan plan = plan_for(fps);
    CHECK(plan.cycles_per_image <= budget);
    // Forced, one step smaller each: too slow, or no cheaper.
    const ir::Design design = test::sample_design();
    for (const hwgen::Layer& layer : plan.layers) {
      if (layer.kind == hwgen::LayerKind::kMaxPool) continue;
      for (const int32_t step : {0, 1, 2}) {
        hwgen::PlanOptions smaller;
        hwgen::LayerOptions& options = smaller.layers[layer.name];
        options.planes = layer.build.planes;
        options.pe = layer.build.pe;
        options.row_lanes = layer.build.row_lanes;
        options.adc_lanes = layer.build.adc_lanes;
        options.requant = layer.build.requant;
        int32_t& field = step == 0   ? *options.pe
                         : step == 1 ? *options.row_lanes
                                     : *options.adc_lanes;
        if (field == 1) continue;
        field /= 2;
        for (const hwgen::Layer& other :
             hwgen::plan(design, test::sample_chip(design), smaller).layers) {
          if (other.name != layer.name) continue;
          INFO(fps << " " << layer.name << " " << step << ": " << to_string(other.build));
          const bool cheaper = other.estimates[ecp5].lut < layer.estimates[ecp5].lut &&
                               other.estimates[ecp5].bram <= layer.estimates[ecp5].bram;
          CHECK((other.cycles > budget || !cheaper));
        }
      }
    }
  }
}

TEST_CASE("Only the layers that are too slow grow") {
  const Plan slow = plan_for(1000);
  const Plan fast = plan_for(8000);
  CHECK_FALSE(fast.layers[0].build == slow.layers[0].build);
  CHECK(fast.layers[3].build == slow.layers[3].build);
}

TEST_CASE("A rate out of reach names the layer, what bounds it and the best it can do") {
  using tests::contains;
  CHECK_THROWS_WITH(plan_for(1e6), contains("layer conv1") && contains("at most 100 cycles") &&
                                       contains("720 at best, bound by its") &&
                                       contains("ask for at most"));
}

TEST_CASE("An option asked for is kept while the rest is chosen") {
  const ir::Design design = test::sample_design();
  hwgen::PlanOptions options;
  options.target_fps = 8000;
  options.clock_mhz = 100;
  options.layers["conv1"].adc_lanes = 2;
  const Plan plan = hwgen::plan(design, test::sample_chip(design), options);
  CHECK(plan.layers[0].build.adc_lanes == 2);
  CHECK(plan.cycles_per_image <= 12500);
}
