// Projections against exhaustive search.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/projection.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "tests/catch.hpp"
#include "tests/prune/reference.hpp"

namespace crosstwin::prune {
namespace {

constexpr MatrixShape kShape{5, 7};

double kept_energy(const std::vector<float>& weight, unsigned columns, unsigned rows) {
  double sum = 0;
  for (unsigned c = 0; c < 5; ++c) {
    for (unsigned r = 0; r < 7; ++r) {
      const double value = weight[c * 7 + r];
      if ((columns >> c & 1U) && (rows >> r & 1U)) sum += value * value;
    }
  }
  return sum;
}

unsigned bits(const std::vector<uint8_t>& flags) {
  unsigned result = 0;
  for (size_t i = 0; i < flags.size(); ++i) result |= unsigned{flags[i]} << i;
  return result;
}

TEST_CASE("Projections onto filters, shapes or channels keep the largest norm of all choices") {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    ir::Rng rng(seed);
    const std::vector<float> weight = tests::random_values(rng, 35);
    for (int k = 1; k < 5; ++k) {
      const Support filters = choose_support(weight, kShape, {.filters = k});
      double best = 0;
      for (unsigned set = 0; set < 32; ++set) {
        if (std::popcount(set) == k) best = std::max(best, kept_energy(weight, set, 127));
      }
      CHECK(std::popcount(bits(filters.columns)) == k);
      CHECK(kept_energy(weight, bits(filters.columns), 127) == best);

      const Support shapes = choose_support(weight, kShape, {.shapes = k});
      best = 0;
      for (unsigned set = 0; set < 128; ++set) {
        if (std::popcount(set) == k) best = std::max(best, kept_energy(weight, 31, set));
      }
      CHECK(std::popcount(bits(shapes.rows)) == k);
      CHECK(kept_energy(weight, 31, bits(shapes.rows)) == best);
    }
    const std::vector<int32_t> channel_of_row{0, 0, 0, 1, 1, 2, 2};
    const unsigned rows_of[] = {0b0000111, 0b0011000, 0b1100000};
    const Support channels = choose_support(weight, kShape, {.channels = 2}, channel_of_row);
    double best = 0;
    for (int dropped = 0; dropped < 3; ++dropped) {
      best = std::max(best, kept_energy(weight, 31, 127U & ~rows_of[dropped]));
    }
    CHECK(kept_energy(weight, 31, bits(channels.rows)) == best);
  }
}

TEST_CASE("The joint projection realises both counts and cannot be bettered in either kind") {
  int optimal = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    ir::Rng rng(seed);
    const std::vector<float> weight = tests::random_values(rng, 35);
    const Support both = choose_support(weight, kShape, {.filters = 3, .shapes = 4});
    const unsigned columns = bits(both.columns);
    const unsigned rows = bits(both.rows);
    REQUIRE(std::popcount(columns) == 3);
    REQUIRE(std::popcount(rows) == 4);
    const double kept = kept_energy(weight, columns, rows);
    double best = 0;
    for (unsigned c = 0; c < 32; ++c) {
      if (std::popcount(c) != 3) continue;
      CHECK(kept_energy(weight, c, rows) <= kept);
      for (unsigned r = 0; r < 128; ++r) {
        if (std::popcount(r) != 4) continue;
        best = std::max(best, kept_energy(weight, c, r));
        if (c == columns) CHECK(kept_energy(weight, c, r) <= kept);
      }
    }
    CHECK(kept >= 0.8 * best);
    optimal += kept == best;
  }
  CHECK(optimal >= 25);  // more than half of these matrices end in the global optimum
}

TEST_CASE("Ties go to the lower index") {
  const std::vector<double> equal{1, 2, 1, 2, 1};
  CHECK(largest(equal, 3) == std::vector<uint8_t>{1, 1, 0, 1, 0});
  CHECK(largest(equal, 0) == std::vector<uint8_t>(5, 0));
  CHECK(largest(equal, 9) == std::vector<uint8_t>(5, 1));
}

TEST_CASE("A support zeroes what it does not hold and nothing else") {
  ir::Rng rng(3);
  std::vector<float> weight = tests::random_values(rng, 35, 0.5F, 1);
  const std::vector<float> before = weight;
  const Support support = choose_support(weight, kShape, {.filters = 2, .shapes = 3});
  apply_support(weight, kShape, support);
  CHECK(std::count(weight.begin(), weight.end(), 0.0F) == 35 - 2 * 3);
  for (size_t i = 0; i < weight.size(); ++i) CHECK((weight[i] == 0 || weight[i] == before[i]));
}

}  // namespace
}  // namespace crosstwin::prune
