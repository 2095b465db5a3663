// The assignment problem: every row gets a column of its own, the sum of costs is least.
// SPDX-License-Identifier: Apache-2.0
//
// Source: Kuhn, "The Hungarian method for the assignment problem" (1955), in the form with
// potentials that adds one row at a time by a shortest path (Jonker and Volgenant 1987, without
// their initialisation). O(rows^2 cols).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace crosstwin::adapt {

// cost [rows][cols], finite, rows <= cols -> the column of each row. Exact up to the rounding of
// the sums. Equal costs everywhere give row i column i.
std::vector<int32_t> assign(std::span<const double> cost, int32_t rows, int32_t cols);

}  // namespace crosstwin::adapt
