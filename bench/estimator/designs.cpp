// The designs that the resource estimate is calibrated with: their RTL, and their features.
// SPDX-License-Identifier: Apache-2.0
//
//   bench_estimator list               names, one a line
//   bench_estimator emit NAME DIR      DIR/files.txt, top.sv and memory images
//   bench_estimator features           CSV: name, family, the features of hwgen/plan/estimate.hpp,
//                                      what is estimated from them, block RAMs and multipliers
//
// A module stands in a harness: its inputs come from a shift register, its outputs go to a parity;
// the harness is counted in the features.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/rng.hpp"
#include "hwgen/emit/emit.hpp"
#include "hwgen/plan/images.hpp"
#include "hwgen/plan/structure.hpp"
#include "tests/hwgen/sample_design.hpp"

using namespace crosstwin;
using namespace crosstwin::hwgen;

namespace {

struct Subject {
  std::string name;
  std::string module;  // empty: a whole design
  LayerShape shape;
  TileForm form;
  Build build;
  int32_t lines = 0;
  test::SampleOptions sample;  // whole designs only
  int32_t spread = 0;
  PlanOptions options;
};

struct Parameters {
  std::vector<Binding> list;
  void set(const char* name, int64_t value) { list.push_back({name, fmt::format("{}", value)}); }
  void image(const char* name, const std::string& file) {
    list.push_back({name, fmt::format("\"{}.hex\"", file)});
  }
};

Subject plain(const std::string& name, const std::string& module) {
  Subject s;
  s.name = name;
  s.module = module;
  s.shape.in_h = s.shape.in_w = 8;
  s.shape.in_c = 4;
  s.shape.kernel_h = s.shape.kernel_w = 3;
  s.shape.out_h = s.shape.out_w = 6;
  s.shape.rows = 32;
  s.shape.cols = 8;
  s.form.mag_bits = 7;
  s.form.g_bits = 8;
  s.form.adc_mult = {4369, 4369};
  s.form.adc_shift = {16, 16};
  s.form.adc_offset = {0, 0};
  s.form.adc_clip = {255, 255};
  s.form.lsb = {1, 1};
  s.form.bias_bits = 12;
  s.form.weight_bits = 8;
  s.build.lines = 6;
  return s;
}

// Widths that follow from the rest.
void finish(Subject& s) {
  s.form.adc_mask = 0;
  for (const int32_t mult : s.form.adc_mult) s.form.adc_mask |= static_cast<uint32_t>(mult);
  if (s.form.adc_per_column) s.form.adc_mask = 0xffff;
  uint64_t bound = 0;
  for (size_t slice = 0; slice < s.form.lsb.size(); ++slice) {
    bound += static_cast<uint64_t>(s.form.lsb[slice])
             << (static_cast<size_t>(s.shape.cell_bits) * slice);
  }
  bound *= static_cast<uint64_t>(s.shape.row_tiles()) * ((1U << s.shape.in_bits) - 1) *
           ((1U << s.shape.adc_bits) - 1);
  s.form.sum_bits = unsigned_bits(bound) + 1;
}

std::vector<Subject> subjects() {
  std::vector<Subject> all;
  const auto add = [&all](const char* name, const char* module,
                          const std::function<void(Subject&)>& change) {
    Subject s = plain(name, module);
    change(s);
    finish(s);
    all.push_back(std::move(s));
  };
  const auto serial = [](Subject& s, int32_t planes) {
    s.build.form = Form::kBitSerial;
    s.build.planes = planes;
  };

  add("tile_small", "xb_tile", [](Subject&) {});
  add("tile_64x32", "xb_tile", [](Subject& s) {
    s.shape.rows = 64;
    s.shape.cols = 32;
  });
  add("tile_pe2", "xb_tile", [](Subject& s) {
    s.build.pe = 2;
    s.build.adc_lanes = 2;
  });
  add("tile_pe4_lanes4", "xb_tile", [](Subject& s) {
    s.build.pe = 4;
    s.build.adc_lanes = 4;
  });
  add("tile_rows4", "xb_tile", [](Subject& s) { s.build.row_lanes = 4; });
  add("tile_rows8_lanes8", "xb_tile", [](Subject& s) {
    s.build.row_lanes = 8;
    s.build.adc_lanes = 8;
  });
  add("tile_serial", "xb_tile", [&](Subject& s) { serial(s, 1); });
  add("tile_serial_pe8", "xb_tile", [&](Subject& s) {
    serial(s, 1);
    s.build.pe = 8;
    s.build.adc_lanes = 4;
  });
  add("tile_serial4_rows2", "xb_tile", [&](Subject& s) {
    serial(s, 4);
    s.build.row_lanes = 2;
  });
  add("tile_per_cell", "xb_tile", [](Subject& s) {
    s.form.per_cell = true;
    s.form.g_bits = 9;
  });
  add("tile_shift_only", "xb_tile", [](Subject& s) {
    s.form.adc_mult = {1, 1};
    s.form.adc_shift = {4, 4};
  });
  add("tile_two_gains", "xb_tile", [](Subject& s) {
    s.form.adc_mult = {40503, 21845};
    s.form.adc_shift = {18, 19};
    s.form.lsb = {2, 3};
  });
  add("tile_per_column", "xb_tile", [](Subject& s) {
    s.form.adc_per_column = true;
    s.form.offset_bits = 20;
  });
  add("tile_tiles4", "xb_tile", [](Subject& s) {
    s.shape.rows = 128;
    s.shape.tile_rows = 32;
    s.build.pe = 2;
  });
  add("tile_4bit", "xb_tile", [](Subject& s) {
    s.shape.in_bits = 4;
    s.build.planes = 4;
    s.shape.adc_bits = 6;
    s.form.adc_clip = {63, 63};
  });
  add("tile_noise", "xb_tile", [](Subject& s) {
    s.form.noise_mult = {300, 300};
    s.form.noise_shift = 10;
  });

  const auto mac = [](Subject& s, int32_t pe, int32_t row_lanes, bool dsp) {
    s.build.form = Form::kCollapsed;
    s.build.pe = pe;
    s.build.row_lanes = row_lanes;
    s.build.dsp = dsp;
    s.build.adc_lanes = 0;
  };
  add("mac_small", "xb_mac", [&](Subject& s) { mac(s, 1, 1, false); });
  add("mac_pe4", "xb_mac", [&](Subject& s) { mac(s, 4, 1, false); });
  add("mac_pe2_rows4", "xb_mac", [&](Subject& s) { mac(s, 2, 4, false); });
  add("mac_pe4_dsp", "xb_mac", [&](Subject& s) { mac(s, 4, 1, true); });
  add("mac_pe2_rows4_dsp", "xb_mac", [&](Subject& s) { mac(s, 2, 4, true); });
  add("mac_5bit", "xb_mac", [&](Subject& s) {
    mac(s, 3, 1, false);
    s.form.weight_bits = 5;
    s.shape.in_bits = 4;
  });

  add("window_plain", "xb_window", [](Subject&) {});
  add("window_pad", "xb_window", [](Subject& s) {
    s.shape.pad = 1;
    s.shape.out_h = s.shape.out_w = 8;
  });
  add("window_rows4", "xb_window", [](Subject& s) { s.build.row_lanes = 4; });
  add("window_wide", "xb_window", [](Subject& s) {
    s.shape.in_h = s.shape.in_w = 28;
    s.shape.in_c = 1;
    s.shape.kernel_h = s.shape.kernel_w = 5;
    s.shape.out_h = s.shape.out_w = 24;
    s.shape.rows = 25;
    s.build.lines = 10;
  });

  add("requant_serial", "xb_requant", [](Subject&) {});
  add("requant_parallel", "xb_requant", [](Subject& s) { s.build.requant = Requant::kParallel; });
  add("requant_dsp", "xb_requant", [](Subject& s) {
    s.build.requant = Requant::kParallel;
    s.build.dsp = true;
  });
  add("requant_logits", "xb_requant", [](Subject& s) {
    s.shape.logits = true;
    s.shape.out_bits = 32;
  });

  add("layer_small", "xb_layer", [](Subject&) {});
  add("layer_collapsed", "xb_layer", [&](Subject& s) {
    mac(s, 2, 2, false);
    s.build.requant = Requant::kParallel;
  });
  add("layer_serial_pad", "xb_layer", [&](Subject& s) {
    serial(s, 1);
    s.build.pe = 4;
    s.shape.pad = 1;
    s.shape.out_h = s.shape.out_w = 8;
  });
  add("layer_fast", "xb_layer", [](Subject& s) {
    s.build.pe = 2;
    s.build.row_lanes = 2;
    s.build.adc_lanes = 4;
    s.build.requant = Requant::kParallel;
  });

  const auto whole = [&all](const char* name, const std::function<void(Subject&)>& change) {
    Subject s;
    s.name = name;
    change(s);
    all.push_back(std::move(s));
  };
  whole("design_plain", [](Subject&) {});
  whole("design_serial", [](Subject& s) { s.options.defaults.form = Form::kBitSerial; });
  whole("design_per_cell", [](Subject& s) {
    s.sample.seed = 2;
    s.spread = 4;
    s.options.defaults.pe = 2;
  });
  whole("design_fast", [](Subject& s) {
    s.sample.layout.tile_rows = 64;
    s.options.defaults.row_lanes = 3;
    s.options.defaults.adc_lanes = 2;
    s.options.defaults.requant = Requant::kParallel;
  });
  return all;
}

Plan plan_of(const Subject& s) {
  const ir::Design design = test::sample_design(s.sample);
  return plan(design, test::sample_chip(design, 1, s.spread), s.options);
}

// Bits in and out of the module beside clock and reset.
int32_t in_bits(const Subject& s) {
  if (s.module == "xb_requant") return s.form.sum_bits + 3;
  const bool beats = s.module == "xb_tile" || s.module == "xb_mac";
  return (beats ? s.build.row_lanes : 1) * s.shape.in_bits + 3;
}

int32_t mac_bits(const Subject& s) {
  const uint64_t most = static_cast<uint64_t>(s.shape.rows) * ((1U << s.shape.in_bits) - 1);
  return unsigned_bits(most << (s.form.weight_bits - 1)) + 1;
}

int32_t data_out_bits(const Subject& s) {
  if (s.module == "xb_tile") return s.form.sum_bits;
  if (s.module == "xb_mac") return mac_bits(s);
  if (s.module == "xb_window") return s.build.row_lanes * s.shape.in_bits;
  return s.shape.out_bits;
}

Structure structure_of(const Subject& s) {
  if (s.module.empty()) return plan_of(s).structure;
  Structure all = s.module == "xb_tile"      ? tile_structure(s.shape, s.form, s.build, false)
                  : s.module == "xb_mac"     ? mac_structure(s.shape, s.form, s.build, false)
                  : s.module == "xb_window"  ? window_structure(s.shape, s.build, false)
                  : s.module == "xb_requant" ? requant_structure(s.shape, s.form, s.build, false)
                                             : layer_structure(s.shape, s.form, s.build, false);
  all.plain += in_bits(s);
  all.logic += (data_out_bits(s) + 3) / 3.0;
  return all;
}

// ---------------------------------------------------------------- RTL

int style(int64_t words, int32_t width) {
  return static_cast<int>(memory_style(words, width, false));
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
      const int32_t width = s.shape.slices * (16 + s.form.offset_bits + s.shape.adc_bits);
      p.set("AdcBlock", style(s.shape.cols, width));
      random_image(dir / "adc.hex", s.shape.cols, width, 3);
    }
    p.list.push_back({"Lsb", packed(s.form.lsb, 16)});
    if (!s.form.noise_mult.empty()) {
      p.set("Noise", 1);
      p.list.push_back({"NoiseMult", packed(s.form.noise_mult, 16)});
      p.set("NoiseShift", s.form.noise_shift);
      p.list.push_back({"NoiseKeys", "64'h0123456789abcdef"});
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
    p.set("WeightBlock", style(cut.groups() * cut.beats(), width));
    random_image(dir / "weights.hex", cut.groups() * cut.beats(), width, 1);
  }
  if (mac) {
    p.set("WeightBits", s.form.weight_bits);
    const int32_t width = cut.row_lanes * cut.pe * s.form.weight_bits;
    p.set("WeightBlock", style(cut.groups() * cut.beats(), width));
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
    p.set("RowBlock", style(rows.words(), rows.width()));
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
    p.set("RequantBlock", style(image.words(), image.width()));
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
  const int32_t out = data_out_bits(s) + 3;
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
  if (s.module != "xb_mac" && s.module != "xb_requant") text += "    .cfg_mem_i(3'd0),\n";
  if (tile) text += "    .first_image_i(32'd0),\n";
  if (s.module == "xb_layer" && collapsed) text += "    .first_image_i(32'd0),\n";
  text += fmt::format(
      "    .cfg_addr_i(24'd0), .cfg_chunk_i(8'd0), .cfg_data_i(32'd0),\n"
      "    .in_valid_i(in_q[0]), .in_last_i(in_q[1]), .out_ready_i(in_q[2]), "
      ".in_data_i(in_q[{}:3]),\n"
      "    .in_ready_o(out[0]), .out_valid_o(out[1]), .out_last_o(out[2]), "
      ".out_data_o(out[{}:3])\n  );\nendmodule\n",
      in - 1, out - 1);
  ir::write_file(dir / "top.sv", text);
}

void emit_subject(const Subject& s, const std::filesystem::path& dir) {
  if (!s.module.empty()) {
    emit_module(s, dir);
    return;
  }
  emit(plan_of(s), dir);
}

void features_csv() {
  fmt::print("name,family,{},registers,lut,ff,bram,dsp\n", fmt::join(kFeatureNames, ","));
  for (const Subject& s : subjects()) {
    const Structure structure = structure_of(s);
    for (const ir::PartFamily family : {ir::PartFamily::kIce40, ir::PartFamily::kUp5k,
                                        ir::PartFamily::kEcp5, ir::PartFamily::kGowin}) {
      const Resources r = estimate(structure, family);
      fmt::print("{},{},{:.1f},{:.1f},{:.0f},{:.0f},{},{}\n", s.name, ir::to_string(family),
                 fmt::join(features(structure, family), ","), flop_features(structure)[0], r.lut,
                 r.ff, r.bram, r.dsp);
    }
  }
}

int usage() {
  std::fputs("usage: bench_estimator list | features | emit NAME DIR\n", stderr);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words == std::vector<std::string>{"list"}) {
      for (const Subject& s : subjects()) fmt::print("{}\n", s.name);
      return 0;
    }
    if (words == std::vector<std::string>{"features"}) {
      features_csv();
      return 0;
    }
    if (words.size() == 3 && words[0] == "emit") {
      for (const Subject& s : subjects()) {
        if (s.name != words[1]) continue;
        emit_subject(s, words[2]);
        return 0;
      }
    }
    return usage();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
