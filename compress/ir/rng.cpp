// Philox4x32-10 and the draws made of it.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/rng.hpp"

#include <cmath>
#include <numbers>

#include "compress/ir/error.hpp"

namespace crosstwin::ir {

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53U;
  constexpr uint64_t kMultiplier1 = 0xCD9E8D57U;
  constexpr uint32_t kWeyl0 = 0x9E3779B9U;
  constexpr uint32_t kWeyl1 = 0xBB67AE85U;
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = kMultiplier0 * counter[0];
    const uint64_t p1 = kMultiplier1 * counter[2];
    counter = {static_cast<uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(p1),
               static_cast<uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(p0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

uint32_t Rng::next_u32() {
  if (used_ == 4) {
    words_ = philox4x32({static_cast<uint32_t>(block_), static_cast<uint32_t>(block_ >> 32),
                         static_cast<uint32_t>(stream_), static_cast<uint32_t>(stream_ >> 32)},
                        {static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32)});
    ++block_;
    used_ = 0;
  }
  return words_[static_cast<size_t>(used_++)];
}

uint64_t Rng::next_u64() {
  const uint64_t low = next_u32();
  return low | (uint64_t{next_u32()} << 32);
}

float Rng::uniform() { return static_cast<float>(next_u32() >> 8) * 0x1p-24F; }

uint32_t Rng::below(uint32_t bound) {
  check(bound > 0, "Rng::below needs a bound above 0");
  // Numbers under `reject` would make the low residues more likely.
  const uint32_t reject = (0U - bound) % bound;
  uint32_t draw = next_u32();
  while (draw < reject) draw = next_u32();
  return draw % bound;
}

double Rng::normal() {
  const double u = (next_u32() + 1.0) * 0x1p-32;  // (0, 1]: the logarithm is finite
  const double angle = next_u32() * 0x1p-32 * 2.0 * std::numbers::pi;
  return std::sqrt(-2.0 * std::log(u)) * std::cos(angle);
}

Rng Rng::at(uint64_t index) const {
  // A key of its own, from the same cipher, so that neighbouring indices share nothing.
  const auto words =
      philox4x32({static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32),
                  static_cast<uint32_t>(stream_), ~static_cast<uint32_t>(stream_ >> 32)},
                 {static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32)});
  return Rng(words[0] | (uint64_t{words[1]} << 32), words[2] | (uint64_t{words[3]} << 32));
}

}  // namespace crosstwin::ir
