// Registers, adders and memories of xb_tile: its cells, accumulators and converters.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "compress/ir/noise.hpp"
#include "hwgen/plan/structure_parts.hpp"

namespace crosstwin::hwgen {
namespace {

constexpr int32_t kOutLatency = 11;  // about: a column's last word to its sum
constexpr int32_t kLsbWait = 7;      // about: a current's conversion

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
  s.add += 9 * 16;
  s.add += 8 * 5;
  s.mux += 9 * 16;
  s.plain += 32;
  uint32_t mask = 0;
  for (const int32_t mult : form.noise_mult) mask |= static_cast<uint32_t>(mult);
  s.add += std::popcount(mask) * (10.0 + digits(mask) / 2.0);
  s.add += acc_bits + 2;
  if (form.noise_rows) {  // a gain and its constant a lane
    s.mask += std::popcount(mask) * 10.0;
    s.add += 18 + 10.0 + digits(mask);
    s.plain += 2.0 * digits(mask);
  }
  const int32_t wait = noise_wait(form);
  s.plain += static_cast<double>(wait) * (acc_bits + kFlags);
}

// xb_tile_driven: counts beside the accumulators, their copy, the memory of gains.
void driven_rows(Structure& s, const LayerShape& shape, const Build& build, int32_t full_rows,
                 bool writable) {
  const int32_t bits = digits(full_rows);
  const int32_t beat_planes = std::max(1, build.adc_lanes / shape.words());
  if (build.row_lanes > 1) {
    Structure tree;
    adder_tree(tree, build.row_lanes, 1, true);
    s.add += build.planes * tree.add;
    s.plain += build.planes * tree.plain;
  }
  s.add += build.planes * bits;
  s.mux += build.planes * bits;
  s.plain += (ir::kNoiseRounds - 1.0) * beat_planes * bits;
  for (int32_t plane = 0; plane < beat_planes; ++plane) {
    rom(s, full_rows + 1, shape.slices * 16, build, writable);
  }
  if (build.adc_lanes < shape.words()) s.logic += build.adc_lanes * 16.0 * (shape.slices - 1);
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
    if ((gain.all.any() >> place & 1) == 0) s.mask += acc_bits;
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
void converter(Structure& s, const LayerShape& shape, const TileForm& form, const Build& build,
               int32_t acc_bits, bool writable) {
  const int32_t sum_bits =
      std::max(acc_bits + digits(form.adc_mask), form.adc_per_column ? form.offset_bits : 0) + 1;
  const GainDigits gain = gain_digits(form);
  if (!form.noise_mult.empty()) noise(s, form, acc_bits);
  if (build.dsp && gain.some.count() > 1) {
    product(s, acc_bits, digits(form.adc_mask), true);
    s.add += sum_bits;
    s.plain += 3.0 * sum_bits;
  } else {
    converter_sum(s, form, gain, acc_bits, sum_bits);
  }
  if (form.adc_per_column) {
    s.plain += 3.0 * acc_bits;  // waits for them
    s.comb += shape.adc_bits;   // compares with the clip
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
    rom(s, int64_t{1} << shape.adc_bits, shape.adc_bits, build, writable);
    s.plain += shape.adc_bits;
  }
}

}  // namespace

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
    s.mux += cells / shape.slices * form.mag_bits;
    s.logic += cells * form.g_bits * (tables - 1);
    s.mux += cells * form.g_bits;
  }
  s.plain += depth * build.row_lanes * build.planes + 3.0 * (depth + digits(build.row_lanes - 1));

  // Accumulators a plane, behind the sum of a beat's gated conductances; and the copy that drains.
  const double planes = static_cast<double>(build.pe) * words * build.planes;
  if (build.row_lanes > 1) {
    Structure tree;
    tree.mask += static_cast<double>(build.row_lanes) * form.g_bits;
    adder_tree(tree, build.row_lanes, form.g_bits, true);
    s.mask += planes * tree.mask;
    s.add += planes * tree.add;
    s.plain += planes * tree.plain;
  }
  s.add += planes * acc_bits;
  s.mux += planes * acc_bits;
  counter(s, int64_t{groups(shape, build)} * beats(shape, build));
  counter(s, full_rows);
  const int32_t passes = std::max(1, shape.in_bits / build.planes);
  counter(s, passes);
  counter(s, tiles);
  if (passes > 1) {
    // The planes of the pass; the group's first word, to which the address goes back.
    s.logic += static_cast<double>(build.row_lanes) * build.planes * (passes - 1) * 2 / 3;
    const int32_t address = digits(int64_t{groups(shape, build)} * beats(shape, build) - 1);
    s.mux += address;
    s.logic += address;
  }
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
    converter(s, shape, form, build, acc_bits, writable);
  }
  if (!form.noise_mult.empty()) {
    s.count += 32;  // images
    counter(s, shape.positions());
  }
  if (form.noise_rows) driven_rows(s, shape, build, full_rows, writable);
  if (form.adc_per_column || !form.noise_mult.empty()) counter(s, shape.cols);
  // Constants of a column: a slice's serve its two polarities, and all planes of a beat.
  const int32_t sets = std::min(shape.slices, (converters + 1) / 2);
  if (form.adc_per_column) {
    rom(s, shape.cols, shape.slices * (16 + form.offset_bits + shape.adc_bits + form.lsb_bits),
        build, writable);
    s.mux += static_cast<double>(sets) *
             (16 + form.offset_bits + shape.adc_bits + form.lsb_bits);  // the slice's
    s.plain += 5.0 * sets * shape.adc_bits;                             // the clip beside the sum
    s.plain += static_cast<double>(sets) * form.lsb_bits * kLsbWait;    // on its way to the codes
  }

  // Codes with their slice's weight; pairs and planes added.
  const int32_t unit = shape.adc_bits + 1;
  const int32_t steps = unit + form.lsb_bits;  // in level steps, behind a column's own LSB
  const int32_t term = steps + shape.cell_bits * (shape.slices - 1);
  int32_t units = 1;
  if (build.adc_lanes <= 1) {
    s.mux += term;
  } else {
    units = build.adc_lanes % 2 == 0 ? build.adc_lanes / 2 : build.adc_lanes;
    s.add += units * unit;
    if (codes > 1) s.logic += static_cast<double>(units) * term;
    if (units == 1) s.plain += term;
  }
  for (int32_t left = units, level = 1; left > 1; left = (left + 1) / 2, ++level) {
    s.add += left / 2 * (steps + level);
    s.plain += static_cast<double>(left / 2) * (term - steps);
  }
  if (form.lsb_bits > 0) {
    for (int32_t i = 0; i < units; ++i) product(s, form.lsb_bits, unit, build.dsp);
  }
  for (const int32_t lsb : form.lsb_bits > 0 ? std::vector<int32_t>() : form.lsb) {
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
    } else if (!direct) {
      s.plain += form.sum_bits;
    }
  }
  s.plain += 3.0 * (8 + digits(build.pe - 1));  // names beside the sums
  const int32_t spacing = codes * plane_steps;
  const int32_t places = std::min(build.pe, (kOutLatency + spacing - 1) / spacing);
  s.mux += static_cast<double>(places) * (form.sum_bits + 1);
  return s;
}

}  // namespace crosstwin::hwgen
