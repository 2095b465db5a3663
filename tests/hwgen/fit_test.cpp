// Designs made to fit a part or a rate: where memories lie, room for queues, a choice repeated.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "compress/ir/error.hpp"
#include "hwgen/plan/choose.hpp"
#include "hwgen/plan/cycles.hpp"
#include "hwgen/plan/load.hpp"
#include "hwgen/plan/plan.hpp"
#include "hwgen/plan/space.hpp"
#include "hwgen/plan/structure.hpp"
#include "hwgen/plan/surroundings.hpp"
#include "tests/catch.hpp"
#include "tests/hwgen/sample_design.hpp"

using namespace crosstwin;
using hwgen::MemoryStyle;
using hwgen::Plan;
using hwgen::PlanOptions;
using tests::contains;

namespace {

constexpr size_t kIce40 = static_cast<size_t>(ir::PartFamily::kIce40);

// Memories large enough that some lie in block RAMs when those are plenty.
ir::Design wide_design() {
  test::SampleOptions options;
  options.conv1 = 8;
  options.conv2 = 12;
  options.outputs = 9;
  return test::sample_design(options);
}

PlanOptions for_part(int32_t bram, int32_t lut) {
  ir::Part part = ir::find_part("hx8k", "");
  part.bram = bram;
  part.lut = lut;
  PlanOptions options;
  options.boards = {{"board", part}};
  options.fit = "board";
  return options;
}

const hwgen::Choice& choice(const std::vector<hwgen::Choice>& choices, const std::string& what) {
  const auto at = std::find_if(choices.begin(), choices.end(),
                               [&](const hwgen::Choice& each) { return each.what == what; });
  REQUIRE(at != choices.end());
  return *at;
}

bool has(const std::vector<hwgen::Choice>& choices, const std::string& what) {
  return std::any_of(choices.begin(), choices.end(),
                     [&](const hwgen::Choice& each) { return each.what == what; });
}

int64_t in_blocks(const Plan& plan) {
  return std::count_if(plan.memories.begin(), plan.memories.end(), [](const hwgen::Memory& memory) {
    return memory.style == MemoryStyle::kBlock;
  });
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

// Windows of as few lines as there can be: layers wait for each other.
PlanOptions narrow() {
  PlanOptions options;
  options.layers["conv1"].lines = 3;
  options.layers["conv2"].lines = 3;
  return options;
}

}  // namespace

TEST_CASE("While block RAMs are what is short, memories move to logic, with the reason") {
  const ir::Design design = wide_design();
  const ir::Chip chip = test::sample_chip(design);
  const Plan plenty = hwgen::plan(design, chip, for_part(500, 60000));
  CHECK(in_blocks(plenty) > 0);
  CHECK_THAT(choice(plenty.layers[0].choices, "logic_memories").reason, contains("usual worth"));

  int64_t blocks = in_blocks(plenty);
  bool moved = false;
  for (int32_t bram = 40; bram > 0; --bram) {
    Plan plan;
    try {
      plan = hwgen::plan(design, chip, for_part(bram, 60000));
    } catch (const ir::Error& error) {
      CHECK_THAT(error.what(), contains("block RAMs short"));
      break;
    }
    INFO(bram << " block RAMs");
    // The host link's are not in the plan's own sum.
    CHECK(plan.estimates[kIce40].bram < bram);
    const hwgen::Layer& layer = plan.layers[2];
    const hwgen::Choice& memories = choice(layer.choices, "logic_memories");
    CHECK(memories.value ==
          "up to " + std::to_string(layer.build.block_worth) + " LUT a block RAM");
    if (layer.build.block_worth == hwgen::kBlockWorth) continue;
    moved = true;
    CHECK_THAT(memories.reason, contains("block RAMs are what is short: at "));
    blocks = in_blocks(plan);
    for (const hwgen::Memory& memory : plan.memories) {
      if (memory.layer != "conv2" || memory.holds != "weights") continue;
      CHECK(parameter(plan, "conv2", "WeightBlock") ==
            std::to_string(static_cast<int>(memory.style)));
    }
    CHECK(to_json(plan) == to_json(hwgen::plan(design, chip, for_part(bram, 60000))));
  }
  CHECK(moved);
  CHECK(blocks < in_blocks(plenty));
}

TEST_CASE("A layer asked to be faithful takes either faithful form, whatever is proved") {
  test::SampleOptions sample;
  sample.layout.adc_bits = 12;
  const ir::Design design = test::sample_design(sample);
  ir::Chip chip = test::sample_chip(design);
  for (ir::CrossbarChip& cells : chip.crossbars) {
    std::fill(cells.lsb.begin(), cells.lsb.end(), 1);
    std::fill(cells.adc_shift.begin(), cells.adc_shift.end(), 16);
    std::fill(cells.adc_mult.begin(), cells.adc_mult.end(), 4369);
    std::fill(cells.adc_offset.begin(), cells.adc_offset.end(), 9000);
  }
  const auto collapsed = [&](const PlanOptions& options) {
    const Plan plan = hwgen::plan(design, chip, options);
    return std::count_if(plan.layers.begin(), plan.layers.end(), [](const hwgen::Layer& layer) {
      return layer.build.form == hwgen::Form::kCollapsed;
    });
  };
  PlanOptions options;
  options.target_fps = 20000;
  options.clock_mhz = 100;
  const auto free = collapsed(options);
  REQUIRE(free > 0);
  options.layers["conv1"].faithful = true;
  CHECK(collapsed(options) == free - 1);
  options.defaults.faithful = true;
  CHECK(collapsed(options) == 0);
  // A layer's own form goes before the default, and its freedom before a default form.
  options.layers["conv2"].form = hwgen::Form::kCollapsed;
  CHECK(collapsed(options) == 1);
  options = {};
  options.defaults.form = hwgen::Form::kBitSerial;
  options.layers["fc"].faithful = true;
  const Plan plan = hwgen::plan(design, chip, options);
  CHECK(plan.layers[0].build.form == hwgen::Form::kBitSerial);
  CHECK(plan.layers[3].build.form == hwgen::Form::kBitPlane);
}

TEST_CASE("A rate is met by the followed pipeline too, behind the narrowest windows") {
  const ir::Design design = test::sample_design();
  const ir::Chip chip = test::sample_chip(design);
  PlanOptions options = narrow();
  options.clock_mhz = 100;
  for (int64_t target = 1500; target < 60000; target += target / 4) {
    options.target_fps = 100e6 / static_cast<double>(target);
    INFO(target << " cycles");
    CHECK(hwgen::plan(design, chip, options).cycles_per_image <= target);
  }
}

TEST_CASE("The choice is repeated within fewer cycles while a faster way is left") {
  const ir::Design design = test::sample_design();
  const ir::Chip chip = test::sample_chip(design);
  PlanOptions options;
  options.clock_mhz = 100;
  options.target_fps = 5000;
  std::vector<hwgen::LayerSpace> layers;
  for (size_t stage = 0; stage < design.stages.size(); ++stage) {
    if (!std::holds_alternative<ir::Crossbar>(design.stages[stage].kind)) continue;
    layers.emplace_back(design, design.stages[stage], chip, chip.crossbars[layers.size()],
                        stage + 1 < design.stages.size() ? 8 : 32, hwgen::LayerOptions{},
                        hwgen::Rewriting{});
  }
  const hwgen::Surroundings around = hwgen::surroundings(design, layers, options);
  const auto slowest = [](const std::vector<hwgen::Chosen>& chosen) {
    int64_t most = 0;
    for (const hwgen::Chosen& each : chosen) most = std::max(most, each.cycles);
    return most;
  };
  std::vector<hwgen::Chosen> chosen = hwgen::choose(layers, around, options);
  CHECK(slowest(chosen) <= hwgen::target_cycles(options));
  int32_t ways = 0;
  while (auto faster = hwgen::choose_within(layers, around, options, slowest(chosen) - 1)) {
    CHECK(slowest(*faster) < slowest(chosen));
    chosen = std::move(*faster);
    ++ways;
  }
  CHECK(ways > 3);
  // What is left is what the layers' fastest ways take.
  CHECK(slowest(chosen) == 720);
  // A pool that is slower than the rate ends it at once.
  test::SampleOptions flat;
  flat.conv1 = 1;
  flat.input = {1, 40, 40};
  const ir::Design pooled = test::sample_design(flat);
  options.target_fps = 100e6 / static_cast<double>(hwgen::pool_cycles(40, 40, 1, 2, 2) - 10);
  CHECK_THROWS_WITH(
      hwgen::plan(pooled, test::sample_chip(pooled), options),
      contains("the target rate is out of reach") && contains("whatever the crossbars do"));
}

TEST_CASE("What is between and around the layers is counted") {
  const ir::Design design = test::sample_design();
  const ir::Chip chip = test::sample_chip(design);
  const auto around = [&](const Plan& plan) {
    hwgen::Resources rest = plan.estimates[kIce40];
    for (const hwgen::Layer& layer : plan.layers) {
      rest.lut -= layer.estimates[kIce40].lut;
      rest.ff -= layer.estimates[kIce40].ff;
      rest.bram -= layer.estimates[kIce40].bram;
    }
    return rest;
  };
  const Plan plain = hwgen::plan(design, chip, {});
  PlanOptions options;
  options.writable = true;
  const Plan writable = hwgen::plan(design, chip, options);
  const hwgen::Resources config =
      hwgen::estimate(hwgen::config_structure(3), ir::PartFamily::kIce40);
  CHECK(config.ff > 120);  // address, words left, chunk, chunks a word, data
  CHECK(around(writable).ff - around(plain).ff == Approx(config.ff));

  // Two layers of much the same pace, the second behind a window of few lines: a queue.
  options = {};
  options.defaults.requant = hwgen::Requant::kParallel;
  options.layers["conv1"].pe = options.layers["conv1"].row_lanes = 3;
  options.layers["conv1"].adc_lanes = 16;
  options.layers["conv1"].lines = 4;
  options.layers["conv2"].lines = 3;
  const Plan queued = hwgen::plan(design, chip, options);
  hwgen::Structure queues;
  for (size_t i = 0; i < queued.layers.size(); ++i) {
    if (queued.layers[i].fifo_depth == 0) continue;
    queues += hwgen::fifo_structure(design.stages[i].in_bits + 1, queued.layers[i].fifo_depth);
  }
  const hwgen::Resources taken = hwgen::estimate(queues, ir::PartFamily::kIce40);
  REQUIRE(taken.lut > 0);
  CHECK(around(queued).lut - around(plain).lut == Approx(taken.lut));
  CHECK(around(queued).bram - around(plain).bram == taken.bram);

  // A part that holds all but the queues makes the planner set room aside.
  const hwgen::Surroundings with = hwgen::surroundings(
      design, {{design, design.stages[0], chip, chip.crossbars[0], 8, options.layers["conv1"], {}}},
      {});
  ir::Part part = ir::find_part("hx8k", "");
  hwgen::Resources all = queued.estimates[kIce40];
  all += hwgen::estimate(with.host, ir::PartFamily::kIce40);
  part.bram = static_cast<int32_t>(all.bram);
  part.ff = 60000;
  options.defaults.dsp = false;
  options.boards = {{"board", part}};
  options.fit = "board";
  for (const hwgen::Layer& layer : queued.layers) {
    if (layer.kind == hwgen::LayerKind::kMaxPool) continue;
    hwgen::LayerOptions& asked = options.layers[layer.name];
    asked.form = layer.build.form;
    asked.pe = layer.build.pe;
    asked.row_lanes = layer.build.row_lanes;
    asked.adc_lanes = layer.build.adc_lanes;
    asked.requant = layer.build.requant;
  }
  part.lut = static_cast<int32_t>(all.lut / 0.92) + 2;
  options.boards[0].part = part;
  CHECK_FALSE(has(hwgen::plan(design, chip, options).choices, "queue_room"));
  part.lut = static_cast<int32_t>((all.lut - taken.lut / 2) / 0.92);
  options.boards[0].part = part;
  CHECK_THROWS_WITH(hwgen::plan(design, chip, options), contains("no form of this design fits"));

  // Free to choose, some parts hold the fastest layers but not their queues as well.
  options.layers.clear();
  options.layers["conv1"].lines = 4;
  options.layers["conv2"].lines = 3;
  part.bram = 32;
  int32_t set_aside = 0;
  for (int32_t lut = 5000; lut < 15000; lut += 200) {
    part.lut = lut;
    options.boards[0].part = part;
    const Plan fitted = hwgen::plan(design, chip, options);
    if (!has(fitted.choices, "queue_room")) continue;
    ++set_aside;
    hwgen::Resources held = fitted.estimates[kIce40];
    held += hwgen::estimate(with.host, ir::PartFamily::kIce40);
    CHECK(held.lut <= 0.92 * lut);
  }
  CHECK(set_aside > 0);
}

TEST_CASE("A queue is registers when small, else a memory of two words less") {
  CHECK(hwgen::fifo_structure(9, 7).memories.empty());
  CHECK(hwgen::fifo_structure(8, 31).memories.empty());
  const hwgen::Structure memory = hwgen::fifo_structure(8, 258);
  REQUIRE(memory.memories.size() == 1);
  CHECK(memory.memories[0].words == 256);
  CHECK(hwgen::fifo_structure(9, 7).mux > hwgen::fifo_structure(9, 6).mux);
}

TEST_CASE("A host link stores what the first window does not take at once") {
  const ir::Design design = test::sample_design();
  const Plan plan = hwgen::plan(design, test::sample_chip(design), narrow());
  // 3 lines of 10 pixels of 2 channels: a ring of 64 words, of which 60 are 3 whole lines.
  CHECK(plan.pixels_taken == 30);
}

TEST_CASE("Words that a load cannot address are not chosen, and refused when asked for") {
  ir::Design design;
  design.name = "wide";
  design.input = {32, 1, 1};
  ir::Crossbar crossbar;
  crossbar.kernel_h = crossbar.kernel_w = 1;
  crossbar.pad_value.assign(32, 0);
  for (int32_t row = 0; row < 32; ++row) crossbar.rows.push_back(row);
  crossbar.weight.assign(size_t{32} * 34, 3);
  crossbar.bias.assign(34, 0);
  crossbar.logits = true;
  ir::Stage stage{"fc", {"input"}, {32, 1, 1}, {34, 1, 1}, 8, false, std::move(crossbar)};
  design.stages.push_back(std::move(stage));
  const ir::Chip chip = test::sample_chip(design);
  const auto widest = [&](bool writable) {
    hwgen::LayerOptions asked;
    asked.form = hwgen::Form::kBitSerial;
    asked.planes = 1;
    hwgen::LayerSpace space(design, design.stages[0], chip, chip.crossbars[0], 32, asked,
                            {.writable = writable});
    int32_t bits = 0;
    for (const hwgen::Candidate& each :
         space.candidates(ir::PartFamily::kEcp5, false, hwgen::kBlockWorth)) {
      for (const auto& memory : space.structure(each.build).memories) {
        bits = std::max(bits, memory.width);
      }
    }
    return bits;
  };
  CHECK(widest(false) > hwgen::kMostWordBits);
  CHECK(widest(true) <= hwgen::kMostWordBits);
  PlanOptions options;
  options.writable = true;
  options.defaults.pe = 34;
  options.defaults.row_lanes = 32;
  CHECK_THROWS_WITH(hwgen::plan(design, chip, options),
                    contains("layer fc: its memory of weights is too large to be written") &&
                        contains("of 8192 bits") && contains("fewer pe or row_lanes"));
}

TEST_CASE("Converters' constants and their code tables each have a memory style") {
  const ir::Design design = test::sample_design();
  ir::Chip chip = test::sample_chip(design);
  for (int32_t code = 0; code < 256; ++code) {
    chip.crossbars[0].inl.push_back(static_cast<uint16_t>(code));
  }
  const Plan plan = hwgen::plan(design, chip, {});
  CHECK(parameter(plan, "conv1", "InlBlock") == "1");
  CHECK(parameter(plan, "conv1", "AdcBlock") == "absent");
  CHECK(parameter(plan, "conv2", "InlBlock") == "absent");
}
