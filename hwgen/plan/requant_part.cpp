// Control of xb_requant.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/part.hpp"

namespace crosstwin::hwgen {
namespace {

// Cycles out of reset until the word of the first column is there.
constexpr int32_t kFill = 2;

class Serial final : public Part {
 public:
  explicit Serial(const LayerTiming& t) : cycles_(t.requant) {}
  bool valid() const override { return valid_; }
  bool ready(bool) const override { return left_ == 0 && fill_ == 0; }
  void step(bool in_valid, bool out_ready) override {
    const bool accept = in_valid && ready(out_ready);
    const bool free = !valid_ || out_ready;
    if (out_ready) valid_ = false;
    if (left_ == 1 && free) {
      valid_ = true;
      left_ = 0;
    } else if (left_ > 1) {
      --left_;
    }
    if (accept) {
      left_ = cycles_[col_] - 1;
      col_ = col_ + 1 == cycles_.size() ? 0 : col_ + 1;
    }
    if (fill_ > 0) --fill_;
  }

 private:
  std::vector<int32_t> cycles_;  // of each column
  size_t col_ = 0;
  int32_t left_ = 0;  // cycles until the result stands at the output, the last of them waits for it
  int32_t fill_ = kFill;
  bool valid_ = false;
};

// Logits (one stage) and the pipelined form: all stages move while the output can.
class Pipelined final : public Part {
 public:
  explicit Pipelined(int32_t stages) : stage_(static_cast<size_t>(stages)) {}
  bool valid() const override { return stage_.back() != 0; }
  bool ready(bool out_ready) const override { return (!valid() || out_ready) && fill_ == 0; }
  void step(bool in_valid, bool out_ready) override {
    const bool accept = in_valid && ready(out_ready);
    if (!valid() || out_ready) {
      for (size_t at = stage_.size() - 1; at > 0; --at) stage_[at] = stage_[at - 1];
      stage_[0] = accept;
    }
    if (fill_ > 0) --fill_;
  }

 private:
  std::vector<uint8_t> stage_;
  int32_t fill_ = kFill;
};

}  // namespace

std::unique_ptr<Part> requant_part(const LayerTiming& timing) {
  if (timing.requant_stages > 0) return std::make_unique<Pipelined>(timing.requant_stages);
  return std::make_unique<Serial>(timing);
}

}  // namespace crosstwin::hwgen
