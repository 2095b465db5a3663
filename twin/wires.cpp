// Nested dissection of the array: halves are solved apart and joined at the wires they share.
// SPDX-License-Identifier: Apache-2.0
//
// Every wire node inside the array is removed (ResistorMesh); what is left joins drivers and sense
// nodes, and between driver r and sense node c it is the effective conductance. The order of
// removal is George's nested dissection (SIAM J. Numer. Anal. 10, 1973): a part of h x w cells is
// left with the nodes it shares with its neighbours, 2 (h + w) at most, so that n x n cells cost
// about 30 n^3 operations, the joins of the largest parts most of it.
#include "twin/wires.hpp"

#include <tbb/parallel_for.h>
#include <tbb/parallel_invoke.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <optional>

#include "compress/ir/error.hpp"
#include "twin/resistor_mesh.hpp"

namespace crosstwin::twin {

namespace {

constexpr int32_t kLeafCells = 16;       // removed in one go
constexpr int32_t kParallelCells = 512;  // smaller parts are not worth a task

struct Range {
  int32_t begin = 0;
  int32_t end = 0;
  int32_t size() const { return end - begin; }
};

// A part of the array, solved: what is left of it between the nodes of its border.
struct Part {
  std::vector<int32_t> nodes;  // ascending
  ResistorMesh mesh{0, 0};
  int32_t singular = -1;  // a node that could not be removed
};

class Array {
 public:
  // `units` is siemens_per_unit.
  Array(std::span<const double> g, int32_t rows, int32_t cols, double units,
        const WireOptions& wires)
      : g_(g),
        rows_(rows),
        cols_(cols),
        wires_(wires),
        row_(1 / (wires.row_ohm * units)),
        column_(1 / (wires.column_ohm * units)),
        driver_(1 / ((wires.driver_ohm + wires.row_ohm) * units)),
        sense_(1 / ((wires.sense_ohm + wires.column_ohm) * units)) {}

  Part solve() const { return solve({0, rows_}, {0, cols_}); }

  double effective(const Part& part, int32_t r, int32_t c) const {
    return part.mesh.at(part.mesh.kept_at(driver(r)), part.mesh.kept_at(sense(c)));
  }

  std::string name(int32_t node) const {
    if (node < rows_ + cols_) return node < rows_ ? row_name(node) : column_name(node - rows_);
    const int32_t cell = (node - rows_ - cols_) / 2;
    const int32_t r = cell / cols_;
    const int32_t c = cell % cols_;
    return (node - rows_ - cols_) % 2 == 0 ? row_name(r) + " at column " + std::to_string(c)
                                           : column_name(c) + " at row " + std::to_string(r);
  }

 private:
  static std::string row_name(int32_t r) { return "wire of row " + std::to_string(r); }
  static std::string column_name(int32_t c) { return "wire of column " + std::to_string(c); }

  // Nodes; those that no resistance keeps apart are one. Drivers and sense nodes come first.
  int32_t driver(int32_t r) const { return r; }
  int32_t sense(int32_t c) const { return rows_ + c; }
  int32_t on_row(int32_t r, int32_t c) const {
    if (wires_.row_ohm == 0) c = 0;
    const bool driven = c == 0 || (c == cols_ - 1 && wires_.double_contacts);
    if (driven && wires_.row_ohm + wires_.driver_ohm == 0) return driver(r);
    return rows_ + cols_ + 2 * (r * cols_ + c);
  }
  int32_t on_column(int32_t r, int32_t c) const {
    if (wires_.column_ohm == 0) r = rows_ - 1;
    const bool sensed = r == rows_ - 1 || (r == 0 && wires_.double_contacts);
    if (sensed && wires_.column_ohm + wires_.sense_ohm == 0) return sense(c);
    return rows_ + cols_ + 2 * (r * cols_ + c) + 1;
  }

  struct Edge {
    int32_t a, b;
    double conductance;
  };

  // Cells and the wire segments to their right and below; at the array's border the driver's and
  // the sense nodes' too.
  std::vector<Edge> edges(Range rows, Range cols) const {
    std::vector<Edge> result;
    const auto add = [&](int32_t a, int32_t b, double conductance) {
      if (a != b) result.push_back({std::min(a, b), std::max(a, b), conductance});
    };
    for (int32_t r = rows.begin; r < rows.end; ++r) {
      for (int32_t c = cols.begin; c < cols.end; ++c) {
        const int32_t row = on_row(r, c);
        const int32_t column = on_column(r, c);
        add(row, column, g_[static_cast<size_t>(r) * cols_ + c]);
        if (c == 0) add(driver(r), row, driver_);
        if (c < cols_ - 1) add(row, on_row(r, c + 1), row_);
        if (c == cols_ - 1 && wires_.double_contacts) add(row, driver(r), driver_);
        if (r == rows_ - 1) add(column, sense(c), sense_);
        if (r < rows_ - 1) add(column, on_column(r + 1, c), column_);
        if (r == 0 && wires_.double_contacts) add(column, sense(c), sense_);
      }
    }
    return result;
  }

  // The nodes that a part shares with the rest of the array or with the world.
  std::vector<int32_t> border(Range rows, Range cols) const {
    std::vector<int32_t> result;
    for (int32_t r = rows.begin; r < rows.end; ++r) {
      result.push_back(cols.begin == 0 ? driver(r) : on_row(r, cols.begin));
      if (cols.end < cols_) result.push_back(on_row(r, cols.end));
      if (cols.end == cols_ && wires_.double_contacts) result.push_back(driver(r));
    }
    for (int32_t c = cols.begin; c < cols.end; ++c) {
      result.push_back(rows.end == rows_ ? sense(c) : on_column(rows.end, c));
      if (rows.begin > 0) result.push_back(on_column(rows.begin, c));
      if (rows.begin == 0 && wires_.double_contacts) result.push_back(sense(c));
    }
    return sorted(std::move(result));
  }

  static std::vector<int32_t> sorted(std::vector<int32_t> nodes) {
    std::sort(nodes.begin(), nodes.end());
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    return nodes;
  }

  // Where the nodes of `some` stand in the mesh whose removed nodes are `removed`.
  static std::vector<int32_t> places(const ResistorMesh& mesh, const std::vector<int32_t>& some,
                                     const std::vector<int32_t>& removed,
                                     const std::vector<int32_t>& kept) {
    std::vector<int32_t> result;
    size_t i = 0;
    size_t j = 0;
    for (const int32_t node : some) {
      while (i < removed.size() && removed[i] < node) ++i;
      while (j < kept.size() && kept[j] < node) ++j;
      const bool gone = i < removed.size() && removed[i] == node;
      result.push_back(gone ? mesh.removed_at(static_cast<int32_t>(i))
                            : mesh.kept_at(static_cast<int32_t>(j)));
    }
    return result;
  }

  // Joins `all` nodes, filled by fill(mesh, places of nodes), and removes what is not `kept`.
  template <class Fill>
  static Part reduce(const std::vector<int32_t>& all, std::vector<int32_t> kept, Fill&& fill) {
    std::vector<int32_t> removed;
    std::set_difference(all.begin(), all.end(), kept.begin(), kept.end(),
                        std::back_inserter(removed));
    Part part;
    part.mesh =
        ResistorMesh(static_cast<int32_t>(removed.size()), static_cast<int32_t>(kept.size()));
    fill(part.mesh,
         [&](const std::vector<int32_t>& some) { return places(part.mesh, some, removed, kept); });
    const int32_t stuck = part.mesh.eliminate();
    if (stuck >= 0) part.singular = removed[static_cast<size_t>(stuck)];
    part.nodes = std::move(kept);
    return part;
  }

  Part leaf(Range rows, Range cols) const {
    const std::vector<Edge> list = edges(rows, cols);
    std::vector<int32_t> all;
    for (const Edge& edge : list) {
      all.push_back(edge.a);
      all.push_back(edge.b);
    }
    all = sorted(std::move(all));
    return reduce(all, border(rows, cols), [&](ResistorMesh& mesh, const auto& places_of) {
      const std::vector<int32_t> at = places_of(all);
      const auto place = [&](int32_t node) {
        return at[static_cast<size_t>(std::lower_bound(all.begin(), all.end(), node) -
                                      all.begin())];
      };
      for (const Edge& edge : list) {
        const auto [low, high] = std::minmax({place(edge.a), place(edge.b)});
        mesh.add(low, high, edge.conductance);
      }
    });
  }

  static Part join(const Part& first, const Part& second, std::vector<int32_t> kept) {
    if (first.singular >= 0 || second.singular >= 0) {
      Part part;
      part.singular = first.singular >= 0 ? first.singular : second.singular;
      return part;
    }
    std::vector<int32_t> all;
    std::set_union(first.nodes.begin(), first.nodes.end(), second.nodes.begin(), second.nodes.end(),
                   std::back_inserter(all));
    return reduce(all, std::move(kept), [&](ResistorMesh& mesh, const auto& places_of) {
      for (const Part* part : {&first, &second}) {
        const std::vector<int32_t> at = places_of(part->nodes);
        const auto count = static_cast<int32_t>(at.size());
        for (int32_t b = 1; b < count; ++b) {
          for (int32_t a = 0; a < b; ++a) {
            const auto [low, high] = std::minmax(at[a], at[b]);
            mesh.add(low, high, part->mesh.at(part->mesh.kept_at(a), part->mesh.kept_at(b)));
          }
        }
      }
    });
  }

  Part solve(Range rows, Range cols) const {
    if (rows.size() * cols.size() <= kLeafCells) return leaf(rows, cols);
    Range first_rows = rows, second_rows = rows, first_cols = cols, second_cols = cols;
    if (rows.size() >= cols.size()) {
      first_rows.end = second_rows.begin = rows.begin + rows.size() / 2;
    } else {
      first_cols.end = second_cols.begin = cols.begin + cols.size() / 2;
    }
    Part first, second;
    const auto solve_first = [&] { first = solve(first_rows, first_cols); };
    const auto solve_second = [&] { second = solve(second_rows, second_cols); };
    if (rows.size() * cols.size() >= kParallelCells) {
      tbb::parallel_invoke(solve_first, solve_second);
    } else {
      solve_first();
      solve_second();
    }
    return join(first, second, border(rows, cols));
  }

  std::span<const double> g_;
  int32_t rows_;
  int32_t cols_;
  WireOptions wires_;
  double row_;  // segments, in units of g; infinite and unused where there is no resistance
  double column_;
  double driver_;  // with the segment beside it
  double sense_;
};

std::string shown(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", value);
  return text.data();
}

void check_wires(const WireOptions& wires, double siemens_per_unit, const std::string& where) {
  if (!(std::isnormal(siemens_per_unit) && siemens_per_unit > 0)) {
    throw ir::Error({where + ".siemens_per_unit", "no unit of conductance", "a number above 0",
                     shown(siemens_per_unit)});
  }
  const std::pair<const char*, double> all[] = {{"row_ohm", wires.row_ohm},
                                                {"column_ohm", wires.column_ohm},
                                                {"driver_ohm", wires.driver_ohm},
                                                {"sense_ohm", wires.sense_ohm}};
  for (const auto& [name, ohm] : all) {
    const double conductance = 1 / (ohm * siemens_per_unit);
    if (ohm == 0 || (ohm > 0 && std::isnormal(conductance))) continue;
    throw ir::Error(
        {where + "." + name, "a wire resistance that makes the nodal equations singular",
         "0 for an ideal wire, or a finite resistance above it", shown(ohm),
         ohm > 0 && ohm < 1 ? "0 is an ideal wire"
                            : "a cell is left out by conductance 0, not by a broken wire"});
  }
}

// Folds one array into `result`; returns what is wrong with it, if anything.
std::optional<ir::Diagnosis> fold(std::span<const double> g, int32_t rows, int32_t cols,
                                  double siemens_per_unit, const WireOptions& wires,
                                  std::span<double> result) {
  const auto place = [&](size_t at) {
    return "row " + std::to_string(at / cols) + ", column " + std::to_string(at % cols);
  };
  for (size_t i = 0; i < g.size(); ++i) {
    if (g[i] >= 0 && std::isfinite(g[i])) continue;
    return ir::Diagnosis{place(i), "no conductance of a cell", "a finite number, 0 or more",
                         shown(g[i])};
  }
  const Array array(g, rows, cols, siemens_per_unit, wires);
  const Part part = array.solve();
  if (part.singular >= 0) {
    return ir::Diagnosis{
        array.name(part.singular),
        "the nodal equations are singular: conductances here sum up to 0 or beyond "
        "what a double holds",
        {},
        {},
        "bring cells and wires nearer to each other"};
  }
  for (int32_t r = 0; r < rows; ++r) {
    for (int32_t c = 0; c < cols; ++c) {
      result[static_cast<size_t>(r) * cols + c] = array.effective(part, r, c);
    }
  }
  return std::nullopt;
}

// As fold(), for both arrays of a pair.
std::optional<ir::Diagnosis> fold_both(std::span<double> positive, std::span<double> negative,
                                       int32_t rows, int32_t cols, double siemens_per_unit,
                                       const WireOptions& wires) {
  if (!wires.interleaved_pairs) {
    for (const auto& [name, g] :
         {std::pair("positive", positive), std::pair("negative", negative)}) {
      auto wrong = fold(g, rows, cols, siemens_per_unit, wires, g);
      if (wrong) {
        wrong->where = std::string(name) + " array, " + wrong->where;
        return wrong;
      }
    }
    return std::nullopt;
  }
  std::vector<double> both(2 * positive.size());
  for (size_t i = 0; i < positive.size(); ++i) {
    both[2 * i] = positive[i];
    both[2 * i + 1] = negative[i];
  }
  auto wrong = fold(both, rows, 2 * cols, siemens_per_unit, wires, both);
  if (wrong) wrong->where = "pairs interleaved (+ - + - ...), " + wrong->where;
  for (size_t i = 0; i < positive.size(); ++i) {
    positive[i] = both[2 * i];
    negative[i] = both[2 * i + 1];
  }
  return wrong;
}

void throw_if(std::optional<ir::Diagnosis> wrong, const std::string& where) {
  if (!wrong) return;
  wrong->where = where + ": " + wrong->where;
  throw ir::Error(std::move(*wrong));
}

}  // namespace

std::vector<double> effective_conductances(std::span<const double> g, int32_t rows, int32_t cols,
                                           double siemens_per_unit, const WireOptions& wires,
                                           const std::string& where) {
  ir::check(rows > 0 && cols > 0 && g.size() == static_cast<size_t>(rows) * cols,
            "wires: g is not rows x cols");
  check_wires(wires, siemens_per_unit, where);
  std::vector<double> result(g.begin(), g.end());
  if (wires.ideal()) return result;
  throw_if(fold(g, rows, cols, siemens_per_unit, wires, result), where);
  return result;
}

void fold_pair(std::span<double> positive, std::span<double> negative, int32_t rows, int32_t cols,
               double siemens_per_unit, const WireOptions& wires, const std::string& where) {
  ir::check(rows > 0 && cols > 0 && positive.size() == static_cast<size_t>(rows) * cols &&
                negative.size() == positive.size(),
            "wires: the arrays of a pair are not rows x cols");
  check_wires(wires, siemens_per_unit, where);
  if (wires.ideal()) return;
  throw_if(fold_both(positive, negative, rows, cols, siemens_per_unit, wires), where);
}

void fold_layer(std::span<double> g, const TileShape& shape, int32_t tile_cols,
                double siemens_per_unit, const WireOptions& wires, const std::string& where) {
  ir::check(g.size() == shape.cell(2, 0, 0, 0), "wires: g is not [2][slices][rows][cols]");
  check_wires(wires, siemens_per_unit, where);
  if (wires.ideal()) return;
  const int32_t col_tiles = (shape.cols + tile_cols - 1) / tile_cols;
  const int32_t count = shape.row_tiles() * col_tiles * shape.slices;
  std::vector<std::optional<ir::Diagnosis>> wrong(static_cast<size_t>(count));
  tbb::parallel_for(0, count, [&](int32_t i) {
    const int32_t slice = i % shape.slices;
    const int32_t row_tile = i / shape.slices / col_tiles;
    const int32_t col_tile = i / shape.slices % col_tiles;
    const int32_t row = row_tile * shape.tile_rows;
    const int32_t column = col_tile * tile_cols;
    const int32_t rows = std::min(shape.tile_rows, shape.rows - row);
    const int32_t cols = std::min(tile_cols, shape.cols - column);
    std::vector<double> pair[2];
    const auto for_rows = [&](auto&& visit) {
      for (int32_t p = 0; p < 2; ++p) {
        pair[p].resize(static_cast<size_t>(rows) * cols);
        for (int32_t r = 0; r < rows; ++r) {
          visit(g.begin() + static_cast<ptrdiff_t>(shape.cell(p, slice, row + r, column)),
                pair[p].begin() + static_cast<ptrdiff_t>(r) * cols);
        }
      }
    };
    for_rows([&](auto layer, auto array) { std::copy_n(layer, cols, array); });
    auto& fault = wrong[static_cast<size_t>(i)];
    fault = fold_both(pair[0], pair[1], rows, cols, siemens_per_unit, wires);
    if (fault) {
      fault->where = "row tile " + std::to_string(row_tile) + ", column tile " +
                     std::to_string(col_tile) + ", slice " + std::to_string(slice) + ", " +
                     fault->where;
    }
    for_rows([&](auto layer, auto array) { std::copy_n(array, cols, layer); });
  });
  for (auto& fault : wrong) throw_if(std::move(fault), where);
}

}  // namespace crosstwin::twin
