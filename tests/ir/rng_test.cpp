// Counter-based random numbers: known answers, order, and the distributions asked for.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/rng.hpp"

#include <cmath>
#include <vector>

#include "tests/catch.hpp"

using namespace crosstwin::ir;

TEST_CASE("philox gives the published answers") {
  // kat_vectors of the authors' Random123 distribution, philox4x32 with 10 rounds.
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) ==
        std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("seed, stream and index each give another sequence and repeat") {
  const auto first = [](Rng rng) { return rng.next_u64(); };
  CHECK(first(Rng(1)) == first(Rng(1)));
  CHECK(first(Rng(1)) != first(Rng(2)));
  CHECK(first(Rng(1, 0)) != first(Rng(1, 1)));
  const Rng base(7);
  CHECK(first(base.at(3)) == first(base.at(3)));
  CHECK(first(base.at(3)) != first(base.at(4)));
  CHECK(first(base.at(3)) != first(base));
}

TEST_CASE("draws have the moments of their distributions") {
  constexpr int kCount = 200000;
  Rng rng(11);
  double sum = 0;
  double sum2 = 0;
  double sum4 = 0;
  double uniform = 0;
  std::vector<int> histogram(7);
  for (int i = 0; i < kCount; ++i) {
    const double n = rng.normal();
    sum += n;
    sum2 += n * n;
    sum4 += n * n * n * n;
    const float u = rng.uniform();
    REQUIRE(u >= 0.0F);
    REQUIRE(u < 1.0F);
    uniform += static_cast<double>(u);
    ++histogram[rng.below(7)];
  }
  // Five standard errors of each estimate.
  const double se = 1.0 / std::sqrt(kCount);
  CHECK(std::abs(sum / kCount) < 5 * se);
  CHECK(std::abs(sum2 / kCount - 1) < 5 * std::sqrt(2.0) * se);
  CHECK(std::abs(sum4 / kCount - 3) < 5 * std::sqrt(96.0) * se);
  CHECK(std::abs(uniform / kCount - 0.5) < 5 * se / std::sqrt(12.0));
  double chi2 = 0;
  for (const int count : histogram) chi2 += std::pow(count - kCount / 7.0, 2) / (kCount / 7.0);
  CHECK(chi2 < 35.0);  // 6 degrees of freedom: p = 4e-6
}
