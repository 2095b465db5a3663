// Tiles by multiplication, columns in the lanes (Highway, run-time dispatch).
// SPDX-License-Identifier: Apache-2.0
#include "twin/tile_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "twin/tile_multiply.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include <algorithm>
#include <type_traits>

#include "twin/tile_lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace crosstwin::twin::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

void multiply_digits(const MultiplyView& tile, const int32_t* digits, const int32_t* start,
                     int32_t vectors, int32_t* sums) {
  const int32_t bits = 32 / tile.group;
  for (int32_t m = 0; m < vectors; ++m) {
    for (int32_t w = 0; w < tile.words; ++w) {
      const int32_t* g = tile.g +
                         static_cast<ptrdiff_t>(w / kMultiplyBlock) * tile.groups * kMultiplyBlock +
                         w % kMultiplyBlock;
      auto sum = static_cast<uint32_t>(start[m]);
      for (int32_t group = 0; group < tile.groups; ++group) {
        const auto cells = static_cast<uint32_t>(g[static_cast<ptrdiff_t>(group) * kMultiplyBlock]);
        const auto digit =
            static_cast<uint32_t>(digits[static_cast<ptrdiff_t>(group) * vectors + m]);
        for (int32_t at = 0; at < 32; at += bits) {
          const auto cell = static_cast<int32_t>(cells << (32 - bits - at)) >> (32 - bits);
          sum += static_cast<uint32_t>(cell) * (digit << (32 - bits - at) >> (32 - bits));
        }
      }
      sums[static_cast<ptrdiff_t>(m) * tile.words + w] = static_cast<int32_t>(sum);
    }
  }
}

void convert_columns(const ConverterView& converter, const SliceView& slice, int32_t s,
                     int32_t cols, int32_t plane_weight, const int32_t* currents, const int16_t* z,
                     NoiseGain gain, int32_t* y) {
  for (int32_t c = 0; c < cols; ++c) {
    const int32_t at = s * converter.column_stride + c;
    int32_t code[2];
    for (int p = 0; p < 2; ++p) {
      int64_t current = currents[p * cols + c];
      if (z != nullptr) current += ir::scale_noise(z[p * cols + c], gain.mult, gain.shift);
      const int64_t raw = (current * converter.mult[at] + converter.offset[at]) >> slice.shift;
      const auto clipped = static_cast<int32_t>(std::clamp<int64_t>(raw, 0, converter.clip[at]));
      code[p] = converter.inl == nullptr ? clipped : converter.inl[clipped];
    }
    y[c] += plane_weight * converter.weight[at] * (code[0] - code[1]);
  }
}

void draw_columns(ir::NoiseKeys keys, uint32_t image, uint32_t rest, const uint32_t* column,
                  int32_t cols, int16_t* z) {
  for (int32_t c = 0; c < cols; ++c) {
    z[c] = static_cast<int16_t>(ir::noise_z(ir::noise_draw(keys, column[c] | rest, image)));
  }
}

#else

// acc + products of the parts of every word, signed cells by digits.
// Highway 1.0 asks the machine for AVX-512 VNNI but does not let the compiler use it.
struct Halves {
  static HWY_INLINE V32 add(V32 acc, V32 cells, V32 digits) {
#if HWY_TARGET == HWY_AVX3_DL
    asm("vpdpwssd %2, %1, %0" : "+v"(acc.raw) : "v"(cells.raw), "v"(digits.raw));
    return acc;
#else
    const S16 d;
    return hn::Add(acc, multiply_pairs(hn::BitCast(d, cells), hn::BitCast(d, digits)));
#endif
  }
};

struct Bytes {
  static HWY_INLINE V32 add(V32 acc, V32 cells, V32 digits) {
#if HWY_TARGET == HWY_AVX3_DL
    asm("vpdpbusd %1, %2, %0" : "+v"(acc.raw) : "v"(cells.raw), "v"(digits.raw));
    return acc;
#else
    const S16 d;
    const D16 du;
    const auto cell = hn::BitCast(d, cells);
    const auto digit = hn::BitCast(du, digits);
    acc = hn::Add(acc, multiply_pairs(hn::ShiftRight<8>(hn::ShiftLeft<8>(cell)),
                                      hn::BitCast(d, hn::And(digit, hn::Set(du, 0xFF)))));
    return hn::Add(
        acc, multiply_pairs(hn::ShiftRight<8>(cell), hn::BitCast(d, hn::ShiftRight<8>(digit))));
#endif
  }
};

// M digit vectors by a block of words. Few of them alone would wait for their additions: theirs go
// on in kChains sums, of every kChains-th group.
template <class Products, int M>
HWY_INLINE void multiply_block(const int32_t* HWY_RESTRICT g, int32_t groups,
                               const int32_t* HWY_RESTRICT digits, const int32_t* start,
                               int32_t vectors, int32_t words, int32_t* HWY_RESTRICT sums) {
  const D32 d;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(D32()));
  constexpr int kVectors = kMultiplyBlock / kLanes;
  constexpr int kChains = M * kVectors <= 4 ? 8 / (M * kVectors) : 1;
  V32 acc[kChains][M][kVectors];
#pragma GCC unroll 4
  for (int chain = 0; chain < kChains; ++chain) {
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) acc[chain][m][v] = hn::Set(d, chain == 0 ? start[m] : 0);
    }
  }
  const auto add_group = [&](V32(&to)[M][kVectors]) HWY_ATTR {
    V32 cells[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) cells[v] = hn::LoadU(d, g + v * kLanes);
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) {
      const V32 digit = hn::Set(d, digits[m]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) to[m][v] = Products::add(to[m][v], cells[v], digit);
    }
    g += kMultiplyBlock;
    digits += vectors;
  };
  int32_t group = 0;
  for (; group + kChains <= groups; group += kChains) {
#pragma GCC unroll 4
    for (int chain = 0; chain < kChains; ++chain) add_group(acc[chain]);
  }
  for (; group < groups; ++group) add_group(acc[0]);
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      V32 sum = acc[0][m][v];
#pragma GCC unroll 4
      for (int chain = 1; chain < kChains; ++chain) sum = hn::Add(sum, acc[chain][m][v]);
      hn::StoreU(sum, d, sums + static_cast<ptrdiff_t>(m) * words + v * kLanes);
    }
  }
}

template <class Products>
void multiply_words(const MultiplyView& tile, const int32_t* digits, const int32_t* start,
                    int32_t vectors, int32_t* sums) {
  constexpr int kMost = hn::MaxLanes(D32()) >= 16 ? 8 : 2;  // accumulators within the registers
  const int32_t* g = tile.g;
  for (int32_t word = 0; word < tile.words; word += kMultiplyBlock) {
    int32_t m = 0;
    const auto run = [&](auto most) HWY_ATTR {
      for (; m + most() <= vectors; m += most()) {
        multiply_block<Products, most()>(g, tile.groups, digits + m, start + m, vectors, tile.words,
                                         sums + static_cast<ptrdiff_t>(m) * tile.words + word);
      }
    };
    run(std::integral_constant<int, kMost>());
    run(std::integral_constant<int, std::min(kMost, 4)>());
    run(std::integral_constant<int, 2>());
    run(std::integral_constant<int, 1>());
    g += static_cast<ptrdiff_t>(tile.groups) * kMultiplyBlock;
  }
}

void multiply_digits(const MultiplyView& tile, const int32_t* digits, const int32_t* start,
                     int32_t vectors, int32_t* sums) {
  if (tile.group == 4) {
    multiply_words<Bytes>(tile, digits, start, vectors, sums);
  } else {
    multiply_words<Halves>(tile, digits, start, vectors, sums);
  }
}

void convert_columns(const ConverterView& converter, const SliceView& slice, int32_t s,
                     int32_t cols, int32_t plane_weight, const int32_t* HWY_RESTRICT currents,
                     const int16_t* HWY_RESTRICT z, NoiseGain gain, int32_t* HWY_RESTRICT y) {
  const D32 d;
  const hn::Rebind<int16_t, D32> d16;
  const auto lanes = static_cast<int32_t>(hn::Lanes(d));
  const V32 plane = hn::Set(d, plane_weight);
  const V32 mult = hn::Set(d, gain.mult);
  for (int32_t c = 0; c < cols; c += lanes) {
    const int32_t at = s * converter.column_stride + c;
    const Converter32 convert = {hn::LoadU(d, converter.mult + at),
                                 hn::LoadU(d, converter.offset + at),
                                 hn::LoadU(d, converter.clip + at),
                                 slice.wide,
                                 slice.shift,
                                 converter.inl};
    V32 code[2];
    for (int p = 0; p < 2; ++p) {
      V32 current = hn::LoadU(d, currents + p * cols + c);
      if (z != nullptr) {
        current = hn::Add(current, noise_value(hn::PromoteTo(d, hn::LoadU(d16, z + p * cols + c)),
                                               mult, gain.shift));
      }
      code[p] = convert(current);
    }
    const V32 weight = hn::Mul(hn::LoadU(d, converter.weight + at), plane);
    const V32 share = hn::Mul(hn::Sub(code[0], code[1]), weight);
    hn::StoreU(hn::Add(hn::LoadU(d, y + c), share), d, y + c);
  }
}

void draw_columns(ir::NoiseKeys keys, uint32_t image, uint32_t rest,
                  const uint32_t* HWY_RESTRICT column, int32_t cols, int16_t* HWY_RESTRICT z) {
  const D16 d;
  const auto lanes = static_cast<int32_t>(hn::Lanes(d));
  const V16 image_high = hn::Set(d, static_cast<uint16_t>(image >> 16));
  const V16 image_low = hn::Set(d, static_cast<uint16_t>(image));
  HWY_ALIGN uint16_t high[2 * kMaxLanes];
  HWY_ALIGN uint16_t low[2 * kMaxLanes];
  for (int32_t c = 0; c < cols; c += lanes) {
    for (int32_t i = 0; i < lanes; ++i) {
      const uint32_t counter = column[c + i] | rest;
      high[i] = static_cast<uint16_t>(counter >> 16);
      low[i] = static_cast<uint16_t>(counter);
    }
    hn::StoreU(noise_z(keys, hn::Load(d, high), hn::Load(d, low), image_high, image_low), S16(),
               z + c);
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace crosstwin::twin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crosstwin::twin {

HWY_EXPORT(multiply_digits);
HWY_EXPORT(convert_columns);
HWY_EXPORT(draw_columns);

void multiply_digits(const MultiplyView& tile, const int32_t* digits, const int32_t* start,
                     int32_t vectors, int32_t* sums) {
  HWY_DYNAMIC_DISPATCH(multiply_digits)(tile, digits, start, vectors, sums);
}

void convert_columns(const ConverterView& converter, const SliceView& slice, int32_t s,
                     int32_t cols, int32_t plane_weight, const int32_t* currents, const int16_t* z,
                     NoiseGain gain, int32_t* y) {
  HWY_DYNAMIC_DISPATCH(convert_columns)
  (converter, slice, s, cols, plane_weight, currents, z, gain, y);
}

void draw_columns(ir::NoiseKeys keys, uint32_t image, uint32_t rest, const uint32_t* column,
                  int32_t cols, int16_t* z) {
  HWY_DYNAMIC_DISPATCH(draw_columns)(keys, image, rest, column, cols, z);
}

}  // namespace crosstwin::twin
#endif
