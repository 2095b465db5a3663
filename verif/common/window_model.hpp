// Reference model of the gather: kept rows of a kernel over a padded map.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "hwgen/plan/cycles.hpp"
#include "verif/common/stream_bench.hpp"

namespace crosstwin::verif {

struct WindowShape {
  int in_h = 0, in_w = 0, in_c = 0, kernel_h = 0, kernel_w = 0, stride = 0, pad = 0, lines = 0;
  int rows = 0, groups = 0, bits = 0;
  int out_h() const { return (in_h + 2 * pad - kernel_h) / stride + 1; }
  int out_w() const { return (in_w + 2 * pad - kernel_w) / stride + 1; }
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

  void write_image(const std::string& path) const {
    const auto width = [](int largest) {
      int bits = 1;
      while (largest >> bits != 0) ++bits;
      return bits;
    };
    HexImage image(path);
    for (const Row& row : rows_) {
      image.field((row.y * s_.in_w + row.x) * s_.in_c + row.c,
                  width(((s_.kernel_h - 1) * s_.in_w + s_.kernel_w) * s_.in_c - 1));
      if (s_.pad > 0) {
        image.field(row.y, width(s_.kernel_h - 1));
        image.field(row.x, width(s_.kernel_w - 1));
        image.field(zero_[row.c], s_.bits);
      }
      image.end_word();
    }
  }

  // The kept rows of one position; map in h, w, c order.
  std::vector<uint64_t> gather(const std::vector<uint64_t>& map, int oy, int ox) const {
    std::vector<uint64_t> x;
    for (const Row& row : rows_) {
      const int iy = oy * s_.stride - s_.pad + row.y, ix = ox * s_.stride - s_.pad + row.x;
      const bool inside = iy >= 0 && iy < s_.in_h && ix >= 0 && ix < s_.in_w;
      x.push_back(inside ? map[(iy * s_.in_w + ix) * s_.in_c + row.c] : zero_[row.c]);
    }
    return x;
  }

  std::vector<uint64_t> random_map(Random& random) const {
    std::vector<uint64_t> map;
    for (int i = 0; i < s_.in_h * s_.in_w * s_.in_c; ++i)
      map.push_back(random.next() & mask(s_.bits));
    return map;
  }

  // Its part of what hwgen/plan/cycles.hpp needs to know; `Lines` 0 is derived as the template
  // does.
  void set(hwgen::LayerTiming& t) const {
    t.in_h = s_.in_h;
    t.in_w = s_.in_w;
    t.in_c = s_.in_c;
    t.kernel_h = s_.kernel_h;
    t.stride = s_.stride;
    t.pad = s_.pad;
    t.out_h = s_.out_h();
    t.out_w = s_.out_w();
    const int derived = t.out_h == 1 ? 2 * s_.in_h : std::min(s_.kernel_h + s_.stride, 2 * s_.in_h);
    t.lines = s_.lines != 0 ? s_.lines : derived;
  }

 private:
  struct Row {
    int y, x, c;
  };
  WindowShape s_;
  std::vector<Row> rows_;
  std::vector<uint64_t> zero_;
};

}  // namespace crosstwin::verif
