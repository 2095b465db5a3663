// Reference model of a crossbar tile, straight from the numeric contract.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "compress/ir/noise.hpp"
#include "hwgen/plan/cycles.hpp"
#include "verif/common/stream_bench.hpp"

namespace crosstwin::verif {

// Of constants with two values, even slices have the first and odd ones the second.
struct TileShape {
  int rows = 0, tile_rows = 0, cols = 0, pe = 0, in_bits = 0, in_signed = 0, cell_bits = 0;
  int slices = 0, per_cell = 0, mag_bits = 0, g_bits = 0, adc_bits = 0, adc_lanes = 0;
  int64_t mult[2] = {1, 1}, shift[2] = {0, 0}, offset[2] = {0, 0}, lsb[2] = {1, 1};
  int row_lanes = 1, planes = 0;  // planes a pass, 0: all
  int64_t clip[2] = {-1, -1};     // highest code, -1: full scale
  int per_column = 0;             // gain, offset and clip a column; gains are bits of `mult`
  int offset_bits = 32;
  int lsb_bits = 0;  // of a column's own LSB, at most `lsb`; 0: that of its slice
  int inl = 0, dsp = 0;
  int64_t noise_mult[2] = {0, 0};  // both 0: no noise
  int noise_shift = 0;
  int noise_rows = 0;  // a gain for every number of driven rows, of the bits of `noise_mult`
  int positions = 1;
  int extreme = 0;  // every cell and gain at its greatest

  int groups() const { return (cols + pe - 1) / pe; }
  int full_rows() const { return std::min(rows, tile_rows); }
  int tiles() const { return (rows + tile_rows - 1) / tile_rows; }
  int pass_planes() const { return planes == 0 ? in_bits : planes; }
  int passes() const { return in_bits / pass_planes(); }
  bool noise() const { return noise_mult[0] != 0 || noise_mult[1] != 0; }
};

// What names the draws of read noise besides the conversion itself.
struct NoiseImage {
  ir::NoiseKeys keys;
  uint32_t image = 0;
  uint32_t position = 0;
};

// Rows in the order of their beats: row tiles begin a new beat. -1 is a lane without a row.
inline std::vector<std::vector<int>> tile_beats(const TileShape& s) {
  std::vector<std::vector<int>> beats;
  for (int first = 0; first < s.rows; first += s.tile_rows) {
    const int end = std::min(s.rows, first + s.tile_rows);
    for (int row = first; row < end; row += s.row_lanes) {
      beats.emplace_back();
      for (int lane = 0; lane < s.row_lanes; ++lane) {
        beats.back().push_back(row + lane < end ? row + lane : -1);
      }
    }
  }
  return beats;
}

class TileModel {
 public:
  TileModel(const TileShape& shape, Random& random, bool extreme) : s_(shape) {
    for (int i = 0; i < 1 << s_.cell_bits; ++i) {
      table_.push_back(extreme ? mask(s_.g_bits) : random.next() & mask(s_.g_bits));
    }
    for (int i = 0; i < s_.rows * s_.cols; ++i) {
      const uint64_t magnitude = extreme ? mask(s_.mag_bits) : random.next() & mask(s_.mag_bits);
      negative_.push_back(random.percent(50));
      magnitude_.push_back(magnitude);
      for (int k = 0; k < 2 * s_.slices; ++k) {
        const bool own = (k % 2 == 1) == negative_.back();
        const uint64_t code = own ? magnitude >> (s_.cell_bits * (k / 2)) & mask(s_.cell_bits) : 0;
        g_.push_back(s_.per_cell == 0 ? table_[code] : extreme ? mask(s_.g_bits) : cell(random));
      }
    }
    for (int i = 0; i < s_.cols * s_.slices; ++i) converters_.push_back(converter(i, random));
    for (int i = 0; s_.inl != 0 && i < 1 << s_.adc_bits; ++i) {
      inl_.push_back(random.next() & mask(s_.adc_bits));
    }
    for (int i = 0; s_.noise_rows != 0 && i < s_.slices * (s_.full_rows() + 1); ++i) {
      const auto bits = static_cast<uint64_t>(s_.noise_mult[i % s_.slices % 2]);
      noise_.push_back(extreme ? bits : random.next() & bits);
    }
  }

  // The cells that are at an end of their range.
  void see_cells(Seen& seen) const {
    if (s_.per_cell == 0) return;
    for (const uint64_t g : g_) {
      if (g == 0) ++seen["cell at zero"];
      if (g == mask(s_.g_bits)) ++seen["cell at full"];
    }
  }

  void write_images(const std::string& weights, const std::string& table) const {
    HexImage w(weights);
    for (int group = 0; group < s_.groups(); ++group) {
      for (const std::vector<int>& beat : tile_beats(s_)) {
        for (const int row : beat) {
          for (int lane = 0; lane < s_.pe; ++lane) write_lane(w, row, group * s_.pe + lane);
        }
        w.end_word();
      }
    }
    HexImage t(table);
    for (const uint64_t g : table_) {
      t.field(g, s_.g_bits);
      t.end_word();
    }
  }

  // What the converters look up.
  void write_adc_images(const std::string& adc, const std::string& inl) const {
    HexImage a(adc);
    for (size_t i = 0; i < converters_.size(); ++i) {
      a.field(static_cast<uint64_t>(converters_[i].mult), 16);
      a.field(static_cast<uint64_t>(converters_[i].offset), s_.offset_bits);
      a.field(static_cast<uint64_t>(converters_[i].clip), s_.adc_bits);
      if (s_.lsb_bits > 0) a.field(static_cast<uint64_t>(converters_[i].lsb), s_.lsb_bits);
      if ((i + 1) % static_cast<size_t>(s_.slices) == 0) a.end_word();
    }
    HexImage n(inl);
    for (const uint64_t code : inl_) {
      n.field(code, s_.adc_bits);
      n.end_word();
    }
  }

  // A word for every number of driven rows.
  void write_noise_image(const std::string& path) const {
    HexImage n(path);
    for (size_t i = 0; i < noise_.size(); ++i) {
      n.field(noise_[i], 16);
      if ((i + 1) % static_cast<size_t>(s_.slices) == 0) n.end_word();
    }
  }

  // Y of every column for one position's activations (raw bits).
  std::vector<int64_t> apply(const std::vector<uint64_t>& x, const NoiseImage& noise,
                             Seen& seen) const {
    std::vector<int64_t> y(s_.cols, 0);
    for (int c = 0; c < s_.cols; ++c) {
      for (int t = 0; t < s_.tiles(); ++t) {
        for (int b = 0; b < s_.in_bits; ++b) {
          for (int s = 0; s < s_.slices; ++s) {
            const int64_t weight = (s_.in_signed != 0 && b == s_.in_bits - 1 ? -1 : 1) *
                                   (int64_t{1} << b) * (int64_t{1} << (s_.cell_bits * s)) *
                                   converters_[static_cast<size_t>(c * s_.slices + s)].lsb;
            y[c] += weight *
                    (code(x, c, t, b, s, 0, noise, seen) - code(x, c, t, b, s, 1, noise, seen));
          }
        }
      }
      if (y[c] < 0) ++seen["negative sum"];
    }
    return y;
  }

  // What hwgen/plan/cycles.hpp needs to know of it; `requant` cycles a column behind it.
  hwgen::LayerTiming timing(const std::vector<int32_t>& requant) const {
    hwgen::LayerTiming t;
    t.rows = s_.rows;
    t.tile_rows = s_.tile_rows;
    t.cols = s_.cols;
    t.pe = s_.pe;
    t.row_lanes = s_.row_lanes;
    t.adc_lanes = s_.adc_lanes;
    t.in_bits = s_.in_bits;
    t.planes = s_.planes;
    t.slices = s_.slices;
    t.per_cell = s_.per_cell != 0;
    hwgen::AdcTiming adc;
    adc.per_column = s_.per_column != 0;
    adc.inl = s_.inl != 0;
    adc.dsp = s_.dsp != 0;
    adc.mask = static_cast<int32_t>(s_.mult[0] | s_.mult[1]);
    std::vector<int32_t> lsb;
    for (int s = 0; s < s_.slices; ++s) {
      adc.mult.push_back(static_cast<int32_t>(s_.mult[s % 2]));
      adc.clip = adc.clip || clip(s) != static_cast<int64_t>(mask(s_.adc_bits));
      lsb.push_back(static_cast<int32_t>(s_.lsb[s % 2]));
      if (s_.noise()) adc.noise_mult.push_back(static_cast<int32_t>(s_.noise_mult[s % 2]));
    }
    t.adc_latency = hwgen::adc_latency(adc);
    t.lsb_latency = hwgen::lsb_latency({lsb, s_.lsb_bits, s_.adc_bits, s_.dsp != 0});
    t.requant = requant;
    return t;
  }

 private:
  struct Converter {
    int64_t mult, offset, clip, lsb;
  };

  int64_t clip(int slice) const {
    return s_.clip[slice % 2] & static_cast<int64_t>(mask(s_.adc_bits));
  }

  // Any conductance; one in ten cells is stuck at an end of the range.
  uint64_t cell(Random& random) const {
    const uint64_t g = random.next();
    return random.percent(10) ? (g & 1) * mask(s_.g_bits) : g & mask(s_.g_bits);
  }

  // Of a column and slice: the constants, or with per_column something near them.
  Converter converter(int index, Random& random) const {
    const int slice = index % s_.slices;
    Converter c{s_.mult[slice % 2], s_.offset[slice % 2], clip(slice), s_.lsb[slice % 2]};
    if (s_.per_column == 0) return c;
    const int64_t bits = s_.mult[0] | s_.mult[1];
    const int64_t top = static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(bits)));
    if (s_.extreme == 0) c.mult = (static_cast<int64_t>(random.next()) & bits) | top;
    c.offset = sign_extend(random.next(), s_.offset_bits);
    if (random.percent(50)) c.clip = static_cast<int64_t>(random.next() & mask(s_.adc_bits));
    if (s_.lsb_bits > 0 && s_.extreme == 0 && random.percent(80)) {
      c.lsb = 1 + static_cast<int64_t>(random.next() % static_cast<uint64_t>(c.lsb));
    }
    return c;
  }

  uint64_t g(int row, int col, int slice, int polarity) const {
    return g_[((row * s_.cols + col) * s_.slices + slice) * 2 + polarity];
  }

  void write_lane(HexImage& w, int row, int col) const {
    if (row < 0 || col >= s_.cols) {
      const int bits = s_.per_cell != 0 ? 2 * s_.slices * s_.g_bits : s_.mag_bits + 1;
      for (int done = 0; done < bits; done += 32) w.field(0, std::min(32, bits - done));
    } else if (s_.per_cell != 0) {
      for (int polarity = 0; polarity < 2; ++polarity) {
        for (int s = 0; s < s_.slices; ++s) w.field(g(row, col, s, polarity), s_.g_bits);
      }
    } else {
      w.field(magnitude_[row * s_.cols + col], s_.mag_bits);
      w.field(negative_[row * s_.cols + col] ? 1 : 0, 1);
    }
  }

  int64_t code(const std::vector<uint64_t>& x, int col, int tile, int bit, int slice, int polarity,
               const NoiseImage& noise, Seen& seen) const {
    int64_t current = 0;
    int driven = 0;
    const int end = std::min(s_.rows, (tile + 1) * s_.tile_rows);
    for (int row = tile * s_.tile_rows; row < end; ++row) {
      if ((x[row] >> bit & 1) == 0) continue;
      current += static_cast<int64_t>(g(row, col, slice, polarity));
      ++driven;
    }
    const int64_t full = static_cast<int64_t>(mask(s_.g_bits)) * (end - tile * s_.tile_rows);
    if (current == 0 || current == full) ++seen[current == 0 ? "no current" : "full current"];
    if (s_.noise()) {
      const ir::NoiseCounter counter(s_.positions, s_.tiles(), s_.cols, s_.in_bits, s_.slices);
      const uint32_t draw = ir::noise_draw(
          noise.keys,
          counter(noise.position, static_cast<uint32_t>(tile), static_cast<uint32_t>(col),
                  static_cast<uint32_t>(bit), static_cast<uint32_t>(2 * slice + polarity)),
          noise.image);
      const int64_t mult = s_.noise_rows == 0
                               ? s_.noise_mult[slice % 2]
                               : static_cast<int64_t>(noise_[driven * s_.slices + slice]);
      const int64_t n = ir::noise_value(draw, static_cast<int32_t>(mult), s_.noise_shift);
      if (s_.noise_rows != 0 && driven == 0) ++seen["noise undriven"];
      if (s_.noise_rows != 0 && driven == s_.full_rows()) ++seen["noise all driven"];
      if (n != 0) ++seen[n < 0 ? "noise negative" : "noise positive"];
      current += n;
      if (current < 0) ++seen["current under 0"];
    }
    const Converter& c = converters_[col * s_.slices + slice];
    const int64_t shift = s_.shift[slice % 2];
    const int64_t half = shift == 0 ? 0 : int64_t{1} << (shift - 1);
    const int64_t sum = current * c.mult + c.offset + half;
    const int64_t raw = sum >> shift, most = static_cast<int64_t>(mask(s_.adc_bits));
    const int64_t a = std::min(c.clip, std::clamp(raw, int64_t{0}, most));
    ++seen[raw < 0         ? "clip low"
           : raw <= c.clip ? "in range"
           : c.clip < most ? "clip own"
                           : "clip high"];
    if (s_.inl == 0) return a;
    const auto out = static_cast<int64_t>(inl_[a]);
    if (out != a) ++seen["inl"];
    return out;
  }

  TileShape s_;
  std::vector<uint64_t> table_, magnitude_, g_, inl_;
  std::vector<uint64_t> noise_;  // [driven rows, slice]
  std::vector<bool> negative_;
  std::vector<Converter> converters_;  // [column, slice]
};

}  // namespace crosstwin::verif
