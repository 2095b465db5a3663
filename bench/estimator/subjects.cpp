// The designs that are measured: for the resource estimate, and for the table of tiles.
// SPDX-License-Identifier: Apache-2.0
#include "bench/estimator/subjects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

#include "hwgen/plan/cycles.hpp"

namespace crosstwin::bench {
namespace {

using namespace hwgen;

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

// Input planes a pass.
void serial(Subject& s, int32_t planes) {
  s.build.form = Form::kBitSerial;
  s.build.planes = planes;
}

void mac(Subject& s, int32_t pe, int32_t row_lanes, bool dsp) {
  s.build.form = Form::kCollapsed;
  s.build.pe = pe;
  s.build.row_lanes = row_lanes;
  s.build.dsp = dsp;
  s.build.adc_lanes = 0;
}

// The fewest converters that are done with a group of columns while the next one accumulates.
void fewest_lanes(Subject& s) {
  const int32_t words = s.build.pe * s.shape.words() * s.build.planes;
  s.build.adc_lanes =
      std::bit_ceil(static_cast<uint32_t>((words + s.shape.rows) / (s.shape.rows + 1)));
}

// Rows of the table: a tile alone, with a general 16-bit gain.
void add_tiles(std::vector<Subject>& all) {
  struct Size {
    int32_t rows, cols;
  };
  struct Row {
    const char* name;
    const char* title;
    std::vector<Size> sizes;
    std::function<void(Subject&)> change;
  };
  const std::vector<Size> every = {{64, 32}, {128, 64}, {128, 128}};
  const auto planes = [](int32_t pe) {
    return [pe](Subject& s) {
      s.build.pe = pe;
      fewest_lanes(s);
    };
  };
  const auto one_plane = [](int32_t pe) {
    return [pe](Subject& s) {
      s.build.pe = pe;
      serial(s, 1);
      fewest_lanes(s);
    };
  };
  const auto products = [](int32_t pe, bool dsp) {
    return [pe, dsp](Subject& s) { mac(s, pe, 1, dsp); };
  };
  const std::vector<Row> rows = {
      {"plane_pe1", "bit-plane, 1 column", every, planes(1)},
      {"serial_pe1", "bit-serial, 1 column", every, one_plane(1)},
      {"mac_pe4", "collapsed, 4 columns", every, products(4, false)},
      {"mac_pe4_dsp", "collapsed, 4 columns", every, products(4, true)},
      {"plane_cell", "bit-plane, 1 column, a conductance a cell", every,
       [&](Subject& s) {
         planes(1)(s);
         s.form.per_cell = true;
       }},
      {"serial_pe8", "bit-serial, 8 columns", every, one_plane(8)},
      {"plane_pe4", "bit-plane, 4 columns", every, planes(4)},
      {"mac_pe16", "collapsed, 16 columns", every, products(16, false)},
      {"mac_pe16_dsp", "collapsed, 16 columns", every, products(16, true)},
      {"plane_pe2", "bit-plane, 2 columns", {{64, 32}}, planes(2)},
      {"serial_pe32", "bit-serial, 32 columns", {{128, 128}}, one_plane(32)},
  };
  for (const Size& size : every) {
    for (const Row& row : rows) {
      const bool there = std::any_of(row.sizes.begin(), row.sizes.end(), [&](const Size& own) {
        return own.rows == size.rows && own.cols == size.cols;
      });
      if (!there) continue;
      const bool collapsed = std::string(row.name).starts_with("mac");
      Subject s = plain(fmt::format("{}_{}x{}", row.name, size.rows, size.cols),
                        collapsed ? "xb_mac" : "xb_tile");
      s.shape.in_h = s.shape.in_w = 1;
      s.shape.kernel_h = s.shape.kernel_w = 1;
      s.shape.out_h = s.shape.out_w = 1;
      s.shape.in_c = s.shape.rows = size.rows;
      s.shape.cols = size.cols;
      s.form.adc_mult = {40503, 40503};
      s.form.adc_shift = {18, 18};
      row.change(s);
      s.row = row.title;
      finish(s);
      all.push_back(std::move(s));
    }
  }
}

int32_t mac_bits(const Subject& s) {
  const uint64_t most = static_cast<uint64_t>(s.shape.rows) * ((1U << s.shape.in_bits) - 1);
  return unsigned_bits(most << (s.form.weight_bits - 1)) + 1;
}

}  // namespace

std::vector<Subject> subjects() {
  std::vector<Subject> all;
  add_tiles(all);
  const auto add = [&all](const char* name, const char* module,
                          const std::function<void(Subject&)>& change) {
    Subject s = plain(name, module);
    change(s);
    finish(s);
    all.push_back(std::move(s));
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
  add("tile_serial", "xb_tile", [](Subject& s) { serial(s, 1); });
  add("tile_serial_pe8", "xb_tile", [](Subject& s) {
    serial(s, 1);
    s.build.pe = 8;
    s.build.adc_lanes = 4;
  });
  add("tile_serial4_rows2", "xb_tile", [](Subject& s) {
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
  add("tile_column_lsb", "xb_tile", [](Subject& s) {
    s.form.adc_per_column = true;
    s.form.offset_bits = 2;
    s.form.lsb = {7, 7};
    s.form.lsb_bits = 3;
  });
  add("tile_column_lsb_lanes8", "xb_tile", [](Subject& s) {
    s.build.adc_lanes = 8;
    s.form.adc_per_column = true;
    s.form.offset_bits = 2;
    s.form.lsb = {255, 255};
    s.form.lsb_bits = 8;
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
  add("tile_noise_rows", "xb_tile", [](Subject& s) {
    s.form.noise_mult = {2047, 2047};
    s.form.noise_shift = 10;
    s.form.noise_rows = true;
  });

  add("mac_small", "xb_mac", [](Subject& s) { mac(s, 1, 1, false); });
  add("mac_pe4", "xb_mac", [](Subject& s) { mac(s, 4, 1, false); });
  add("mac_pe2_rows4", "xb_mac", [](Subject& s) { mac(s, 2, 4, false); });
  add("mac_pe4_dsp", "xb_mac", [](Subject& s) { mac(s, 4, 1, true); });
  add("mac_pe2_rows4_dsp", "xb_mac", [](Subject& s) { mac(s, 2, 4, true); });
  add("mac_5bit", "xb_mac", [](Subject& s) {
    mac(s, 3, 1, false);
    s.form.weight_bits = 5;
    s.shape.in_bits = 4;
  });

  add("mac_tables", "xb_mac", [](Subject& s) {
    mac(s, 1, 1, false);
    s.build.block_worth = 400;  // the weights in logic
  });
  add("mac_tables_pe4", "xb_mac", [](Subject& s) {
    mac(s, 4, 2, false);
    s.build.block_worth = 400;
  });
  add("tile_tables", "xb_tile", [](Subject& s) {
    s.shape.cols = 16;
    s.build.block_worth = 4000;
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
  add("requant_logits_wide", "xb_requant", [](Subject& s) {
    s.shape.logits = true;
    s.shape.out_bits = 32;
    s.shape.cols = 100;
    s.shape.rows = 1024;
  });

  add("layer_small", "xb_layer", [](Subject&) {});
  add("layer_collapsed", "xb_layer", [](Subject& s) {
    mac(s, 2, 2, false);
    s.build.requant = Requant::kParallel;
  });
  add("layer_serial_pad", "xb_layer", [](Subject& s) {
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
  whole("design_writable", [](Subject& s) { s.options.writable = true; });
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
  whole("design_wide", [](Subject& s) {
    s.sample.input = {3, 16, 16};
    s.sample.conv1 = 8;
    s.sample.conv2 = 12;
    s.sample.outputs = 10;
    s.sample.layout.tile_rows = 64;
    s.sample.layout.tile_cols = 16;
    s.options.defaults.pe = 2;
  });
  whole("design_signed", [](Subject& s) {
    s.sample.signed_middle = true;
    s.sample.conv1 = 5;
    s.sample.conv2 = 6;
    s.options.defaults.form = Form::kBitSerial;
    s.options.defaults.pe = 2;
    s.options.defaults.requant = Requant::kParallel;
  });
  return all;
}

bool measured_on(const Subject& s, ir::PartFamily family) {
  if (family == ir::PartFamily::kIce40) return !s.build.dsp;
  // There a table's collapsed tile takes multipliers.
  const bool logic_products = s.build.form == Form::kCollapsed && !s.build.dsp;
  return s.row.empty() || !logic_products;
}

Plan plan_of(const Subject& s) {
  const ir::Design design = test::sample_design(s.sample);
  return plan(design, test::sample_chip(design, 1, s.spread), s.options);
}

int64_t cycles_a_product(const Subject& s) {
  LayerTiming timing;
  timing.in_c = s.shape.in_c;
  timing.rows = s.shape.rows;
  timing.tile_rows = s.shape.tile_rows;
  timing.cols = s.shape.cols;
  timing.pe = s.build.pe;
  timing.adc_lanes = std::max(1, s.build.adc_lanes);
  timing.in_bits = s.shape.in_bits;
  timing.planes = s.build.planes;
  timing.row_lanes = s.build.row_lanes;
  timing.slices = s.shape.slices;
  timing.per_cell = s.form.per_cell;
  timing.adc_latency = adc_latency(s.form.adc_mult);
  timing.collapsed = s.build.form == Form::kCollapsed;
  timing.mac_latency = mac_latency(s.shape.in_bits, false, s.build.row_lanes, s.build.dsp);
  timing.requant.assign(static_cast<size_t>(s.shape.cols), 1);
  timing.requant_stages = 1;
  return tile_cycles(timing);
}

int32_t in_bits(const Subject& s) {
  if (s.module == "xb_requant") return s.form.sum_bits + 3;
  const bool beats = s.module == "xb_tile" || s.module == "xb_mac";
  return (beats ? s.build.row_lanes : 1) * s.shape.in_bits + 3;
}

int32_t out_bits(const Subject& s) {
  int32_t data = s.shape.out_bits;
  if (s.module == "xb_tile") data = s.form.sum_bits;
  if (s.module == "xb_mac") data = mac_bits(s);
  if (s.module == "xb_window") data = s.build.row_lanes * s.shape.in_bits;
  return data + 3;
}

Structure structure_of(const Subject& s) {
  if (s.module.empty()) return plan_of(s).structure;
  Structure all = s.module == "xb_tile"      ? tile_structure(s.shape, s.form, s.build, false)
                  : s.module == "xb_mac"     ? mac_structure(s.shape, s.form, s.build, false)
                  : s.module == "xb_window"  ? window_structure(s.shape, s.build, false)
                  : s.module == "xb_requant" ? requant_structure(s.shape, s.form, s.build, false)
                                             : layer_structure(s.shape, s.form, s.build, false);
  all.plain += in_bits(s);
  all.logic += out_bits(s) / 3.0;
  return all;
}

}  // namespace crosstwin::bench
