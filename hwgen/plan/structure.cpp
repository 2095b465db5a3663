// Registers, adders and memories that the parameters of each template imply.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/structure.hpp"

#include <algorithm>
#include <bit>

#include "compress/ir/noise.hpp"
#include "hwgen/plan/cycles.hpp"

namespace crosstwin::hwgen {
namespace {

constexpr int32_t kFlags = 4;  // valid, last and the like, beside every register stage of data
constexpr int32_t kOutLatency = 11;  // of a tile, about: a column's last word to its sum

int32_t digits(int64_t value) { return unsigned_bits(static_cast<uint64_t>(value)); }

// Counts 0..n-1 and compares with the last.
void counter(Structure& s, int64_t n) {
  if (n > 1) s.count += digits(n - 1);
}

// A tree that adds `terms` numbers of `bits` bits, registered at every level.
void adder_tree(Structure& s, int32_t terms, int32_t bits, bool widening) {
  for (int32_t left = terms; left > 1; left = (left + 1) / 2) {
    if (widening) ++bits;
    s.add += static_cast<double>(left / 2) * bits;
    if (left % 2 == 1) s.plain += bits;
  }
}

// xb_mul; without DSP blocks two bits of `a` at a time, added up in a tree.
void product(Structure& s, int32_t a, int32_t b, bool dsp) {
  if (dsp) {
    s.products.push_back({a, b});
    const int32_t blocks = static_cast<int32_t>(dsp_blocks({a, b}));
    if (b <= 16) {
      s.plain += a + b;
      return;
    }
    // 16-bit digits of b unsigned, joined, less a where b is negative.
    s.plain += 16.0 * blocks + b + a + b;
    s.gate += a;
    s.add += a;
    if (blocks > 1) {
      s.add += b;
      s.plain += 16 + a;
    }
    return;
  }
  // Two bits of `a` at a time: b gated, and b added or not. Low bits of a sum only pass.
  int32_t nodes = (a + 1) / 2;
  s.add += static_cast<double>(nodes) * (b + 1);
  s.plain += nodes;
  s.gate += static_cast<double>(a) * b;
  for (int32_t bits = b + 2, step = 2; nodes > 1; nodes = (nodes + 1) / 2, step *= 2) {
    bits = std::min(a + b, bits + step);
    s.add += static_cast<double>(nodes / 2) * (bits - step);
    s.plain += static_cast<double>(nodes / 2) * step;
    if (nodes % 2 == 1) s.plain += bits;
  }
}

void rom(Structure& s, int64_t words, int32_t width, bool writable) {
  const MemoryStyle style = memory_style(words, width, writable);
  s.memories.push_back({words, width, writable, style});
  s.plain += width;  // the register behind it
  if (style == MemoryStyle::kLogic) s.plain += width;
}

int32_t groups(const LayerShape& shape, const Build& build) {
  return (shape.cols + build.pe - 1) / build.pe;
}

int32_t sum_bits(const LayerShape& shape, const TileForm& form, const Build& build) {
  if (build.form != Form::kCollapsed) return form.sum_bits;
  return shape.in_bits + form.weight_bits + digits(shape.rows - 1) + 1;
}

// Beats of a group's rows.
int64_t beats(const LayerShape& shape, const Build& build) {
  const int32_t tile = build.form == Form::kCollapsed ? shape.rows : shape.tile_rows;
  const int32_t full = (tile + build.row_lanes - 1) / build.row_lanes;
  const int32_t tiles = (shape.rows + tile - 1) / tile;
  const int32_t last = shape.rows - (tiles - 1) * tile;
  return int64_t{tiles - 1} * full + (last + build.row_lanes - 1) / build.row_lanes;
}

// Powers of two that a gain is made of, those that are added and those that are subtracted.
struct Digits {
  uint32_t plus = 0, minus = 0;
  uint32_t any() const { return plus | minus; }
  int32_t count() const { return std::popcount(plus) + std::popcount(minus); }
};

Digits digits_of(uint32_t mult, bool recode) {
  if (!recode) return {mult, 0};
  return {(3 * mult & ~mult) >> 1, (mult & ~(3 * mult)) >> 1};
}

// What some slice's gain has, and what all of them have. Binary or signed, whichever are fewer.
struct GainDigits {
  Digits some, all;
};

GainDigits gain_digits(const TileForm& form) {
  if (form.adc_per_column) return {{form.adc_mask, 0}, {}};
  GainDigits best;
  for (const bool recode : {false, true}) {
    GainDigits gain{{}, {~0U, ~0U}};
    for (const int32_t mult : form.adc_mult) {
      const Digits own = digits_of(static_cast<uint32_t>(mult), recode);
      gain.some = {gain.some.plus | own.plus, gain.some.minus | own.minus};
      gain.all = {gain.all.plus & own.plus, gain.all.minus & own.minus};
    }
    if (!recode || gain.some.count() < best.some.count()) best = gain;
  }
  return best;
}

bool differ(const std::vector<int32_t>& values) {
  return std::any_of(values.begin(), values.end(), [&](int32_t v) { return v != values[0]; });
}

// Cycles that a current waits for its noise: rounds, ones, the gain's tree.
int32_t noise_wait(const TileForm& form) {
  uint32_t mask = 0;
  for (const int32_t mult : form.noise_mult) mask |= static_cast<uint32_t>(mult);
  return ir::kNoiseRounds + 3 + std::max(1, digits(std::popcount(mask)));
}

// xb_noise and the sum with the current.
void noise(Structure& s, const TileForm& form, int32_t acc_bits) {
  // Nine rounds of add, rotate, exclusive or on two halves; ones counted; the gain.
  s.add += 9 * 16 + 24 + 16;
  s.mux += 9 * 16;
  s.plain += 32;
  uint32_t mask = 0;
  for (const int32_t mult : form.noise_mult) mask |= static_cast<uint32_t>(mult);
  s.add += std::popcount(mask) * (10.0 + digits(mask) / 2.0);
  s.add += acc_bits + 2;
  const int32_t wait = noise_wait(form);
  s.plain += static_cast<double>(wait) * (acc_bits + kFlags);
}

// The sum I * mult + offset + half of a converter without DSP blocks: a tree whose nodes add only
// where both sides have bits. The leaves are the constants and the gain's digits, lowest first.
void converter_sum(Structure& s, const TileForm& form, const GainDigits& gain, int32_t acc_bits,
                   int32_t sum_bits) {
  struct Leaf {
    int32_t low, top;  // places: the lowest that may be set, one above the highest
  };
  std::vector<Leaf> leaves = {{0, 0}};  // constants
  for (const int32_t shift : form.adc_shift) leaves[0].top = std::max(leaves[0].top, shift + 1);
  if (form.adc_per_column) leaves.push_back({0, form.offset_bits});
  for (int32_t place = 0; place < 18; ++place) {
    if ((gain.some.any() >> place & 1) == 0) continue;
    leaves.push_back({place, place + acc_bits});
    if ((gain.all.any() >> place & 1) == 0) s.gate += acc_bits;
  }
  while (leaves.size() > 1) {
    std::vector<Leaf> sums;
    for (size_t at = 0; at < leaves.size(); at += 2) {
      const Leaf left = leaves[at];
      if (at + 1 == leaves.size()) {
        s.plain += left.top - left.low;
        sums.push_back(left);
        continue;
      }
      const Leaf right = leaves[at + 1];
      const int32_t top = std::min(sum_bits, std::max(left.top, right.top) + 1);
      s.add += std::max(0, top - right.low);
      s.plain += std::max(0, std::min(right.low, top) - left.low);
      sums.push_back({left.low, top});
    }
    leaves = std::move(sums);
  }
}

// One converter: current in, code out.
void converter(Structure& s, const LayerShape& shape, const TileForm& form, int32_t acc_bits,
               bool dsp, bool writable) {
  const int32_t sum_bits =
      std::max(acc_bits + digits(form.adc_mask), form.adc_per_column ? form.offset_bits : 0) + 1;
  const GainDigits gain = gain_digits(form);
  if (!form.noise_mult.empty()) noise(s, form, acc_bits);
  if (dsp && gain.some.count() > 1) {
    product(s, acc_bits, digits(form.adc_mask), true);
    s.add += sum_bits;
    s.plain += 3.0 * sum_bits;
  } else {
    converter_sum(s, form, gain, acc_bits, sum_bits);
  }
  if (form.adc_per_column) {
    s.plain += 3.0 * acc_bits;                        // waits for them
    s.mux += 16 + form.offset_bits + shape.adc_bits;  // the slice's
    s.plain += 5.0 * shape.adc_bits;                  // the clip beside the sum
    s.comb += shape.adc_bits;                         // compares
    s.mux += shape.adc_bits;
  } else if (differ(form.adc_clip) || form.adc_clip[0] + 1 < 1 << shape.adc_bits) {
    s.mux += 2.0 * shape.adc_bits;
  }
  int32_t left = sum_bits;  // behind the shift
  if (differ(form.adc_shift)) {
    s.logic += sum_bits;
  } else {
    left -= form.adc_shift[0];
  }
  s.logic += std::max(0, left - shape.adc_bits) / 3.0;  // over full scale
  s.mux += shape.adc_bits;
  s.plain += 6;  // valid, slice
  if (form.inl) {
    rom(s, int64_t{1} << shape.adc_bits, shape.adc_bits, writable);
    s.plain += shape.adc_bits;
  }
}

}  // namespace

LayerShape layer_shape(const ir::Layout& layout, const ir::Stage& stage,
                       const ir::Crossbar& crossbar, int32_t out_bits) {
  LayerShape shape;
  shape.in_h = stage.in.h;
  shape.in_w = stage.in.w;
  shape.in_c = stage.in.c;
  shape.kernel_h = crossbar.kernel_h;
  shape.kernel_w = crossbar.kernel_w;
  shape.stride = crossbar.stride;
  shape.pad = crossbar.pad;
  shape.out_h = stage.out.h;
  shape.out_w = stage.out.w;
  shape.rows = static_cast<int32_t>(crossbar.rows.size());
  shape.cols = stage.out.c;
  shape.tile_rows = layout.tile_rows;
  shape.in_bits = stage.in_bits;
  shape.in_signed = stage.in_signed;
  shape.cell_bits = layout.cell_bits;
  shape.slices = layout.slices;
  shape.adc_bits = layout.adc_bits;
  shape.out_bits = out_bits;
  shape.logits = crossbar.logits;
  return shape;
}

int64_t ring_words(const LayerShape& shape, int32_t lines) {
  const auto wanted = static_cast<uint64_t>(int64_t{lines} * shape.in_w * shape.in_c);
  return std::max(int64_t{2}, static_cast<int64_t>(std::bit_ceil(wanted)));
}

Structure window_structure(const LayerShape& shape, const Build& build, bool writable) {
  Structure s;
  const int64_t ring = ring_words(shape, build.lines);
  const int32_t address = digits(ring - 1);
  const int32_t line_bits = digits(ring / (int64_t{shape.in_w} * shape.in_c) + shape.kernel_h) + 1;
  const int32_t offset =
      digits(int64_t{(shape.kernel_h - 1) * shape.in_w + shape.kernel_w} * shape.in_c - 1);
  const int32_t field = shape.pad > 0 ? offset + digits(shape.kernel_h - 1) +
                                            digits(shape.kernel_w - 1) + shape.in_bits
                                      : offset;
  const int32_t lanes = build.row_lanes;
  rom(s, beats(shape, build), lanes * field, writable);
  for (int32_t lane = 0; lane < lanes; ++lane) {
    s.memories.push_back({ring, shape.in_bits, false, MemoryStyle::kBlock});
    s.add += address;          // base + offset
    s.plain += shape.in_bits;  // behind the memory
    if (shape.pad > 0) {
      const int32_t place = digits(shape.in_w + 2 * shape.pad) + digits(shape.in_h + 2 * shape.pad);
      s.comb += place;             // of the row in the map
      s.logic += place / 2.0 + 1;  // outside of it
      s.plain += 3.0 * shape.in_bits + 3;
      s.logic += shape.in_bits;  // what padding supplies
    }
  }
  counter(s, ring);                              // write address
  counter(s, int64_t{shape.in_w} * shape.in_c);  // and place in the line
  counter(s, beats(shape, build));
  counter(s, groups(shape, build) * std::max(1, shape.in_bits / build.planes));
  counter(s, shape.out_w);
  counter(s, shape.out_h);
  s.add += address + 2.0 * line_bits;    // base; lines free, lines held
  s.logic += address + 4.0 * line_bits;  // and their steps
  if (shape.pad > 0) {
    counter(s, shape.in_w + 2 * shape.pad);  // place of the kernel
    counter(s, shape.in_h + 2 * shape.pad);
    counter(s, shape.in_h);
    s.logic += 2.0 * line_bits;
  }
  s.plain += 15 + 6;  // flags of the stages; a counter's end
  s.control = 1;
  return s;
}

Structure tile_structure(const LayerShape& shape, const TileForm& form, const Build& build,
                         bool writable) {
  Structure s;
  const int32_t words = shape.words();
  const int32_t tiles = shape.row_tiles();
  const int32_t full_rows = std::min(shape.rows, shape.tile_rows);
  const int32_t acc_bits = digits(int64_t{full_rows} * ((int64_t{1} << form.g_bits) - 1));
  const double cells = static_cast<double>(build.pe) * build.row_lanes * words;
  const int32_t lane_bits = form.per_cell ? words * form.g_bits : form.mag_bits + 1;
  const int32_t depth = form.per_cell ? 2 : 4;

  // Cells: the word, and behind codes the table.
  rom(s, int64_t{groups(shape, build)} * beats(shape, build),
      build.row_lanes * build.pe * lane_bits, writable);
  if (!form.per_cell) {
    const double levels = 1 << shape.cell_bits;
    double tables = std::max(1.0, levels / 16);  // look-up tables a bit of a conductance
    if (writable) {
      s.mux += levels * form.g_bits;  // registers, each cell with its choice of one
      tables = levels * 2 / 3;
    }
    s.mux += cells / shape.slices * form.mag_bits;
    s.logic += cells * form.g_bits * (tables - 1);
    s.mux += cells * form.g_bits;
  }
  s.plain += depth * build.row_lanes * build.planes + 3.0 * (depth + digits(build.row_lanes - 1));
  if (build.planes < shape.in_bits)
    s.logic += static_cast<double>(build.row_lanes) * shape.in_bits / 2;

  // Accumulators a plane, behind the sum of a beat's gated conductances; and the copy that drains.
  const double sums = static_cast<double>(build.pe) * words * build.planes;
  if (build.row_lanes > 1) {
    Structure tree;
    tree.gate += static_cast<double>(build.row_lanes) * form.g_bits;
    adder_tree(tree, build.row_lanes, form.g_bits, true);
    s.gate += sums * tree.gate;
    s.add += sums * tree.add;
    s.plain += sums * tree.plain;
  }
  s.add += sums * acc_bits;
  s.mux += sums * acc_bits;
  counter(s, int64_t{groups(shape, build)} * beats(shape, build));
  counter(s, full_rows);
  const int32_t passes = std::max(1, shape.in_bits / build.planes);
  counter(s, passes);
  counter(s, tiles);
  // Which word drains, and which code comes: two sets of the same counters.
  const int32_t converters = std::max(1, build.adc_lanes);
  const int32_t codes = std::max(1, words / converters);
  const int32_t plane_steps = build.planes / std::max(1, converters / words);
  for (int side = 0; side < 2; ++side) {
    counter(s, codes);
    counter(s, plane_steps);
    counter(s, build.pe);
    counter(s, tiles);
    counter(s, passes);
    if (shape.cols % build.pe != 0) counter(s, groups(shape, build));
  }
  for (int32_t lane = 0; lane < build.adc_lanes; ++lane) {
    converter(s, shape, form, acc_bits, build.dsp, writable);
  }
  if (!form.noise_mult.empty()) {
    s.count += 32;  // images
    counter(s, shape.positions());
  }
  if (form.adc_per_column || !form.noise_mult.empty()) counter(s, shape.cols);
  if (form.adc_per_column) {
    rom(s, shape.cols, shape.slices * (16 + form.offset_bits + shape.adc_bits), writable);
  }

  // Codes with their slice's weight; pairs and planes added.
  const int32_t unit = shape.adc_bits + 1;
  const int32_t term = unit + shape.cell_bits * (shape.slices - 1);
  int32_t units = 1;
  if (build.adc_lanes <= 1) {
    s.mux += term;
  } else {
    units = build.adc_lanes % 2 == 0 ? build.adc_lanes / 2 : build.adc_lanes;
    s.add += static_cast<double>(units) * unit;
    if (codes > 1) s.logic += static_cast<double>(units) * term;
    if (units == 1) s.plain += term;
  }
  for (int32_t left = units, level = 1; left > 1; left = (left + 1) / 2, ++level) {
    s.add += static_cast<double>(left / 2) * (unit + level);
    s.plain += static_cast<double>(left / 2) * (term - unit);
  }
  for (const int32_t lsb : form.lsb) {
    if (std::popcount(static_cast<uint32_t>(lsb)) < 2) continue;
    for (int32_t i = 0; i < units; ++i) s.constants.push_back({unit, digits(lsb)});
  }

  // The planes of a column added up, and its passes and row tiles; out, in as many places as it
  // takes.
  s.add += form.sum_bits;
  if (plane_steps > 1 || passes > 1 || tiles > 1) s.logic += form.sum_bits;
  if (passes > 1 || tiles > 1) {
    const bool direct = tiles == 1 || plane_steps == 1;
    if (!direct) {
      s.add += form.sum_bits;
      s.logic += form.sum_bits;
    }
    if (build.pe > 1) {
      s.memories.push_back({build.pe, form.sum_bits, false, MemoryStyle::kTool});
      s.plain += form.sum_bits;
    } else if (!direct) {
      s.plain += form.sum_bits;
    }
  }
  s.plain += 3.0 * (8 + digits(build.pe - 1));  // names beside the sums
  const int32_t spacing = codes * plane_steps;
  const int32_t places = std::min(build.pe, (kOutLatency + spacing - 1) / spacing);
  s.mux += static_cast<double>(places) * (form.sum_bits + 1);
  s.control = 1;
  return s;
}

Structure mac_structure(const LayerShape& shape, const TileForm& form, const Build& build,
                        bool writable) {
  Structure s;
  const int32_t sum = sum_bits(shape, form, build);
  rom(s, int64_t{groups(shape, build)} * beats(shape, build),
      build.row_lanes * build.pe * form.weight_bits, writable);
  for (int32_t lane = 0; lane < build.pe * build.row_lanes; ++lane) {
    product(s, shape.in_bits, form.weight_bits, build.dsp);
  }
  const double pe = build.pe;
  if (build.row_lanes > 1) {
    Structure tree;
    adder_tree(tree, build.row_lanes, shape.in_bits + form.weight_bits, true);
    s.add += pe * tree.add;
    s.plain += pe * tree.plain;
  }
  s.add += pe * sum;
  s.gate += pe * sum;  // a group's first term replaces the sum
  s.mux += pe * sum;   // the copy that leaves
  s.plain += 2.0 * build.row_lanes * shape.in_bits;
  const int32_t depth = 2 + mac_latency(shape.in_bits, false, build.row_lanes, build.dsp);
  s.plain += 3.0 * depth + kFlags;  // valid, end, last
  counter(s, int64_t{groups(shape, build)} * beats(shape, build));
  counter(s, beats(shape, build));
  counter(s, build.pe);
  counter(s, groups(shape, build));
  s.control = 1;
  return s;
}

Structure requant_structure(const LayerShape& shape, const TileForm& form, const Build& build,
                            bool writable) {
  Structure s;
  const int32_t value = std::max(sum_bits(shape, form, build), form.bias_bits) + 1;
  rom(s, shape.cols, form.bias_bits + (shape.logits ? 0 : 21), writable);
  counter(s, shape.cols);
  s.add += value;  // Y + bias
  s.plain += kFlags;
  // Shifts are of 16 places and more, as the factors are of 16 bits: what serves less goes away.
  if (!shape.logits && build.requant == Requant::kSerial) {
    s.add += value + 1;  // high += v
    s.gate += value + 1;
    s.mux += 16;                                    // low
    s.comb += 5 + 5;                                // distance of the shift, steps left
    s.mux += 5 + 5;                                 //
    s.logic += (value + 1 - shape.out_bits) / 2.0;  // out of the clamp
    s.comb += shape.out_bits;                       // rounds
    s.mux += shape.out_bits;                        // clamps
  } else if (!shape.logits) {
    product(s, 16, value, build.dsp);
    // Low bits that every column's shift drops go away.
    s.plain -= 16.0 * (build.dsp ? 3 : 1);
    const int32_t stages = requant_stages(value, build.dsp) - 1;
    s.plain += 16 + 5.0 * stages;  // factor; shift and flags beside the product
    // The rest of the shifter: from level to level fewer bits, the others say whether it saturates.
    int32_t bits = value + 1;
    for (int32_t level = 3; level >= 0; --level) {
      const int32_t kept = std::min(bits, shape.out_bits + 1 + (1 << level));
      s.logic += bits + (bits - kept) / 2.0;
      bits = kept;
      if (level == 3 || level == 0) s.plain += bits + 2;
    }
    s.comb += shape.out_bits;  // rounds
    s.mux += shape.out_bits;   // clamps
  }
  s.control = 1;
  return s;
}

Structure layer_structure(const LayerShape& shape, const TileForm& form, const Build& build,
                          bool writable) {
  Structure s = window_structure(shape, build, writable);
  s += build.form == Form::kCollapsed ? mac_structure(shape, form, build, writable)
                                      : tile_structure(shape, form, build, writable);
  s += requant_structure(shape, form, build, writable);
  return s;
}

Structure pool_structure(const ir::Shape& in, const ir::PoolMax& pool, int32_t bits) {
  Structure s;
  const int64_t partial = int64_t{(in.w - pool.kernel) / pool.stride + 1} * in.c;
  const int32_t address = digits(partial - 1);
  s.memories.push_back(
      {partial, bits, false, partial <= 16 ? MemoryStyle::kLogic : MemoryStyle::kBlock});
  counter(s, in.c);
  counter(s, in.w);
  counter(s, in.h);
  counter(s, pool.stride);
  counter(s, pool.stride);
  s.add += 2 * address + bits;  // window, address; compare
  s.plain += 3 * address + 3 * bits + 3 * kFlags;
  s.mux += bits;
  s.control = 1;
  return s;
}

Structure unpack_structure(int32_t channels, int32_t bits) {
  Structure s;
  s.mux = channels * bits;
  counter(s, channels);
  return s;
}

Structure argmax_structure(int32_t outputs, int32_t bits) {
  Structure s;
  counter(s, outputs);
  s.add = bits;  // compare
  s.plain = 2 * bits + digits(outputs - 1);
  return s;
}

Structure link_structure(int32_t pixel_bytes, int64_t pixels, int32_t outputs) {
  Structure s;
  s.memories.push_back({pixels * pixel_bytes, 8, false, MemoryStyle::kBlock});
  s.memories.push_back({outputs, 33, false, MemoryStyle::kBlock});
  counter(s, pixels * pixel_bytes);
  counter(s, pixels * pixel_bytes);
  counter(s, outputs);
  s.mux = 8 * pixel_bytes + 2 * 10 + 40;
  s.plain = 16;
  s.control = 2;
  return s;
}

}  // namespace crosstwin::hwgen
