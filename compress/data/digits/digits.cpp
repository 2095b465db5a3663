// Digits drawn: the pen's way inked into pixels, and sets of them.
// SPDX-License-Identifier: Apache-2.0
#include "compress/data/digits/digits.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>

#include "compress/data/digits/glyphs.hpp"
#include "compress/data/digits/pen_path.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/rng.hpp"

namespace crosstwin::data {
namespace {

constexpr uint64_t kStream = 0x6469676974730000;  // "digits"; then labels or images of a split
constexpr float kInkLow = 0.8F;                   // darkest ink of an image, of 255
constexpr float kSoftLow = 0.8F;                  // width of the edge from ink to paper, pixels
constexpr float kSoftHigh = 1.7F;
constexpr float kNoise = 0.10F;  // largest amplitude of an image's pixel noise, of 255
constexpr float kPaper = 0.05F;  // fainter than this is paper: exactly 0, as scans are cleaned

ir::Rng labels_stream(uint64_t seed, Split split) {
  return ir::Rng(seed, kStream + 2 * static_cast<uint64_t>(split));
}
ir::Rng images_stream(uint64_t seed, Split split) {
  return ir::Rng(seed, kStream + 2 * static_cast<uint64_t>(split) + 1);
}

const Glyph& choose(std::span<const Glyph> glyphs, ir::Rng& rng) {
  uint32_t total = 0;
  for (const Glyph& glyph : glyphs) total += glyph.weight;
  uint32_t draw = rng.below(total);
  size_t i = 0;
  while (draw >= glyphs[i].weight) draw -= glyphs[i++].weight;
  return glyphs[i];
}

using Depth = std::array<float, kDigitSide * kDigitSide>;

// Raises `depth` to how far inside of the pen's mark from a to b each pixel's centre lies, pixels.
void ink(Depth& depth, const Dot& a, const Dot& b) {
  const float reach = std::max(a.radius, b.radius) + kSoftHigh;
  const auto first = [&](float p, float q) {
    return std::clamp(static_cast<int>(std::floor(std::min(p, q) - reach)), 0, kDigitSide);
  };
  const auto last = [&](float p, float q) {
    return std::clamp(static_cast<int>(std::ceil(std::max(p, q) + reach)), 0, kDigitSide);
  };
  const float dx = b.x - a.x;
  const float dy = b.y - a.y;
  const float inverse = 1.0F / std::max(dx * dx + dy * dy, 1e-9F);
  for (int y = first(a.y, b.y); y < last(a.y, b.y); ++y) {
    for (int x = first(a.x, b.x); x < last(a.x, b.x); ++x) {
      const float px = static_cast<float>(x) + 0.5F - a.x;
      const float py = static_cast<float>(y) + 0.5F - a.y;
      const float t = std::clamp((px * dx + py * dy) * inverse, 0.0F, 1.0F);
      const float ex = px - t * dx;
      const float ey = py - t * dy;
      const float inside = a.radius + t * (b.radius - a.radius) - std::sqrt(ex * ex + ey * ey);
      float& deepest = depth[static_cast<size_t>(y * kDigitSide + x)];
      deepest = std::max(deepest, inside);
    }
  }
}

}  // namespace

uint8_t digit_label(uint64_t seed, Split split, int64_t index) {
  ir::check(index >= 0, "digit_label: a negative index");
  ir::Rng rng = labels_stream(seed, split).at(static_cast<uint64_t>(index / 10));
  std::array<uint8_t, 10> order{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  for (uint32_t i = 10; i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  return order[static_cast<size_t>(index % 10)];
}

DigitImage draw_digit(uint64_t seed, Split split, int64_t index) {
  ir::Rng rng = images_stream(seed, split).at(static_cast<uint64_t>(index));
  const Glyph& glyph = choose(glyphs_of(digit_label(seed, split, index)), rng);
  const std::vector<Dot> dots = write_glyph(glyph, rng);
  Depth depth;
  depth.fill(-kSoftHigh);
  for (size_t i = 1; i < dots.size(); ++i) {
    if (!dots[i].starts) ink(depth, dots[i - 1], dots[i]);
  }
  const float soft = rng.uniform(kSoftLow, kSoftHigh);
  const float dark = rng.uniform(kInkLow, 1.0F);
  const float noise = kNoise * rng.uniform();
  DigitImage image;
  for (size_t i = 0; i < image.size(); ++i) {
    const float cover = std::clamp(depth[i] / soft + 0.5F, 0.0F, 1.0F);
    const uint32_t bits = rng.next_u32();
    // Two halves of the draw: a triangle over -1..1.
    const float grain =
        (static_cast<float>(bits >> 16) + static_cast<float>(bits & 0xFFFF)) * (1.0F / 65536.0F) -
        1.0F;
    const float value = dark * cover + noise * grain;
    image[i] = value < kPaper ? 0 : static_cast<uint8_t>(std::min(value, 1.0F) * 255.0F + 0.5F);
  }
  return image;
}

Dataset digits(int64_t count, uint64_t seed, Split split) {
  ir::check(count >= 0, "digits: a negative count");
  constexpr size_t kPixels = kDigitSide * kDigitSide;
  Dataset set{{1, kDigitSide, kDigitSide}, {}, {}, 10};
  set.images.resize(static_cast<size_t>(count) * kPixels);
  set.labels.resize(static_cast<size_t>(count));
  tbb::parallel_for(int64_t{0}, count, [&](int64_t i) {
    const DigitImage image = draw_digit(seed, split, i);
    std::copy(image.begin(), image.end(), set.images.begin() + i * static_cast<int64_t>(kPixels));
    set.labels[static_cast<size_t>(i)] = digit_label(seed, split, i);
  });
  return set;
}

}  // namespace crosstwin::data
