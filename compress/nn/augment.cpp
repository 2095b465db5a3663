// Distortions as one backward map: every target pixel says where it comes from.
// SPDX-License-Identifier: Apache-2.0
//
// Source of the elastic part: Simard, Steinkraus and Platt 2003.
// Deviations: the displacement is a 4x4 grid of random vectors, interpolated bilinearly, instead of
// smoothed noise: as smooth at these sizes, and a tenth of the time.
#include "compress/nn/augment.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>
#include <vector>

#include "compress/ir/rng.hpp"
#include "compress/nn/exact_math.hpp"

namespace crosstwin::nn {

namespace {

constexpr uint64_t kAugmentStream = 0x6175676D;  // "augm"
constexpr int kGrid = 4;

// Where target pixels come from, as an affine map about the centre plus a displacement.
struct Warp {
  float xx = 1, xy = 0, yx = 0, yy = 1;
  float shift_x = 0, shift_y = 0;
  std::array<float, kGrid * kGrid> grid_x{}, grid_y{};
  bool elastic = false;
};

Warp draw_warp(const Augmentation& a, ir::Rng& rng) {
  const float strength = rng.uniform(1 - a.strength_spread, 1);
  const auto within = [&](float amplitude) {
    return strength * rng.uniform(-amplitude, amplitude);
  };
  const double angle = within(a.rotation) * std::numbers::pi / 180;
  const float scale_x = 1 + within(a.scale);
  const float scale_y = 1 + within(a.scale);
  const float shear = within(a.shear);
  const auto c = static_cast<float>(exact_cos(angle));
  const auto s = static_cast<float>(exact_sin(angle));
  Warp w;
  w.xx = c * scale_x;
  w.xy = (c * shear - s) * scale_x;
  w.yx = s * scale_y;
  w.yy = (s * shear + c) * scale_y;
  w.shift_x = within(a.shift);
  w.shift_y = within(a.shift);
  w.elastic = a.elastic > 0;
  if (w.elastic) {
    for (float& v : w.grid_x) v = within(a.elastic);
    for (float& v : w.grid_y) v = within(a.elastic);
  }
  return w;
}

bool geometric(const Augmentation& a) {
  return a.rotation > 0 || a.scale > 0 || a.shear > 0 || a.shift > 0 || a.elastic > 0;
}

// Place of a pixel in the displacement grid: cell and fraction.
struct Cell {
  int index;
  float fraction;
};
Cell cell_of(int32_t at, int32_t extent) {
  const float place =
      extent > 1 ? static_cast<float>(at) * (kGrid - 1) / static_cast<float>(extent - 1) : 0.0F;
  const int index = std::min(static_cast<int>(place), kGrid - 2);
  return {index, place - static_cast<float>(index)};
}

// One row of the displacement, the grid interpolated at height y.
std::array<float, kGrid> grid_row(const std::array<float, kGrid * kGrid>& grid, const Cell& y) {
  std::array<float, kGrid> row{};
  for (int i = 0; i < kGrid; ++i) {
    const auto at = static_cast<size_t>(y.index * kGrid + i);
    row[static_cast<size_t>(i)] = grid[at] + y.fraction * (grid[at + kGrid] - grid[at]);
  }
  return row;
}

// To the nearest 1/256. Far outside is outside; the bound keeps the conversion within int32.
int32_t fixed_point(float place) {
  const float scaled = std::clamp(place, -4096.0F, 4096.0F) * 256 + 0.5F;
  const auto whole = static_cast<int32_t>(scaled);  // towards zero
  return whole - (scaled < static_cast<float>(whole) ? 1 : 0);
}

// Bilinear with 8-bit fractions; outside the image is `fill`.
uint8_t sample(const uint8_t* plane, int32_t h, int32_t w, int32_t fill, int32_t x256,
               int32_t y256) {
  const int32_t x = x256 >> 8;
  const int32_t y = y256 >> 8;
  if (x < -1 || y < -1 || x >= w || y >= h) return static_cast<uint8_t>(fill);
  const int32_t fx = x256 & 255;
  const int32_t fy = y256 & 255;
  const uint8_t* at = plane + y * w + x;
  int32_t a, b, c, d;
  if (x >= 0 && y >= 0 && x + 1 < w && y + 1 < h) {
    a = at[0];
    b = at[1];
    c = at[w];
    d = at[w + 1];
  } else {
    const auto get = [&](int32_t dx, int32_t dy) -> int32_t {
      return x + dx >= 0 && x + dx < w && y + dy >= 0 && y + dy < h ? at[dy * w + dx] : fill;
    };
    a = get(0, 0);
    b = get(1, 0);
    c = get(0, 1);
    d = get(1, 1);
  }
  const int32_t top = (a << 8) + fx * (b - a);
  const int32_t bottom = (c << 8) + fx * (d - c);
  return static_cast<uint8_t>(((top << 8) + fy * (bottom - top) + (1 << 15)) >> 16);
}

// Flip and crop move whole pixels: target (y, x) shows source (y + dy, x + dx), mirrored or not.
struct Whole {
  int32_t dx = 0;
  int32_t dy = 0;
  bool flip = false;
};

void move(const ir::Shape& shape, std::span<const int32_t> fill, const Whole& whole,
          const uint8_t* in, uint8_t* out) {
  for (int32_t c = 0; c < shape.c; ++c) {
    for (int32_t y = 0; y < shape.h; ++y) {
      for (int32_t x = 0; x < shape.w; ++x) {
        const int32_t sy = y + whole.dy;
        const int32_t sx = (whole.flip ? shape.w - 1 - x : x) + whole.dx;
        const bool inside = sy >= 0 && sy < shape.h && sx >= 0 && sx < shape.w;
        *out++ = inside ? in[(int64_t{c} * shape.h + sy) * shape.w + sx]
                        : static_cast<uint8_t>(fill[static_cast<size_t>(c)]);
      }
    }
  }
}

void warp(const ir::Shape& shape, std::span<const int32_t> fill, const Warp& w, const uint8_t* in,
          uint8_t* out) {
  const float centre_x = static_cast<float>(shape.w - 1) * 0.5F;
  const float centre_y = static_cast<float>(shape.h - 1) * 0.5F;
  const int64_t plane = int64_t{shape.h} * shape.w;
  std::vector<Cell> columns;
  for (int32_t x = 0; w.elastic && x < shape.w; ++x) columns.push_back(cell_of(x, shape.w));
  for (int32_t y = 0; y < shape.h; ++y) {
    const float v = static_cast<float>(y) - centre_y;
    std::array<float, kGrid> move_x{}, move_y{};
    if (w.elastic) {
      const Cell cell = cell_of(y, shape.h);
      move_x = grid_row(w.grid_x, cell);
      move_y = grid_row(w.grid_y, cell);
    }
    for (int32_t x = 0; x < shape.w; ++x) {
      const float u = static_cast<float>(x) - centre_x;
      float sx = w.xx * u + w.xy * v + centre_x - w.shift_x;
      float sy = w.yx * u + w.yy * v + centre_y - w.shift_y;
      if (w.elastic) {
        const Cell& cell = columns[static_cast<size_t>(x)];
        const auto i = static_cast<size_t>(cell.index);
        sx += move_x[i] + cell.fraction * (move_x[i + 1] - move_x[i]);
        sy += move_y[i] + cell.fraction * (move_y[i + 1] - move_y[i]);
      }
      const int32_t x256 = fixed_point(sx);
      const int32_t y256 = fixed_point(sy);
      for (int32_t c = 0; c < shape.c; ++c) {
        out[c * plane + int64_t{y} * shape.w + x] =
            sample(in + c * plane, shape.h, shape.w, fill[static_cast<size_t>(c)], x256, y256);
      }
    }
  }
}

}  // namespace

bool Augmentation::identity() const { return !geometric(*this) && !flip && crop == 0; }

void augment(const Augmentation& config, const ir::Shape& shape, std::span<const int32_t> fill,
             uint64_t seed, uint64_t epoch, uint64_t image, const uint8_t* in, uint8_t* out) {
  ir::Rng rng = ir::Rng(seed, kAugmentStream).at(epoch).at(image);
  Whole whole;
  whole.flip = config.flip && (rng.next_u32() & 1) != 0;
  if (config.crop > 0) {
    const auto choices = static_cast<uint32_t>(2 * config.crop + 1);
    whole.dx = static_cast<int32_t>(rng.below(choices)) - config.crop;
    whole.dy = static_cast<int32_t>(rng.below(choices)) - config.crop;
  }
  const bool moves = config.flip || config.crop > 0;
  if (!geometric(config)) {
    move(shape, fill, whole, in, out);
    return;
  }
  const Warp w = draw_warp(config, rng);
  if (!moves) {
    warp(shape, fill, w, in, out);
    return;
  }
  std::vector<uint8_t> moved(static_cast<size_t>(shape.size()));
  move(shape, fill, whole, in, moved.data());
  warp(shape, fill, w, moved.data(), out);
}

}  // namespace crosstwin::nn
