// The kernel of FastTile: sum the driven rows, convert both polarities, shift and add.
// SPDX-License-Identifier: Apache-2.0
#include "twin/tile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "twin/tile_simd.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace crosstwin::twin::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void add_conversions(const FastTile::View& tile, const int32_t* HWY_RESTRICT driven, int32_t count,
                     int32_t slice, int32_t weight, const int32_t* HWY_RESTRICT noise,
                     int32_t* HWY_RESTRICT y) {
  const hn::CappedTag<int32_t, FastTile::kLanes> d;
  const auto lanes = static_cast<int32_t>(hn::Lanes(d));
  const auto zero = hn::Zero(d);
  const auto factor = hn::Set(d, weight);
  const int shift = tile.shift[slice];
  for (int32_t c = 0; c < tile.stride; c += lanes) {
    const int32_t* g = tile.g + slice * 2 * tile.stride + c;
    auto positive = noise == nullptr ? zero : hn::LoadU(d, noise + c);
    auto negative = noise == nullptr ? zero : hn::LoadU(d, noise + tile.stride + c);
    for (int32_t i = 0; i < count; ++i) {
      positive = hn::Add(positive, hn::LoadU(d, g + driven[i]));
      negative = hn::Add(negative, hn::LoadU(d, g + driven[i] + tile.stride));
    }
    const auto mult = hn::LoadU(d, tile.mult + slice * tile.stride + c);
    const auto offset = hn::LoadU(d, tile.offset + slice * tile.stride + c);
    const auto clip = hn::LoadU(d, tile.clip + slice * tile.stride + c);
    const auto code = [&](auto current) HWY_ATTR {
      const auto raw = hn::ShiftRightSame(hn::Add(hn::Mul(current, mult), offset), shift);
      const auto clipped = hn::Min(hn::Max(raw, zero), clip);
      return tile.inl == nullptr ? clipped : hn::GatherIndex(d, tile.inl, clipped);
    };
    const auto difference = hn::Sub(code(positive), code(negative));
    hn::StoreU(hn::Add(hn::LoadU(d, y + c), hn::Mul(difference, factor)), d, y + c);
  }
}

}  // namespace crosstwin::twin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crosstwin::twin {

HWY_EXPORT(add_conversions);

void add_conversions(const FastTile::View& tile, const int32_t* driven, int32_t count,
                     int32_t slice, int32_t weight, const int32_t* noise, int32_t* y) {
  HWY_DYNAMIC_DISPATCH(add_conversions)(tile, driven, count, slice, weight, noise, y);
}

}  // namespace crosstwin::twin
#endif
