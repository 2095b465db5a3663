// Reference model of bias and requantization, in wide arithmetic.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "verif/common/stream_bench.hpp"

namespace crosstwin::verif {

struct RequantShape {
  int cols = 0, y_bits = 0, bias_bits = 0, logits = 0, out_bits = 0;
  int64_t low = 0, high = 0;
  int parallel = 0, dsp = 0, writable = 0;
};

class RequantModel {
 public:
  // Random biases, multipliers and shifts, the shifts within the range given.
  RequantModel(const RequantShape& shape, Random& random, int shift_low, int shift_high)
      : s_(shape) {
    for (int c = 0; c < s_.cols; ++c) {
      bias_.push_back(sign_extend(random.next(), s_.bias_bits));
      // The first column is the one whose product overflows a left shift without a trace.
      mult_.push_back(c == 0 ? 32768 : random.range(1, 65535));
      shift_.push_back(c == 0 ? shift_low : random.range(shift_low, shift_high));
    }
  }

  // The words XORed with `noise`: what a writable memory holds before it is written.
  void write_image(const std::string& path, uint64_t noise = 0) const {
    HexImage image(path);
    for (int c = 0; c < s_.cols; ++c) {
      image.field(static_cast<uint64_t>(bias_[c]) ^ noise, s_.bias_bits);
      if (s_.logits == 0) {
        image.field(static_cast<uint64_t>(mult_[c]) ^ noise, 16);
        image.field(static_cast<uint64_t>(shift_[c]), 5);
      }
      image.end_word();
    }
  }

  uint64_t apply(int64_t y, int col) const {
    const int64_t v = y + bias_[col];
    if (s_.logits != 0) return static_cast<uint64_t>(v) & mask(32);
    __extension__ using Wide = __int128;
    const Wide product = Wide{v} * mult_[col] + (Wide{1} << (shift_[col] - 1));
    const Wide rounded = product >> shift_[col];
    const Wide out = rounded < s_.low ? Wide{s_.low} : rounded > s_.high ? Wide{s_.high} : rounded;
    return static_cast<uint64_t>(static_cast<int64_t>(out)) & mask(s_.out_bits);
  }

  // Notes what is special about it.
  void see(int64_t y, int col, Seen& seen) const {
    const int64_t v = y + bias_[col], limit = int64_t{1} << (s_.y_bits - 1);
    if (v < 0) ++seen["negative sum"];
    if (y == -limit || y == limit - 1) ++seen["extreme"];
    if (s_.logits != 0) {
      ++seen["within"];
      return;
    }
    __extension__ using Wide = __int128;
    const Wide half = Wide{1} << (shift_[col] - 1), product = Wide{v} * mult_[col];
    const Wide rounded = (product + half) >> shift_[col];
    ++seen[rounded < s_.low ? "below" : rounded > s_.high ? "above" : "within"];
    if ((product & (2 * half - 1)) == half) ++seen["half"];
    if (shift_[col] == 1) ++seen["shift 1"];
    if (shift_[col] == 31) ++seen["shift 31"];
  }

  // Cycles of a column (rtl_templates/README.md, Cycles).
  int64_t cycles(int col) const {
    if (s_.logits != 0 || s_.parallel != 0) return 1;
    return 18 + (shift_[col] > 16 ? shift_[col] - 16 : 16 - shift_[col]);
  }

  // A Y whose result lies near the clamp's range, so that rounding shows.
  int64_t interesting_y(int col, Random& random) const {
    const int64_t limit = int64_t{1} << (s_.y_bits - 1);
    if (s_.logits == 0 && random.percent(70)) {
      const int64_t target = random.range(s_.low - 2, s_.high + 2);
      __extension__ using Wide = __int128;
      const Wide v = ((Wide{target} << shift_[col]) + (Wide{1} << (shift_[col] - 1))) / mult_[col];
      const int64_t y = static_cast<int64_t>(v) - bias_[col] + random.range(-1, 1);
      if (y >= -limit && y < limit) return y;
    }
    if (random.percent(30)) {
      // A power of two: its product's low bits are all zero, so that a lost overflow shows.
      const int64_t power = int64_t{1} << random.range(0, s_.y_bits - 2);
      const int64_t y = (random.percent(50) ? power : -power) - bias_[col];
      if (y >= -limit && y < limit) return y;
    }
    if (random.percent(10)) return random.percent(50) ? -limit : limit - 1;
    return sign_extend(random.next(), s_.y_bits);
  }

 private:
  RequantShape s_;
  std::vector<int64_t> bias_, mult_, shift_;
};

}  // namespace crosstwin::verif
