// Reference model of the gather: kept rows of a kernel over a padded map, and when they come.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "hwgen/plan/cycles.hpp"
#include "verif/common/stream_bench.hpp"

namespace crosstwin::verif {

struct WindowShape {
  int in_h = 0, in_w = 0, in_c = 0, kernel_h = 0, kernel_w = 0, stride = 0, pad = 0, lines = 0;
  int rows = 0, groups = 0, bits = 0, row_lanes = 1, tile_rows = 128;
  int out_h() const { return (in_h + 2 * pad - kernel_h) / stride + 1; }
  int out_w() const { return (in_w + 2 * pad - kernel_w) / stride + 1; }
  int line_words() const { return in_w * in_c; }
  // Lines asked for, and lines that the ring of a power-of-two number of words holds.
  int want_lines() const {
    const int derived = out_h() == 1 ? 2 * in_h : std::min(kernel_h + stride, 2 * in_h);
    return lines != 0 ? lines : derived;
  }
  int has_lines() const {
    const auto words = static_cast<unsigned>(std::max(2, want_lines() * line_words()));
    return static_cast<int>(std::bit_ceil(words)) / line_words();
  }
  // Lines of the image that output row y needs, and lines that are done with when it is over.
  int need(int y) const { return std::min(y * stride + kernel_h - pad, in_h); }
  int done(int y) const { return y + 1 == out_h() ? in_h : std::max(0, (y + 1) * stride - pad); }
};

class WindowModel {
 public:
  // A random choice of rows in random order, and a random zero for every channel.
  WindowModel(const WindowShape& shape, Random& random) : s_(shape) {
    std::vector<Row> all;
    for (int y = 0; y < s_.kernel_h; ++y) {
      for (int x = 0; x < s_.kernel_w; ++x) {
        for (int c = 0; c < s_.in_c; ++c) all.push_back({y, x, c});
      }
    }
    for (int i = 0; i < s_.rows; ++i) {
      const auto pick = static_cast<size_t>(random.range(i, static_cast<int64_t>(all.size()) - 1));
      std::swap(all[i], all[pick]);
      rows_.push_back(all[i]);
    }
    for (int c = 0; c < s_.in_c; ++c) zero_.push_back(random.next() & mask(s_.bits));
  }

  // The beats of a position, each a row for every lane; -1: none.
  std::vector<std::vector<int>> beats() const {
    std::vector<std::vector<int>> beats;
    for (int tile = 0; tile < s_.rows; tile += s_.tile_rows) {
      const int end = std::min(s_.rows, tile + s_.tile_rows);
      for (int row = tile; row < end; row += s_.row_lanes) {
        beats.emplace_back(s_.row_lanes, -1);
        for (int lane = 0; lane < s_.row_lanes && row + lane < end; ++lane)
          beats.back()[lane] = row + lane;
      }
    }
    return beats;
  }

  void write_image(const std::string& path) const {
    const auto width = [](int largest) {
      int bits = 1;
      while (largest >> bits != 0) ++bits;
      return bits;
    };
    HexImage image(path);
    for (const std::vector<int>& beat : beats()) {
      for (const int i : beat) {
        const Row row = i < 0 ? Row{0, 0, 0} : rows_[i];
        image.field((row.y * s_.in_w + row.x) * s_.in_c + row.c,
                    width(((s_.kernel_h - 1) * s_.in_w + s_.kernel_w) * s_.in_c - 1));
        if (s_.pad > 0) {
          image.field(row.y, width(s_.kernel_h - 1));
          image.field(row.x, width(s_.kernel_w - 1));
          image.field(i < 0 ? 0 : zero_[row.c], s_.bits);
        }
      }
      image.end_word();
    }
  }

  // The kept rows of one position; map in h, w, c order.
  std::vector<uint64_t> gather(const std::vector<uint64_t>& map, int oy, int ox) const {
    std::vector<uint64_t> x;
    for (const Row& row : rows_) x.push_back(value(map, oy, ox, row, zero_[row.c]));
    return x;
  }

  // Whether a kept row of the position lies in the padding.
  bool pads(int oy, int ox) const {
    return std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) {
      return place(row.y, oy, s_.in_h) < 0 || place(row.x, ox, s_.in_w) < 0;
    });
  }

  // Whether input lines or columns behind the last window are left over.
  bool skips() const {
    return (s_.out_h() - 1) * s_.stride + s_.kernel_h - s_.pad < s_.in_h ||
           (s_.out_w() - 1) * s_.stride + s_.kernel_w - s_.pad < s_.in_w;
  }

  // The same in beats of row_lanes values, lane 0 lowest; a lane without a row holds what a table
  // field of zeros names.
  std::vector<uint64_t> gather_beats(const std::vector<uint64_t>& map, int oy, int ox) const {
    std::vector<uint64_t> x;
    for (const std::vector<int>& beat : beats()) {
      uint64_t word = 0;
      for (int lane = 0; lane < s_.row_lanes; ++lane) {
        const int i = beat[lane];
        const uint64_t v = i < 0 ? value(map, oy, ox, {0, 0, 0}, 0)
                                 : value(map, oy, ox, rows_[i], zero_[rows_[i].c]);
        word |= v << (lane * s_.bits);
      }
      x.push_back(word);
    }
    return x;
  }

  std::vector<uint64_t> random_map(Random& random) const {
    std::vector<uint64_t> map;
    for (int i = 0; i < s_.in_h * s_.in_w * s_.in_c; ++i)
      map.push_back(random.next() & mask(s_.bits));
    return map;
  }

  // When each output beat is accepted if neither side waits: the rules of README, Cycles. The first
  // input beat is accepted at `start`.
  std::vector<uint64_t> free_cycles(int images, uint64_t start) const {
    std::vector<uint64_t> cycles, place;  // place[line] = when the place of that line is free
    uint64_t written = start - 1, issued = 0;
    size_t lines_in = 0;
    const auto has = static_cast<size_t>(s_.has_lines());
    const size_t beats_a_row = beats().size() * s_.groups * s_.out_w();
    for (int image = 0; image < images; ++image) {
      for (int y = 0; y < s_.out_h(); ++y) {
        for (; lines_in < static_cast<size_t>(image * s_.in_h + s_.need(y)); ++lines_in) {
          const uint64_t first = lines_in < has ? start : place[lines_in - has];
          written = std::max(written + 1, first) + s_.line_words() - 1;
        }
        uint64_t at = std::max(issued + 1, written + 2);
        for (size_t beat = 0; beat < beats_a_row; ++beat) cycles.push_back(5 + (issued = at++));
        place.resize(static_cast<size_t>(image * s_.in_h + s_.done(y)), issued + 4);
      }
    }
    return cycles;
  }

  // Whether no cycle is lost once the first image is in (README, Cycles): the lines that follow an
  // output row find a place, and the time of a row is enough to write them.
  bool gapless() const {
    const int end = s_.out_h() - 1;
    const int held = s_.in_h - (end == 0 ? 0 : s_.done(end - 1));  // by the last output row
    const int most = std::max(end == 0 ? 0 : s_.stride, s_.in_h - s_.need(end) + s_.need(0));
    const size_t row_cycles = beats().size() * s_.groups * s_.out_w();
    return s_.has_lines() >= held + s_.need(0) &&
           (end == 0 || s_.has_lines() >= s_.kernel_h + s_.stride) &&
           row_cycles >= static_cast<size_t>(most * s_.line_words() + 4);
  }

  // Its part of what hwgen/plan/cycles.hpp needs to know.
  void set(hwgen::LayerTiming& t) const {
    t.in_h = s_.in_h;
    t.in_w = s_.in_w;
    t.in_c = s_.in_c;
    t.kernel_h = s_.kernel_h;
    t.stride = s_.stride;
    t.pad = s_.pad;
    t.out_h = s_.out_h();
    t.out_w = s_.out_w();
    t.lines = s_.want_lines();
  }

 private:
  struct Row {
    int y, x, c;
  };

  // Line or column of the map; -1: padding.
  int place(int in_kernel, int window, int size) const {
    const int at = window * s_.stride - s_.pad + in_kernel;
    return at < size ? std::max(at, -1) : -1;
  }

  uint64_t value(const std::vector<uint64_t>& map, int oy, int ox, Row row, uint64_t zero) const {
    const int iy = place(row.y, oy, s_.in_h), ix = place(row.x, ox, s_.in_w);
    return iy >= 0 && ix >= 0 ? map[(iy * s_.in_w + ix) * s_.in_c + row.c] : zero;
  }

  WindowShape s_;
  std::vector<Row> rows_;
  std::vector<uint64_t> zero_;
};

}  // namespace crosstwin::verif
