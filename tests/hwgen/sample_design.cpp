// Small random designs and chips for the tests of hwgen and verif.
// SPDX-License-Identifier: Apache-2.0
#include "tests/hwgen/sample_design.hpp"

#include <algorithm>

#include "compress/ir/rng.hpp"

namespace crosstwin::test {
namespace {

int32_t between(ir::Rng& rng, int32_t low, int32_t high) {
  return low + static_cast<int32_t>(rng.below(static_cast<uint32_t>(high - low + 1)));
}

ir::Stage crossbar_stage(ir::Rng& rng, const ir::Design& design, const char* name, ir::Shape out,
                         int32_t kernel_h, int32_t kernel_w, int32_t stride, int32_t pad) {
  ir::Stage stage;
  stage.name = name;
  stage.inputs = {design.stages.empty() ? "input" : design.stages.back().name};
  stage.in = design.stages.empty() ? design.input : design.stages.back().out;
  stage.out = out;
  ir::Crossbar crossbar;
  crossbar.kernel_h = kernel_h;
  crossbar.kernel_w = kernel_w;
  crossbar.stride = stride;
  crossbar.pad = pad;
  for (int32_t c = 0; c < stage.in.c; ++c) crossbar.pad_value.push_back(between(rng, 0, 40));
  for (int32_t row = 0; row < stage.in.c * kernel_h * kernel_w; ++row) {
    if (rng.below(4) != 0) crossbar.rows.push_back(row);
  }
  const int32_t range = design.layout.weight_range;
  for (size_t at = 0; at < crossbar.rows.size() * static_cast<size_t>(out.c); ++at) {
    crossbar.weight.push_back(static_cast<int16_t>(between(rng, -range, range)));
  }
  for (int32_t c = 0; c < out.c; ++c) {
    crossbar.bias.push_back(between(rng, -3000, 3000));
    crossbar.mult.push_back(static_cast<uint16_t>(between(rng, 2000, 65535)));
    crossbar.shift.push_back(static_cast<uint8_t>(between(rng, 22, 24)));
  }
  crossbar.high = 255;
  stage.kind = std::move(crossbar);
  return stage;
}

}  // namespace

ir::Design sample_design(const SampleOptions& options) {
  ir::Rng rng(options.seed);
  ir::Design design;
  design.name = "sample";
  design.input = options.input;
  design.layout = options.layout;
  const ir::Shape in = options.input;
  design.stages.push_back(
      crossbar_stage(rng, design, "conv1", {options.conv1, in.h, in.w}, 3, 3, 1, 1));

  ir::Stage pool;
  pool.name = "pool1";
  pool.inputs = {"conv1"};
  pool.in = design.stages.back().out;
  pool.out = {pool.in.c, pool.in.h / 2, pool.in.w / 2};
  pool.kind = ir::PoolMax{2, 2};
  design.stages.push_back(pool);

  design.stages.push_back(crossbar_stage(
      rng, design, "conv2", {options.conv2, (pool.out.h - 3) / 2 + 1, (pool.out.w - 3) / 2 + 1}, 3,
      3, 2, 0));
  const ir::Shape map = design.stages.back().out;
  design.stages.push_back(
      crossbar_stage(rng, design, "fc", {options.outputs, 1, 1}, map.h, map.w, 1, 0));
  auto& logits = std::get<ir::Crossbar>(design.stages.back().kind);
  logits.logits = true;
  logits.mult.clear();
  logits.shift.clear();
  logits.low = logits.high = 0;
  if (options.signed_middle) {
    auto& first = std::get<ir::Crossbar>(design.stages[0].kind);
    first.low = -128;
    first.high = 127;
    design.stages[1].in_signed = design.stages[2].in_signed = true;
  }
  return design;
}

ir::Chip sample_chip(const ir::Design& design, uint64_t seed, int32_t spread) {
  ir::Rng rng(seed);
  ir::Chip chip;
  chip.design_hash = ir::design_hash(design);
  chip.seed = seed;
  const int32_t codes = 1 << design.layout.cell_bits;
  const int32_t step = 240 / codes;
  chip.g_bits = 9;
  std::vector<uint16_t> table;
  for (int32_t code = 0; code < codes; ++code)
    table.push_back(static_cast<uint16_t>(20 + step * code));
  chip.shared_table = spread == 0;
  if (chip.shared_table) chip.table = table;
  for (const ir::Stage& stage : design.stages) {
    const auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind);
    if (crossbar == nullptr) continue;
    ir::CrossbarChip cells;
    cells.stage = stage.name;
    for (int32_t polarity = 0; polarity < 2; ++polarity) {
      for (int32_t slice = 0; slice < design.layout.slices; ++slice) {
        for (const int16_t weight : crossbar->weight) {
          const auto code =
              static_cast<size_t>(ir::slice_code(weight, polarity, slice, design.layout.cell_bits));
          const int32_t moved = between(rng, -spread, spread);
          cells.g.push_back(static_cast<uint16_t>(std::max(0, table[code] + moved)));
        }
      }
    }
    for (int32_t slice = 0; slice < design.layout.slices; ++slice) {
      // A step of about 1 / (step * lsb) in 12 bits; lsb 1 clips on strong inputs.
      const int32_t lsb = 1 + slice % 2;
      cells.adc_shift.push_back(12);
      for (int32_t col = 0; col < stage.out.c; ++col) {
        cells.lsb.push_back(lsb);
        cells.adc_mult.push_back(4096 / (step * lsb) + slice);
        cells.adc_offset.push_back(slice * 100 - 700);
        cells.adc_clip.push_back((1 << design.layout.adc_bits) - 1);
      }
      cells.noise_mult.push_back(0);
    }
    chip.crossbars.push_back(std::move(cells));
  }
  return chip;
}

}  // namespace crosstwin::test
