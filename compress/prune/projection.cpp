// Structured projections: norms of groups, the largest of them, and the alternation of two kinds.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/projection.hpp"

#include <algorithm>
#include <numeric>

#include "compress/ir/error.hpp"

namespace crosstwin::prune {
namespace {

// Squared norms of the columns over the kept rows.
std::vector<double> column_energy(std::span<const float> weight, MatrixShape shape,
                                  const std::vector<uint8_t>& rows) {
  std::vector<double> energy(static_cast<size_t>(shape.columns), 0);
  for (int64_t column = 0; column < shape.columns; ++column) {
    for (int64_t row = 0; row < shape.rows; ++row) {
      const double value = weight[static_cast<size_t>(column * shape.rows + row)];
      if (rows[static_cast<size_t>(row)]) energy[static_cast<size_t>(column)] += value * value;
    }
  }
  return energy;
}

// Squared norms of the rows over the kept columns; rows not allowed count as -1, so they come last.
std::vector<double> row_energy(std::span<const float> weight, MatrixShape shape,
                               const std::vector<uint8_t>& columns,
                               const std::vector<uint8_t>& allowed) {
  std::vector<double> energy(static_cast<size_t>(shape.rows), 0);
  for (int64_t column = 0; column < shape.columns; ++column) {
    if (!columns[static_cast<size_t>(column)]) continue;
    for (int64_t row = 0; row < shape.rows; ++row) {
      const double value = weight[static_cast<size_t>(column * shape.rows + row)];
      energy[static_cast<size_t>(row)] += value * value;
    }
  }
  for (size_t row = 0; row < energy.size(); ++row) {
    if (!allowed[row]) energy[row] = -1;
  }
  return energy;
}

void intersect(std::vector<uint8_t>& flags, const std::vector<uint8_t>& other) {
  for (size_t i = 0; i < flags.size(); ++i) flags[i] = flags[i] & other[i];
}

}  // namespace

std::vector<uint8_t> largest(std::span<const double> values, int64_t k) {
  ir::check(k >= 0, "cannot keep a negative number of groups");
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return values[a] > values[b]; });
  std::vector<uint8_t> keep(values.size(), 0);
  for (size_t i = 0; i < order.size() && i < static_cast<size_t>(k); ++i) keep[order[i]] = 1;
  return keep;
}

Support choose_support(std::span<const float> weight, MatrixShape shape, const Structure& structure,
                       std::span<const int32_t> channel_of_row) {
  ir::check(static_cast<int64_t>(weight.size()) == shape.columns * shape.rows,
            "the weights do not fill the matrix");
  const std::vector<uint8_t> every_column(static_cast<size_t>(shape.columns), 1);
  std::vector<uint8_t> allowed(static_cast<size_t>(shape.rows), 1);
  if (structure.channels > 0 && shape.rows > 0) {
    ir::check(channel_of_row.size() == allowed.size(), "every row needs its channel");
    const int32_t last = *std::max_element(channel_of_row.begin(), channel_of_row.end());
    std::vector<double> energy(static_cast<size_t>(last) + 1, 0);
    const std::vector<double> rows = row_energy(weight, shape, every_column, allowed);
    for (size_t row = 0; row < rows.size(); ++row) {
      energy[static_cast<size_t>(channel_of_row[row])] += rows[row];
    }
    const std::vector<uint8_t> channels = largest(energy, structure.channels);
    for (size_t row = 0; row < rows.size(); ++row) {
      allowed[row] = channels[static_cast<size_t>(channel_of_row[row])];
    }
  }
  Support support{every_column, allowed};
  // Each round keeps at least the norm of the one before; equal supports end it, and the bound is a
  // guard against ties that swap for ever.
  for (int round = 0; round < 32; ++round) {
    const Support before = support;
    if (structure.filters > 0) {
      support.columns = largest(column_energy(weight, shape, support.rows), structure.filters);
    }
    if (structure.shapes > 0) {
      support.rows = largest(row_energy(weight, shape, support.columns, allowed), structure.shapes);
      intersect(support.rows, allowed);
    }
    if (support.columns == before.columns && support.rows == before.rows) break;
  }
  return support;
}

void apply_support(std::span<float> weight, MatrixShape shape, const Support& support) {
  for (int64_t column = 0; column < shape.columns; ++column) {
    for (int64_t row = 0; row < shape.rows; ++row) {
      if (!support.columns[static_cast<size_t>(column)] ||
          !support.rows[static_cast<size_t>(row)]) {
        weight[static_cast<size_t>(column * shape.rows + row)] = 0;
      }
    }
  }
}

}  // namespace crosstwin::prune
