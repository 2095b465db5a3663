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
    CHECK(layer.pe == 1);
    CHECK(layer.adc_lanes == 1);
  }
}

TEST_CASE("A rate is met, and one step less would not meet it") {
  for (const double fps : {5000., 8000., 10000.}) {
    const auto budget = static_cast<int64_t>(100e6 / fps);
    const Plan plan = plan_for(fps);
    CHECK(plan.cycles_per_image <= budget);
    for (const hwgen::Layer& layer : plan.layers) {
      if (layer.pe <= 1) continue;
      const ir::Design design = test::sample_design();
      hwgen::PlanOptions smaller;
      smaller.layers[layer.name].pe = layer.pe - 1;
      smaller.layers[layer.name].adc_lanes = 4;
      for (const hwgen::Layer& other :
           hwgen::plan(design, test::sample_chip(design), smaller).layers) {
        if (other.name == layer.name) CHECK(other.cycles > budget);
      }
    }
  }
}

TEST_CASE("Only the layers that are too slow grow") {
  const Plan plan = plan_for(8000);
  CHECK(plan.layers[0].adc_lanes > 1);
  CHECK(plan.layers[3].pe == 1);
  CHECK(plan.layers[3].adc_lanes == 1);
}

TEST_CASE("A rate out of reach names the layer and the best it can do") {
  using tests::contains;
  CHECK_THROWS_WITH(plan_for(20000), contains("layer conv1") && contains("at most 5000 cycles") &&
                                         contains("ask for at most"));
}

TEST_CASE("An option asked for is kept while the rest is chosen") {
  const ir::Design design = test::sample_design();
  hwgen::PlanOptions options;
  options.target_fps = 8000;
  options.clock_mhz = 100;
  options.layers["conv1"].adc_lanes = 2;
  const Plan plan = hwgen::plan(design, test::sample_chip(design), options);
  CHECK(plan.layers[0].adc_lanes == 2);
  CHECK(plan.cycles_per_image <= 12500);
}
