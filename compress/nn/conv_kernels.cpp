// Convolution on blocks of 16 images: tiles of outputs x pixels held in registers.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compress/nn/conv_kernels.cpp"
#include <hwy/foreach_target.h>

#include "compress/nn/lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace crosstwin::nn {
namespace HWY_NAMESPACE {

// Pixels at a time, such that Outs * pixels sums leave room for operands among the 32 (AVX-512) or
// 16 registers.
constexpr int32_t pixels_for(int32_t outs) {
  if (kStep == 16) return outs <= 4 ? 6 : 4;
  return outs <= 4 ? 3 : 2;
}
inline constexpr int32_t kGradRows = kStep == 16 ? 6 : 2;

template <int32_t Outs, int32_t Pixels>
void run_pixels(const ConvTile& t, int64_t first, int64_t last, const float* source,
                int64_t target) {
  V acc[Outs][Pixels];
#pragma GCC unroll 8
  for (int32_t o = 0; o < Outs; ++o) {
    const V start = t.bias == nullptr ? zero() : set(t.bias[o]);
#pragma GCC unroll 8
    for (int32_t p = 0; p < Pixels; ++p) acc[o][p] = start;
  }
  if (t.accumulate) {
#pragma GCC unroll 8
    for (int32_t o = 0; o < Outs; ++o) {
#pragma GCC unroll 8
      for (int32_t p = 0; p < Pixels; ++p) {
        acc[o][p] = load(t.target[o] + target + p * t.target_pixel);
      }
    }
  }
  const float* weight = t.weight + first * Outs;
  const int64_t pixel = t.source_pixel;
  for (int64_t k = first; k < last; ++k, weight += Outs) {
    const float* at = source + t.offset[k];
    V x[Pixels];
#pragma GCC unroll 8
    for (int32_t p = 0; p < Pixels; ++p) x[p] = load(at + p * pixel);
#pragma GCC unroll 8
    for (int32_t o = 0; o < Outs; ++o) {
      const V w = set(weight[o]);
#pragma GCC unroll 8
      for (int32_t p = 0; p < Pixels; ++p) acc[o][p] = fma(w, x[p], acc[o][p]);
    }
  }
#pragma GCC unroll 8
  for (int32_t o = 0; o < Outs; ++o) {
#pragma GCC unroll 8
    for (int32_t p = 0; p < Pixels; ++p) {
      const V y = t.relu ? relu(acc[o][p]) : acc[o][p];
      store(y, t.target[o] + target + p * t.target_pixel);
    }
  }
}

template <int32_t Outs, int32_t Pixels>
void run_piece(int32_t take, const ConvTile& t, int64_t first, int64_t last, const float* source,
               int64_t target) {
  if constexpr (Pixels > 1) {
    if (take < Pixels) return run_piece<Outs, Pixels - 1>(take, t, first, last, source, target);
  }
  run_pixels<Outs, Pixels>(t, first, last, source, target);
}

template <int32_t Outs>
void run_tile(const ConvTile& t) {
  constexpr int32_t kPixels = pixels_for(Outs);
  for (int32_t y = 0; y < t.height; ++y) {
    const int64_t first = t.first_tap == nullptr ? 0 : t.first_tap[y];
    const int64_t last = t.last_tap == nullptr ? t.taps : t.last_tap[y];
    for (int64_t lane = 0; lane < kLanes; lane += kStep) {
      const float* source = t.source + y * t.source_row + lane;
      int64_t target = y * t.target_row + lane;
      // Even pieces rather than a full one and a rest: 8 pixels are 4 + 4, not 6 + 2.
      int32_t left = t.width;
      for (int32_t pieces = (t.width + kPixels - 1) / kPixels; pieces > 0; --pieces) {
        const int32_t take = (left + pieces - 1) / pieces;
        run_piece<Outs, kPixels>(take, t, first, last, source, target);
        left -= take;
        source += take * t.source_pixel;
        target += take * t.target_pixel;
      }
    }
  }
}

void conv_tile(const ConvTile& t) {
  static_assert(kTileOuts == 6);
  switch (t.outs) {
    case 1:
      return run_tile<1>(t);
    case 2:
      return run_tile<2>(t);
    case 3:
      return run_tile<3>(t);
    case 4:
      return run_tile<4>(t);
    case 5:
      return run_tile<5>(t);
    default:
      return run_tile<6>(t);
  }
}

template <int32_t Outs, int32_t Rows>
void grad_rows(const ConvGradTile& t, const int32_t* offset, float* grad) {
  HWY_ALIGN float sums[Outs][Rows][kLanes];
  for (int64_t lane = 0; lane < kLanes; lane += kStep) {
    V acc[Outs][Rows];
#pragma GCC unroll 8
    for (int32_t o = 0; o < Outs; ++o) {
#pragma GCC unroll 8
      for (int32_t r = 0; r < Rows; ++r) acc[o][r] = zero();
    }
    for (int32_t y = 0; y < t.height; ++y) {
      const float* x[Rows];
      const float* dy[Outs];
#pragma GCC unroll 8
      for (int32_t r = 0; r < Rows; ++r) x[r] = t.source + offset[r] + y * t.source_row + lane;
#pragma GCC unroll 8
      for (int32_t o = 0; o < Outs; ++o) dy[o] = t.upstream[o] + y * t.upstream_row + lane;
      for (int64_t p = 0; p < t.width; ++p) {
        V g[Outs];
#pragma GCC unroll 8
        for (int32_t o = 0; o < Outs; ++o) g[o] = load(dy[o] + p * t.upstream_pixel);
#pragma GCC unroll 8
        for (int32_t r = 0; r < Rows; ++r) {
          const V v = load(x[r] + p * t.source_pixel);
#pragma GCC unroll 8
          for (int32_t o = 0; o < Outs; ++o) acc[o][r] = fma(g[o], v, acc[o][r]);
        }
      }
    }
#pragma GCC unroll 8
    for (int32_t o = 0; o < Outs; ++o) {
#pragma GCC unroll 8
      for (int32_t r = 0; r < Rows; ++r) store(acc[o][r], sums[o][r] + lane);
    }
  }
  for (int32_t o = 0; o < Outs; ++o) {
    for (int32_t r = 0; r < Rows; ++r) grad[o * t.grad_stride + r] = sum_lanes(sums[o][r]);
  }
}

template <int32_t Outs>
void run_grad(const ConvGradTile& t) {
  int64_t r = 0;
  for (; r + kGradRows <= t.rows; r += kGradRows) {
    grad_rows<Outs, kGradRows>(t, t.offset + r, t.grad + r);
  }
  for (; r < t.rows; ++r) grad_rows<Outs, 1>(t, t.offset + r, t.grad + r);
}

void conv_grad_tile(const ConvGradTile& t) {
  static_assert(kGradOuts == 4);
  switch (t.outs) {
    case 1:
      return run_grad<1>(t);
    case 2:
      return run_grad<2>(t);
    case 3:
      return run_grad<3>(t);
    default:
      return run_grad<4>(t);
  }
}

void plane_sums(const float* source, int64_t planes, int64_t plane, int32_t height, int64_t row,
                int32_t width, float* out) {
  HWY_ALIGN float sums[kLanes];
  for (int64_t c = 0; c < planes; ++c) {
    for (int64_t lane = 0; lane < kLanes; lane += kStep) {
      V acc = zero();
      for (int32_t y = 0; y < height; ++y) {
        const float* at = source + c * plane + y * row + lane;
        for (int64_t x = 0; x < width; ++x) acc = hn::Add(acc, load(at + x * kLanes));
      }
      store(acc, sums + lane);
    }
    out[c] = sum_lanes(sums);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace crosstwin::nn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crosstwin::nn {

HWY_EXPORT(conv_tile);
HWY_EXPORT(conv_grad_tile);
HWY_EXPORT(plane_sums);

int32_t tile_outs(int32_t width) {
  // Sums held by 4 outputs x up to 6 pixels, or 6 x up to 4, when a row is cut into even pieces.
  const auto piece = [&](int32_t most) {
    const int32_t pieces = (width + most - 1) / most;
    return (width + pieces - 1) / pieces;
  };
  return 6 * piece(4) > 4 * piece(6) ? 6 : 4;
}

void conv_tile(const ConvTile& tile) { HWY_DYNAMIC_DISPATCH(conv_tile)(tile); }
void conv_grad_tile(const ConvGradTile& tile) { HWY_DYNAMIC_DISPATCH(conv_grad_tile)(tile); }
void plane_sums(const float* source, int64_t planes, int64_t plane, int32_t height, int64_t row,
                int32_t width, float* out) {
  HWY_DYNAMIC_DISPATCH(plane_sums)(source, planes, plane, height, row, width, out);
}

}  // namespace crosstwin::nn
#endif
