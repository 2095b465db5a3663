// The cycle model of the templates: followed event by event, from the same numbers as the RTL.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/cycles.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace crosstwin::hwgen {
namespace {

constexpr int64_t kLongAgo = -1'000'000;

// xb_tile and xb_requant. Times are cycles; a segment is one (group, row tile) of a position.
class Tile {
 public:
  explicit Tile(const LayerTiming& t)
      : t_(t),
        groups_((t.cols + t.pe - 1) / t.pe),
        row_tiles_((t.rows + t.tile_rows - 1) / t.tile_rows),
        words_(int64_t{2} * t.slices * t.in_bits / t.adc_lanes) {
    history_.fill({kLongAgo, 0});
  }

  // One position, whose first row reaches the accumulators at `earliest` or later.
  void position(int64_t earliest) {
    for (int32_t group = 0; group < groups_; ++group) {
      for (int32_t tile = 0; tile < row_tiles_; ++tile) {
        const int64_t rows = std::min(t_.tile_rows, t_.rows - tile * t_.tile_rows);
        const int64_t first = std::max(snapshot_ + 1, earliest);
        history_[newest_ = (newest_ + 1) % history_.size()] = {first, rows};
        snapshot_ = std::max(first + rows, converted_);
        convert(group, tile == row_tiles_ - 1);
      }
    }
  }

  int64_t snapshot() const { return snapshot_; }  // of the latest segment

  // When the row `back` rows before the latest one was accumulated.
  int64_t accumulated(int64_t back) const {
    size_t at = newest_;
    while (back >= history_[at].rows && history_[at].first != kLongAgo) {
      back -= history_[at].rows;
      at = (at + history_.size() - 1) % history_.size();
    }
    return history_[at].first + history_[at].rows - 1 - back;
  }

 private:
  struct Segment {
    int64_t first, rows;
  };

  void convert(int32_t group, bool last_tile) {
    converted_ = snapshot_;
    for (int32_t col = group * t_.pe; col < std::min(t_.cols, (group + 1) * t_.pe); ++col) {
      converted_ += words_;
      if (!last_tile) continue;
      converted_ = std::max(converted_, sum_taken_ + 1);
      // From the last word to the output register: the converter, term, sum, output.
      sum_taken_ = std::max(converted_ + t_.adc_latency + 3, requantizer_free_);
      requantizer_free_ = sum_taken_ + t_.requant[static_cast<size_t>(col)];
    }
  }

  const LayerTiming& t_;
  int32_t groups_;
  int32_t row_tiles_;
  int64_t words_;  // cycles in which a column of a segment leaves the shift register
  int64_t snapshot_ = 0;
  int64_t converted_ = 0;         // the segment's last word has left
  int64_t sum_taken_ = kLongAgo;  // the requantizer has accepted the latest column sum
  int64_t requantizer_free_ = 0;  // it may accept the next
  std::array<Segment, 16> history_;
  size_t newest_ = 0;
};

}  // namespace

int64_t tile_cycles(const LayerTiming& t) {
  // Followed over a few positions, from an idle tile, until it repeats.
  constexpr int32_t kWarmUp = 16;
  constexpr int32_t kMeasured = 16;
  Tile tile(t);
  for (int32_t position = 0; position < kWarmUp; ++position) tile.position(0);
  const int64_t warm = tile.snapshot();
  for (int32_t position = 0; position < kMeasured; ++position) tile.position(0);
  return int64_t{t.out_h} * t.out_w * (tile.snapshot() - warm) / kMeasured;
}

int64_t layer_cycles(const LayerTiming& t) {
  constexpr int32_t kWarmUp = 3;
  constexpr int32_t kMeasured = 3;
  // Registers that a row passes from xb_window's issue to xb_tile's accumulators.
  const int64_t way = 5 + (t.per_cell ? 2 : 4);
  const int64_t line_words = int64_t{t.in_w} * t.in_c;
  const auto wanted = static_cast<uint64_t>(t.lines * line_words);
  const int64_t ring = std::max(int64_t{2}, static_cast<int64_t>(std::bit_ceil(wanted)));
  const int64_t held = ring / line_words;  // lines that find a place
  Tile tile(t);
  std::vector<int64_t> released;  // [line, counted over all images] when its place is free
  int64_t lines_in = 0;
  int64_t written = -1;  // last beat of the latest line
  int64_t issued = -1;   // the latest row left the window's counters
  int64_t warm = 0;
  const int64_t rows_a_line =
      int64_t{t.rows} * ((t.cols + t.pe - 1) / t.pe) * t.out_w;  // of the output
  for (int64_t image = 0; image < kWarmUp + kMeasured; ++image) {
    if (image == kWarmUp) warm = tile.snapshot();
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
      issued = std::max(first + rows_a_line - 1, tile.accumulated(way));
      const int64_t free = std::max(issued + 3, tile.accumulated(way - 3));
      const int64_t through = y + 1 == t.out_h ? t.in_h : (y + 1) * t.stride - t.pad;
      const int64_t lines_done = image * t.in_h + std::max<int64_t>(through, 0);
      while (static_cast<int64_t>(released.size()) < lines_done) released.push_back(free);
    }
  }
  return (tile.snapshot() - warm + kMeasured - 1) / kMeasured;
}

int64_t pool_cycles(int32_t in_h, int32_t in_w, int32_t in_c, int32_t kernel, int32_t stride) {
  const int64_t beats = int64_t{in_h} * in_w * in_c;
  if (in_c >= 4) return beats;
  const int64_t windows = int64_t{(in_h - kernel) / stride + 1} * ((in_w - kernel) / stride + 1);
  return beats + 3 * windows * kernel * kernel * in_c;
}

int32_t adc_latency(const std::vector<int32_t>& adc_mult) {
  uint32_t used = 0;
  for (const int32_t mult : adc_mult) used |= static_cast<uint32_t>(mult);
  const auto addends = static_cast<uint32_t>(std::popcount(used)) + 1;  // and the offset
  return std::max(1, static_cast<int32_t>(std::bit_width(addends - 1))) + 1;
}

}  // namespace crosstwin::hwgen
