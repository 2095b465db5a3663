// Which activations a crossbar sees at each output position.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compress/ir/design.hpp"

namespace crosstwin::twin {

// Maps are in h, w, c order.
class Window {
 public:
  explicit Window(const ir::Stage& stage);  // a crossbar stage

  int32_t positions() const { return static_cast<int32_t>(corner_.size()); }
  int32_t rows() const { return static_cast<int32_t>(offset_.size()); }

  // The map with its padding, ready for gather(). `padded` is working memory; without padding the
  // map itself is returned.
  std::span<const int32_t> pad(std::span<const int32_t> map, std::vector<int32_t>& padded) const;

  // The same into an array of padded_size(), which a map without padding needs too.
  int64_t padded_size() const { return int64_t{in_.c} * (in_.h + 2 * pad_) * (in_.w + 2 * pad_); }
  void pad(std::span<const int32_t> map, int32_t* padded) const;

  // x[rows] of one output position, in crossbar row order.
  void gather(std::span<const int32_t> padded, int32_t position, std::span<int32_t> x) const;
  // x[rows][stride] of `count` positions, from number `first` on; positions of consecutive maps are
  // numbered through.
  void gather(const int32_t* padded, int64_t first, int32_t count, int32_t stride,
              int32_t* x) const;

 private:
  ir::Shape in_;
  int32_t pad_ = 0;
  std::vector<int32_t> pad_value_;
  std::vector<int32_t> corner_;  // [positions] index of the window's first activation
  std::vector<int32_t> offset_;  // [rows] from the corner
};

}  // namespace crosstwin::twin
