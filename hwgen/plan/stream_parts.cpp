// Control of xb_unpack, xb_max_pool, xb_fifo and xb_argmax.
// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include "hwgen/plan/part.hpp"

namespace crosstwin::hwgen {
namespace {

class Unpack final : public Part {
 public:
  explicit Unpack(int32_t channels) : channels_(channels) {}
  bool valid() const override { return valid_; }
  bool ready(bool out_ready) const override { return !valid_ || (out_ready && left_ == 0); }
  void step(bool in_valid, bool out_ready) override {
    if (ready(out_ready)) {
      valid_ = in_valid;
      left_ = channels_ - 1;
    } else if (out_ready) {
      --left_;
    }
  }

 private:
  int32_t channels_;
  bool valid_ = false;
  int32_t left_ = 0;  // activations behind the one at the output
};

class Argmax final : public Part {
 public:
  bool valid() const override { return valid_; }
  bool ready(bool out_ready) const override { return !valid_ || out_ready; }
  void step(bool in_valid, bool out_ready) override {
    if (ready(out_ready)) valid_ = in_valid;
  }

 private:
  bool valid_ = false;
};

class Pool final : public Part {
 public:
  explicit Pool(const PoolTiming& t)
      : t_(t),
        end_x_(((t.in_w - t.kernel) / t.stride) * t.stride + t.kernel),
        end_y_(((t.in_h - t.kernel) / t.stride) * t.stride + t.kernel) {}

  bool valid() const override { return valid_[3] && final_[3]; }
  bool ready(bool out_ready) const override {
    return moves(out_ready) && (t_.in_c >= 4 || !(valid_[1] || valid_[2] || valid_[3]));
  }
  void step(bool in_valid, bool out_ready) override {
    const bool accept = in_valid && ready(out_ready);
    if (moves(out_ready)) {
      for (int at = 3; at > 1; --at) {
        valid_[at] = valid_[at - 1];
        final_[at] = final_[at - 1];
      }
      const int32_t kx = x_ % t_.stride, ky = y_ % t_.stride;
      valid_[1] = accept && kx < t_.kernel && ky < t_.kernel && x_ < end_x_ && y_ < end_y_;
      final_[1] = kx == t_.kernel - 1 && ky == t_.kernel - 1;
    }
    if (!accept || ++c_ < t_.in_c) return;
    c_ = 0;
    if (++x_ < t_.in_w) return;
    x_ = 0;
    if (++y_ == t_.in_h) y_ = 0;
  }

 private:
  bool moves(bool out_ready) const { return !valid() || out_ready; }

  PoolTiming t_;
  int32_t end_x_, end_y_;  // first column and line that belong to no window
  int32_t c_ = 0, x_ = 0, y_ = 0;
  bool valid_[4] = {};  // [1..3], the pipeline
  bool final_[4] = {};
};

class Fifo final : public Part {
 public:
  explicit Fifo(const FifoTiming& t)
      : depth_(static_cast<size_t>(t.depth)), latency_(fifo_latency(t)) {}
  bool valid() const override { return !due_.empty() && due_.front() <= now_; }
  bool ready(bool) const override { return due_.size() < depth_; }
  void step(bool in_valid, bool out_ready) override {
    const bool push = in_valid && ready(out_ready);
    if (valid() && out_ready) due_.pop_front();
    if (push) due_.push_back(now_ + latency_);
    ++now_;
  }

 private:
  size_t depth_;
  int32_t latency_;
  int64_t now_ = 0;
  std::deque<int64_t> due_;  // when each beat inside may be at the output
};

}  // namespace

std::unique_ptr<Part> fifo_part(const FifoTiming& timing) { return std::make_unique<Fifo>(timing); }
std::unique_ptr<Part> unpack_part(int32_t channels) { return std::make_unique<Unpack>(channels); }
std::unique_ptr<Part> argmax_part() { return std::make_unique<Argmax>(); }
std::unique_ptr<Part> pool_part(const PoolTiming& timing) { return std::make_unique<Pool>(timing); }

}  // namespace crosstwin::hwgen
