// The cycle model of the templates: followed event by event, from the same numbers as the RTL.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/cycles.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "compress/ir/noise.hpp"

namespace crosstwin::hwgen {
namespace {

constexpr int64_t kLongAgo = -1'000'000;

int32_t ceil_div(int32_t a, int32_t b) { return (a + b - 1) / b; }
int32_t ceil_log2(int32_t n) {
  return static_cast<int32_t>(std::bit_width(static_cast<uint32_t>(n - 1)));
}

int32_t tile_rows(const LayerTiming& t) { return t.collapsed ? t.rows : t.tile_rows; }

// Of xb_mul.
int32_t mul_latency(int32_t a_bits, bool a_signed, int32_t b_bits, bool dsp) {
  if (!dsp) return 1 + (a_bits > 2 ? ceil_log2(ceil_div(a_bits, 2)) : 0);
  if (b_bits > 16) return 3;
  return a_signed || a_bits < 16 ? 1 : 2;
}

// A gain's digits: the powers of two that are added, and those that are subtracted.
struct Digits {
  uint32_t plus = 0, minus = 0;
  int32_t count() const { return std::popcount(plus) + std::popcount(minus); }
};

// The digits that any of the gains has: binary, or recoded in non-adjacent form.
Digits any_digits(const std::vector<int32_t>& mult, bool recode) {
  Digits any;
  for (const int32_t m : mult) {
    const auto once = static_cast<uint32_t>(m);
    const uint32_t thrice = 3 * once;
    any.plus |= recode ? (thrice & ~once) >> 1 : once;
    any.minus |= recode ? (once & ~thrice) >> 1 : 0;
  }
  return any;
}

// xb_tile and xb_requant. Times are cycles; a segment is one (group, pass, row tile) of a position.
class Tile {
 public:
  explicit Tile(const LayerTiming& t)
      : t_(t),
        groups_(ceil_div(t.cols, t.pe)),
        row_tiles_(ceil_div(t.rows, tile_rows(t))),
        words_(column_words(t)),
        latency_(out_latency(t)),
        taken_(static_cast<size_t>(tile_depth(t)), kLongAgo) {
    history_.fill({kLongAgo, 0});
  }

  // One position, whose first beat reaches the accumulators at `earliest` or later.
  void position(int64_t earliest) {
    for (int32_t group = 0; group < groups_; ++group) {
      for (int32_t segment = 0; segment < passes(t_) * row_tiles_; ++segment) {
        const int32_t tile = segment % row_tiles_;
        const int64_t beats =
            ceil_div(std::min(tile_rows(t_), t_.rows - tile * tile_rows(t_)), t_.row_lanes);
        // The accumulators of xb_tile are cleared in the cycle of the snapshot; those of xb_mac
        // take the next segment's first term.
        const int64_t first = std::max(snapshot_ + (t_.collapsed ? 0 : 1), earliest);
        history_[newest_ = (newest_ + 1) % history_.size()] = {first, beats};
        snapshot_ = std::max(first + beats, converted_);
        if (t_.collapsed) {
          send(group, beats);
          continue;
        }
        convert(group, segment == passes(t_) * row_tiles_ - 1);
      }
    }
  }

  // When the requantizer is done with the latest column. The rate of a layer shows here: upstream a
  // slow requantizer is seen only once the output registers are full, many images later.
  int64_t output() const { return requantizer_free_; }

  // When the beat `back` beats before the latest one was accumulated.
  int64_t accumulated(int64_t back) const {
    size_t at = newest_;
    while (back >= history_[at].beats && history_[at].first != kLongAgo) {
      back -= history_[at].beats;
      at = (at + history_.size() - 1) % history_.size();
    }
    return history_[at].first + history_[at].beats - 1 - back;
  }

 private:
  struct Segment {
    int64_t first, beats;
  };

  // The columns of xb_mac leave one by one from its shift register.
  void send(int32_t group, int64_t beats) {
    converted_ = snapshot_;
    for (int32_t col = group * t_.pe; col < std::min(t_.cols, (group + 1) * t_.pe); ++col) {
      converted_ = std::max(converted_ + 1, requantizer_free_);
      requantizer_free_ = converted_ + t_.requant[static_cast<size_t>(col)];
    }
    // Only with few beats is it filled again in the cycle in which it becomes empty.
    if (t_.pe < beats) ++converted_;
  }

  void convert(int32_t group, bool sums) {
    converted_ = snapshot_;
    for (int32_t col = group * t_.pe; col < std::min(t_.cols, (group + 1) * t_.pe); ++col) {
      converted_ += words_;
      if (!sums) continue;
      oldest_ = (oldest_ + 1) % taken_.size();
      converted_ = std::max(converted_, taken_[oldest_] + 1);
      taken_[oldest_] = std::max(converted_ + latency_, requantizer_free_);
      requantizer_free_ = taken_[oldest_] + t_.requant[static_cast<size_t>(col)];
    }
  }

  const LayerTiming& t_;
  int32_t groups_;
  int32_t row_tiles_;
  int64_t words_;
  int64_t latency_;
  int64_t snapshot_ = 0;
  int64_t converted_ = 0;         // the segment's last word has left
  std::vector<int64_t> taken_;    // when the requantizer accepted the latest column sums
  size_t oldest_ = 0;             // before a step: the latest of them
  int64_t requantizer_free_ = 0;  // it may accept the next
  std::array<Segment, 16> history_;
  size_t newest_ = 0;
};

}  // namespace

int32_t passes(const LayerTiming& t) {
  return t.collapsed || t.planes == 0 ? 1 : t.in_bits / t.planes;
}

int32_t column_groups(const LayerTiming& t) { return ceil_div(t.cols, t.pe); }

int32_t row_tiles(const LayerTiming& t) { return ceil_div(t.rows, tile_rows(t)); }

int32_t pass_beats(const LayerTiming& t) {
  const int32_t full = row_tiles(t) - 1;
  return full * ceil_div(tile_rows(t), t.row_lanes) +
         ceil_div(t.rows - full * tile_rows(t), t.row_lanes);
}

int32_t column_words(const LayerTiming& t) {
  return 2 * t.slices * (t.in_bits / passes(t)) / t.adc_lanes;
}

int32_t row_latency(const LayerTiming& t) {
  return t.collapsed ? t.mac_latency : (t.per_cell ? 2 : 4) + ceil_log2(t.row_lanes);
}

int32_t out_latency(const LayerTiming& t) {
  const int32_t units = t.adc_lanes % 2 == 0 ? t.adc_lanes / 2 : t.adc_lanes;
  return t.adc_latency + (t.adc_lanes > 1 ? 1 : 0) + t.lsb_latency + std::max(1, ceil_log2(units)) +
         2;
}

int64_t tile_cycles(const LayerTiming& t) {
  // Followed over a few positions, from an idle tile, until it repeats.
  constexpr int32_t kWarmUp = 16;
  constexpr int32_t kMeasured = 16;
  Tile tile(t);
  for (int32_t position = 0; position < kWarmUp; ++position) tile.position(0);
  const int64_t warm = tile.output();
  for (int32_t position = 0; position < kMeasured; ++position) tile.position(0);
  return int64_t{t.out_h} * t.out_w * (tile.output() - warm) / kMeasured;
}

int64_t layer_cycles(const LayerTiming& t) {
  constexpr int32_t kWarmUp = 3;
  constexpr int32_t kMeasured = 3;
  // Registers that a beat passes from xb_window's issue to xb_tile's accumulators.
  const int64_t way = 5 + row_latency(t);
  const int64_t line_words = int64_t{t.in_w} * t.in_c;
  const auto wanted = static_cast<uint64_t>(t.lines * line_words);
  const int64_t ring = std::max(int64_t{2}, static_cast<int64_t>(std::bit_ceil(wanted)));
  const int64_t held = ring / line_words;  // lines that find a place
  Tile tile(t);
  std::vector<int64_t> released;  // [line, counted over all images] when its place is free
  int64_t lines_in = 0;
  int64_t written = -1;  // last beat of the latest line
  int64_t issued = -1;   // the latest beat left the window's counters
  int64_t warm = 0;
  const int64_t beats_a_line =
      int64_t{pass_beats(t)} * passes(t) * ceil_div(t.cols, t.pe) * t.out_w;  // of the output
  for (int64_t image = 0; image < kWarmUp + kMeasured; ++image) {
    if (image == kWarmUp) warm = tile.output();
    for (int64_t y = 0; y < t.out_h; ++y) {
      const int64_t need =
          image * t.in_h + std::min<int64_t>(y * t.stride + t.kernel_h - t.pad, t.in_h);
      for (; lines_in < need; ++lines_in) {
        const int64_t place =
            lines_in < held ? 0 : released[static_cast<size_t>(lines_in - held)] + 1;
        written = std::max(written + 1, place) + line_words - 1;
      }
      const int64_t first = std::max({written + 2, issued + 1, tile.accumulated(way - 1)});
      tile.position(first + way);
      for (int32_t x = 1; x < t.out_w; ++x) tile.position(0);
      issued = std::max(first + beats_a_line - 1, tile.accumulated(way));
      const int64_t free = std::max(issued + 3, tile.accumulated(way - 3));
      const int64_t through = y + 1 == t.out_h ? t.in_h : (y + 1) * t.stride - t.pad;
      const int64_t lines_done = image * t.in_h + std::max<int64_t>(through, 0);
      while (static_cast<int64_t>(released.size()) < lines_done) released.push_back(free);
    }
  }
  return (tile.output() - warm + kMeasured - 1) / kMeasured;
}

int64_t pool_cycles(int32_t in_h, int32_t in_w, int32_t in_c, int32_t kernel, int32_t stride) {
  const int64_t beats = int64_t{in_h} * in_w * in_c;
  if (in_c >= 4) return beats;
  const int64_t windows = int64_t{(in_h - kernel) / stride + 1} * ((in_w - kernel) / stride + 1);
  return beats + 3 * windows * kernel * kernel * in_c;
}

int32_t mac_latency(int32_t in_bits, bool in_signed, int32_t row_lanes, bool dsp) {
  constexpr int32_t kWeightBits = 9;  // at most: what matters is that they are not over 16
  return 2 + mul_latency(in_bits, in_signed, kWeightBits, dsp) + ceil_log2(row_lanes);
}

int32_t requant_stages(int32_t v_bits, bool dsp) {
  return mul_latency(16, false, v_bits, dsp) + 4;  // v; two of the shifter; the output
}

int32_t adc_latency(const AdcTiming& adc) {
  constexpr int32_t kDspLevels = 4;
  constexpr int32_t kColumnLatency = 3;  // of xb_adc_column
  int32_t levels = kDspLevels;
  if (!adc.dsp && adc.per_column) {
    // The offset and the half of the last place are addends of their own.
    levels = ceil_log2(std::popcount(static_cast<uint32_t>(adc.mask)) + 2);
  } else if (!adc.dsp) {
    const int32_t digits =
        std::min(any_digits(adc.mult, false).count(), any_digits(adc.mult, true).count());
    levels = std::max(1, ceil_log2(digits + 1));
  }
  int32_t ahead = adc.per_column ? kColumnLatency : 0;
  if (!adc.noise_mult.empty()) {
    // xb_noise: its rounds, three stages of the draw, its own multiplier; and the sum.
    const int32_t bits = any_digits(adc.noise_mult, false).count();
    ahead = ir::kNoiseRounds + 3 + std::max(1, ceil_log2(bits + 1)) + 1;
  }
  return ahead + levels + 1 + (adc.per_column || adc.clip ? 1 : 0) + (adc.inl ? 2 : 0);
}

int32_t adc_latency(const std::vector<int32_t>& adc_mult) {
  AdcTiming adc;
  adc.mult = adc_mult;
  return adc_latency(adc);
}

int32_t lsb_latency(const LsbTiming& t) {
  if (t.lsb_bits > 0) return mul_latency(t.lsb_bits, false, t.adc_bits + 1, t.dsp);
  const bool multiplies = std::any_of(t.lsb.begin(), t.lsb.end(), [](int32_t lsb) {
    return std::popcount(static_cast<uint32_t>(lsb)) > 1;
  });
  return multiplies ? 1 : 0;
}

int32_t tile_depth(const LayerTiming& t) {
  const int32_t latency = out_latency(t) + 1;
  const int32_t words = column_words(t);
  const int32_t tiles = ceil_div(t.rows, t.tile_rows);
  const int32_t segment = std::max(passes(t) * (pass_beats(t) + tiles), t.pe * words);
  return latency / segment * t.pe + std::min(t.pe, ceil_div(latency % segment, words));
}

}  // namespace crosstwin::hwgen
