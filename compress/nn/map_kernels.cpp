// Pooling, ReLU, addition and batch normalisation on blocks of 16 images.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compress/nn/map_kernels.cpp"
#include <hwy/foreach_target.h>

#include "compress/nn/lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace crosstwin::nn {
namespace HWY_NAMESPACE {

// Calls body(offset in the input plane, offset in the output plane) for every window.
template <class Body>
HWY_INLINE void for_windows(const PoolShape& p, const Body& body) {
  const int32_t rows = (p.height - p.kernel) / p.stride + 1;
  const int32_t cols = (p.width - p.kernel) / p.stride + 1;
  const int64_t in_plane = int64_t{p.height} * p.width * kLanes;
  const int64_t out_plane = int64_t{rows} * cols * kLanes;
  for (int64_t c = 0; c < p.channels; ++c) {
    for (int64_t y = 0; y < rows; ++y) {
      for (int64_t x = 0; x < cols; ++x) {
        body(c * in_plane + (y * p.width + x) * p.stride * kLanes,
             c * out_plane + (y * cols + x) * kLanes);
      }
    }
  }
}

// Every pixel lies in exactly one window.
HWY_INLINE bool tiled(const PoolShape& p) {
  return p.kernel == p.stride && p.height % p.kernel == 0 && p.width % p.kernel == 0;
}

HWY_INLINE void start_from_zero(const PoolShape& p, float* dx) {
  const int64_t size = int64_t{p.channels} * p.height * p.width * kLanes;
  for (int64_t i = 0; i < size; i += kStep) store(zero(), dx + i);
}

void max_pool_forward(const PoolShape& p, const float* x, float* y) {
  for_windows(p, [&](int64_t in, int64_t out) {
    for (int64_t lane = 0; lane < kLanes; lane += kStep) {
      V best = load(x + in + lane);
      for (int64_t i = 0; i < p.kernel; ++i) {
        for (int64_t j = 0; j < p.kernel; ++j) {
          const V v = load(x + in + (i * p.width + j) * kLanes + lane);
          best = hn::IfThenElse(hn::Gt(v, best), v, best);
        }
      }
      store(best, y + out + lane);
    }
  });
}

void max_pool_backward(const PoolShape& p, const float* x, const float* y, const float* dy,
                       bool accumulate, float* dx) {
  const bool set_only = !accumulate && tiled(p);
  if (!accumulate && !set_only) start_from_zero(p, dx);
  for_windows(p, [&](int64_t in, int64_t out) {
    for (int64_t lane = 0; lane < kLanes; lane += kStep) {
      const V best = load(y + out + lane);
      V left = load(dy + out + lane);  // becomes zero once given away
      for (int64_t i = 0; i < p.kernel; ++i) {
        for (int64_t j = 0; j < p.kernel; ++j) {
          const int64_t at = in + (i * p.width + j) * kLanes + lane;
          const auto chosen = hn::Eq(load(x + at), best);
          const V given = hn::IfThenElseZero(chosen, left);
          store(set_only ? given : hn::Add(load(dx + at), given), dx + at);
          left = hn::IfThenZeroElse(chosen, left);
        }
      }
    }
  });
}

void avg_pool_forward(const PoolShape& p, const float* x, float* y) {
  const V share = set(1.0F / static_cast<float>(p.kernel * p.kernel));
  for_windows(p, [&](int64_t in, int64_t out) {
    for (int64_t lane = 0; lane < kLanes; lane += kStep) {
      V sum = zero();
      for (int64_t i = 0; i < p.kernel; ++i) {
        for (int64_t j = 0; j < p.kernel; ++j) {
          sum = hn::Add(sum, load(x + in + (i * p.width + j) * kLanes + lane));
        }
      }
      store(hn::Mul(sum, share), y + out + lane);
    }
  });
}

void avg_pool_backward(const PoolShape& p, const float* dy, bool accumulate, float* dx) {
  const bool set_only = !accumulate && tiled(p);
  if (!accumulate && !set_only) start_from_zero(p, dx);
  const V share = set(1.0F / static_cast<float>(p.kernel * p.kernel));
  for_windows(p, [&](int64_t in, int64_t out) {
    for (int64_t lane = 0; lane < kLanes; lane += kStep) {
      const V part = hn::Mul(load(dy + out + lane), share);
      for (int64_t i = 0; i < p.kernel; ++i) {
        for (int64_t j = 0; j < p.kernel; ++j) {
          const int64_t at = in + (i * p.width + j) * kLanes + lane;
          store(set_only ? part : hn::Add(load(dx + at), part), dx + at);
        }
      }
    }
  });
}

void relu_forward(const float* x, int64_t size, float* y) {
  for (int64_t i = 0; i < size; i += kStep) store(relu(load(x + i)), y + i);
}

void relu_backward(const float* y, const float* dy, int64_t size, bool accumulate, float* dx) {
  for (int64_t i = 0; i < size; i += kStep) {
    const V g = hn::IfThenElseZero(hn::Gt(load(y + i), zero()), load(dy + i));
    store(accumulate ? hn::Add(load(dx + i), g) : g, dx + i);
  }
}

void add(const float* a, const float* b, int64_t size, float* y) {
  for (int64_t i = 0; i < size; i += kStep) store(hn::Add(load(a + i), load(b + i)), y + i);
}

float masked_sum(const float* x, int64_t pixels, const float* valid) {
  HWY_ALIGN float sums[kLanes];
  for (int64_t lane = 0; lane < kLanes; lane += kStep) {
    V acc = zero();
    for (int64_t p = 0; p < pixels; ++p) acc = hn::Add(acc, load(x + p * kLanes + lane));
    store(hn::Mul(acc, load(valid + lane)), sums + lane);
  }
  return sum_lanes(sums);
}

float masked_square_sum(const float* x, int64_t pixels, const float* valid, float mean) {
  HWY_ALIGN float sums[kLanes];
  const V m = set(mean);
  for (int64_t lane = 0; lane < kLanes; lane += kStep) {
    V acc = zero();
    for (int64_t p = 0; p < pixels; ++p) {
      const V d = hn::Sub(load(x + p * kLanes + lane), m);
      acc = fma(d, d, acc);
    }
    store(hn::Mul(acc, load(valid + lane)), sums + lane);
  }
  return sum_lanes(sums);
}

void scale_shift(const float* x, int64_t pixels, float scale, float shift, bool with_relu,
                 float* y) {
  const V a = set(scale);
  const V b = set(shift);
  for (int64_t i = 0; i < pixels * kLanes; i += kStep) {
    const V v = fma(a, load(x + i), b);
    store(with_relu ? relu(v) : v, y + i);
  }
}

void norm_sums(const float* x, const float* dy, const float* y, int64_t pixels, const float* valid,
               float mean, float* sums) {
  HWY_ALIGN float plain[kLanes];
  HWY_ALIGN float weighted[kLanes];
  const V m = set(mean);
  for (int64_t lane = 0; lane < kLanes; lane += kStep) {
    V first = zero();
    V second = zero();
    for (int64_t p = 0; p < pixels; ++p) {
      const int64_t at = p * kLanes + lane;
      V g = load(dy + at);
      if (y != nullptr) g = hn::IfThenElseZero(hn::Gt(load(y + at), zero()), g);
      first = hn::Add(first, g);
      second = fma(g, hn::Sub(load(x + at), m), second);
    }
    const V keep = load(valid + lane);
    store(hn::Mul(first, keep), plain + lane);
    store(hn::Mul(second, keep), weighted + lane);
  }
  sums[0] = sum_lanes(plain);
  sums[1] = sum_lanes(weighted);
}

void norm_backward(const float* x, const float* dy, const float* y, int64_t pixels,
                   const float* valid, float mean, float a, float b, float c, bool accumulate,
                   float* dx) {
  const V m = set(mean);
  for (int64_t lane = 0; lane < kLanes; lane += kStep) {
    const V keep = load(valid + lane);
    for (int64_t p = 0; p < pixels; ++p) {
      const int64_t at = p * kLanes + lane;
      V g = load(dy + at);
      if (y != nullptr) g = hn::IfThenElseZero(hn::Gt(load(y + at), zero()), g);
      V v = fma(set(b), hn::Sub(load(x + at), m), set(c));
      v = hn::Mul(fma(set(a), g, v), keep);
      store(accumulate ? hn::Add(load(dx + at), v) : v, dx + at);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace crosstwin::nn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crosstwin::nn {

HWY_EXPORT(max_pool_forward);
HWY_EXPORT(max_pool_backward);
HWY_EXPORT(avg_pool_forward);
HWY_EXPORT(avg_pool_backward);
HWY_EXPORT(relu_forward);
HWY_EXPORT(relu_backward);
HWY_EXPORT(add);
HWY_EXPORT(masked_sum);
HWY_EXPORT(masked_square_sum);
HWY_EXPORT(scale_shift);
HWY_EXPORT(norm_sums);
HWY_EXPORT(norm_backward);

void max_pool_forward(const PoolShape& shape, const float* x, float* y) {
  HWY_DYNAMIC_DISPATCH(max_pool_forward)(shape, x, y);
}
void max_pool_backward(const PoolShape& shape, const float* x, const float* y, const float* dy,
                       bool accumulate, float* dx) {
  HWY_DYNAMIC_DISPATCH(max_pool_backward)(shape, x, y, dy, accumulate, dx);
}
void avg_pool_forward(const PoolShape& shape, const float* x, float* y) {
  HWY_DYNAMIC_DISPATCH(avg_pool_forward)(shape, x, y);
}
void avg_pool_backward(const PoolShape& shape, const float* dy, bool accumulate, float* dx) {
  HWY_DYNAMIC_DISPATCH(avg_pool_backward)(shape, dy, accumulate, dx);
}
void relu_forward(const float* x, int64_t size, float* y) {
  HWY_DYNAMIC_DISPATCH(relu_forward)(x, size, y);
}
void relu_backward(const float* y, const float* dy, int64_t size, bool accumulate, float* dx) {
  HWY_DYNAMIC_DISPATCH(relu_backward)(y, dy, size, accumulate, dx);
}
void add(const float* a, const float* b, int64_t size, float* y) {
  HWY_DYNAMIC_DISPATCH(add)(a, b, size, y);
}
float masked_sum(const float* x, int64_t pixels, const float* valid) {
  return HWY_DYNAMIC_DISPATCH(masked_sum)(x, pixels, valid);
}
float masked_square_sum(const float* x, int64_t pixels, const float* valid, float mean) {
  return HWY_DYNAMIC_DISPATCH(masked_square_sum)(x, pixels, valid, mean);
}
void scale_shift(const float* x, int64_t pixels, float scale, float shift, bool relu, float* y) {
  HWY_DYNAMIC_DISPATCH(scale_shift)(x, pixels, scale, shift, relu, y);
}
void norm_sums(const float* x, const float* dy, const float* y, int64_t pixels, const float* valid,
               float mean, float* sums) {
  HWY_DYNAMIC_DISPATCH(norm_sums)(x, dy, y, pixels, valid, mean, sums);
}
void norm_backward(const float* x, const float* dy, const float* y, int64_t pixels,
                   const float* valid, float mean, float a, float b, float c, bool accumulate,
                   float* dx) {
  HWY_DYNAMIC_DISPATCH(norm_backward)
  (x, dy, y, pixels, valid, mean, a, b, c, accumulate, dx);
}

}  // namespace crosstwin::nn
#endif
