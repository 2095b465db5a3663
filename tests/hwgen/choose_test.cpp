// Forms chosen and forced: for a rate, for a board, and as a front.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "compress/ir/error.hpp"
#include "hwgen/emit/pareto.hpp"
#include "hwgen/plan/plan.hpp"
#include "hwgen/plan/proof.hpp"
#include "tests/catch.hpp"
#include "tests/hwgen/sample_design.hpp"

using namespace crosstwin;
using hwgen::Form;
using hwgen::LayerKind;
using hwgen::Plan;
using hwgen::PlanOptions;
using tests::contains;

namespace {

// Its conversions lose nothing: one level step a code, 12 bits.
struct Lossless {
  ir::Design design;
  ir::Chip chip;
  Lossless() {
    test::SampleOptions options;
    options.layout.adc_bits = 12;
    design = test::sample_design(options);
    chip = test::sample_chip(design);
    for (ir::CrossbarChip& cells : chip.crossbars) {
      std::fill(cells.lsb.begin(), cells.lsb.end(), 1);
      // 15 x 4369 = 65535 of 2^16; the pedestals of 20 a row stay clear of a code's edge.
      std::fill(cells.adc_shift.begin(), cells.adc_shift.end(), 16);
      std::fill(cells.adc_mult.begin(), cells.adc_mult.end(), 4369);
      std::fill(cells.adc_offset.begin(), cells.adc_offset.end(), 9000);
    }
  }
};

std::vector<hwgen::Board> boards() {
  return {{"icebreaker", ir::find_part("up5k", "")},
          {"hx8k", ir::find_part("hx8k", "")},
          {"ulx3s-25f", ir::find_part("25k", "")},
          {"ulx3s-85f", ir::find_part("85k", "")}};
}

Plan plan_with(const PlanOptions& options) {
  const Lossless sample;
  return hwgen::plan(sample.design, sample.chip, options);
}

std::string refusal(const PlanOptions& options) {
  try {
    plan_with(options);
  } catch (const ir::Error& error) {
    return error.what();
  }
  return "accepted";
}

std::string parameter(const Plan& plan, const std::string& instance, const std::string& name) {
  for (const hwgen::Instance& each : plan.instances) {
    if (each.name != instance) continue;
    for (const hwgen::Binding& binding : each.parameters) {
      if (binding.name == name) return binding.value;
    }
  }
  return "absent";
}

const std::string& reason(const hwgen::Layer& layer, const std::string& what) {
  const auto at = std::find_if(layer.choices.begin(), layer.choices.end(),
                               [&](const hwgen::Choice& choice) { return choice.what == what; });
  REQUIRE(at != layer.choices.end());
  return at->reason;
}

}  // namespace

TEST_CASE("Without a target every layer is bit-plane, one of everything, and no proof is made") {
  for (const hwgen::Layer& layer : plan_with({}).layers) {
    if (layer.kind == LayerKind::kMaxPool) continue;
    CHECK(layer.build.form == Form::kBitPlane);
    CHECK(layer.build.pe == 1);
    CHECK(layer.build.row_lanes == 1);
    CHECK(layer.build.adc_lanes == 1);
    CHECK_FALSE(layer.proof);
  }
}

TEST_CASE("A form that is asked for is emitted, in its own parameters and images") {
  PlanOptions options;
  options.layers["conv1"].form = Form::kCollapsed;
  options.layers["conv1"].row_lanes = 3;
  options.layers["conv2"].form = Form::kBitSerial;
  options.layers["fc"].planes = 4;
  const Plan plan = plan_with(options);
  CHECK(parameter(plan, "conv1", "Collapsed") == "1'b1");
  CHECK(parameter(plan, "conv1", "WeightBits") == "8");
  CHECK(parameter(plan, "conv1", "AdcBits") == "absent");
  CHECK(parameter(plan, "conv1", "TableImage") == "absent");
  CHECK(parameter(plan, "conv2", "Planes") == "1");
  CHECK(parameter(plan, "fc", "Planes") == "4");
  CHECK(plan.layers[3].build.form == Form::kBitSerial);
  REQUIRE(plan.layers[0].proof);
  CHECK(plan.layers[0].proof->exact);
  const auto weights = std::find_if(plan.memories.begin(), plan.memories.end(), [](const auto& m) {
    return m.layer == "conv1" && m.holds == "weights";
  });
  // Three rows of one column of 8 bits a word; 12 rows without row tiles, 3 columns.
  CHECK(weights->image.width() == 3 * 8);
  CHECK(weights->image.words() == 3 * ((plan.layers[0].rows + 2) / 3));
}

TEST_CASE("Collapsed is refused with the place and the numbers when a code is missed") {
  Lossless sample;
  PlanOptions options;
  options.layers["fc"].form = Form::kCollapsed;
  const Plan plan = hwgen::plan(sample.design, sample.chip, options);
  const hwgen::Proof& proof = *plan.layers[3].proof;
  REQUIRE(proof.exact);
  // Full scale brought down to the worst case holds, one code lower does not.
  for (int32_t& clip : sample.chip.crossbars[2].adc_clip) {
    clip = static_cast<int32_t>(proof.code);
  }
  CHECK_NOTHROW(hwgen::plan(sample.design, sample.chip, options));
  for (int32_t& clip : sample.chip.crossbars[2].adc_clip) --clip;
  CHECK_THROWS_WITH(hwgen::plan(sample.design, sample.chip, options),
                    contains("layer fc: cannot be collapsed") && contains(proof.where) &&
                        contains("1 over full scale"));
}

TEST_CASE("With a target a layer is collapsed where that is proved and cheaper") {
  PlanOptions options;
  options.target_fps = 20000;
  options.clock_mhz = 100;
  const Plan plan = plan_with(options);
  CHECK(plan.cycles_per_image <= 5000);
  CHECK(plan.layers[0].build.form == Form::kCollapsed);
  CHECK_THAT(reason(plan.layers[0], "form"),
             contains("the cheapest of") && contains("within 5000 cycles"));
  CHECK_THAT(reason(plan.layers[0], "lossless"), contains("convert exactly"));

  // The same design on a chip that clips: faithful, with the reason.
  const ir::Design design = test::sample_design();
  const Plan faithful = hwgen::plan(design, test::sample_chip(design), options);
  CHECK(faithful.cycles_per_image <= 5000);
  CHECK(faithful.layers[0].build.form != Form::kCollapsed);
  CHECK_THAT(reason(faithful.layers[0], "lossless"), contains("2 level steps"));
}

TEST_CASE("A layer that is asked to stay faithful does, whatever the target") {
  PlanOptions options;
  options.target_fps = 20000;
  options.clock_mhz = 100;
  options.defaults.form = Form::kBitPlane;
  for (const hwgen::Layer& layer : plan_with(options).layers) {
    if (layer.kind != LayerKind::kMaxPool) CHECK(layer.build.form == Form::kBitPlane);
  }
}

TEST_CASE("The fastest design that fits a board is found, and a larger board is no slower") {
  PlanOptions options;
  options.boards = boards();
  int64_t before = INT64_MAX;
  for (const char* board : {"hx8k", "ulx3s-25f", "ulx3s-85f"}) {
    options.fit = board;
    const Plan plan = plan_with(options);
    const ir::Part& part = ir::find_part(std::string(board) == "hx8k"        ? "hx8k"
                                         : std::string(board) == "ulx3s-25f" ? "25k"
                                                                             : "85k",
                                         "");
    const hwgen::Resources& all = plan.estimates[static_cast<size_t>(part.family)];
    CHECK(all.lut <= part.lut);
    CHECK(all.bram <= part.bram);
    CHECK(all.dsp <= part.dsp);
    CHECK(plan.cycles_per_image <= before);
    before = plan.cycles_per_image;
  }
}

TEST_CASE("A design no form of which fits says what is short and which board holds it") {
  PlanOptions options;
  options.boards = boards();
  options.fit = "icebreaker";
  options.defaults.form = Form::kBitPlane;
  options.defaults.pe = 3;
  CHECK_THAT(refusal(options), contains("board icebreaker: no form of this design fits") &&
                                   contains("4858 LUT (92% of the iCE40-UP5K's 5280)") &&
                                   contains("LUT") && contains("short") &&
                                   contains("ulx3s-25f holds it"));
  options.fit = "hx9k";
  CHECK_THAT(refusal(options),
             contains("unknown board") && contains("icebreaker, hx8k") && contains("mean hx8k?"));
}

TEST_CASE("The front falls from fast and large to slow and small, and both texts hold it") {
  const Lossless sample;
  PlanOptions options;
  options.boards = boards();
  options.fit = "hx8k";
  const auto front = hwgen::pareto(sample.design, sample.chip, options);
  REQUIRE(front.size() >= 4);
  const auto first =
      std::find_if(front.begin(), front.end(), [](const auto& point) { return point.fits; });
  REQUIRE(first != front.end());
  for (auto point = front.begin() + 1; point < front.end(); ++point) {
    CHECK(point->cycles > (point - 1)->cycles);
    // Memories in logic make a board hold what is larger than a faster design it does not hold.
    CHECK((point == first || point->resources.lut < (point - 1)->resources.lut));
  }
  // The fastest that fits is what --fit takes.
  const Plan plan = hwgen::plan(sample.design, sample.chip, options);
  CHECK(first->cycles == plan.cycles_per_image);
  CHECK_THAT(hwgen::pareto_json(plan, front), contains("\"conv1\"") && contains("\"fits\": true"));
  const std::string svg = hwgen::pareto_svg(plan, front);
  CHECK(std::count(svg.begin(), svg.end(), '\n') > static_cast<int64_t>(front.size()));
  CHECK(hwgen::pareto_json(plan, front) ==
        hwgen::pareto_json(plan, hwgen::pareto(sample.design, sample.chip, options)));
}

TEST_CASE("A writable design decodes s_cfg for every crossbar layer, at full widths") {
  PlanOptions options;
  options.writable = true;
  options.target_fps = 5000;
  options.clock_mhz = 100;
  const Plan plan = plan_with(options);
  CHECK(parameter(plan, "configuration", "Layers") == "3");
  for (const char* layer : {"conv1", "conv2", "fc"}) {
    CHECK(parameter(plan, layer, "Writable") == "1'b1");
    CHECK(parameter(plan, layer, "AdcPerColumn") == "1'b1");
    CHECK(parameter(plan, layer, "AdcMask") == "16'hffff");
    CHECK(parameter(plan, layer, "OffsetBits") == "32");
    CHECK(parameter(plan, layer, "GBits") == "9");  // the chip's, not the largest
  }
  CHECK(parameter(plan, "conv1", "BiasBits") == "32");
  CHECK(parameter(plan, "fc", "BiasBits") == "31");
  std::vector<std::pair<int32_t, int32_t>> places;
  for (const hwgen::Memory& memory : plan.memories) {
    places.emplace_back(memory.config_layer, memory.config_memory);
  }
  std::sort(places.begin(), places.end());
  CHECK(std::adjacent_find(places.begin(), places.end()) == places.end());
  const auto wired = [&](const std::string& instance, const std::string& port) {
    for (const hwgen::Instance& each : plan.instances) {
      if (each.name != instance) continue;
      for (const hwgen::Binding& binding : each.ports) {
        if (binding.name == port) return binding.value;
      }
    }
    return std::string("absent");
  };
  CHECK(wired("conv2", "cfg_valid_i") == "configuration_valid[1]");
  CHECK(wired("fc", "cfg_data_i") == "configuration_data");
  // What is written later has no proof: nothing is collapsed unless asked for.
  for (const hwgen::Layer& layer : plan.layers) CHECK(layer.build.form != Form::kCollapsed);
}

TEST_CASE("Read noise has its keys and the image's number, or is refused when it cannot count") {
  Lossless sample;
  sample.chip.noise_seed = 7;
  sample.chip.crossbars[1].noise_mult = {100, 0};
  sample.chip.crossbars[1].noise_shift = 6;
  const Plan plan = hwgen::plan(sample.design, sample.chip, {});
  CHECK(plan.noise);
  CHECK(parameter(plan, "conv1", "Noise") == "absent");
  CHECK(parameter(plan, "conv2", "Noise") == "1'b1");
  CHECK(parameter(plan, "conv2", "NoiseMult") == "32'h00000064");
  CHECK(parameter(plan, "conv2", "NoiseShift") == "6");
  CHECK(parameter(plan, "conv2", "NoiseKeys").substr(0, 4) == "64'h");
  CHECK(std::any_of(plan.ports.begin(), plan.ports.end(),
                    [](const hwgen::Port& port) { return port.name == "first_image_i"; }));
}

TEST_CASE("Noise of the cells has a memory of gains by driven rows, and all their bits") {
  Lossless sample;
  ir::CrossbarChip& cells = sample.chip.crossbars[1];
  const auto rows = static_cast<int32_t>(cells.g.size() / (2 * cells.adc_mult.size()));
  const int32_t gains = std::min(rows, sample.design.layout.tile_rows) + 1;
  cells.noise_mult.assign(static_cast<size_t>(2 * gains), 0);
  cells.noise_mult[1] = 0x21;
  cells.noise_mult[2] = 0x44;
  cells.noise_mult[static_cast<size_t>(gains)] = 3;
  cells.noise_shift = 6;
  const auto image = [](const Plan& plan) -> const hwgen::Memory* {
    for (const hwgen::Memory& memory : plan.memories) {
      if (memory.holds == "noise") return &memory;
    }
    return nullptr;
  };
  const Plan plan = hwgen::plan(sample.design, sample.chip, {});
  CHECK(parameter(plan, "conv2", "NoiseRows") == "1'b1");
  CHECK(parameter(plan, "conv2", "NoiseMult") == "32'h00030065");
  REQUIRE(image(plan) != nullptr);
  CHECK(image(plan)->layer == "conv2");
  CHECK(image(plan)->image.words() == gains);
  CHECK(image(plan)->image.width() == 32);
  CHECK(image(plan)->image.chunk(0, 0) == 0x00030000);
  CHECK(image(plan)->image.chunk(2, 0) == 0x44);
  // Counts, and the same cycles: the wait for the noise is that of as many bits.
  sample.chip.crossbars[1].noise_mult = {0x65, 3};
  const Plan constant = hwgen::plan(sample.design, sample.chip, {});
  CHECK(parameter(constant, "conv2", "NoiseRows") == "absent");
  CHECK(image(constant) == nullptr);
  CHECK(constant.cycles_per_image == plan.cycles_per_image);
  CHECK(constant.structure.add < plan.structure.add);
  // What is written later may have any bit.
  sample.chip.crossbars[1].noise_mult.assign(static_cast<size_t>(2 * gains), 1);
  hwgen::PlanOptions options;
  options.writable = true;
  CHECK(parameter(hwgen::plan(sample.design, sample.chip, options), "conv2", "NoiseMult") ==
        "32'hffffffff");
}

TEST_CASE("Converters that differ by column get a memory of their own") {
  Lossless sample;
  sample.chip.crossbars[0].adc_mult[1] = 4000;
  sample.chip.crossbars[2].adc_clip[0] -= 1;
  const Plan plan = hwgen::plan(sample.design, sample.chip, {});
  CHECK(parameter(plan, "conv1", "AdcPerColumn") == "1'b1");
  CHECK(parameter(plan, "conv1", "AdcMask") == "16'h1fb1");  // 4369 or 4000
  CHECK(parameter(plan, "conv1", "AdcImage") == "\"mem/conv1_adc.hex\"");
  CHECK(parameter(plan, "conv1", "OffsetBits") == "15");  // 9000
  CHECK(parameter(plan, "conv1", "AdcMult") == "absent");
  CHECK(parameter(plan, "conv2", "AdcPerColumn") == "1'b0");
  CHECK(parameter(plan, "fc", "AdcPerColumn") == "1'b1");
}

TEST_CASE("Columns with level steps of their own have them in that memory") {
  Lossless sample;
  std::vector<int32_t>& lsb = sample.chip.crossbars[1].lsb;
  lsb[0] = 5;
  lsb.back() = 2;
  const Plan plan = hwgen::plan(sample.design, sample.chip, {});
  CHECK(parameter(plan, "conv2", "AdcPerColumn") == "1'b1");
  CHECK(parameter(plan, "conv2", "LsbBits") == "3");
  CHECK(parameter(plan, "conv2", "Lsb") == "32'h00020005");  // the greatest of each slice
  CHECK(parameter(plan, "conv1", "LsbBits") == "absent");
  // Another clip alone needs the memory, but no level steps in it.
  sample.chip.crossbars[0].adc_clip[0] -= 1;
  CHECK(parameter(hwgen::plan(sample.design, sample.chip, {}), "conv1", "LsbBits") == "absent");
  // No proof: a code is not one step.
  CHECK_FALSE(hwgen::prove_lossless(sample.design.layout,
                                    std::get<ir::Crossbar>(sample.design.stages[2].kind),
                                    sample.chip, sample.chip.crossbars[1])
                  .exact);
}

TEST_CASE("Impossible forms are refused with what is possible") {
  const auto with = [](auto change) {
    PlanOptions options;
    change(options.layers["conv1"]);
    return refusal(options);
  };
  CHECK_THAT(with([](auto& layer) { layer.planes = 3; }),
             contains("layer conv1: option planes") && contains("divisor of the input's 8 bits"));
  CHECK_THAT(with([](auto& layer) {
               layer.form = Form::kBitPlane;
               layer.planes = 4;
             }),
             contains("form bit_plane accumulates every plane") && contains("planes 8"));
  CHECK_THAT(with([](auto& layer) {
               layer.form = Form::kBitSerial;
               layer.planes = 8;
             }),
             contains("form bit_serial") && contains("below 8"));
  CHECK_THAT(with([](auto& layer) { layer.row_lanes = 9; }),
             contains("option row_lanes out of range") && contains("1..8"));
  CHECK_THAT(with([](auto& layer) { layer.adc_lanes = 12; }),
             contains("one of 1, 2, 4, 8, 16, 32"));
  CHECK_THAT(with([](auto& layer) {
               layer.form = Form::kBitSerial;
               layer.adc_lanes = 8;
             }),
             contains("one of 1, 2, 4, got 8"));
}
