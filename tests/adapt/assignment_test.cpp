// The assignment solver against every permutation.
// SPDX-License-Identifier: Apache-2.0
#include "adapt/assignment.hpp"

#include <algorithm>
#include <numeric>

#include "compress/ir/rng.hpp"
#include "tests/catch.hpp"

namespace crosstwin {

namespace {

double cost_of(const std::vector<double>& cost, int32_t cols, const std::vector<int32_t>& column) {
  double sum = 0;
  for (size_t r = 0; r < column.size(); ++r) {
    sum += cost[r * static_cast<size_t>(cols) + static_cast<size_t>(column[r])];
  }
  return sum;
}

// The least cost over all ways to give rows columns.
double least_cost(const std::vector<double>& cost, int32_t rows, int32_t cols) {
  std::vector<int32_t> order(static_cast<size_t>(cols));
  std::iota(order.begin(), order.end(), 0);
  double least = 1e300;
  do {
    const std::vector<int32_t> column(order.begin(), order.begin() + rows);
    least = std::min(least, cost_of(cost, cols, column));
  } while (std::next_permutation(order.begin(), order.end()));
  return least;
}

}  // namespace

TEST_CASE("assignments are as cheap as the best of all permutations") {
  ir::Rng rng(3, 1);
  for (int32_t trial = 0; trial < 200; ++trial) {
    const int32_t cols = 1 + static_cast<int32_t>(rng.below(6));
    const int32_t rows = 1 + static_cast<int32_t>(rng.below(static_cast<uint32_t>(cols)));
    std::vector<double> cost(static_cast<size_t>(rows) * static_cast<size_t>(cols));
    // Few values, some negative: many ties.
    for (double& each : cost) each = static_cast<double>(rng.below(trial % 2 == 0 ? 5 : 1000)) - 2;
    const std::vector<int32_t> column = adapt::assign(cost, rows, cols);
    std::vector<int32_t> sorted = column;
    std::sort(sorted.begin(), sorted.end());
    REQUIRE(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
    REQUIRE(sorted.front() >= 0);
    REQUIRE(sorted.back() < cols);
    REQUIRE(cost_of(cost, cols, column) == least_cost(cost, rows, cols));
  }
}

TEST_CASE("an assignment without preference keeps the order") {
  const std::vector<double> cost(5 * 7, 1.0);
  REQUIRE(adapt::assign(cost, 5, 7) == std::vector<int32_t>{0, 1, 2, 3, 4});
}

}  // namespace crosstwin
