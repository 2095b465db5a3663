// Read noise: one integer draw a conversion, the same in the twin and in xb_noise.sv.
// SPDX-License-Identifier: Apache-2.0
//
// A keyed permutation of the conversion's 32-bit counter: rounds as of the cipher Speck32
// (Beaulieu et al., "The SIMON and SPECK families of lightweight block ciphers", 2013) on two
// 16-bit halves: an adder and exclusive ors a round.
// Deviations: rotations 7 and 4 (weaker differences after few rounds, measured); 9 rounds; 32 bits
// are added to both halves at the end of each of the first three: of the key, the image number, the
// rest of the key. No secrecy is meant.
// docs/noise.md has what was measured.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace crosstwin::ir {

// The low word enters in round 1, the high one in round 3; parameter NoiseKeys of xb_noise.
struct NoiseKeys {
  uint64_t bits = 0;
};

// `stage` is the index of the layer among the design's crossbar stages.
NoiseKeys noise_keys(uint64_t seed, uint32_t stage);

inline constexpr int kNoiseImageRound = 2;  // counted from 1
inline constexpr int kNoiseRounds = 9;

// `rounds` and `image_round` are parameters only so that tests can show what fewer do; an
// `image_round` of 0 leaves the image out.
template <int rounds, int image_round>
inline uint32_t noise_permute(NoiseKeys keys, uint32_t counter, uint32_t image) {
  auto x = static_cast<uint16_t>(counter >> 16);
  auto y = static_cast<uint16_t>(counter);
#pragma GCC unroll 16
  for (int round = 1; round <= rounds; ++round) {
    uint32_t extra = 0;
    if (round == 1) extra = static_cast<uint32_t>(keys.bits);
    if (round == image_round) extra = image;
    if (round == 3) extra = static_cast<uint32_t>(keys.bits >> 32);
    x = static_cast<uint16_t>((std::rotr(x, 7) + y) ^ extra);
    y = static_cast<uint16_t>(std::rotl(y, 4) ^ x ^ (extra >> 16));
  }
  return uint32_t{x} << 16 | y;
}

// The draw of one conversion, uniform in 32 bits.
inline uint32_t noise_draw(NoiseKeys keys, uint32_t counter, uint32_t image) {
  return noise_permute<kNoiseRounds, kNoiseImageRound>(keys, counter, image);
}

inline constexpr int32_t kNoiseMax = 383;
// Standard deviation of noise_z: sqrt(22 * 32^2 / 4 + 2 * (32^2 - 1) / 12).
inline constexpr double kNoiseSigma = 76.1741425;

// Nearly normal, -kNoiseMax..kNoiseMax, odd-symmetric: 22 coins of 32 and two numbers of 5 bits.
inline int32_t noise_z(uint32_t draw) {
  // The coins are counted in the word: not every machine we build for has the instruction.
  uint32_t coins = draw & 0xFFE0FFE0U;
  coins -= coins >> 1 & 0x55555555U;
  coins = (coins & 0x33333333U) + (coins >> 2 & 0x33333333U);
  coins = (coins + (coins >> 4)) & 0x0F0F0F0FU;
  coins = (coins * 0x01010101U) >> 24;
  return static_cast<int32_t>(32 * coins + (draw & 31U) + (draw >> 16 & 31U)) - kNoiseMax;
}

// What is added to the current of a conversion; `mult` 0..65535, `shift` 0..31.
inline int32_t scale_noise(int32_t z, int32_t mult, int32_t shift) {
  const int32_t half = shift == 0 ? 0 : int32_t{1} << (shift - 1);
  return (z * mult + half) >> shift;
}

inline int32_t noise_value(uint32_t draw, int32_t mult, int32_t shift) {
  return scale_noise(noise_z(draw), mult, shift);
}

// Packs what names a conversion within an image into the 32-bit counter. The fields, from the top:
// position (row-major), row tile, column, plane (its weight's exponent), word = 2 slice + polarity.
// A field that counts to n has the binary digits of n - 1, at least one.
class NoiseCounter {
 public:
  // Every count is at least 1.
  constexpr NoiseCounter(int64_t positions, int64_t tiles, int64_t cols, int64_t in_bits,
                         int64_t slices) {
    const std::array<int64_t, 5> counts{positions, tiles, cols, in_bits, 2 * slices};
    for (size_t field = counts.size(); field-- > 0;) {
      if (field < shift_.size()) shift_[field] = bits_;
      const auto last = static_cast<uint64_t>(counts[field] - 1);
      bits_ += last == 0 ? 1 : static_cast<int>(std::bit_width(last));
    }
  }

  // Bits of the counter; over 32 there is no counter and the design must be refused.
  constexpr int bits() const { return bits_; }

  // Needs bits() <= 32.
  constexpr uint32_t operator()(uint32_t position, uint32_t tile, uint32_t column, uint32_t plane,
                                uint32_t word) const {
    return position << shift_[0] | tile << shift_[1] | column << shift_[2] | plane << shift_[3] |
           word;
  }

 private:
  int bits_ = 0;
  std::array<int, 4> shift_{};  // of position, tile, column, plane
};

}  // namespace crosstwin::ir
