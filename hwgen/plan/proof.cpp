// Whether a layer's conversions lose nothing, so that integer products may stand for its crossbar.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/proof.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "compress/ir/error.hpp"

namespace crosstwin::hwgen {
namespace {

constexpr int32_t kMarginBits = 16;

// What a physical column converts with.
struct Transfer {
  int64_t mult = 1, offset = 0, half = 0;
  int32_t shift = 0;
  int64_t full_scale = 0;

  int64_t unclamped(int64_t current) const { return (current * mult + offset + half) >> shift; }
  int64_t code(int64_t current) const {
    return std::clamp<int64_t>(unclamped(current), 0, full_scale);
  }
};

class Prover {
 public:
  Prover(const ir::Layout& layout, const ir::Crossbar& crossbar, const ir::Chip& chip,
         const ir::CrossbarChip& cells)
      : layout_(layout),
        crossbar_(crossbar),
        chip_(chip),
        cells_(cells),
        rows_(static_cast<int32_t>(crossbar.rows.size())),
        cols_(static_cast<int32_t>(crossbar.bias.size())) {}

  Proof run() {
    proof_.failure = unfit();
    if (!proof_.failure.empty()) return proof_;
    for (int32_t first = 0; first < rows_; first += layout_.tile_rows) {
      first_ = first;
      count_ = std::min(layout_.tile_rows, rows_ - first);
      if (!tile()) return proof_;
    }
    proof_.exact = true;
    return proof_;
  }

 private:
  // What rules every column out, or nothing.
  std::string unfit() {
    if (!chip_.shared_table) return "cells of this chip are off their levels";
    g0_ = chip_.table[0];
    step_ = chip_.table.size() > 1 ? int64_t{chip_.table[1]} - g0_ : 1;
    for (size_t code = 0; code < chip_.table.size(); ++code) {
      const int64_t linear = g0_ + static_cast<int64_t>(code) * step_;
      if (chip_.table[code] == linear && step_ > 0) continue;
      return fmt::format("levels are not evenly spaced: level {} is {}, {} on the line", code,
                         chip_.table[code], linear);
    }
    for (int32_t slice = 0; slice < layout_.slices; ++slice) {
      const auto first = cells_.lsb.begin() + int64_t{slice} * cols_;
      const int32_t lsb = *std::max_element(first, first + cols_);
      if (lsb == 1) continue;
      return fmt::format("a code of slice {} stands for {} level steps, not one; {}", slice, lsb,
                         worst_column(slice));
    }
    if (cells_.noisy()) return "its conversions have read noise";
    for (size_t code = 0; code < cells_.inl.size(); ++code) {
      if (cells_.inl[code] == code) continue;
      return fmt::format("converters are not linear: code {} comes out as {}", code,
                         cells_.inl[code]);
    }
    return {};
  }

  // What one level step a code would need, in codes.
  std::string worst_column(int32_t slice) const {
    std::vector<int64_t> sums(static_cast<size_t>(2 * cols_));
    int64_t most = -1;
    std::string where;
    for (int32_t row = 0; row < rows_; ++row) {
      for (int32_t col = 0; col < cols_; ++col) {
        const int16_t value = crossbar_.weight[static_cast<size_t>(int64_t{row} * cols_ + col)];
        for (int32_t polarity = 0; polarity < 2; ++polarity) {
          sums[static_cast<size_t>(2 * col + polarity)] +=
              ir::slice_code(value, polarity, slice, layout_.cell_bits);
        }
      }
      const int32_t in_tile = row % layout_.tile_rows + 1;
      if (in_tile < layout_.tile_rows && row + 1 < rows_) continue;
      const auto at = std::max_element(sums.begin(), sums.end());
      const int64_t codes = *at + in_tile * g0_ / step_;
      if (codes > most) {
        most = codes;
        const auto array = static_cast<int32_t>(at - sums.begin());
        where = place(row - in_tile + 1, slice, array % 2, array / 2);
      }
      std::fill(sums.begin(), sums.end(), 0);
    }
    return fmt::format("at one, {} would reach code {} of {}", where, most,
                       (1 << layout_.adc_bits) - 1);
  }

  int32_t weight(int32_t row, int32_t col) const {
    return crossbar_.weight[static_cast<size_t>(int64_t{first_ + row} * cols_ + col)];
  }

  int32_t code_of(int32_t row, int32_t col, int32_t polarity, int32_t slice) const {
    return ir::slice_code(weight(row, col), polarity, slice, layout_.cell_bits);
  }

  Transfer transfer(int32_t slice, int32_t col) const {
    const auto at = static_cast<size_t>(slice * cols_ + col);
    Transfer t;
    t.mult = cells_.adc_mult[at];
    t.offset = cells_.adc_offset[at];
    t.shift = cells_.adc_shift[static_cast<size_t>(slice)];
    t.half = t.shift > 0 ? int64_t{1} << (t.shift - 1) : 0;
    t.full_scale = cells_.adc_clip[at];  // at most 2^adc_bits - 1
    return t;
  }

  // All columns of the row tile; false when one is not exact.
  bool tile() {
    const auto levels = size_t{1} << layout_.cell_bits;
    const size_t arrays = static_cast<size_t>(2 * layout_.slices);
    // How many cells of each level an array's column holds.
    std::vector<int32_t> held(arrays * static_cast<size_t>(cols_) * levels);
    for (int32_t row = 0; row < count_; ++row) {
      for (int32_t col = 0; col < cols_; ++col) {
        for (int32_t array = 0; array < 2 * layout_.slices; ++array) {
          const int32_t code = code_of(row, col, array / layout_.slices, array % layout_.slices);
          ++held[(static_cast<size_t>(array) * cols_ + col) * levels + static_cast<size_t>(code)];
        }
      }
    }
    for (int32_t col = 0; col < cols_; ++col) {
      for (int32_t slice = 0; slice < layout_.slices; ++slice) {
        const auto levels_held = [&](int32_t polarity) {
          const auto array = static_cast<size_t>(polarity * layout_.slices + slice);
          return &held[(array * cols_ + col) * levels];
        };
        // A pair whose cells are all at code 0 gives equal codes, whatever they are.
        if (*levels_held(0) == count_ && *levels_held(1) == count_) continue;
        for (int32_t polarity = 0; polarity < 2; ++polarity) {
          const int32_t rows = missed(levels_held(polarity), slice, polarity, col);
          if (rows > 0 && !survives(slice, polarity, col, rows)) return false;
        }
      }
    }
    return true;
  }

  // Of the row tile that begins with row `first`.
  std::string place(int32_t first, int32_t slice, int32_t polarity, int32_t col) const {
    return fmt::format("row tile {}, column {}, slice {}, {}", first / layout_.tile_rows, col,
                       slice, polarity == 0 ? "positive" : "negative");
  }

  // The fewest driven rows with which the column's largest sum is not exact, or 0.
  int32_t missed(const int32_t* held, int32_t slice, int32_t polarity, int32_t col) {
    ++proof_.physical_columns;
    const Transfer t = transfer(slice, col);
    const int64_t one = int64_t{1} << t.shift;
    const int64_t excess = step_ * t.mult - one;  // d
    int64_t sum = 0;
    int32_t level = (1 << layout_.cell_bits) - 1;
    int32_t left = held[level];
    int32_t first_missed = 0;
    for (int32_t n = 1; n <= count_; ++n) {
      while (left == 0) left = held[--level];
      --left;
      sum += level;
      const int64_t a = n * g0_ * t.mult + t.offset + t.half;
      const int64_t place_in_code = (a & (one - 1)) + excess * sum;  // f + d P, 0 .. 2^sh - 1
      const int64_t top = t.unclamped(n * g0_ + sum * step_);
      const int64_t distance = std::min(place_in_code, one - 1 - place_in_code);
      const int64_t scaled = (distance << kMarginBits) >> t.shift;
      proof_.rounding_margin = std::min(proof_.rounding_margin, scaled);
      if (first_missed == 0 && (distance < 0 || a < 0 || top > t.full_scale)) first_missed = n;
      if (n == count_) remember(slice, polarity, col, sum, top, t.full_scale);
    }
    return first_missed;
  }

  // Keeps the conversion nearest to full scale.
  void remember(int32_t slice, int32_t polarity, int32_t col, int64_t sum, int64_t code,
                int64_t full_scale) {
    if (!proof_.where.empty() && full_scale - code >= proof_.margin()) return;
    proof_.where = place(first_, slice, polarity, col);
    proof_.rows = count_;
    proof_.sum = sum;
    proof_.current = count_ * g0_ + sum * step_;
    proof_.code = code;
    proof_.full_scale = full_scale;
  }

  // What the pairs of a column give for these driven rows, and what they should.
  int64_t converted(const std::vector<int32_t>& driven, int32_t col) const {
    int64_t total = 0;
    for (int32_t slice = 0; slice < layout_.slices; ++slice) {
      const Transfer t = transfer(slice, col);
      for (int32_t polarity = 0; polarity < 2; ++polarity) {
        int64_t current = 0;
        for (const int32_t row : driven) {
          current += g0_ + step_ * code_of(row, col, polarity, slice);
        }
        const int64_t code = t.code(current) << (layout_.cell_bits * slice);
        total += polarity == 0 ? code : -code;
      }
    }
    return total;
  }

  int64_t product(const std::vector<int32_t>& driven, int32_t col) const {
    int64_t total = 0;
    for (const int32_t row : driven) total += weight(row, col);
    return total;
  }

  // Whether the column gives exact results although this array alone would not.
  bool survives(int32_t slice, int32_t polarity, int32_t col, int32_t rows) {
    std::vector<int32_t> driven(static_cast<size_t>(count_));
    std::iota(driven.begin(), driven.end(), 0);
    // Largest codes first; among equals those that leave the other polarity low.
    std::stable_sort(driven.begin(), driven.end(), [&](int32_t a, int32_t b) {
      const int32_t code_a = code_of(a, col, polarity, slice);
      const int32_t code_b = code_of(b, col, polarity, slice);
      if (code_a != code_b) return code_a > code_b;
      return code_of(a, col, 1 - polarity, slice) < code_of(b, col, 1 - polarity, slice);
    });
    driven.resize(static_cast<size_t>(rows));
    if (converted(driven, col) != product(driven, col)) {
      refuse(slice, polarity, col, driven, "");
      return false;
    }
    if (count_ > kEveryInput) {
      refuse(slice, polarity, col, driven,
             ", which its pair may or may not make up for: not proved");
      return false;
    }
    for (uint32_t mask = 1; mask < (uint32_t{1} << count_); ++mask) {
      driven.clear();
      for (int32_t row = 0; row < count_; ++row) {
        if (mask >> row & 1) driven.push_back(row);
      }
      if (converted(driven, col) == product(driven, col)) continue;
      refuse(slice, polarity, col, driven, "");
      return false;
    }
    proof_.tried_inputs += int64_t{1} << count_;
    return true;
  }

  void refuse(int32_t slice, int32_t polarity, int32_t col, const std::vector<int32_t>& driven,
              const char* doubt) {
    const Transfer t = transfer(slice, col);
    int64_t sum = 0;
    for (const int32_t row : driven) sum += code_of(row, col, polarity, slice);
    const auto n = static_cast<int64_t>(driven.size());
    const int64_t base = t.unclamped(n * g0_);
    const int64_t top = t.unclamped(n * g0_ + sum * step_);
    std::string numbers;
    if (top > t.full_scale) {
      numbers =
          fmt::format("code {} of {}, {} over full scale", top, t.full_scale, top - t.full_scale);
    } else if (n * g0_ * t.mult + t.offset + t.half < 0) {
      numbers = fmt::format("a pedestal of {}, below code 0", base);
    } else {
      numbers = fmt::format("code {}, {} over its pedestal of {}", top, top - base, base);
    }
    proof_.failure = fmt::format("{}: {} driven rows with codes that add up to {} give {}{}",
                                 place(first_, slice, polarity, col), n, sum, numbers, doubt);
  }

  const ir::Layout& layout_;
  const ir::Crossbar& crossbar_;
  const ir::Chip& chip_;
  const ir::CrossbarChip& cells_;
  int32_t rows_;
  int32_t cols_;
  int64_t g0_ = 0;
  int64_t step_ = 1;
  int32_t first_ = 0;  // row of the tile
  int32_t count_ = 0;  // rows of the tile
  Proof proof_;
};

}  // namespace

Proof prove_lossless(const ir::Layout& layout, const ir::Crossbar& crossbar, const ir::Chip& chip,
                     const ir::CrossbarChip& cells) {
  return Prover(layout, crossbar, chip, cells).run();
}

std::string to_string(const Proof& proof) {
  if (!proof.exact) return proof.failure;
  if (proof.where.empty()) return "every weight is zero";
  std::string text = fmt::format(
      "{} physical columns convert exactly: the worst, {}, adds codes of {} rows to {}, current "
      "{}, code {} of {} (margin {}); rounding stays {:.4f} LSB away from another code",
      proof.physical_columns, proof.where, proof.rows, proof.sum, proof.current, proof.code,
      proof.full_scale, proof.margin(), static_cast<double>(proof.rounding_margin) / 65536);
  if (proof.tried_inputs > 0) {
    text += fmt::format("; {} inputs of columns whose rounding cancels were tried one by one",
                        proof.tried_inputs);
  }
  return text;
}

}  // namespace crosstwin::hwgen
