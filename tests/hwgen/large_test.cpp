// Layers of millions of weights: every image is as long as its memory.
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/rng.hpp"
#include "hwgen/emit/emit.hpp"
#include "tests/catch.hpp"

using namespace crosstwin;

namespace {

// One layer of random weights on ideal cells, and behind it nothing: it gives the logits.
struct Large {
  ir::Design design;
  ir::Chip chip;

  Large(ir::Shape in, ir::Shape out, int32_t kernel, int32_t pad) {
    ir::Rng rng(1);
    design.name = "large";
    design.input = in;
    ir::Stage stage;
    stage.name = "layer";
    stage.inputs = {"input"};
    stage.in = in;
    stage.out = out;
    ir::Crossbar crossbar;
    crossbar.kernel_h = crossbar.kernel_w = kernel;
    crossbar.pad = pad;
    crossbar.pad_value.assign(static_cast<size_t>(in.c), 0);
    for (int32_t row = 0; row < in.c * kernel * kernel; ++row) crossbar.rows.push_back(row);
    crossbar.weight.resize(crossbar.rows.size() * static_cast<size_t>(out.c));
    for (int16_t& weight : crossbar.weight) {
      weight = static_cast<int16_t>(static_cast<int32_t>(rng.below(255)) - 127);
    }
    crossbar.bias.assign(static_cast<size_t>(out.c), 0);
    crossbar.logits = true;
    stage.kind = std::move(crossbar);
    design.stages.push_back(std::move(stage));

    chip.design_hash = ir::design_hash(design);
    chip.shared_table = true;
    chip.g_bits = 8;
    for (uint16_t level = 0; level < 16; ++level)
      chip.table.push_back(static_cast<uint16_t>(25 + 15 * level));
    ir::CrossbarChip cells;
    cells.stage = "layer";
    const auto& weights = std::get<ir::Crossbar>(design.stages[0].kind).weight;
    for (int32_t array = 0; array < 4; ++array) {
      for (const int16_t weight : weights) {
        cells.g.push_back(chip.table[static_cast<size_t>(
            ir::slice_code(weight, array / 2, array % 2, design.layout.cell_bits))]);
      }
    }
    const auto cols = static_cast<size_t>(out.c);
    cells.adc_mult.assign(2 * cols, 273);
    cells.adc_shift = {12, 12};
    cells.adc_offset.assign(2 * cols, 0);
    cells.adc_clip.assign(2 * cols, 255);
    cells.lsb = {1, 1};
    cells.noise_mult = {0, 0};
    chip.crossbars.push_back(std::move(cells));
  }
};

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
  const Large large({2048, 1, 1}, {1000, 1, 1}, 1, 0);
  check_emitted(large, {});
  hwgen::PlanOptions options;
  options.target_fps = 500;
  options.clock_mhz = 100;
  check_emitted(large, options);
}

TEST_CASE("A 3 x 3 conv of 512 channels is planned and emitted whole") {
  const Large large({512, 14, 14}, {512, 14, 14}, 3, 1);
  check_emitted(large, {});
}
