// Reference model of a crossbar tile, straight from the numeric contract.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "hwgen/plan/cycles.hpp"
#include "verif/common/stream_bench.hpp"

namespace crosstwin::verif {

struct TileShape {
  int rows = 0, tile_rows = 0, cols = 0, pe = 0, in_bits = 0, in_signed = 0, cell_bits = 0;
  int slices = 0, per_cell = 0, mag_bits = 0, g_bits = 0, adc_bits = 0, adc_lanes = 0;
  int64_t mult[2] = {1, 1}, shift[2] = {0, 0}, offset[2] = {0, 0}, lsb[2] = {1, 1};
  int groups() const { return (cols + pe - 1) / pe; }
  int tiles() const { return (rows + tile_rows - 1) / tile_rows; }
};

class TileModel {
 public:
  // Random cells; `extreme` puts every weight at full scale.
  TileModel(const TileShape& shape, Random& random, bool extreme) : s_(shape) {
    for (int i = 0; i < 1 << s_.cell_bits; ++i) {
      table_.push_back(random.next() & mask(s_.g_bits));
    }
    for (int i = 0; i < s_.rows * s_.cols; ++i) {
      const uint64_t magnitude = extreme ? mask(s_.mag_bits) : random.next() & mask(s_.mag_bits);
      negative_.push_back(random.percent(50));
      magnitude_.push_back(magnitude);
      for (int k = 0; k < 2 * s_.slices; ++k) {
        const bool own = (k % 2 == 1) == negative_.back();
        const uint64_t code = own ? magnitude >> (s_.cell_bits * (k / 2)) & mask(s_.cell_bits) : 0;
        g_.push_back(s_.per_cell == 0 ? table_[code]
                     : extreme        ? mask(s_.g_bits)
                                      : random.next() & mask(s_.g_bits));
      }
    }
  }

  void write_images(const std::string& weights, const std::string& table) const {
    HexImage w(weights);
    for (int group = 0; group < s_.groups(); ++group) {
      for (int row = 0; row < s_.rows; ++row) {
        for (int lane = 0; lane < s_.pe; ++lane) write_lane(w, row, group * s_.pe + lane);
        w.end_word();
      }
    }
    HexImage t(table);
    for (const uint64_t g : table_) {
      t.field(g, s_.g_bits);
      t.end_word();
    }
  }

  // Y of every column for one position's activations (raw bits).
  std::vector<int64_t> apply(const std::vector<uint64_t>& x) const {
    std::vector<int64_t> y(s_.cols, 0);
    for (int c = 0; c < s_.cols; ++c) {
      for (int t = 0; t < s_.tiles(); ++t) {
        for (int b = 0; b < s_.in_bits; ++b) {
          for (int s = 0; s < s_.slices; ++s) {
            const int64_t weight = (s_.in_signed != 0 && b == s_.in_bits - 1 ? -1 : 1) *
                                   (int64_t{1} << b) * (int64_t{1} << (s_.cell_bits * s)) *
                                   s_.lsb[s];
            y[c] += weight * (code(x, c, t, b, s, 0) - code(x, c, t, b, s, 1));
          }
        }
      }
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
    t.adc_lanes = s_.adc_lanes;
    t.in_bits = s_.in_bits;
    t.slices = s_.slices;
    t.per_cell = s_.per_cell != 0;
    t.adc_latency = hwgen::adc_latency(std::vector<int32_t>(s_.mult, s_.mult + s_.slices));
    t.requant = requant;
    return t;
  }

 private:
  uint64_t g(int row, int col, int slice, int polarity) const {
    return g_[((row * s_.cols + col) * s_.slices + slice) * 2 + polarity];
  }

  void write_lane(HexImage& w, int row, int col) const {
    if (col >= s_.cols) {
      w.field(0, s_.per_cell != 0 ? 2 * s_.slices * s_.g_bits : s_.mag_bits + 1);
    } else if (s_.per_cell != 0) {
      for (int polarity = 0; polarity < 2; ++polarity) {
        for (int s = 0; s < s_.slices; ++s) w.field(g(row, col, s, polarity), s_.g_bits);
      }
    } else {
      w.field(magnitude_[row * s_.cols + col], s_.mag_bits);
      w.field(negative_[row * s_.cols + col] ? 1 : 0, 1);
    }
  }

  int64_t code(const std::vector<uint64_t>& x, int col, int tile, int bit, int slice,
               int polarity) const {
    int64_t current = 0;
    const int end = std::min(s_.rows, (tile + 1) * s_.tile_rows);
    for (int row = tile * s_.tile_rows; row < end; ++row) {
      if (x[row] >> bit & 1) current += static_cast<int64_t>(g(row, col, slice, polarity));
    }
    const int64_t half = s_.shift[slice] == 0 ? 0 : int64_t{1} << (s_.shift[slice] - 1);
    const int64_t sum = current * s_.mult[slice] + s_.offset[slice] + half;
    return std::clamp(sum >> s_.shift[slice], int64_t{0}, static_cast<int64_t>(mask(s_.adc_bits)));
  }

  TileShape s_;
  std::vector<uint64_t> table_, magnitude_, g_;
  std::vector<bool> negative_;
};

}  // namespace crosstwin::verif
