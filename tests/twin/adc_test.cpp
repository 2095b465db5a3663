// The converter: clamp, exact transfers, least range.
// SPDX-License-Identifier: Apache-2.0
#include "twin/adc.hpp"

#include "compress/ir/error.hpp"
#include "tests/catch.hpp"

namespace crosstwin {

using twin::convert;
using twin::find_transfer;
using twin::Transfer;

namespace {

// Every number of driven rows n and every sum of codes P, compared one by one.
bool exact_everywhere(const ir::Device& device, const Transfer& t, int32_t rows, int32_t bits) {
  const int32_t top = (1 << bits) - 1;
  for (int64_t n = 0; n <= rows; ++n) {
    const int64_t pedestal = n * device.g_min;
    const int32_t zero = convert(pedestal, t.mult, 0, t.shift, bits);
    if (zero == top) continue;
    for (int64_t p = 0; p <= n * (device.levels - 1); ++p) {
      const int32_t code = convert(pedestal + p * device.g_step, t.mult, 0, t.shift, bits);
      if (code != std::min<int64_t>(zero + p, top)) return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("a conversion rounds half up and clamps to the converter's codes") {
  REQUIRE(convert(5, 1, 0, 1, 8) == 3);
  REQUIRE(convert(4, 1, 0, 1, 8) == 2);
  REQUIRE(convert(7, 1, 0, 0, 8) == 7);
  REQUIRE(convert(0, 1, -3, 1, 8) == 0);  // (-3 + 1) >> 1 = -1
  REQUIRE(convert(511, 1, 0, 1, 8) == 255);
  REQUIRE(convert(100000, 65535, 1 << 30, 4, 6) == 63);
  REQUIRE_FALSE(twin::is_clipped(509, 1, 0, 1, 8));
  REQUIRE(twin::is_clipped(511, 1, 0, 1, 8));
  REQUIRE(twin::is_clipped(0, 1, -3, 1, 8));
}

TEST_CASE("one level step an LSB converts ideal cells exactly for every reachable current") {
  const ir::Device standard;
  ir::Device even;
  even.g_min = 8;
  even.g_step = 16;
  ir::Device odd;
  odd.levels = 4;
  odd.g_min = 7;
  odd.g_step = 33;
  for (const ir::Device& device : {standard, even, odd}) {
    for (const int32_t bits : {4, 6, 8, 10, 12}) {
      for (const int32_t rows : {1, 15, 128, 300}) {
        INFO("step " << device.g_step << ", " << bits << " bits, " << rows << " rows");
        const Transfer t = find_transfer(device, 1, rows, bits);
        REQUIRE(t.exact);
        REQUIRE(exact_everywhere(device, t, rows, bits));
      }
    }
  }
}

TEST_CASE("no smaller shift than the one found is exact") {
  const ir::Device device;
  const Transfer t = find_transfer(device, 1, 128, 8);
  for (int32_t shift = 0; shift < t.shift; ++shift) {
    const int32_t below = (1 << shift) / 15;
    for (const int32_t mult : {below, below + 1}) {
      REQUIRE_FALSE(exact_everywhere(device, {mult, shift, true}, 128, 8));
    }
  }
}

TEST_CASE("a transfer off by one in its multiplier is seen to be inexact") {
  const ir::Device device;
  const Transfer t = find_transfer(device, 1, 128, 10);
  REQUIRE_FALSE(exact_everywhere(device, {t.mult + 1, t.shift, true}, 128, 10));
  REQUIRE_FALSE(exact_everywhere(device, {t.mult - 1, t.shift, true}, 128, 10));
}

TEST_CASE("a larger LSB is off by less than 1/64 LSB at full scale") {
  const ir::Device device;
  for (int32_t lsb = 2; lsb <= 12; ++lsb) {
    const Transfer t = find_transfer(device, lsb, 128, 8);
    const double gain = std::ldexp(t.mult, -t.shift) * 15 * lsb;
    REQUIRE(std::abs(gain - 1) * 256 < 1.0 / 64);
  }
}

TEST_CASE("the covering LSB is the least that does not clip") {
  const ir::Device device;
  for (const int64_t current : {0, 100, 3832, 3833, 7700, 32000, 256000}) {
    const int32_t lsb = twin::covering_lsb(device, current, 128, 8);
    const Transfer t = find_transfer(device, lsb, 128, 8);
    REQUIRE_FALSE(twin::is_clipped(current, t.mult, 0, t.shift, 8));
    if (lsb == 1) continue;
    const Transfer less = find_transfer(device, lsb - 1, 128, 8);
    REQUIRE(twin::is_clipped(current, less.mult, 0, less.shift, 8));
  }
  REQUIRE(twin::covering_lsb(device, 255 * 15, 128, 8) == 1);
  REQUIRE(twin::covering_lsb(device, 256 * 15, 128, 8) == 2);
}

TEST_CASE("columns that share a shift convert as by themselves, or clip no more") {
  const ir::Device device;
  for (const int32_t bits : {5, 8, 10}) {
    for (const std::vector<int32_t>& lsb :
         {std::vector<int32_t>{3, 3, 3}, {1, 2, 5}, {7, 1, 40}, {300, 2, 1}, {1, 60000}}) {
      const twin::SliceTransfers all = twin::find_transfers(device, lsb, 128, bits);
      const int64_t top = (int64_t{1} << bits) - 1;
      for (size_t c = 0; c < lsb.size(); ++c) {
        const Transfer own = find_transfer(device, lsb[c], 128, bits);
        INFO("bits " << bits << ", lsb " << lsb[c] << ", shift " << all.shift << ", by itself "
                     << own.shift);
        REQUIRE(all.mult[c] >= 1);
        REQUIRE(all.mult[c] <= 65535);
        int64_t worst = 0;
        for (int64_t current = 0; current <= 128 * 250; current += 3) {
          const int64_t code = twin::raw_code(current, all.mult[c], 0, all.shift);
          const int64_t alone = twin::raw_code(current, own.mult, 0, own.shift);
          REQUIRE(code <= alone);
          if (own.shift <= all.shift) REQUIRE(code == alone);
          if (alone <= top) worst = std::max(worst, alone - code);
        }
        const double least = 32768.0 * *std::min_element(lsb.begin(), lsb.end()) / lsb[c];
        REQUIRE(static_cast<double>(worst) <= 1 + static_cast<double>(top) / std::floor(least));
      }
    }
  }
  const Transfer own = find_transfer(device, 3, 128, 8);
  const twin::SliceTransfers same =
      twin::find_transfers(device, std::vector<int32_t>{3, 3}, 128, 8);
  CHECK(same.shift == own.shift);
  CHECK(same.mult == std::vector<int32_t>{own.mult, own.mult});
}

}  // namespace crosstwin
