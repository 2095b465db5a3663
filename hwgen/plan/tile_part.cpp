// Control of xb_tile and xb_mac.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hwgen/plan/part.hpp"

namespace crosstwin::hwgen {
namespace {

// A shift register of flags.
class Flags {
 public:
  explicit Flags(int32_t depth) : flag_(static_cast<size_t>(depth)) {}
  bool last() const { return flag_[at_] != 0; }
  void push(bool flag) {
    flag_[at_] = flag;
    at_ = at_ + 1 == flag_.size() ? 0 : at_ + 1;
  }

 private:
  std::vector<uint8_t> flag_;
  size_t at_ = 0;  // the oldest
};

// Where a stream of column groups stands: beats a segment on the way in, columns on the way out.
struct Shape {
  explicit Shape(const LayerTiming& t)
      : groups(column_groups(t)),
        last_cols(t.cols - (groups - 1) * t.pe),
        row_tiles(hwgen::row_tiles(t)),
        passes(hwgen::passes(t)),
        full_beats((std::min(t.rows, t.collapsed ? t.rows : t.tile_rows) + t.row_lanes - 1) /
                   t.row_lanes),
        last_beats(pass_beats(t) - (row_tiles - 1) * full_beats) {}
  int32_t groups, last_cols, row_tiles, passes;
  int32_t full_beats, last_beats;  // of a row tile, of the last row tile
};

class Tile final : public Part {
 public:
  explicit Tile(const LayerTiming& t)
      : s_(t),
        pe_(t.pe),
        words_(column_words(t)),
        places_(tile_depth(t)),
        row_valid_(row_latency(t)),
        row_end_(row_latency(t)),
        sent_(out_latency(t) - 1) {}

  bool valid() const override { return queued_ > 0; }
  bool ready(bool) const override { return moves(); }

  void step(bool in_valid, bool out_ready) override {
    const bool move = moves();
    const bool load = full_ && free_;
    const bool arrives = row_valid_.last() && row_end_.last();
    full_ = full_ ? !free_ : arrives;
    if (move) shift_rows(in_valid);

    // The head word leaves; what it is counts for what the next may do.
    const bool col_end = word_ == words_ - 1;
    const int32_t cols = group_ == s_.groups - 1 ? s_.last_cols : pe_;
    const bool seg_end = col_end && col_ == cols - 1;
    const bool sums = tile_ == s_.row_tiles - 1 && pass_ == s_.passes - 1;
    const bool send = issue_ && col_end && sums;
    const bool taken = queued_ > 0 && out_ready;
    const bool came = sent_.last();
    sent_.push(send);
    queued_ += (came ? 1 : 0) - (taken ? 1 : 0);
    used_ += (send ? 1 : 0) - (taken ? 1 : 0);
    const bool busy = (load && !flush_) || (busy_ && !(issue_ && seg_end));
    if (issue_) advance(col_end, seg_end);
    const bool next_col_end = word_ == words_ - 1;
    const int32_t next_cols = group_ == s_.groups - 1 ? s_.last_cols : pe_;
    const bool next_sums = tile_ == s_.row_tiles - 1 && pass_ == s_.passes - 1;
    const bool stuck = next_col_end && next_sums && used_ == places_;
    busy_ = busy;
    issue_ = busy && !stuck;
    free_ = !busy || (next_col_end && col_ == next_cols - 1 && !stuck);
    flush_ = false;
  }

 private:
  bool moves() const { return !(full_ && row_valid_.last()); }

  void shift_rows(bool in_valid) {
    const bool last_tile = in_tile_ == s_.row_tiles - 1;
    const bool end = in_beat_ == (last_tile ? s_.last_beats : s_.full_beats) - 1;
    row_valid_.push(in_valid);
    row_end_.push(end);
    if (!in_valid) return;
    in_beat_ = end ? 0 : in_beat_ + 1;
    if (end) in_tile_ = last_tile ? 0 : in_tile_ + 1;
  }

  void advance(bool col_end, bool seg_end) {
    word_ = col_end ? 0 : word_ + 1;
    if (col_end) col_ = seg_end ? 0 : col_ + 1;
    if (!seg_end || ++tile_ < s_.row_tiles) return;
    tile_ = 0;
    if (++pass_ < s_.passes) return;
    pass_ = 0;
    if (++group_ == s_.groups) group_ = 0;
  }

  Shape s_;
  int32_t pe_;
  int32_t words_;   // cycles in which a column of a segment is converted
  int32_t places_;  // of the output
  Flags row_valid_, row_end_;
  int32_t in_beat_ = 0, in_tile_ = 0;
  bool full_ = true, flush_ = true, free_ = true;
  bool busy_ = false, issue_ = false;
  int32_t word_ = 0, col_ = 0, tile_ = 0, pass_ = 0, group_ = 0;
  Flags sent_;          // column sums between the shift register and the output
  int32_t queued_ = 0;  // at the output
  int32_t used_ = 0;    // places that are taken, or will be by a sum on its way
};

class Mac final : public Part {
 public:
  explicit Mac(const LayerTiming& t)
      : s_(t), pe_(t.pe), valid_(row_latency(t)), end_(row_latency(t)) {}

  bool valid() const override { return busy_; }
  bool ready(bool out_ready) const override { return moves(out_ready); }

  void step(bool in_valid, bool out_ready) override {
    const bool move = moves(out_ready);
    const bool free = takes(out_ready);
    const bool load = full_ && free;
    const bool leave = busy_ && out_ready;
    const bool last = last_column();
    full_ = (move && valid_.last() && end_.last()) || (full_ && !free);
    if (move) {
      const bool end = beat_ == s_.full_beats - 1;
      valid_.push(in_valid);
      end_.push(end);
      if (in_valid) beat_ = end ? 0 : beat_ + 1;
    }
    busy_ = load || (busy_ && !(leave && last));
    if (!leave) return;
    col_ = last ? 0 : col_ + 1;
    if (last) group_ = group_ == s_.groups - 1 ? 0 : group_ + 1;
  }

 private:
  bool last_column() const { return col_ == (group_ == s_.groups - 1 ? s_.last_cols : pe_) - 1; }
  // The output register takes a group. It looks through out_ready where columns outnumber beats.
  bool takes(bool out_ready) const {
    return !busy_ || (pe_ >= s_.full_beats && out_ready && last_column());
  }
  bool moves(bool out_ready) const { return !(full_ && valid_.last() && !takes(out_ready)); }

  Shape s_;
  int32_t pe_;
  Flags valid_, end_;
  int32_t beat_ = 0;
  bool full_ = false, busy_ = false;
  int32_t col_ = 0, group_ = 0;
};

}  // namespace

std::unique_ptr<Part> tile_part(const LayerTiming& timing) {
  if (timing.collapsed) return std::make_unique<Mac>(timing);
  return std::make_unique<Tile>(timing);
}

}  // namespace crosstwin::hwgen
