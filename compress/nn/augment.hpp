// Random distortions of training images, drawn per (seed, epoch, image).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "compress/ir/network.hpp"

namespace crosstwin::nn {

// Amplitudes; all zero = images pass unchanged. Every image draws its own strength uniformly from
// [1 - strength_spread, 1], which multiplies all geometric amplitudes but the flip and the crop.
struct Augmentation {
  float rotation = 0;  // degrees, uniform in +-
  float scale = 0;     // relative, uniform in 1 +-, each axis by its own draw
  float shear = 0;     // uniform in +-: x += shear * y
  float shift = 0;     // pixels, uniform in +-, each axis
  float elastic = 0;   // pixels, amplitude of a smooth random displacement (bilinear 4x4 grid)
  float strength_spread = 1;
  bool flip = false;  // left-right with probability 1/2
  int32_t crop = 0;   // pixels: pad by this, then cut the size again at a random integer place
  friend bool operator==(const Augmentation&, const Augmentation&) = default;

  bool identity() const;
};

// Writes the distorted image (bilinear; outside is `fill` of the channel) to `out`; both are
// [c][h][w]. `fill` [c] is the Input's zero. Equal arguments give equal bytes on any machine.
void augment(const Augmentation& config, const ir::Shape& shape, std::span<const int32_t> fill,
             uint64_t seed, uint64_t epoch, uint64_t image, const uint8_t* in, uint8_t* out);

}  // namespace crosstwin::nn
