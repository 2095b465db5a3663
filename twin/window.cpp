// Index arithmetic of windows over a padded map.
// SPDX-License-Identifier: Apache-2.0
#include "twin/window.hpp"

#include <algorithm>

#include "compress/ir/error.hpp"

namespace crosstwin::twin {

Window::Window(const ir::Stage& stage) : in_(stage.in) {
  const auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind);
  ir::check(crossbar != nullptr, "a window belongs to a crossbar");
  pad_ = crossbar->pad;
  pad_value_ = crossbar->pad_value;
  const int32_t line = (in_.w + 2 * pad_) * in_.c;
  for (int32_t y = 0; y < stage.out.h; ++y) {
    for (int32_t x = 0; x < stage.out.w; ++x) {
      corner_.push_back(y * crossbar->stride * line + x * crossbar->stride * in_.c);
    }
  }
  for (const int32_t row : crossbar->rows) {
    const int32_t kx = row % crossbar->kernel_w;
    const int32_t ky = row / crossbar->kernel_w % crossbar->kernel_h;
    const int32_t channel = row / crossbar->kernel_w / crossbar->kernel_h;
    offset_.push_back(ky * line + kx * in_.c + channel);
  }
}

std::span<const int32_t> Window::pad(std::span<const int32_t> map,
                                     std::vector<int32_t>& padded) const {
  if (pad_ == 0) return map;
  padded.resize(static_cast<size_t>(padded_size()));
  pad(map, padded.data());
  return padded;
}

void Window::pad(std::span<const int32_t> map, int32_t* padded) const {
  const int32_t line = in_.w + 2 * pad_;
  int32_t* to = padded;
  if (pad_ != 0) {
    for (int32_t pixel = 0; pixel < line * (in_.h + 2 * pad_); ++pixel) {
      to = std::copy(pad_value_.begin(), pad_value_.end(), to);
    }
  }
  for (int32_t y = 0; y < in_.h; ++y) {
    const auto from = map.begin() + int64_t{y} * in_.w * in_.c;
    std::copy(from, from + int64_t{in_.w} * in_.c,
              padded + (int64_t{y + pad_} * line + pad_) * in_.c);
  }
}

void Window::gather(std::span<const int32_t> padded, int32_t position, std::span<int32_t> x) const {
  const int32_t* corner = padded.data() + corner_[static_cast<size_t>(position)];
  for (size_t r = 0; r < offset_.size(); ++r) x[r] = corner[offset_[r]];
}

void Window::gather(const int32_t* padded, int64_t first, int32_t count, int32_t stride,
                    int32_t* x) const {
  for (int32_t i = 0; i < count; ++i) {
    const int64_t map = (first + i) / positions();
    const int32_t* corner =
        padded + map * padded_size() + corner_[static_cast<size_t>((first + i) % positions())];
    for (size_t r = 0; r < offset_.size(); ++r) {
      x[r * static_cast<size_t>(stride) + static_cast<size_t>(i)] = corner[offset_[r]];
    }
  }
}

}  // namespace crosstwin::twin
