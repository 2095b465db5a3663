// Decisions and refusals of the plan.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/plan.hpp"

#include <algorithm>

#include "compress/ir/error.hpp"
#include "tests/catch.hpp"
#include "tests/hwgen/sample_design.hpp"

using namespace crosstwin;
using crosstwin::hwgen::Plan;

namespace {

const hwgen::Instance& instance(const Plan& plan, const std::string& name) {
  const auto at = std::find_if(plan.instances.begin(), plan.instances.end(),
                               [&](const auto& each) { return each.name == name; });
  REQUIRE(at != plan.instances.end());
  return *at;
}

std::string parameter(const Plan& plan, const std::string& name, const std::string& parameter) {
  for (const hwgen::Binding& binding : instance(plan, name).parameters) {
    if (binding.name == parameter) return binding.value;
  }
  return "absent";
}

// The message of the error that `change` makes the plan throw.
template <class Change>
std::string refusal(Change change) {
  ir::Design design = test::sample_design();
  ir::Chip chip = test::sample_chip(design);
  hwgen::PlanOptions options;
  change(design, chip, options);
  chip.design_hash = ir::design_hash(design);
  try {
    hwgen::plan(design, chip, options);
  } catch (const ir::Error& error) {
    return error.what();
  }
  return "accepted";
}

ir::Crossbar& crossbar(ir::Design& design, size_t stage) {
  return std::get<ir::Crossbar>(design.stages[stage].kind);
}

}  // namespace

TEST_CASE("Every stage becomes one instance between the edges, wired in a chain") {
  const ir::Design design = test::sample_design();
  const Plan plan = hwgen::plan(design, test::sample_chip(design), {});
  REQUIRE(plan.instances.size() == 6);
  std::string valid = "s_axis_tvalid";
  for (const hwgen::Instance& each : plan.instances) {
    const auto input =
        std::find_if(each.ports.begin(), each.ports.end(), [](const hwgen::Binding& port) {
          return port.name == "in_valid_i" || port.name == "s_axis_tvalid";
        });
    REQUIRE(input != each.ports.end());
    CHECK(input->value == valid);
    valid = each.name + "_valid";
  }
  CHECK(plan.layers[0].kind == hwgen::LayerKind::kConv);
  CHECK(plan.layers[3].kind == hwgen::LayerKind::kDense);
}

TEST_CASE("The slowest layer sets the cycles of an image") {
  const ir::Design design = test::sample_design();
  const Plan plan = hwgen::plan(design, test::sample_chip(design), {});
  int64_t slowest = 0;
  for (const hwgen::Layer& layer : plan.layers) slowest = std::max(slowest, layer.cycles);
  CHECK(plan.cycles_per_image == slowest);
  CHECK(plan.bottleneck == "conv1");
}

TEST_CASE("An ideal chip gets a shared table, a varied one a conductance a cell") {
  const ir::Design design = test::sample_design();
  const Plan ideal = hwgen::plan(design, test::sample_chip(design), {});
  CHECK(parameter(ideal, "conv1", "PerCell") == "1'b0");
  CHECK(parameter(ideal, "conv1", "MagBits") == "7");
  CHECK(parameter(ideal, "conv1", "TableImage") == "\"mem/conv1_table.hex\"");
  const Plan varied = hwgen::plan(design, test::sample_chip(design, 1, 3), {});
  CHECK(parameter(varied, "conv1", "PerCell") == "1'b1");
  CHECK(parameter(varied, "conv1", "MagBits") == "absent");
  CHECK(parameter(varied, "conv1", "TableImage") == "absent");
  hwgen::PlanOptions options;
  options.per_cell = true;
  CHECK(parameter(hwgen::plan(design, test::sample_chip(design), options), "fc", "PerCell") ==
        "1'b1");
}

TEST_CASE("Widths are the least that hold the design's numbers") {
  ir::Design design = test::sample_design();
  crossbar(design, 0).bias = {0, 1, -512};
  const Plan plan = hwgen::plan(design, test::sample_chip(design), {});
  CHECK(parameter(plan, "conv1", "BiasBits") == "10");
  CHECK(parameter(plan, "conv1", "GBits") == "8");  // 20 + 15 * 15 = 245
  design.layout.weight_range = 255;
  CHECK(parameter(hwgen::plan(design, test::sample_chip(design), {}), "conv1", "MagBits") == "8");
}

TEST_CASE("Converter settings are packed with slice 0 low") {
  const ir::Design design = test::sample_design();
  const Plan plan = hwgen::plan(design, test::sample_chip(design), {});
  CHECK(parameter(plan, "fc", "AdcMult") == "32'h00890111");  // 137, 273
  CHECK(parameter(plan, "fc", "AdcShift") == "10'h18c");      // 12, 12
  CHECK(parameter(plan, "fc", "AdcOffset") == "64'hfffffda8fffffd44");
  CHECK(parameter(plan, "fc", "Lsb") == "32'h00020001");
}

TEST_CASE("A layer option goes before the default, and both before the plan's own choice") {
  const ir::Design design = test::sample_design();
  hwgen::PlanOptions options;
  options.defaults.pe = 2;
  hwgen::LayerOptions& fc = options.layers["fc"];
  fc.pe = 5;
  fc.adc_lanes = 4;
  fc.lines = 3;
  const Plan plan = hwgen::plan(design, test::sample_chip(design), options);
  CHECK(parameter(plan, "conv1", "Pe") == "2");
  CHECK(parameter(plan, "fc", "Pe") == "5");
  CHECK(parameter(plan, "fc", "AdcLanes") == "4");
  CHECK(parameter(plan, "fc", "Lines") == "3");
}

TEST_CASE("A layer named like a keyword, a port or an edge gets another instance name") {
  ir::Design design = test::sample_design();
  const std::vector<std::string> names = {"reg", "argmax", "reg_valid", "clk_i"};
  std::string before = "input";
  for (size_t at = 0; at < names.size(); ++at) {
    design.stages[at].name = names[at];
    design.stages[at].inputs = {before};
    before = names[at];
  }
  const Plan plan = hwgen::plan(design, test::sample_chip(design), {});
  CHECK(plan.layers[0].instance == "reg_1");
  CHECK(plan.layers[1].instance == "argmax_2");
  CHECK(plan.layers[2].instance == "reg_valid");
  CHECK(plan.layers[3].instance == "clk_i_2");
  std::vector<std::string> taken;
  for (const hwgen::Instance& each : plan.instances) taken.push_back(each.name);
  for (const hwgen::Net& net : plan.nets) taken.push_back(net.name);
  for (const hwgen::Port& port : plan.ports) taken.push_back(port.name);
  std::sort(taken.begin(), taken.end());
  CHECK(std::adjacent_find(taken.begin(), taken.end()) == taken.end());
}

TEST_CASE("Only the templates in use are sources, each behind what it needs") {
  const ir::Design design = test::sample_design();
  const Plan plan = hwgen::plan(design, test::sample_chip(design), {});
  const auto place = [&](const std::string& file) {
    return std::find(plan.sources.begin(), plan.sources.end(), file) - plan.sources.begin();
  };
  const auto none = static_cast<int64_t>(plan.sources.size());
  CHECK(place("pkg/xb_pkg.sv") < place("crossbar/xb_tile.sv"));
  CHECK(place("crossbar/xb_tile.sv") < place("layer/xb_layer.sv"));
  CHECK(place("layer/xb_layer.sv") < none);
  CHECK(place("soc/xb_uart_link.sv") == none);
  CHECK(place("stream/xb_fifo.sv") == none);
}

TEST_CASE("Equal inputs give equal plans") {
  const ir::Design design = test::sample_design();
  const ir::Chip chip = test::sample_chip(design);
  CHECK(hwgen::to_json(hwgen::plan(design, chip, {})) ==
        hwgen::to_json(hwgen::plan(design, chip, {})));
}

TEST_CASE("What the templates cannot do is refused with the layer's name") {
  using tests::contains;
  CHECK_THAT(refusal([](auto&, auto& chip, auto&) { chip.crossbars[0].lsb[0] = 65536; }),
             contains("layer conv1") && contains("an ADC step is too large"));
  CHECK_THAT(refusal([](auto&, auto& chip, auto&) {
               chip.crossbars[2].lsb.assign(chip.crossbars[2].lsb.size(), 60000);
             }),
             contains("layer fc") && contains("a logit can overflow"));
  CHECK_THAT(refusal([](auto& design, auto&, auto&) {
               design.stages[1].kind = ir::PoolMax{2, 1};
               design.stages[1].out = {3, 11, 9};
               design.stages[2].in = design.stages[1].out;
               design.stages[2].out = {4, 5, 4};
               design.stages[3].in = design.stages[2].out;
               crossbar(design, 3).kernel_h = 5;
               crossbar(design, 3).kernel_w = 4;
             }),
             contains("layer pool1") && contains("overlapping pool windows"));
  CHECK_THAT(refusal([](auto& design, auto&, auto&) { design.stages[0].in_bits = 7; }),
             contains("layer conv1") && contains("unsigned 8 bits"));
  CHECK_THAT(refusal([](auto& design, auto&, auto&) { design.stages[1].in_bits = 7; }),
             contains("layer pool1") && contains("the output of conv1 does not fit its input"));
  CHECK_THAT(refusal([](auto& design, auto&, auto&) { crossbar(design, 0).low = -1; }),
             contains("layer pool1") && contains("does not fit its input"));
}

TEST_CASE("A tile whose sums need more bits than there are is refused with both numbers") {
  test::SampleOptions sample;
  sample.layout.adc_bits = 16;
  sample.layout.tile_rows = 1;  // every row its own conversions
  const ir::Design design = test::sample_design(sample);
  ir::Chip chip = test::sample_chip(design);
  std::fill(chip.crossbars[0].lsb.begin(), chip.crossbars[0].lsb.end(), 65535);
  CHECK_THROWS_WITH(hwgen::plan(design, chip, {}),
                    crosstwin::tests::contains("layer conv1: a column sum can overflow") &&
                        crosstwin::tests::contains("expected at most 48 bits, got ") &&
                        crosstwin::tests::contains("fewer ADC bits"));
}

TEST_CASE("A branch is refused") {
  ir::Design design = test::sample_design();
  // conv2 reads the pool's input instead of its output; the shapes are made to fit.
  design.stages[1].kind = ir::PoolMax{1, 1};
  design.stages[1].out = design.stages[1].in;
  design.stages[2].inputs = {"conv1"};
  design.stages[2].in = design.stages[1].in;
  design.stages[2].out = {4, 5, 4};
  design.stages[3].in = design.stages[2].out;
  crossbar(design, 3).kernel_h = 5;
  crossbar(design, 3).kernel_w = 4;
  CHECK_THROWS_WITH(hwgen::plan(design, test::sample_chip(design), {}),
                    crosstwin::tests::contains("layer conv2: a branch cannot be built"));
}

TEST_CASE("Impossible options are refused with what is possible") {
  using tests::contains;
  CHECK_THAT(refusal([](auto&, auto&, auto& options) { options.layers["conv3"].pe = 1; }),
             contains("conv3") && contains("one of conv1, conv2, fc"));
  CHECK_THAT(refusal([](auto&, auto&, auto& options) { options.layers["fc"].pe = 6; }),
             contains("layer fc") && contains("1..5"));
  CHECK_THAT(refusal([](auto&, auto&, auto& options) { options.defaults.adc_lanes = 3; }),
             contains("one of 1, 2, 4"));
  CHECK_THAT(refusal([](auto&, auto&, auto& options) { options.layers["conv1"].lines = 2; }),
             contains("layer conv1") && contains("lines out of range"));
  CHECK_THAT(refusal([](auto&, auto&, auto& options) { options.target_fps = 0; }),
             contains("must be positive"));
}

TEST_CASE("A chip of another design is refused") {
  const ir::Design design = test::sample_design();
  test::SampleOptions other;
  other.seed = 2;
  CHECK_THROWS_WITH(hwgen::plan(design, test::sample_chip(test::sample_design(other)), {}),
                    crosstwin::tests::contains("another design"));
}
