// Vectors as the kernels see them: kStep of the 16 logical lanes at a time, always fused.
// SPDX-License-Identifier: Apache-2.0
//
// Included once per target (no include guard in the usual sense, see Highway's foreach_target.h).
#if defined(CROSSTWIN_NN_LANES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef CROSSTWIN_NN_LANES_INL
#undef CROSSTWIN_NN_LANES_INL
#else
#define CROSSTWIN_NN_LANES_INL
#endif

#include <hwy/highway.h>

#include <cmath>
#include <cstdint>

#include "compress/nn/kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace crosstwin::nn {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
inline constexpr int64_t kStep = static_cast<int64_t>(hn::MaxLanes(D()));
static_assert(kLanes % kStep == 0);

HWY_INLINE V load(const float* p) { return hn::Load(D(), p); }
HWY_INLINE V load_unaligned(const float* p) { return hn::LoadU(D(), p); }
HWY_INLINE void store(V v, float* p) { hn::Store(v, D(), p); }
HWY_INLINE void store_unaligned(V v, float* p) { hn::StoreU(v, D(), p); }
HWY_INLINE V set(float x) { return hn::Set(D(), x); }
HWY_INLINE V zero() { return hn::Zero(D()); }

// a * b + c with one rounding on every target, so that all targets give the same bits.
HWY_INLINE V fma(V a, V b, V c) {
#if HWY_NATIVE_FMA
  return hn::MulAdd(a, b, c);
#else
  HWY_ALIGN float x[kStep];
  HWY_ALIGN float y[kStep];
  HWY_ALIGN float z[kStep];
  store(a, x);
  store(b, y);
  store(c, z);
  for (int64_t i = 0; i < kStep; ++i) z[i] = std::fma(x[i], y[i], z[i]);
  return load(z);
#endif
}

// NaN stays out: max(0, x) as (x > 0 ? x : 0) on every target.
HWY_INLINE V relu(V x) { return hn::IfThenElseZero(hn::Gt(x, zero()), x); }

// The tree of every sum over 16 lanes: i with i + 8, then i + 4, i + 2, i + 1.
HWY_INLINE float sum_lanes(const float* HWY_RESTRICT x) {
  float a[8];
  float b[4];
  for (int i = 0; i < 8; ++i) a[i] = x[i] + x[i + 8];
  for (int i = 0; i < 4; ++i) b[i] = a[i] + a[i + 4];
  return (b[0] + b[2]) + (b[1] + b[3]);
}

}  // namespace HWY_NAMESPACE
}  // namespace crosstwin::nn
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
