// What the kernels of tiles share: lanes, draws of read noise, conversion in 32-bit lanes.
// SPDX-License-Identifier: Apache-2.0

// Included once a target.
#if defined(CROSSTWIN_TWIN_TILE_LANES) == defined(HWY_TARGET_TOGGLE)
#ifdef CROSSTWIN_TWIN_TILE_LANES
#undef CROSSTWIN_TWIN_TILE_LANES
#else
#define CROSSTWIN_TWIN_TILE_LANES
#endif

#include "hwy/highway.h"
#include "twin/tile_simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace crosstwin::twin::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR

namespace hn = hwy::HWY_NAMESPACE;

using D8 = hn::CappedTag<uint8_t, 4 * kMaxLanes>;
using D16 = hn::Repartition<uint16_t, D8>;
using S16 = hn::Repartition<int16_t, D8>;
using D32 = hn::Repartition<int32_t, D8>;
using U32 = hn::Repartition<uint32_t, D8>;
using V8 = hn::Vec<D8>;
using V16 = hn::Vec<D16>;
using V32 = hn::Vec<D32>;

// Sums of products of neighbouring 16-bit lanes.
HWY_INLINE V32 multiply_pairs(hn::Vec<S16> a, hn::Vec<S16> b) {
  const D32 d;
#if HWY_ARCH_X86
  V32 unused = hn::Zero(d);
  return hn::ReorderWidenMulAccumulate(d, a, b, hn::Zero(d), unused);
#else
  const auto low = [&](hn::Vec<S16> v) HWY_ATTR {
    return hn::ShiftRight<16>(hn::ShiftLeft<16>(hn::BitCast(d, v)));
  };
  const auto high = [&](hn::Vec<S16> v) HWY_ATTR { return hn::ShiftRight<16>(hn::BitCast(d, v)); };
  return hn::Add(hn::Mul(low(a), low(b)), hn::Mul(high(a), high(b)));
#endif
}

// ---- Read noise: compress/ir/noise.hpp, 16-bit lanes ----

template <int bits>
HWY_INLINE V16 rotate_left(V16 v) {
#if HWY_TARGET == HWY_AVX3_DL
  return V16{_mm512_shldi_epi16(v.raw, v.raw, bits)};
#else
  return hn::Or(hn::ShiftLeft<bits>(v), hn::ShiftRight<16 - bits>(v));
#endif
}

// noise_z of the counters high:low.
HWY_INLINE hn::Vec<S16> noise_z(ir::NoiseKeys keys, V16 high, V16 low, V16 image_high,
                                V16 image_low) {
  const D16 d;
  const S16 ds;
  const auto part = [&](int shift)
                        HWY_ATTR { return hn::Set(d, static_cast<uint16_t>(keys.bits >> shift)); };
  V16 x = high;
  V16 y = low;
#pragma GCC unroll 16
  for (int round = 1; round <= ir::kNoiseRounds; ++round) {
    x = hn::Add(rotate_left<9>(x), y);
    if (round == 1) x = hn::Xor(x, part(0));
    if (round == ir::kNoiseImageRound) x = hn::Xor(x, image_low);
    if (round == 3) x = hn::Xor(x, part(32));
    y = hn::Xor(rotate_left<4>(y), x);
    if (round == 1) y = hn::Xor(y, part(16));
    if (round == ir::kNoiseImageRound) y = hn::Xor(y, image_high);
    if (round == 3) y = hn::Xor(y, part(48));
  }
  const V16 coin_bits = hn::Set(d, 0xFFE0);
  const V16 coins = hn::Add(hn::PopulationCount(hn::And(x, coin_bits)),
                            hn::PopulationCount(hn::And(y, coin_bits)));
  const V16 rest = hn::Add(hn::AndNot(coin_bits, x), hn::AndNot(coin_bits, y));
  const V16 sum = hn::Add(hn::ShiftLeft<5>(coins), rest);
  return hn::Sub(hn::BitCast(ds, sum), hn::Set(ds, ir::kNoiseMax));
}

// noise_value of the z in 32-bit lanes.
HWY_INLINE V32 noise_value(V32 z, V32 mult, int32_t shift) {
  const D32 d;
  const V32 half = hn::Set(d, shift == 0 ? 0 : int32_t{1} << (shift - 1));
  return hn::ShiftRightSame(hn::Add(hn::Mul(z, mult), half), shift);
}

// ---- Conversion in 32-bit lanes ----

struct Converter32 {
  V32 mult;
  V32 offset;
  V32 clip;
  bool wide;
  int shift;  // 16 or more when wide
  const int32_t* inl;

  HWY_INLINE V32 operator()(V32 current) const {
    const D32 d;
    const V32 raw = wide ? hn::ShiftRightSame(upper_words(current), shift - 16)
                         : hn::ShiftRightSame(hn::Add(hn::Mul(current, mult), offset), shift);
    const V32 clipped = hn::Min(hn::Max(raw, hn::Zero(d)), clip);
    return inl == nullptr ? clipped : hn::GatherIndex(d, inl, clipped);
  }

  // (current mult + offset) >> 16, current = high 2^16 + low: low mult and a word of the offset
  // fit 32 bits unsigned, and what they carry is below 2^16.
  HWY_INLINE V32 upper_words(V32 current) const {
    const D32 d;
    const U32 du;
    const auto word = hn::Set(du, 0xFFFF);
    const auto low =
        hn::Add(hn::Mul(hn::And(hn::BitCast(du, current), word), hn::BitCast(du, mult)),
                hn::And(hn::BitCast(du, offset), word));
    const V32 high =
        hn::Add(hn::Mul(hn::ShiftRight<16>(current), mult), hn::ShiftRight<16>(offset));
    return hn::Add(high, hn::BitCast(d, hn::ShiftRight<16>(low)));
  }
};

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace crosstwin::twin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
