// Reference model of a collapsed tile: the integer product, straight from its definition.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "verif/common/stream_bench.hpp"

namespace crosstwin::verif {

struct MacShape {
  int rows = 0, cols = 0, pe = 0, row_lanes = 0, in_bits = 0, in_signed = 0, weight_bits = 0;
  int groups() const { return (cols + pe - 1) / pe; }
  int beats() const { return (rows + row_lanes - 1) / row_lanes; }
};

class MacModel {
 public:
  // Random weights; `extreme` makes them all the most negative.
  MacModel(const MacShape& shape, Random& random, bool extreme) : s_(shape) {
    for (int i = 0; i < s_.rows * s_.cols; ++i) {
      const uint64_t most = uint64_t{1} << (s_.weight_bits - 1);
      weights_.push_back(sign_extend(extreme ? most : random.next(), s_.weight_bits));
    }
  }

  // Words of row_lanes x pe lanes XORed with `noise`: what a writable memory holds before it is
  // written.
  void write_image(const std::string& path, uint64_t noise = 0) const {
    HexImage image(path);
    for (int group = 0; group < s_.groups(); ++group) {
      for (int beat = 0; beat < s_.beats(); ++beat) {
        for (int lane = 0; lane < s_.row_lanes; ++lane) {
          for (int p = 0; p < s_.pe; ++p) {
            const int row = beat * s_.row_lanes + lane, col = group * s_.pe + p;
            const bool there = row < s_.rows && col < s_.cols;
            // Cells that are not there must not count, whatever they hold.
            image.field(static_cast<uint64_t>(there ? weight(row, col) : -1) ^ noise,
                        s_.weight_bits);
          }
        }
        image.end_word();
      }
    }
  }

  // Y of every column for one position's activations (raw bits).
  std::vector<int64_t> apply(const std::vector<uint64_t>& x) const {
    std::vector<int64_t> y(s_.cols, 0);
    for (int c = 0; c < s_.cols; ++c) {
      for (int row = 0; row < s_.rows; ++row) {
        const int64_t value = s_.in_signed != 0 ? sign_extend(x[row], s_.in_bits)
                                                : static_cast<int64_t>(x[row] & mask(s_.in_bits));
        y[c] += value * weight(row, c);
      }
    }
    return y;
  }

  // Cycles a position when neither side waits and a column is taken each cycle.
  int64_t cycles() const {
    int64_t sum = 0;
    for (int group = 0; group < s_.groups(); ++group) {
      sum += std::max(s_.beats(), std::min(s_.pe, s_.cols - group * s_.pe));
    }
    return sum;
  }

 private:
  int64_t weight(int row, int col) const { return weights_[row * s_.cols + col]; }

  MacShape s_;
  std::vector<int64_t> weights_;
};

}  // namespace crosstwin::verif
