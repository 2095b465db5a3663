// Control of xb_window.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "hwgen/plan/part.hpp"

namespace crosstwin::hwgen {
namespace {

class Window final : public Part {
 public:
  explicit Window(const LayerTiming& t)
      : t_(t),
        line_words_(t.in_w * t.in_c),
        beats_(pass_beats(t)),
        repeats_(column_groups(t) * passes(t)),
        surplus_(t.pad - t.kernel_h) {
    const auto wanted = static_cast<uint64_t>(t.lines) * static_cast<uint64_t>(line_words_);
    const auto ring = std::max<int64_t>(2, static_cast<int64_t>(std::bit_ceil(wanted)));
    room_ = static_cast<int32_t>(ring / line_words_);
  }

  bool valid() const override { return valid_[4]; }
  bool ready(bool) const override { return room_ > 0; }

  void step(bool in_valid, bool out_ready) override {
    const bool move = !valid_[4] || out_ready;
    const bool write = in_valid && room_ > 0;
    const bool line_end = write && wr_col_ == line_words_ - 1;
    const bool issue = move && surplus_ >= 0;
    const bool pos_end = beat_ == beats_ - 1 && repeat_ == repeats_ - 1;
    const bool row_end = pos_end && ox_ == t_.out_w - 1;
    const bool image_end = row_end && oy_ == t_.out_h - 1;

    if (line_end) --room_;
    if (move && valid_[2] && row_end_[2]) room_ += released(image_end_[2]);
    if (move) {
      for (int at = 4; at > 0; --at) valid_[at] = valid_[at - 1];
      valid_[0] = issue;
      for (int at = 2; at > 0; --at) {
        row_end_[at] = row_end_[at - 1];
        image_end_[at] = image_end_[at - 1];
      }
      row_end_[0] = row_end;
      image_end_[0] = image_end;
    }
    if (line_done_) {
      // The padding counts as lines that come with an image's last.
      const bool last = line_ == t_.in_h - 1;
      surplus_ += last ? 1 + 2 * t_.pad : 1;
      line_ = last ? 0 : line_ + 1;
    }
    if (issue) advance(pos_end, row_end, image_end);
    if (write) wr_col_ = line_end ? 0 : wr_col_ + 1;
    line_done_ = line_end;
  }

 private:
  void advance(bool pos_end, bool row_end, bool image_end) {
    beat_ = beat_ == beats_ - 1 ? 0 : beat_ + 1;
    if (beat_ == 0) repeat_ = pos_end ? 0 : repeat_ + 1;
    if (pos_end) ox_ = row_end ? 0 : ox_ + 1;
    if (!row_end) return;
    surplus_ -= image_end ? t_.in_h + 2 * t_.pad - (t_.out_h - 1) * t_.stride : t_.stride;
    oy_ = image_end ? 0 : oy_ + 1;
  }

  // Lines that no later output row of the image needs, once a row has been read.
  int32_t released(bool image_end) {
    const int32_t through =
        image_end ? t_.in_h : std::max(0, (released_rows_ + 1) * t_.stride - t_.pad);
    const int32_t more = through - released_;
    released_ = image_end ? 0 : through;
    released_rows_ = image_end ? 0 : released_rows_ + 1;
    return more;
  }

  LayerTiming t_;
  int32_t line_words_;
  int32_t beats_;
  int32_t repeats_;  // times each position's beats are sent
  int32_t room_;     // free lines
  int32_t wr_col_ = 0;
  int32_t line_ = 0;  // of the image, next to be counted
  bool line_done_ = false;
  int32_t surplus_;  // lines in the ring less lines that the output row needs
  int32_t beat_ = 0, repeat_ = 0, ox_ = 0, oy_ = 0;
  int32_t released_ = 0;       // lines of the image that were given back
  int32_t released_rows_ = 0;  // output rows of the image that were read
  bool valid_[5] = {};
  bool row_end_[3] = {};
  bool image_end_[3] = {};
};

}  // namespace

std::unique_ptr<Part> window_part(const LayerTiming& timing) {
  return std::make_unique<Window>(timing);
}

}  // namespace crosstwin::hwgen
