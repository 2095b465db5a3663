// The RTL of a measured design.
// SPDX-License-Identifier: Apache-2.0
#include "bench/estimator/harness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/rng.hpp"
#include "hwgen/emit/emit.hpp"
#include "hwgen/plan/images.hpp"

namespace crosstwin::bench {
namespace {

using namespace hwgen;

struct Parameters {
  std::vector<Binding> list;
  void set(const char* name, int64_t value) { list.push_back({name, fmt::format("{}", value)}); }
  void image(const char* name, const std::string& file) {
    list.push_back({name, fmt::format("\"{}.hex\"", file)});
  }
};

int style(const Subject& s, int64_t words, int32_t width) {
  return static_cast<int>(memory_style(words, width, false, s.build.block_worth));
}

void random_image(const std::filesystem::path& file, int64_t words, int32_t width, uint64_t seed) {
  ir::Rng rng(seed);
  Image image(words, width);
  for (int64_t word = 0; word < words; ++word) {
    for (int32_t at = 0; at < width; at += 16) {
      image.put(word, at, static_cast<int64_t>(rng.below(65536)), std::min(16, width - at));
    }
  }
  ir::write_file(file, image.text());
}

std::string packed(const std::vector<int32_t>& values, int32_t bits) {
  std::string text = "{";
  for (size_t i = values.size(); i-- > 0;) {
    text += fmt::format("{}'d{}{}", bits, values[i], i > 0 ? ", " : "}");
  }
  return text;
}

void emit_module(const Subject& s, const std::filesystem::path& dir) {
  const bool collapsed = s.build.form == Form::kCollapsed;
  const bool tile = s.module == "xb_tile" || (s.module == "xb_layer" && !collapsed);
  const bool mac = s.module == "xb_mac" || (s.module == "xb_layer" && collapsed);
  const bool window = s.module == "xb_window" || s.module == "xb_layer";
  const bool requant = s.module == "xb_requant" || s.module == "xb_layer";
  const Cut cut{s.shape.rows, s.shape.cols, collapsed ? s.shape.rows : s.shape.tile_rows,
                s.build.row_lanes, s.build.pe};
  Parameters p;
  if (tile || mac || window) {
    p.set("Rows", s.shape.rows);
    p.set("RowLanes", s.build.row_lanes);
  }
  if (tile || (window && !collapsed)) p.set("TileRows", s.shape.tile_rows);
  if (tile || mac || requant) p.set("Cols", s.shape.cols);
  if (tile || mac) {
    p.set("Pe", s.build.pe);
    p.set("InBits", s.shape.in_bits);
    p.image("WeightImage", "weights");
  }
  if (s.module == "xb_layer") p.set("Collapsed", collapsed);
  const int32_t words = s.shape.words();
  if (tile) {
    p.set("Planes", s.build.planes);
    p.set("CellBits", s.shape.cell_bits);
    p.set("Slices", s.shape.slices);
    p.set("PerCell", s.form.per_cell);
    p.set("MagBits", std::max(1, s.form.mag_bits));
    p.set("GBits", s.form.g_bits);
    p.set("AdcBits", s.shape.adc_bits);
    p.set("AdcLanes", s.build.adc_lanes);
    p.list.push_back({"AdcMult", packed(s.form.adc_mult, 16)});
    p.list.push_back({"AdcShift", packed(s.form.adc_shift, 5)});
    p.list.push_back({"AdcOffset", packed(s.form.adc_offset, 32)});
    p.list.push_back({"AdcClip", packed(s.form.adc_clip, s.shape.adc_bits)});
    p.set("AdcPerColumn", s.form.adc_per_column);
    if (s.form.adc_per_column) {
      p.set("OffsetBits", s.form.offset_bits);
      p.image("AdcImage", "adc");
      const int32_t width =
          s.shape.slices * (16 + s.form.offset_bits + s.shape.adc_bits + s.form.lsb_bits);
      p.set("LsbBits", s.form.lsb_bits);
      p.set("AdcBlock", style(s, s.shape.cols, width));
      random_image(dir / "adc.hex", s.shape.cols, width, 3);
    }
    p.list.push_back({"Lsb", packed(s.form.lsb, 16)});
    if (!s.form.noise_mult.empty()) {
      p.set("Noise", 1);
      p.list.push_back({"NoiseMult", packed(s.form.noise_mult, 16)});
      p.set("NoiseShift", s.form.noise_shift);
      p.list.push_back({"NoiseKeys", "64'h0123456789abcdef"});
      if (s.form.noise_rows) {
        const int32_t gains = std::min(s.shape.rows, s.shape.tile_rows) + 1;
        p.set("NoiseRows", 1);
        p.image("NoiseImage", "noise");
        p.set("NoiseBlock", style(s, gains, s.shape.slices * 16));
        random_image(dir / "noise.hex", gains, s.shape.slices * 16, 4);
      }
    }
    if (!s.form.per_cell) {
      p.image("TableImage", "table");
      Image table(1 << s.shape.cell_bits, s.form.g_bits);
      for (int32_t k = 0; k < 1 << s.shape.cell_bits; ++k) {
        table.put(k, 0, 25 + 15 * k, s.form.g_bits);
      }
      ir::write_file(dir / "table.hex", table.text());
    }
    const int32_t width =
        cut.row_lanes * cut.pe * (s.form.per_cell ? words * s.form.g_bits : s.form.mag_bits + 1);
    p.set("WeightBlock", style(s, cut.groups() * cut.beats(), width));
    random_image(dir / "weights.hex", cut.groups() * cut.beats(), width, 1);
  }
  if (mac) {
    p.set("WeightBits", s.form.weight_bits);
    const int32_t width = cut.row_lanes * cut.pe * s.form.weight_bits;
    p.set("WeightBlock", style(s, cut.groups() * cut.beats(), width));
    random_image(dir / "weights.hex", cut.groups() * cut.beats(), width, 1);
  }
  if (window) {
    p.set("InH", s.shape.in_h);
    p.set("InW", s.shape.in_w);
    p.set("InC", s.shape.in_c);
    p.set("KernelH", s.shape.kernel_h);
    p.set("KernelW", s.shape.kernel_w);
    p.set("Pad", s.shape.pad);
    p.set("Lines", s.build.lines);
    if (s.module == "xb_window") {
      p.set("Groups", cut.groups());
      p.set("Bits", s.shape.in_bits);
    }
    p.image("RowImage", "rows");
    ir::Stage stage;
    stage.in = {s.shape.in_c, s.shape.in_h, s.shape.in_w};
    ir::Crossbar crossbar;
    crossbar.kernel_h = s.shape.kernel_h;
    crossbar.kernel_w = s.shape.kernel_w;
    crossbar.pad = s.shape.pad;
    crossbar.pad_value.assign(static_cast<size_t>(s.shape.in_c), 3);
    for (int32_t row = 0; row < s.shape.rows; ++row) crossbar.rows.push_back(row);
    const Image rows = row_image(stage, crossbar, cut);
    p.set("RowBlock", style(s, rows.words(), rows.width()));
    ir::write_file(dir / "rows.hex", rows.text());
  }
  if (requant) {
    p.set("BiasBits", s.form.bias_bits);
    p.set("Logits", s.shape.logits);
    p.set("OutBits", s.shape.out_bits);
    p.set("Parallel", s.build.requant == Requant::kParallel);
    if (s.module == "xb_requant") p.set("YBits", s.form.sum_bits);
    p.image("RequantImage", "requant");
    Image image(s.shape.cols, s.form.bias_bits + (s.shape.logits ? 0 : 21));
    p.set("RequantBlock", style(s, image.words(), image.width()));
    for (int32_t col = 0; col < s.shape.cols; ++col) {
      image.put(col, 0, 1000 - 311 * col, s.form.bias_bits);
      if (s.shape.logits) continue;
      image.put(col, s.form.bias_bits, 40000 + 997 * col, 16);
      image.put(col, s.form.bias_bits + 16, 20 + col % 3, 5);
    }
    ir::write_file(dir / "requant.hex", image.text());
  }
  if (s.module != "xb_window") p.set("Dsp", s.build.dsp);

  const int32_t in = in_bits(s);
  const int32_t out = out_bits(s);
  std::string text = fmt::format(
      "// Harness of {0}, written by bench_estimator.\n"
      "module bench_top (input logic clk_i, input logic rst_ni, input logic serial_i, "
      "output logic serial_o);\n"
      "  logic [{1}:0] in_q;\n  logic [{2}:0] out;\n"
      "  always_ff @(posedge clk_i) in_q <= {{in_q[{3}:0], serial_i}};\n"
      "  always_ff @(posedge clk_i) serial_o <= ^out;\n"
      "  {0} #(\n",
      s.module, in - 1, out - 1, in - 2);
  for (size_t i = 0; i < p.list.size(); ++i) {
    text += fmt::format("    .{}({}){}\n", p.list[i].name, p.list[i].value,
                        i + 1 < p.list.size() ? "," : "");
  }
  text += "  ) u_module (\n    .clk_i(clk_i), .rst_ni(rst_ni), .cfg_valid_i(1'b0),\n";
  if (tile || window) text += "    .cfg_mem_i(3'd0),\n";
  if (tile || s.module == "xb_layer") text += "    .first_image_i(32'd0),\n";
  text += fmt::format(
      "    .cfg_addr_i(24'd0), .cfg_chunk_i(8'd0), .cfg_data_i(32'd0),\n"
      "    .in_valid_i(in_q[0]), .in_last_i(in_q[1]), .out_ready_i(in_q[2]), "
      ".in_data_i(in_q[{}:3]),\n"
      "    .in_ready_o(out[0]), .out_valid_o(out[1]), .out_last_o(out[2]), "
      ".out_data_o(out[{}:3])\n  );\nendmodule\n",
      in - 1, out - 1);
  ir::write_file(dir / "top.sv", text);
}

}  // namespace

void emit_subject(const Subject& s, const std::filesystem::path& dir) {
  if (!s.module.empty()) {
    emit_module(s, dir);
    return;
  }
  emit(plan_of(s), dir);
}

}  // namespace crosstwin::bench
