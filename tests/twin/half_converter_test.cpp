// The 16-bit converter against the contract's on every current.
// SPDX-License-Identifier: Apache-2.0
#include "twin/half_converter.hpp"

#include "compress/ir/rng.hpp"
#include "tests/catch.hpp"
#include "tests/twin/random_design.hpp"
#include "twin/adc.hpp"

namespace crosstwin {

using test::between;
using twin::HalfConverter;

namespace {

// As the kernel computes: every step within 16 bits.
int32_t half_code(int64_t current, const HalfConverter& half) {
  const auto moved = static_cast<uint16_t>(current + half.delta);
  const uint32_t product = uint32_t{moved} * half.mult;
  const uint32_t mean = ((product & 0xFFFF) + half.low + 1) >> 1;
  const auto sum = static_cast<int16_t>((product >> 16) + (mean >> 15) +
                                        static_cast<uint32_t>(int32_t{half.above}));
  return sum >> half.shift;
}

}  // namespace

TEST_CASE("a 16-bit converter gives the contract's raw code for every current of its range") {
  ir::Rng rng(41, 1);
  int32_t found = 0;
  constexpr int32_t kCases = 300;
  for (int i = 0; i < kCases; ++i) {
    const int32_t shift = between(rng, 1, 22);
    const int64_t mult = between(rng, 1, std::min(65535, (1 << shift) - 1));
    const int64_t offset = between(rng, -(1 << shift), 4 << shift);
    const int64_t least = -between(rng, 0, 300);
    const int64_t most = between(rng, 1, (1 << between(rng, 4, 16)) - 301);
    const auto half = twin::half_converter(mult, offset, shift, least, most);
    if (!half) continue;
    ++found;
    for (int64_t current = least; current <= most; ++current) {
      const int64_t expected = (current * mult + offset) >> shift;
      if (half_code(current, *half) != expected) {
        FAIL("mult " << mult << " offset " << offset << " shift " << shift << ": current "
                     << current << " gives " << half_code(current, *half) << ", not " << expected);
      }
    }
  }
  CHECK(found > kCases / 2);
}

TEST_CASE("converters of the default device have a 16-bit form, with noise and without") {
  const ir::Device device;
  for (int32_t lsb = 1; lsb <= 16; ++lsb) {
    const auto t = twin::find_transfer(device, lsb, 128, 8);
    const int64_t half = int64_t{1} << (t.shift - 1);
    INFO("lsb " << lsb);
    CHECK(twin::half_converter(t.mult, half, t.shift, 0, 250 * 128));
    CHECK(twin::half_converter(t.mult, half, t.shift, -200, 250 * 128 + 200));
  }
}

TEST_CASE("a step of one unit or less, and a current beyond 16 bits, have no 16-bit form") {
  CHECK(twin::half_converter(15, 8, 4, 0, 255));
  CHECK(!twin::half_converter(16, 8, 4, 0, 255));
  CHECK(twin::half_converter(3, 8, 4, 0, 65535));
  CHECK(!twin::half_converter(3, 8, 4, 0, 65536));
  CHECK(!twin::half_converter(3, 8, 4, -1, 65535));
  CHECK(!twin::half_converter(15, int64_t{40000} << 4, 4, 0, 255));
}

}  // namespace crosstwin
