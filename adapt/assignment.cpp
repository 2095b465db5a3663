// Shortest augmenting paths over reduced costs.
// SPDX-License-Identifier: Apache-2.0
#include "adapt/assignment.hpp"

#include <limits>

#include "compress/ir/error.hpp"

namespace crosstwin::adapt {

std::vector<int32_t> assign(std::span<const double> cost, int32_t rows, int32_t cols) {
  ir::check(rows <= cols && cost.size() == static_cast<size_t>(rows) * static_cast<size_t>(cols),
            "an assignment has a column for every row");
  constexpr int32_t kNone = -1;
  const auto count = static_cast<size_t>(cols);
  std::vector<double> row_potential(static_cast<size_t>(rows));
  std::vector<double> col_potential(count);
  std::vector<int32_t> row_of(count, kNone);
  for (int32_t first = 0; first < rows; ++first) {
    // Grows a tree of columns from the new row until one is free: distance[j] is the least reduced
    // cost of a way to column j, from[j] the column before it (kNone: the new row itself).
    std::vector<double> distance(count, std::numeric_limits<double>::infinity());
    std::vector<int32_t> from(count, kNone);
    std::vector<uint8_t> in_tree(count);
    int32_t row = first;
    int32_t last = kNone;
    while (true) {
      const auto r = static_cast<size_t>(row);
      double least = std::numeric_limits<double>::infinity();
      int32_t next = kNone;
      for (size_t j = 0; j < count; ++j) {
        if (in_tree[j] != 0) continue;
        const double reduced = cost[r * count + j] - row_potential[r] - col_potential[j];
        if (reduced < distance[j]) {
          distance[j] = reduced;
          from[j] = last;
        }
        if (distance[j] < least) {
          least = distance[j];
          next = static_cast<int32_t>(j);
        }
      }
      ir::check(next != kNone, "costs are finite");
      row_potential[static_cast<size_t>(first)] += least;
      for (size_t j = 0; j < count; ++j) {
        if (in_tree[j] != 0) {
          row_potential[static_cast<size_t>(row_of[j])] += least;
          col_potential[j] -= least;
        } else {
          distance[j] -= least;
        }
      }
      in_tree[static_cast<size_t>(next)] = 1;
      last = next;
      row = row_of[static_cast<size_t>(next)];
      if (row == kNone) break;
    }
    for (int32_t j = last; j != kNone;) {
      const int32_t before = from[static_cast<size_t>(j)];
      row_of[static_cast<size_t>(j)] =
          before == kNone ? first : row_of[static_cast<size_t>(before)];
      j = before;
    }
  }
  std::vector<int32_t> column_of(static_cast<size_t>(rows));
  for (int32_t j = 0; j < cols; ++j) {
    const int32_t row = row_of[static_cast<size_t>(j)];
    if (row != kNone) column_of[static_cast<size_t>(row)] = j;
  }
  return column_of;
}

}  // namespace crosstwin::adapt
