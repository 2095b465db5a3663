// Registers, adders and memories that the parameters of each template imply.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/structure.hpp"

#include <algorithm>
#include <bit>

namespace crosstwin::hwgen {
namespace {

constexpr int32_t kFlags = 4;  // valid, last and the like, beside every register stage of data

int32_t digits(int64_t value) { return unsigned_bits(static_cast<uint64_t>(value)); }

// Counts 0..n-1 and compares with the last.
void counter(Structure& s, int64_t n) {
  const int32_t bits = digits(n - 1);
  s.add += bits;
  s.logic += bits / 2.0;
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
    s.plain += a + b;
    return;
  }
  int32_t nodes = (a + 1) / 2;
  s.add += static_cast<double>(nodes) * (b + 2);
  s.gate += static_cast<double>(a) * b;
  for (int32_t bits = b + 2, step = 2; nodes > 1; nodes = (nodes + 1) / 2, step *= 2) {
    bits = std::min(a + b, bits + step);
    s.add += static_cast<double>(nodes / 2) * bits;
    if (nodes % 2 == 1) s.plain += bits;
  }
}

void rom(Structure& s, int64_t words, int32_t width, const Build& build, bool writable) {
  const MemoryStyle style = memory_style(words, width, writable, build.block_worth);
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

// Powers of two that the gains are made of, binary or signed, whichever are fewer.
int32_t gain_digits(const TileForm& form) {
  uint32_t plain = 0, plus = 0, minus = 0;
  for (const int32_t mult : form.adc_mult) {
    const auto once = static_cast<uint32_t>(mult);
    plain |= once;
    plus |= (3 * once & ~once) >> 1;
    minus |= (once & ~(3 * once)) >> 1;
  }
  return std::min(std::popcount(plain), std::popcount(plus) + std::popcount(minus));
}

// One converter: an addend for every bit of the gain, or a multiplier; offset, shift, clamp.
void converter(Structure& s, const LayerShape& shape, const TileForm& form, const Build& build,
               int32_t acc_bits, bool writable) {
  const int32_t mult_bits = digits(form.adc_mask);
  const int32_t total = acc_bits + mult_bits + 1;
  const int32_t addends = form.adc_per_column ? std::popcount(form.adc_mask) : gain_digits(form);
  if (!form.noise_mult.empty()) {
    // Two draws' halves over nine rounds of add, rotate, exclusive or; 24 bits counted; scaled.
    s.add += 9 * 16 + 24 + 16;
    s.mux += 9 * 16;
    s.plain += 32;
    product(s, 16, 10, false);
    s.add += acc_bits + 2;
  }
  const bool varies = form.adc_per_column || shape.slices > 1;
  if (build.dsp && addends > 1) {
    product(s, acc_bits, mult_bits, true);
    s.add += total;
    s.plain += total;
  } else {
    if (varies && addends > 1) s.gate += static_cast<double>(addends) * acc_bits / 2;
    adder_tree(s, addends + 1, total, false);
  }
  if (shape.slices > 1) s.logic += total / 2.0;  // shift by slice
  s.logic += (total - shape.adc_bits) / 3.0;     // over full scale
  s.mux += shape.adc_bits;
  if (form.adc_per_column) s.mux += 2.0 * shape.adc_bits;  // clip
  if (form.inl) {
    rom(s, int64_t{1} << shape.adc_bits, shape.adc_bits, build, writable);
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
  const int32_t line_bits = digits(3 * shape.in_h + shape.kernel_h) + 1;
  const int32_t offset =
      digits(int64_t{(shape.kernel_h - 1) * shape.in_w + shape.kernel_w} * shape.in_c - 1);
  const int32_t field = shape.pad > 0 ? offset + digits(shape.kernel_h - 1) +
                                            digits(shape.kernel_w - 1) + shape.in_bits
                                      : offset;
  const int32_t lanes = build.row_lanes;
  rom(s, beats(shape, build), lanes * field, build, writable);
  for (int32_t lane = 0; lane < lanes; ++lane) {
    s.memories.push_back({ring, shape.in_bits, false, MemoryStyle::kBlock});
    s.add += address;          // base + offset
    s.plain += shape.in_bits;  // behind the memory
    if (shape.pad > 0) {
      s.comb += digits(shape.in_w + 2 * shape.pad) + line_bits;
      s.plain += 3.0 * shape.in_bits + 3;
      s.logic += shape.in_bits + 4;
    }
  }
  counter(s, ring);                              // write address
  counter(s, int64_t{shape.in_w} * shape.in_c);  // and place in the line
  counter(s, beats(shape, build));
  counter(s, groups(shape, build) * std::max(1, shape.in_bits / build.planes));
  counter(s, shape.out_w);
  counter(s, shape.out_h);
  s.add += 2.0 * address + 4.0 * line_bits;  // bases; lines held, there, needed, released
  s.comb += 3.0 * line_bits;
  s.plain += 5 * kFlags;
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
      build.row_lanes * build.pe * lane_bits, build, writable);
  if (!form.per_cell) {
    const double levels = 1 << shape.cell_bits;
    double tables = std::max(1.0, levels / 16);  // look-up tables a bit of a conductance
    if (writable) {
      s.mux += levels * form.g_bits;  // registers, each cell with its choice of one
      tables = levels * 2 / 3;
    }
    s.mux += cells * shape.cell_bits;
    s.logic += cells * form.g_bits * (tables - 1);
    s.mux += cells * form.g_bits;
  }
  s.plain += depth * (build.row_lanes * shape.in_bits + kFlags);

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
  // Which word drains, and which code comes: two sets of the same counters.
  for (int side = 0; side < 2; ++side) {
    counter(s, std::max(1, words / std::max(1, build.adc_lanes)));
    counter(s, build.planes);
    counter(s, build.pe);
    counter(s, tiles);
    counter(s, groups(shape, build));
    counter(s, std::max(1, shape.in_bits / build.planes));
  }
  for (int32_t lane = 0; lane < build.adc_lanes; ++lane) {
    converter(s, shape, form, build, acc_bits, writable);
  }
  if (form.adc_per_column) {
    rom(s, shape.cols, shape.slices * (16 + form.offset_bits + shape.adc_bits), build, writable);
  }

  // Codes with their slice's weight, pairs and planes added, row tiles added, out.
  int32_t lsb_bits = 0;
  for (const int32_t lsb : form.lsb) {
    lsb_bits = std::max(lsb_bits, std::popcount(static_cast<uint32_t>(lsb)) - 1);
  }
  const int32_t term = shape.adc_bits + shape.cell_bits * (shape.slices - 1) + 2;
  s.logic += build.adc_lanes * term / 2.0;
  s.comb += build.adc_lanes * static_cast<double>(term) * lsb_bits;
  if (build.adc_lanes > 1) s.add += build.adc_lanes * static_cast<double>(shape.adc_bits + 1) / 2;
  for (int32_t left = (build.adc_lanes + 1) / 2; left > 1; left = (left + 1) / 2) {
    s.add += static_cast<double>(left / 2) * form.sum_bits;
  }
  if (build.adc_lanes <= 2) s.plain += form.sum_bits;
  s.add += form.sum_bits;
  const bool parked = tiles > 1 || build.planes < shape.in_bits;
  if (parked) {
    s.add += form.sum_bits;
    s.mux += static_cast<double>(build.pe) * form.sum_bits;  // a total a column
    s.logic += (build.pe - 1) * form.sum_bits / 2.0;
  }
  s.plain += form.sum_bits;  // out
  s.control = 1;
  return s;
}

Structure mac_structure(const LayerShape& shape, const TileForm& form, const Build& build,
                        bool writable) {
  Structure s;
  const int32_t sum = sum_bits(shape, form, build);
  rom(s, int64_t{groups(shape, build)} * beats(shape, build),
      build.row_lanes * build.pe * form.weight_bits, build, writable);
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
  s.mux += pe * sum;  // the copy that leaves
  s.plain += 3.0 * build.row_lanes * shape.in_bits + 4 * kFlags;
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
  rom(s, shape.cols, form.bias_bits + (shape.logits ? 0 : 21), build, writable);
  counter(s, shape.cols);
  s.comb += value;  // Y + bias
  if (shape.logits) {
    s.mux += shape.out_bits;
  } else if (build.requant == Requant::kSerial) {
    s.comb += value + 2;           // high += v
    s.mux += value + 2 + 16;       // high and low
    s.plain += value;              // v
    s.logic += 2.0 * value / 3;    // clamp
    s.mux += shape.out_bits + 16;  // counts and states
  } else {
    product(s, 16, value, build.dsp);
    const int32_t stages = build.dsp ? 2 + value / 16 : 5;
    s.plain += value + 16 + 7.0 * (stages + 3);  // factors; shift and flags beside the product
    s.logic += (value + 17) * 2.0;               // two of the shifter's levels of five
    s.mux += shape.out_bits + 10;                // what they leave
    s.logic += 3.0 * (shape.out_bits + 10) / 2;  // the other three
    s.mux += shape.out_bits + 3;
    s.mux += shape.out_bits;
    s.logic += value / 3.0;
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

Structure fifo_structure(int32_t width, int64_t depth) {
  constexpr int64_t kLeastWords = 8;  // xb_fifo, Style 0: smaller ones are registers
  constexpr int64_t kLeastBits = 256;
  Structure s;
  s.control = 1;
  if (depth < kLeastWords || depth * width < kLeastBits) {
    s.mux = static_cast<double>(depth) * (width + 2);  // a word, that it is there, what moves it
    return s;
  }
  const int64_t words = depth - 2;  // the rest waits in front of and in the skid
  s.memories.push_back({words, width, false, MemoryStyle::kBlock});
  counter(s, words);
  counter(s, words);
  s.add += digits(words) + digits(depth - 1) + 1;
  s.plain += width + kFlags;  // the skid's two places
  s.mux += width;
  return s;
}

Structure config_structure(int32_t layers) {
  Structure s;
  s.mux = 8 + 3 + 16 + 2;      // of a record: layer, memory, chunks a word; state
  s.add = 24 + 32 + 16;        // address, words left, chunk
  s.comb = 16 + 16 + 32;       // last chunk, last word
  s.plain = 32 + 1 + 1;        // data
  s.logic = 2.0 * layers + 8;  // whose it is
  s.plain += layers;
  s.control = 1;
  return s;
}

Structure link_structure(int32_t pixel_bytes, int64_t pixels, int64_t stored, int32_t outputs) {
  Structure s = fifo_structure(8 * pixel_bytes, std::max(int64_t{2}, stored));
  s += fifo_structure(8, int64_t{4} * outputs);  // the answer's bytes
  counter(s, pixels);
  counter(s, int64_t{4} * outputs);
  s.mux += 8.0 * pixel_bytes + 2 * 10 + 40;
  s.plain += 16;
  s.control += 2;
  return s;
}

}  // namespace crosstwin::hwgen
