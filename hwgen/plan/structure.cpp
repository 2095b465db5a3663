// Registers, adders and memories that the parameters of each template imply.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/structure.hpp"

#include <algorithm>
#include <bit>

#include "hwgen/plan/cycles.hpp"
#include "hwgen/plan/structure_parts.hpp"

namespace crosstwin::hwgen {
namespace {

int32_t sum_bits(const LayerShape& shape, const TileForm& form, const Build& build) {
  if (build.form != Form::kCollapsed) return form.sum_bits;
  return shape.in_bits + form.weight_bits + digits(shape.rows - 1) + 1;
}

}  // namespace

int32_t digits(int64_t value) { return unsigned_bits(static_cast<uint64_t>(value)); }

void counter(Structure& s, int64_t n) {
  if (n > 1) s.count += digits(n - 1);
}

void adder_tree(Structure& s, int32_t terms, int32_t bits, bool widening) {
  for (int32_t left = terms; left > 1; left = (left + 1) / 2) {
    if (widening) ++bits;
    s.add += left / 2 * bits;
    if (left % 2 == 1) s.plain += bits;
  }
}

void product(Structure& s, int32_t a, int32_t b, bool dsp) {
  if (dsp) {
    const int32_t blocks = static_cast<int32_t>(dsp_blocks({a, b}));
    if (b <= 16) {
      s.products.push_back({a, b, a + 2 * b});
      s.plain += a + b;
      return;
    }
    s.products.push_back({a, b, 16 * blocks + b});
    // 16-bit digits of b unsigned, joined, less a where b is negative.
    s.plain += 16.0 * blocks + b + a + b;
    s.mask += a;
    s.add += a;
    if (blocks > 1) {
      s.add += b;
      s.plain += 16 + a;
    }
    return;
  }
  // Two bits of `a` at a time: b gated, and b added or not. Low bits of a sum only pass.
  int32_t nodes = (a + 1) / 2;
  s.add += nodes * (b + 1);
  s.plain += nodes;
  s.mask += static_cast<double>(nodes) * b;
  s.gate += static_cast<double>(a / 2) * (b + 1);
  for (int32_t bits = b + 2, step = 2; nodes > 1; nodes = (nodes + 1) / 2, step *= 2) {
    bits = std::min(a + b, bits + step);
    s.add += nodes / 2 * (bits - step);
    s.plain += static_cast<double>(nodes / 2) * step;
    if (nodes % 2 == 1) s.plain += bits;
  }
}

void rom(Structure& s, int64_t words, int32_t width, const Build& build, bool writable,
         int32_t constant) {
  const MemoryStyle style = memory_style(words, width, writable, build.block_worth);
  if (!writable) width -= constant;
  s.memories.push_back({words, width, writable, style});
  s.plain += width;  // the register behind it
  if (style == MemoryStyle::kLogic) s.plain += width;
}

int32_t groups(const LayerShape& shape, const Build& build) {
  return (shape.cols + build.pe - 1) / build.pe;
}

int64_t beats(const LayerShape& shape, const Build& build) {
  const int32_t tile = build.form == Form::kCollapsed ? shape.rows : shape.tile_rows;
  const int32_t full = (tile + build.row_lanes - 1) / build.row_lanes;
  const int32_t tiles = (shape.rows + tile - 1) / tile;
  const int32_t last = shape.rows - (tiles - 1) * tile;
  return int64_t{tiles - 1} * full + (last + build.row_lanes - 1) / build.row_lanes;
}

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
  uint32_t differ = 0;
  for (const int32_t value : crossbar.pad_value) {
    differ |= static_cast<uint32_t>(value ^ crossbar.pad_value[0]);
  }
  shape.pad_bits = std::popcount(differ);
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

namespace {

// Bits that differ between the steps of the kernel's address: to the next position, the next output
// row, the next image.
int32_t base_choices(const LayerShape& shape, int32_t address) {
  const int64_t line = int64_t{shape.in_w} * shape.in_c;
  const int64_t position = int64_t{shape.stride} * shape.in_c;
  const int64_t back = (shape.out_w - 1) * position;
  const int64_t row = shape.stride * line - back;
  const int64_t image = (shape.in_h - int64_t{shape.out_h - 1} * shape.stride) * line - back;
  const auto differ = static_cast<uint64_t>((position ^ row) | (position ^ image));
  return std::popcount(differ & ((uint64_t{1} << address) - 1));
}

}  // namespace

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
  rom(s, beats(shape, build), lanes * field, build, writable,
      shape.pad > 0 ? lanes * (shape.in_bits - shape.pad_bits) : 0);
  for (int32_t lane = 0; lane < lanes; ++lane) {
    s.memories.push_back({ring, shape.in_bits, false, MemoryStyle::kTool});
    s.add += address;          // base + offset
    s.plain += shape.in_bits;  // behind the memory
    if (shape.pad > 0) {
      const int32_t place =
          digits(shape.in_w + 2 * shape.pad - 1) + digits(shape.in_h + 2 * shape.pad - 1);
      s.comb += 2 * (place / 2.0);  // of the row in the map
      s.logic += place / 3.0;       // outside of it
      s.plain += 3.0 * shape.pad_bits + 3;
      if (shape.pad_bits > 0) s.logic += shape.in_bits;  // a constant goes into what follows
    }
  }
  counter(s, ring);                              // write address
  counter(s, int64_t{shape.in_w} * shape.in_c);  // and place in the line
  counter(s, beats(shape, build));
  counter(s, groups(shape, build) * std::max(1, shape.in_bits / build.planes));
  counter(s, shape.out_w);
  counter(s, shape.out_h);
  s.add += address;        // base
  s.add += 2 * line_bits;  // lines free, lines held
  // What they step by, choices of constants; none where the output is as wide as the map.
  s.logic += base_choices(shape, address) + 3.0 * line_bits;
  if (shape.pad > 0) {
    s.add += digits(shape.in_w + 2 * shape.pad - 1);  // place of the kernel
    s.add += digits(shape.in_h + 2 * shape.pad - 1);
    counter(s, shape.in_h);
    s.logic += line_bits;
  }
  s.plain += 15 + 6;  // flags of the stages; a counter's end
  s.logic += 14;
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
  s.gate += pe * sum;  // a group's first term replaces the sum
  s.mux += pe * sum;   // the copy that leaves
  s.plain += 2.0 * build.row_lanes * shape.in_bits;
  const int32_t depth = 2 + mac_latency(shape.in_bits, false, build.row_lanes, build.dsp);
  s.plain += 3.0 * depth + kFlags;  // valid, end, last
  counter(s, int64_t{groups(shape, build)} * beats(shape, build));
  counter(s, beats(shape, build));
  counter(s, build.pe);
  counter(s, groups(shape, build));
  return s;
}

Structure requant_structure(const LayerShape& shape, const TileForm& form, const Build& build,
                            bool writable) {
  Structure s;
  const int32_t value = std::max(sum_bits(shape, form, build), form.bias_bits) + 1;
  // Shifts are of 16 places and more, as the factors are of 16 bits, and differ by a few places.
  constexpr int32_t kShiftConstant = 3;
  rom(s, shape.cols, form.bias_bits + (shape.logits ? 0 : 21), build, writable,
      shape.logits ? 0 : kShiftConstant);
  counter(s, shape.cols);
  s.add += value;  // Y + bias
  s.plain += kFlags;
  if (!shape.logits && build.requant == Requant::kSerial) {
    s.add += value + 1;  // high += v
    s.gate += value + 1;
    s.mux += 16;                                    // low
    s.comb += 2 * 5;                                // distance of the shift, steps left
    s.mux += 5 + 5;                                 //
    s.logic += (value + 1 - shape.out_bits) / 3.0;  // out of the clamp
    s.comb += shape.out_bits;                       // rounds
    s.mux += shape.out_bits;                        // clamps
  } else if (!shape.logits) {
    product(s, 16, value, build.dsp);
    // Low bits that every column's shift drops go away.
    s.plain -= 16.0 * (build.dsp ? 3 : 1);
    const int32_t stages = requant_stages(value, build.dsp) - 1;
    s.plain += 16 + 5.0 * stages;  // factor; shift and flags beside the product
    // The shifter's two last levels. What is dropped from the top only says whether it saturates.
    const int32_t fine = shape.out_bits + 5;
    s.logic += std::max(0, value + 1 - fine) / 2.0 + 2.0 * fine - 2;
    s.plain += fine + 4 + shape.out_bits + 4;
    s.comb += shape.out_bits;  // rounds
    s.mux += shape.out_bits;   // clamps
  }
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
  s.memories.push_back({partial, bits, false, MemoryStyle::kTool});
  counter(s, in.c);
  counter(s, in.w);
  counter(s, in.h);
  counter(s, pool.stride);
  counter(s, pool.stride);
  s.add += 2 * address;  // window, address
  s.add += bits;         // compare
  s.plain += 3 * address + 3 * bits + 3 * kFlags;
  s.mux += bits;
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
  s.add += bits;  // compare
  s.plain = 2 * bits + digits(outputs - 1);
  return s;
}

Structure fifo_structure(int32_t width, int64_t depth) {
  constexpr int64_t kLeastWords = 8;  // xb_fifo, Style 0: smaller ones are registers
  constexpr int64_t kLeastBits = 256;
  Structure s;
  if (depth < kLeastWords || depth * width < kLeastBits) {
    s.mux = static_cast<double>(depth) * (width + 2);  // a word, that it is there, what moves it
    return s;
  }
  const int64_t words = depth - 2;  // the rest waits in front of and in the skid
  s.memories.push_back({words, width, false, MemoryStyle::kTool});
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
  return s;
}

Structure link_structure(int32_t pixel_bytes, int64_t pixels, int64_t stored, int32_t outputs) {
  Structure s = fifo_structure(8 * pixel_bytes, std::max(int64_t{2}, stored));
  s += fifo_structure(8, int64_t{4} * outputs);  // the answer's bytes
  counter(s, pixels);
  counter(s, int64_t{4} * outputs);
  s.mux += 8.0 * pixel_bytes + 2 * 10 + 40;
  s.plain += 16;
  return s;
}

}  // namespace crosstwin::hwgen
