// Designs of one layer with millions of random weights.
// SPDX-License-Identifier: Apache-2.0
#include "tests/hwgen/large_design.hpp"

#include "compress/ir/rng.hpp"

namespace crosstwin::test {

Large::Large(const LargeOptions& options) {
  const ir::Shape in = options.in, out = options.out;
  ir::Rng rng(1);
  design.name = "large";
  design.input = in;
  design.layout.adc_bits = options.exact ? 11 : 8;
  ir::Stage stage;
  stage.name = "layer";
  stage.inputs = {"input"};
  stage.in = in;
  stage.out = out;
  ir::Crossbar crossbar;
  crossbar.kernel_h = crossbar.kernel_w = options.kernel;
  crossbar.pad = options.pad;
  crossbar.pad_value.assign(static_cast<size_t>(in.c), 0);
  for (int32_t row = 0; row < in.c * options.kernel * options.kernel; ++row) {
    crossbar.rows.push_back(row);
  }
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
  for (uint16_t level = 0; level < 16; ++level) {
    chip.table.push_back(options.exact ? level : static_cast<uint16_t>(25 + 15 * level));
  }
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
  cells.adc_mult.assign(2 * cols, options.exact ? 1 : 273);
  const int32_t shift = options.exact ? 0 : 12;
  cells.adc_shift = {shift, shift};
  cells.adc_offset.assign(2 * cols, 0);
  cells.adc_clip.assign(2 * cols, options.exact ? 2047 : 255);
  cells.lsb.assign(2 * cols, 1);
  cells.noise_mult = {0, 0};
  chip.crossbars.push_back(std::move(cells));
}

}  // namespace crosstwin::test
