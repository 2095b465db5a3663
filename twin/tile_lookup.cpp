// Tiles by look-up: bits of 4 rows select a sum (Highway, run-time dispatch).
// SPDX-License-Identifier: Apache-2.0
#include "twin/tile_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "twin/tile_lookup.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include <algorithm>

#include "compress/ir/error.hpp"
#include "twin/tile_lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace crosstwin::twin::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

int32_t lookup_lanes(int32_t, int32_t) { return 0; }

void look_up(const LookupView&, const int32_t*, int32_t, const LookupBuffers&, int32_t*) {
  throw ir::Bug("a machine without vectors looks nothing up");
}

#else

// A vector of bytes holds 4 planes of a register's width of positions: byte 4 i + t is plane
// 4 quad + t of position i. Sums of bytes widen to 16 bits as even bytes (t = 0, 2) and odd ones
// (t = 1, 3), and to 32 bits as one vector a plane.

// Nibbles of the driven bits: index[group][position block][quad].
void index_rows(const LookupView& tile, const int32_t* HWY_RESTRICT x, int32_t blocks,
                uint8_t* HWY_RESTRICT index) {
  const U32 d;
  const D8 d8;
  const auto lanes = static_cast<int32_t>(hn::Lanes(d));
  const int32_t quads = (tile.planes + 3) / 4;
  const uint32_t planes = (1U << tile.planes) - 1;
  for (int32_t row = 0; row < tile.rows; row += 4) {
    for (int32_t block = 0; block < blocks; ++block) {
      for (int32_t quad = 0; quad < quads; ++quad) {
        const auto mask = hn::Set(d, planes >> (4 * quad) & 15U);
        // Bit t of a nibble to bit 0 of byte t.
        const auto spread = hn::Set(d, 0x00204081U);
        const auto ones = hn::Set(d, 0x01010101U);
        auto nibbles = hn::Zero(d);
        for (int32_t j = std::min(4, tile.rows - row); j-- > 0;) {
          const auto value =
              hn::BitCast(d, hn::LoadU(D32(), x + (row + j) * kTileBlock + block * lanes));
          const auto bits = hn::And(hn::ShiftRightSame(value, 4 * quad), mask);
          nibbles = hn::Or(hn::Add(nibbles, nibbles), hn::And(hn::Mul(bits, spread), ones));
        }
        hn::StoreU(hn::BitCast(d8, nibbles), d8, index);
        index += hn::Lanes(d8);
      }
    }
  }
}

// 16-bit sums of both polarities' table entries for `V` index vectors: use(p, v, even, odd).
template <int V, class Use>
HWY_INLINE void sum_entries(const uint8_t* HWY_RESTRICT table, int32_t groups, int32_t span,
                            const uint8_t* HWY_RESTRICT index, int32_t stride, const Use& use) {
  const D8 d;
  const D16 d16;
  const auto bytes = static_cast<int32_t>(hn::Lanes(d));
  V16 all[2][V];
  V16 odd[2][V];
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) {
    all[0][v] = all[1][v] = odd[0][v] = odd[1][v] = hn::Zero(d16);
  }
  while (groups > 0) {
    V8 sum[2][V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) sum[0][v] = sum[1][v] = hn::Zero(d);
    const int32_t run = groups < span ? groups : span;
    for (int32_t g = 0; g < run; ++g) {
      const V8 positive = hn::LoadDup128(d, table);
      const V8 negative = hn::LoadDup128(d, table + 16);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        const V8 nibbles = hn::LoadU(d, index + v * bytes);
        sum[0][v] = hn::Add(sum[0][v], hn::TableLookupBytes(positive, nibbles));
        sum[1][v] = hn::Add(sum[1][v], hn::TableLookupBytes(negative, nibbles));
      }
      table += 32;
      index += stride;
    }
    groups -= run;
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
#pragma GCC unroll 2
      for (int p = 0; p < 2; ++p) {
        const V16 pairs = hn::BitCast(d16, sum[p][v]);
        all[p][v] = hn::Add(all[p][v], pairs);
        odd[p][v] = hn::Add(odd[p][v], hn::ShiftRight<8>(pairs));
      }
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) {
#pragma GCC unroll 2
    for (int p = 0; p < 2; ++p) {
      use(p, v, hn::Sub(all[p][v], hn::ShiftLeft<8>(odd[p][v])), odd[p][v]);
    }
  }
}

// The four planes of even and odd 16-bit sums.
HWY_INLINE void widen(V16 even, V16 odd, V32* HWY_RESTRICT plane) {
  const D32 d;
  const U32 du;
  const auto low = hn::Set(d, 0xFFFF);
  plane[0] = hn::And(hn::BitCast(d, even), low);
  plane[1] = hn::And(hn::BitCast(d, odd), low);
  plane[2] = hn::BitCast(d, hn::ShiftRight<16>(hn::BitCast(du, even)));
  plane[3] = hn::BitCast(d, hn::ShiftRight<16>(hn::BitCast(du, odd)));
}

HWY_INLINE void widen(hn::Vec<S16> even, hn::Vec<S16> odd, V32* HWY_RESTRICT plane) {
  const D32 d;
  plane[0] = hn::ShiftRight<16>(hn::ShiftLeft<16>(hn::BitCast(d, even)));
  plane[1] = hn::ShiftRight<16>(hn::ShiftLeft<16>(hn::BitCast(d, odd)));
  plane[2] = hn::ShiftRight<16>(hn::BitCast(d, even));
  plane[3] = hn::ShiftRight<16>(hn::BitCast(d, odd));
}

// One row tile and block of positions.
class LookupPass {
 public:
  LookupPass(const LookupView& tile, const LookupBuffers& buffers, int32_t count)
      : tile_(tile),
        buffers_(buffers),
        count_(count),
        quads_((tile.planes + 3) / 4),
        vectors_((count + static_cast<int32_t>(hn::Lanes(D32())) - 1) /
                 static_cast<int32_t>(hn::Lanes(D32())) * quads_),
        groups_((tile.rows + 3) / 4) {}

  void run(const int32_t* HWY_RESTRICT x, int32_t* HWY_RESTRICT y) const {
    index_rows(tile_, x, vectors_ / quads_, buffers_.index);
    count_driven();
    if (tile_.noise.on) {
      spread_counters();
      spread_gains();
    }
    const uint8_t* table = tile_.table;
    for (int32_t c = 0; c < tile_.cols; ++c) {
      for (int32_t s = 0; s < tile_.slices; ++s) {
        int32_t v = 0;
        for (; v + 4 <= vectors_; v += 4) add<4>(table, c, s, v, y);
        for (; v + 2 <= vectors_; v += 2) add<2>(table, c, s, v, y);
        for (; v < vectors_; ++v) add<1>(table, c, s, v, y);
        table += static_cast<ptrdiff_t>(tile_.slice[s].digits) * groups_ * 32;
      }
      y += kTileBlock;
    }
  }

 private:
  static constexpr int32_t kHalf = static_cast<int32_t>(hn::MaxLanes(D16()));
  static constexpr int32_t kWord = static_cast<int32_t>(hn::MaxLanes(D32()));

  int32_t stride() const { return vectors_ * 2 * kHalf; }  // bytes of index a group

  // Rows driven of every lane, and the pedestals.
  void count_driven() const {
    const D16 d;
    alignas(16) static constexpr uint8_t kBits[32] = {0, 1, 1, 2, 1, 2, 2, 3,
                                                      1, 2, 2, 3, 2, 3, 3, 4};
    for (int32_t v = 0; v < vectors_; ++v) {
      // One table for all groups: a group a call.
      V16 even = hn::Zero(d);
      V16 odd = hn::Zero(d);
      for (int32_t g = 0; g < groups_; ++g) {
        sum_entries<1>(kBits, 1, 1, buffers_.index + g * stride() + v * 2 * kHalf, 0,
                       [&](int p, int, V16 e, V16 o) HWY_ATTR {
                         if (p != 0) return;
                         even = hn::Add(even, e);
                         odd = hn::Add(odd, o);
                       });
      }
      hn::StoreU(even, d, buffers_.count + v * 2 * kHalf);
      hn::StoreU(odd, d, buffers_.count + (v * 2 + 1) * kHalf);
      for (int32_t s = 0; s < tile_.slices; ++s) {
        const V16 base = hn::Set(d, static_cast<uint16_t>(tile_.slice[s].base));
        uint16_t* to = buffers_.pedestal + s * stride() + v * 2 * kHalf;
        hn::StoreU(hn::Mul(even, base), d, to);
        hn::StoreU(hn::Mul(odd, base), d, to + kHalf);
      }
    }
  }

  // Counters and image numbers of every lane, without column and word.
  void spread_counters() const {
    for (int32_t v = 0; v < vectors_; ++v) {
      for (int32_t i = 0; i < 2 * kHalf; ++i) {
        // Lane i of [even, odd]: position and plane.
        const int32_t item = std::min(v / quads_ * kWord + i % kHalf / 2, count_ - 1);
        const int32_t plane = std::min(v % quads_ * 4 + i % 2 * 2 + i / kHalf, tile_.planes - 1);
        const uint32_t counter = tile_.noise.position[item] | tile_.noise.plane[plane];
        uint16_t* to = buffers_.noise + v * 2 * kHalf + i;
        to[0] = static_cast<uint16_t>(counter >> 16);
        to[stride()] = static_cast<uint16_t>(counter);
        to[2 * stride()] = static_cast<uint16_t>(tile_.noise.image[item] >> 16);
        to[3 * stride()] = static_cast<uint16_t>(tile_.noise.image[item]);
      }
    }
  }

  // Gains of the noise of every lane.
  void spread_gains() const {
    for (int32_t s = 0; s < tile_.slices; ++s) {
      const uint16_t* gain = tile_.noise.gain + s * tile_.noise.gains;
      uint16_t* to = buffers_.gain + s * stride();
      for (int32_t i = 0; i < vectors_ * 2 * kHalf; ++i) {
        to[i] = gain[tile_.noise.gains > 1 ? buffers_.count[i] : 0];
      }
    }
  }

  // Half a vector's draws of one physical column.
  HWY_INLINE hn::Vec<S16> draw(int32_t at, uint32_t word) const {
    const D16 d;
    const uint16_t* from = buffers_.noise + at;
    return noise_z(tile_.noise.keys,
                   hn::Or(hn::LoadU(d, from), hn::Set(d, static_cast<uint16_t>(word >> 16))),
                   hn::Or(hn::LoadU(d, from + stride()), hn::Set(d, static_cast<uint16_t>(word))),
                   hn::LoadU(d, from + 2 * stride()), hn::LoadU(d, from + 3 * stride()));
  }

  template <int V>
  HWY_NOINLINE void add(const uint8_t* HWY_RESTRICT table, int32_t c, int32_t s, int32_t first,
                        int32_t* HWY_RESTRICT y) const {
    const SliceView& slice = tile_.slice[s];
    const uint8_t* index = buffers_.index + first * 2 * kHalf;
    const int32_t span = 255 / (4 * ((1 << slice.digit_bits) - 1));
    if (slice.half) {
      const D16 d;
      auto* sums = reinterpret_cast<uint16_t*>(buffers_.sums);  // [vector][polarity][even, odd]
      for (int32_t digit = 0; digit < slice.digits; ++digit) {
        const int place = digit * slice.digit_bits;
        sum_entries<V>(table + static_cast<ptrdiff_t>(digit) * groups_ * 32, groups_, span, index,
                       stride(), [&](int p, int v, V16 even, V16 odd) HWY_ATTR {
                         uint16_t* to = sums + (v * 2 + p) * 2 * kHalf;
                         if (digit != 0) {
                           even = hn::Add(hn::LoadU(d, to), hn::ShiftLeftSame(even, place));
                           odd = hn::Add(hn::LoadU(d, to + kHalf), hn::ShiftLeftSame(odd, place));
                         }
                         hn::StoreU(even, d, to);
                         hn::StoreU(odd, d, to + kHalf);
                       });
      }
      if (tile_.noise.on) {
        convert16<V, true>(sums, c, s, first, y);
      } else {
        convert16<V, false>(sums, c, s, first, y);
      }
      return;
    }
    const D32 d;
    int32_t* sums = buffers_.sums;  // [vector][polarity][4]
    for (int32_t digit = 0; digit < slice.digits; ++digit) {
      const int place = digit * slice.digit_bits;
      sum_entries<V>(table + static_cast<ptrdiff_t>(digit) * groups_ * 32, groups_, span, index,
                     stride(), [&](int p, int v, V16 even, V16 odd) HWY_ATTR {
                       int32_t* to = sums + (v * 2 + p) * 4 * kWord;
                       V32 plane[4];
                       widen(even, odd, plane);
                       for (int t = 0; t < 4; ++t, to += kWord) {
                         V32 sum = hn::ShiftLeftSame(plane[t], place);
                         if (digit != 0) sum = hn::Add(sum, hn::LoadU(d, to));
                         hn::StoreU(sum, d, to);
                       }
                     });
    }
    for (int v = 0; v < V; ++v) convert32(sums + v * 8 * kWord, c, s, first + v, y);
  }

  template <int V, bool noise>
  HWY_INLINE void convert16(const uint16_t* HWY_RESTRICT sums, int32_t c, int32_t s, int32_t first,
                            int32_t* HWY_RESTRICT y) const {
    const D16 d;
    const S16 ds;
    const D32 d32;
    const SliceView& slice = tile_.slice[s];
    const int32_t at = s * tile_.converter.column_stride + c;
    const HalfConverter& half = tile_.converter.half[at];
    const V16 unit = hn::Set(d, static_cast<uint16_t>(slice.unit));
    const V16 delta = hn::Set(d, half.delta);
    const V16 mult = hn::Set(d, half.mult);
    const V16 low = hn::Set(d, half.low);
    const V16 above = hn::Set(d, static_cast<uint16_t>(half.above));
    const auto clip = hn::Set(ds, static_cast<int16_t>(tile_.converter.clip[at]));
    const int shift = half.shift;
    const V32 weight = hn::Set(d32, tile_.converter.weight[at]);
    for (int v = 0; v < V; ++v) {
      const int32_t quad = (first + v) % quads_;
      V32 sum = hn::Zero(d32);
#pragma GCC unroll 2
      for (int odd = 0; odd < 2; ++odd) {
        const int32_t lane = ((first + v) * 2 + odd) * kHalf;
        const V16 pedestal = hn::Add(hn::LoadU(d, buffers_.pedestal + s * stride() + lane), delta);
        hn::Vec<S16> gain = hn::Zero(ds);
        if constexpr (noise) {
          gain = hn::BitCast(ds, hn::LoadU(d, buffers_.gain + s * stride() + lane));
        }
        hn::Vec<S16> code[2];
#pragma GCC unroll 2
        for (int p = 0; p < 2; ++p) {
          V16 current = hn::Add(hn::Mul(hn::LoadU(d, sums + ((v * 2 + p) * 2 + odd) * kHalf), unit),
                                pedestal);
          if constexpr (noise) {
            const auto z = draw(lane, tile_.noise.column[c] | static_cast<uint32_t>(2 * s + p));
            current = hn::Add(current, hn::BitCast(d, hn::MulFixedPoint15(z, gain)));
          }
          const V16 carry = hn::ShiftRight<15>(hn::AverageRound(hn::Mul(current, mult), low));
          const V16 sum16 = hn::Add(hn::Add(hn::MulHigh(current, mult), above), carry);
          const auto raw = hn::ShiftRightSame(hn::BitCast(ds, sum16), shift);
          code[p] = hn::Min(hn::Max(raw, hn::Zero(ds)), clip);
        }
        const auto difference = hn::Sub(code[0], code[1]);
        // Planes 4 quad + odd and two above it, side by side.
        const V32 weights = hn::Set(d32, plane_weights(4 * quad + odd));
        sum = hn::Add(sum, multiply_pairs(difference, hn::BitCast(ds, weights)));
      }
      int32_t* to = y + (first + v) / quads_ * kWord;
      hn::StoreU(hn::Add(hn::LoadU(d32, to), hn::Mul(sum, weight)), d32, to);
    }
  }

  // Two 16-bit plane weights in one word; none beyond the planes.
  int32_t plane_weights(int32_t plane) const {
    const auto weight = [&](int32_t b) {
      return b < tile_.planes ? static_cast<uint32_t>(tile_.plane_weight[b]) & 0xFFFFU : 0U;
    };
    return static_cast<int32_t>(weight(plane) | weight(plane + 2) << 16);
  }

  HWY_INLINE void convert32(const int32_t* HWY_RESTRICT sums, int32_t c, int32_t s, int32_t vector,
                            int32_t* HWY_RESTRICT y) const {
    const D32 d;
    const D16 d16;
    const SliceView& slice = tile_.slice[s];
    const int32_t at = s * tile_.converter.column_stride + c;
    const Converter32 convert = {hn::Set(d, tile_.converter.mult[at]),
                                 hn::Set(d, tile_.converter.offset[at]),
                                 hn::Set(d, tile_.converter.clip[at]),
                                 slice.wide,
                                 slice.shift,
                                 tile_.converter.inl};
    const int32_t lane = vector * 2 * kHalf;
    V32 driven[4];
    widen(hn::LoadU(d16, buffers_.count + lane), hn::LoadU(d16, buffers_.count + lane + kHalf),
          driven);
    V32 z[2][4];
    V32 gain[4];
    if (tile_.noise.on) {
      const uint16_t* from = buffers_.gain + s * stride() + lane;
      widen(hn::LoadU(d16, from), hn::LoadU(d16, from + kHalf), gain);
      for (int p = 0; p < 2; ++p) {
        const uint32_t word = tile_.noise.column[c] | static_cast<uint32_t>(2 * s + p);
        widen(draw(lane, word), draw(lane + kHalf, word), z[p]);
      }
    }
    int32_t* to = y + vector / quads_ * kWord;
    V32 total = hn::LoadU(d, to);
    const int32_t first_plane = vector % quads_ * 4;
    for (int t = 0; t < 4 && first_plane + t < tile_.planes; ++t) {
      const V32 pedestal = hn::Mul(driven[t], hn::Set(d, slice.base));
      V32 code[2];
      for (int p = 0; p < 2; ++p) {
        V32 current = hn::Add(
            hn::Mul(hn::LoadU(d, sums + (p * 4 + t) * kWord), hn::Set(d, slice.unit)), pedestal);
        if (tile_.noise.on) {
          current = hn::Add(current, noise_value(z[p][t], gain[t], tile_.noise.shift));
        }
        code[p] = convert(current);
      }
      const V32 weight =
          hn::Set(d, tile_.plane_weight[first_plane + t] * tile_.converter.weight[at]);
      total = hn::Add(total, hn::Mul(hn::Sub(code[0], code[1]), weight));
    }
    hn::StoreU(total, d, to);
  }

  const LookupView& tile_;
  const LookupBuffers& buffers_;
  int32_t count_;
  int32_t quads_;
  int32_t vectors_;
  int32_t groups_;
};

int32_t lookup_lanes(int32_t count, int32_t planes) {
  const auto lanes = static_cast<int32_t>(hn::Lanes(D32()));
  return (count + lanes - 1) / lanes * lanes * ((planes + 3) / 4) * 4;
}

void look_up(const LookupView& tile, const int32_t* x, int32_t count, const LookupBuffers& buffers,
             int32_t* y) {
  LookupPass(tile, buffers, count).run(x, y);
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace crosstwin::twin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crosstwin::twin {

HWY_EXPORT(lookup_lanes);
HWY_EXPORT(look_up);

int32_t lookup_lanes(int32_t count, int32_t planes) {
  return HWY_DYNAMIC_DISPATCH(lookup_lanes)(count, planes);
}

void look_up(const LookupView& tile, const int32_t* x, int32_t count, const LookupBuffers& buffers,
             int32_t* y) {
  HWY_DYNAMIC_DISPATCH(look_up)(tile, x, count, buffers, y);
}

}  // namespace crosstwin::twin
#endif
