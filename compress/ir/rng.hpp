// Counter-based random numbers: the value depends on the key and the counter only, never on order.
// SPDX-License-Identifier: Apache-2.0
//
// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), Philox4x32-10.
#pragma once

#include <array>
#include <cstdint>

namespace crosstwin::ir {

// 128 random bits of (key, counter).
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// A stream of draws: `seed` and `stream` name it, a position in it is a plain index, so that any
// thread may take any part. Copyable; copies continue independently.
class Rng {
 public:
  // `stream` keeps users of one seed apart (see the constants of each user).
  explicit Rng(uint64_t seed, uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  uint32_t next_u32();
  uint64_t next_u64();
  // Uniform in [0, 1): 24 bits, so exact in float.
  float uniform();
  float uniform(float low, float high) { return low + (high - low) * uniform(); }
  // Uniform in [0, bound), bound > 0; unbiased (rejection).
  uint32_t below(uint32_t bound);
  // Standard normal (Box-Muller of two 32-bit draws).
  double normal();

  // A generator of its own for item `index` of this stream; does not advance this one.
  Rng at(uint64_t index) const;

 private:
  uint64_t seed_;
  uint64_t stream_;
  uint64_t block_ = 0;  // index of the next 128-bit block
  std::array<uint32_t, 4> words_{};
  int used_ = 4;  // words of words_ already handed out
};

}  // namespace crosstwin::ir
