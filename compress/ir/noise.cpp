// The noise generator's keys.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/noise.hpp"

#include "compress/ir/rng.hpp"

namespace crosstwin::ir {
namespace {

constexpr uint64_t kStream = 0x6E6F697365;  // "noise": apart from every other user of the seed

}  // namespace

NoiseKeys noise_keys(uint64_t seed, uint32_t stage) {
  return {Rng(seed, kStream).at(stage).next_u64()};
}

}  // namespace crosstwin::ir
