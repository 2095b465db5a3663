// Drawing with plain rectangles; colours by weight.
// SPDX-License-Identifier: Apache-2.0
#include "compress/layout/picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <optional>

#include "compress/ir/error.hpp"

namespace crosstwin::layout {

namespace {

constexpr double kWidth = 1100;
constexpr double kMargin = 60;  // left, for the vertical label; also right
constexpr double kPlot = kWidth - 2 * kMargin;
constexpr double kMaxCell = 16;
// Rectangles a panel, about a megabyte and a half of text; with more kept weights blocks are drawn.
constexpr int64_t kMaxRects = 20000;

constexpr const char* kPruned = "#d9dce1";
constexpr const char* kUnused = "#f4f5f7";
constexpr const char* kInk = "#20242b";
constexpr const char* kSoft = "#6b7280";

// Blue for negative, white for zero, red for positive; the square root keeps small weights visible.
std::string colour(double weight, double range) {
  const double t = std::sqrt(std::min(1.0, std::abs(weight) / range));
  const auto blend = [t](int from, int to) { return static_cast<int>(from + (to - from) * t); };
  if (weight < 0)
    return fmt::format("#{:02x}{:02x}{:02x}", blend(255, 33), blend(255, 90), blend(255, 172));
  return fmt::format("#{:02x}{:02x}{:02x}", blend(255, 194), blend(255, 38), blend(255, 52));
}

std::string grouped(int64_t value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

class Canvas {
 public:
  void rect(double x, double y, double w, double h, const std::string& fill,
            const std::string& more = "") {
    body_ += fmt::format(
        "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\"{}/>\n", x,
        y, w, h, fill, more);
  }
  void line(double x1, double y1, double x2, double y2, const std::string& stroke, double width) {
    body_ += fmt::format(
        "<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" stroke=\"{}\" "
        "stroke-width=\"{}\"/>\n",
        x1, y1, x2, y2, stroke, width);
  }
  void text(double x, double y, double size, const std::string& words, const std::string& more = "",
            const std::string& fill = kInk) {
    body_ +=
        fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" fill=\"{}\"{}>{}</text>\n", x,
                    y, size, fill, more, words);
  }
  std::string svg(double height, const std::string& title) const {
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
               "width=\"{0:.0f}\" "
               "height=\"{1:.0f}\" font-family=\"Helvetica, Arial, sans-serif\">\n"
               "<title>{2}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
               kWidth, height, title) +
           body_ + "</svg>\n";
  }

 private:
  std::string body_;
};

// A matrix to draw: value(row, col), or nothing where no weight is kept.
struct Matrix {
  int32_t rows = 0;
  int32_t cols = 0;
  std::vector<std::optional<int16_t>> cells;  // [rows][cols]
  const std::optional<int16_t>& at(int32_t r, int32_t c) const {
    return cells[static_cast<size_t>(r) * cols + c];
  }
};

// 1 while every kept weight can have its own rectangle.
int32_t block_size(const Matrix& m) {
  const auto kept = std::count_if(m.cells.begin(), m.cells.end(),
                                  [](const auto& cell) { return cell.has_value(); });
  if (kept <= kMaxRects) return 1;
  int32_t block = 2;
  while (int64_t{(m.rows + block - 1) / block} * ((m.cols + block - 1) / block) > kMaxRects) {
    ++block;
  }
  return block;
}

// The kept weight of the largest magnitude in a block.
std::optional<int16_t> strongest(const Matrix& m, int32_t r0, int32_t c0, int32_t block) {
  std::optional<int16_t> best;
  for (int32_t r = r0; r < std::min(r0 + block, m.rows); ++r) {
    for (int32_t c = c0; c < std::min(c0 + block, m.cols); ++c) {
      const auto& cell = m.at(r, c);
      if (cell && (!best || std::abs(*cell) > std::abs(*best))) best = cell;
    }
  }
  return best;
}

// Draws at (x, y); rows go right, columns down. Nothing is drawn over pruned cells, so that the
// background shows. Runs of equal colour along a row of blocks become one rectangle.
void draw_cells(Canvas& canvas, const Matrix& m, double x, double y, double cell, int32_t block,
                double range) {
  const bool gaps = block == 1 && cell >= 6;
  for (int32_t c = 0; c < m.cols; c += block) {
    for (int32_t r = 0; r < m.rows;) {
      const auto value = strongest(m, r, c, block);
      int32_t end = r + block;
      if (!value) {
        r = end;
        continue;
      }
      const std::string fill = colour(*value, range);
      while (!gaps && end < m.rows) {
        const auto next = strongest(m, end, c, block);
        if (!next || colour(*next, range) != fill) break;
        end += block;
      }
      const double w = (std::min(end, m.rows) - r) * cell;
      const double h = (std::min(c + block, m.cols) - c) * cell;
      canvas.rect(x + r * cell, y + c * cell, gaps ? w - 0.6 : w, gaps ? h - 0.6 : h, fill);
      r = end;
    }
  }
}

void draw_tile_borders(Canvas& canvas, const ir::Layout& layout, int32_t rows, int32_t cols,
                       double x, double y, double cell) {
  for (int32_t r = 0; r < rows; r += layout.tile_rows) {
    canvas.line(x + r * cell, y, x + r * cell, y + cols * cell, kInk, 1.2);
  }
  for (int32_t c = 0; c < cols; c += layout.tile_cols) {
    canvas.line(x, y + c * cell, x + rows * cell, y + c * cell, kInk, 1.2);
  }
  canvas.rect(x, y, rows * cell, cols * cell, "none",
              fmt::format(" stroke=\"{}\" stroke-width=\"1.2\"", kInk));
}

void draw_axes(Canvas& canvas, int32_t rows, int32_t cols, double x, double y, double cell) {
  const double bottom = y + cols * cell;
  canvas.text(x, bottom + 16, 11, "0", "", kSoft);
  canvas.text(x + rows * cell, bottom + 16, 11, grouped(rows - 1), " text-anchor=\"end\"", kSoft);
  canvas.text(x + std::max(rows * cell / 2, 80.0), bottom + 16, 11, "crossbar rows (inputs)",
              " text-anchor=\"middle\"", kSoft);
  canvas.text(x - 8, y + 10, 11, "0", " text-anchor=\"end\"", kSoft);
  canvas.text(x - 8, bottom, 11, grouped(cols - 1), " text-anchor=\"end\"", kSoft);
  const double middle = y + cols * cell / 2;
  if (cols * cell > 130) {
    canvas.text(x - 34, middle, 11, "columns (filters)",
                fmt::format(" text-anchor=\"middle\" transform=\"rotate(-90 {:.1f} {:.1f})\"",
                            x - 34, middle),
                kSoft);
  }
}

// One panel: title, background, cells, borders, axes. Returns the y below it.
double draw_panel(Canvas& canvas, const ir::Layout& layout, const Matrix& m, int32_t rows,
                  int32_t cols, const char* background, double y, double max_height,
                  const std::string& title, double range) {
  const double cell = std::min({kMaxCell, kPlot / rows, max_height / cols});
  canvas.text(kMargin, y, 14, title, " font-weight=\"bold\"");
  y += 12;
  canvas.rect(kMargin, y, rows * cell, cols * cell, background);
  draw_cells(canvas, m, kMargin, y, cell, block_size(m), range);
  draw_tile_borders(canvas, layout, rows, cols, kMargin, y, cell);
  draw_axes(canvas, rows, cols, kMargin, y, cell);
  return y + cols * cell + 46;
}

void draw_legend(Canvas& canvas, double y, int32_t range, int32_t block, int32_t block_after) {
  constexpr double kBar = 220;
  constexpr int kSteps = 44;
  for (int i = 0; i < kSteps; ++i) {
    const double weight = range * (2.0 * i / (kSteps - 1) - 1);
    canvas.rect(kMargin + kBar * i / kSteps, y, kBar / kSteps + 0.3, 14, colour(weight, range));
  }
  canvas.rect(kMargin, y, kBar, 14, "none",
              fmt::format(" stroke=\"{}\" stroke-width=\"0.6\"", kSoft));
  canvas.text(kMargin, y + 28, 11, std::to_string(-range), "", kSoft);
  canvas.text(kMargin + kBar / 2, y + 28, 11, "weight", " text-anchor=\"middle\"", kSoft);
  canvas.text(kMargin + kBar, y + 28, 11, std::to_string(range), " text-anchor=\"end\"", kSoft);
  double x = kMargin + kBar + 40;
  const auto swatch = [&](const char* fill, const std::string& words, double width) {
    canvas.rect(x, y, 14, 14, fill, fmt::format(" stroke=\"{}\" stroke-width=\"0.6\"", kSoft));
    canvas.text(x + 20, y + 12, 12, words);
    x += width;
  };
  swatch(kPruned, "pruned", 90);
  swatch(kUnused, "cells of a tile not in use", 200);
  canvas.line(x, y + 7, x + 18, y + 7, kInk, 1.2);
  canvas.text(x + 24, y + 12, 12, "border of a tile");
  const auto note = [&](const char* where, int32_t size, double dy) {
    if (size == 1) return;
    canvas.text(x + 150, y + dy, 12, fmt::format("{0}: a block is {1} x {1} weights", where, size));
  };
  note("before", block, 12);
  note("on tiles", block_after, 28);
}

void check_origin(const ir::Stage& stage, const Origin& origin, size_t rows, size_t cols) {
  const auto fits = [](const std::vector<int32_t>& kept, size_t count, int32_t bound) {
    return kept.size() == count && std::is_sorted(kept.begin(), kept.end()) &&
           std::adjacent_find(kept.begin(), kept.end()) == kept.end() &&
           (kept.empty() || (kept.front() >= 0 && kept.back() < bound));
  };
  if (fits(origin.rows, rows, origin.full_rows) && fits(origin.cols, cols, origin.full_cols))
    return;
  throw ir::Error({"layer " + stage.name,
                   "the rows and columns before pruning do not fit the layer",
                   fmt::format("{} rows and {} columns, ascending, below {} and {}", rows, cols,
                               origin.full_rows, origin.full_cols),
                   fmt::format("{} and {}", origin.rows.size(), origin.cols.size()),
                   "give the unpruned network that this design was made from"});
}

}  // namespace

Origin assumed_origin(const ir::Stage& stage, int32_t full_rows, int32_t full_cols) {
  const auto& crossbar = std::get<ir::Crossbar>(stage.kind);
  const int32_t rows_left = stage.in.c * crossbar.kernel_h * crossbar.kernel_w;
  if (full_rows < rows_left || full_cols < stage.out.c) {
    throw ir::Error({"layer " + stage.name, "is larger than before pruning",
                     fmt::format("at most {} x {}", full_rows, full_cols),
                     fmt::format("{} x {}", rows_left, stage.out.c),
                     "give the unpruned network that this design was made from"});
  }
  Origin origin = {
      full_rows, full_cols, crossbar.rows, {}, full_rows > rows_left || full_cols > stage.out.c};
  std::sort(origin.rows.begin(), origin.rows.end());
  origin.cols.resize(static_cast<size_t>(stage.out.c));
  std::iota(origin.cols.begin(), origin.cols.end(), 0);
  return origin;
}

std::string picture(const ir::Design& design, const ir::Stage& stage, const Origin& origin) {
  const auto& crossbar = std::get<ir::Crossbar>(stage.kind);
  const auto rows = static_cast<int32_t>(crossbar.rows.size());
  const int32_t cols = stage.out.c;
  check_origin(stage, origin, crossbar.rows.size(), static_cast<size_t>(cols));
  const auto weight = [&](int32_t r, int32_t c) {
    return crossbar.weight[static_cast<size_t>(r) * cols + c];
  };
  // Crossbar rows may be in any order; origin.rows is ascending, as the row numbers sort.
  std::vector<int32_t> order(static_cast<size_t>(rows));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return crossbar.rows[static_cast<size_t>(a)] < crossbar.rows[static_cast<size_t>(b)];
  });
  Matrix before = {origin.full_rows, origin.full_cols, {}};
  before.cells.resize(static_cast<size_t>(before.rows) * before.cols);
  Matrix after = {rows, cols, {}};
  for (int32_t r = 0; r < rows; ++r) {
    for (int32_t c = 0; c < cols; ++c) {
      after.cells.emplace_back(weight(r, c));
      const auto row = static_cast<size_t>(origin.rows[static_cast<size_t>(r)]);
      before.cells[row * before.cols + origin.cols[static_cast<size_t>(c)]] =
          weight(order[static_cast<size_t>(r)], c);
    }
  }
  const ir::TileCount full = ir::count_tiles(design.layout, before.rows, before.cols);
  const ir::TileCount used = ir::count_tiles(design.layout, rows, cols);
  const auto range = static_cast<double>(design.layout.weight_range);
  const std::string title = design.name + ": " + stage.name;
  const auto caption = [](const char* when, int32_t r, int32_t c, const ir::TileCount& count) {
    return fmt::format("{}: {} x {} = {} weights on {} {}, {} cells, {} ADCs", when, grouped(r),
                       grouped(c), grouped(int64_t{r} * c), grouped(count.tiles),
                       count.tiles == 1 ? "tile" : "tiles", grouped(count.cells),
                       grouped(count.adcs));
  };
  Canvas canvas;
  canvas.text(kMargin, 34, 20, title, " font-weight=\"bold\"");
  const double rate =
      static_cast<double>(int64_t{before.rows} * before.cols) / (double{1} * rows * cols);
  canvas.text(kMargin, 54, 12,
              fmt::format("{:.1f}x fewer weights; tiles of {} rows x {} columns", rate,
                          design.layout.tile_rows, design.layout.tile_cols),
              "", kSoft);
  const char* note = origin.assumed ? "; positions of removed filters are not recorded" : "";
  double y = draw_panel(canvas, design.layout, before, before.rows, before.cols, kPruned, 88, 620,
                        caption("Before pruning", before.rows, before.cols, full) + note, range);
  y = draw_panel(canvas, design.layout, after,
                 static_cast<int32_t>(used.row_tiles) * design.layout.tile_rows,
                 static_cast<int32_t>(used.col_tiles) * design.layout.tile_cols, kUnused, y, 340,
                 caption("On tiles", rows, cols, used), range);
  draw_legend(canvas, y, design.layout.weight_range, block_size(before), block_size(after));
  return canvas.svg(y + 50, title);
}

}  // namespace crosstwin::layout
