// The checks of a placement.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/placement.hpp"

#include <algorithm>

#include "compress/ir/error.hpp"

namespace crosstwin::ir {

namespace {

// `of` takes every index to one of its own in the same tile; tile t of the places is
// [t * place_size, ...) and holds the tile's indices and `spares`.
void check_order(const std::vector<int32_t>& of, int64_t count, int64_t tile_size, int64_t spares,
                 const std::string& where) {
  if (of.empty()) return;
  if (static_cast<int64_t>(of.size()) != count) {
    throw Error({where, "wrong length", std::to_string(count), std::to_string(of.size())});
  }
  const int64_t tiles = (count + tile_size - 1) / tile_size;
  std::vector<uint8_t> taken(static_cast<size_t>(count + tiles * spares));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t tile = i / tile_size;
    const int64_t first = tile * (tile_size + spares);
    const int64_t end = first + std::min(tile_size, count - tile * tile_size) + spares;
    const int64_t at = of[static_cast<size_t>(i)];
    const std::string place = where + "[" + std::to_string(i) + "]";
    if (at < first || at >= end) {
      throw Error({place, "outside its tile",
                   std::to_string(first) + ".." + std::to_string(end - 1), std::to_string(at)});
    }
    if (taken[static_cast<size_t>(at)] != 0) {
      throw Error({place, "taken by another one", "a place of its own", std::to_string(at)});
    }
    taken[static_cast<size_t>(at)] = 1;
  }
}

bool ascending(const std::vector<int32_t>& of) {
  for (size_t i = 0; i < of.size(); ++i) {
    if (of[i] != static_cast<int32_t>(i)) return false;
  }
  return true;
}

}  // namespace

bool Placement::in_order() const {
  const bool unswapped =
      std::all_of(swapped.begin(), swapped.end(), [](uint8_t each) { return each == 0; });
  return spare_columns == 0 && !makes_up && unswapped && ascending(row_of) && ascending(column_of);
}

void check_placement(const Placement& placement, int64_t rows, int64_t cols, const Layout& layout,
                     const std::string& where) {
  if (placement.spare_columns < 0 || placement.spare_columns > kMaxSpareColumns) {
    throw Error({where + ".spare_columns", "out of range", "0.." + std::to_string(kMaxSpareColumns),
                 std::to_string(placement.spare_columns)});
  }
  check_order(placement.row_of, rows, layout.tile_rows, 0, where + ".row_of");
  check_order(placement.column_of, cols, layout.tile_cols, placement.spare_columns,
              where + ".column_of");
  if (placement.swapped.empty()) return;
  if (static_cast<int64_t>(placement.swapped.size()) != cols) {
    throw Error({where + ".swapped", "wrong length", std::to_string(cols),
                 std::to_string(placement.swapped.size())});
  }
  for (size_t c = 0; c < placement.swapped.size(); ++c) {
    if (placement.swapped[c] <= 1) continue;
    throw Error({where + ".swapped[" + std::to_string(c) + "]", "out of range", "0 or 1",
                 std::to_string(placement.swapped[c])});
  }
}

}  // namespace crosstwin::ir
