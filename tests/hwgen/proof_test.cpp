// The proof that conversions lose nothing, against every input of tiny layers.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/proof.hpp"

#include <algorithm>

#include "compress/ir/rng.hpp"
#include "tests/catch.hpp"

using namespace crosstwin;
using namespace crosstwin::hwgen;

namespace {

// One dense layer of linear cells: table k is g0 + step k.
struct Tiny {
  ir::Layout layout = {.tile_rows = 4,
                       .tile_cols = 4,
                       .cell_bits = 2,
                       .slices = 2,
                       .weight_range = 15,
                       .adc_bits = 6};
  ir::Crossbar crossbar;
  ir::Chip chip;
  ir::CrossbarChip cells;
  int32_t in_bits = 2;
  bool in_signed = false;

  Tiny(int32_t rows, int32_t cols, int32_t g0 = 3, int32_t step = 2) {
    for (int32_t row = 0; row < rows; ++row) crossbar.rows.push_back(row);
    crossbar.weight.resize(static_cast<size_t>(rows) * cols);
    crossbar.bias.resize(static_cast<size_t>(cols));
    chip.shared_table = true;
    for (int32_t k = 0; k < 1 << layout.cell_bits; ++k) {
      chip.table.push_back(static_cast<uint16_t>(g0 + step * k));
    }
    cells.lsb.assign(static_cast<size_t>(layout.slices * cols), 1);
    cells.noise_mult.assign(static_cast<size_t>(layout.slices), 0);
    converters(1, 1, 0);  // gain 1 / 2, exact at a step of 2 and even pedestals
  }

  void converters(int32_t mult, int32_t shift, int32_t offset) {
    const size_t all = cells.lsb.size();
    cells.adc_mult.assign(all, mult);
    cells.adc_offset.assign(all, offset);
    cells.adc_clip.assign(all, (1 << layout.adc_bits) - 1);
    cells.adc_shift.assign(static_cast<size_t>(layout.slices), shift);
  }

  Proof proof() const { return prove_lossless(layout, crossbar, chip, cells); }

  // Y of one column by the contract, every conversion written out.
  int64_t y(const std::vector<int32_t>& x, int32_t col) const {
    const auto rows = static_cast<int32_t>(crossbar.rows.size());
    const auto cols = static_cast<int32_t>(crossbar.bias.size());
    int64_t sum = 0;
    for (int32_t first = 0; first < rows; first += layout.tile_rows) {
      for (int32_t plane = 0; plane < in_bits; ++plane) {
        for (int32_t slice = 0; slice < layout.slices; ++slice) {
          for (int32_t polarity = 0; polarity < 2; ++polarity) {
            int64_t current = 0;
            for (int32_t row = first; row < std::min(rows, first + layout.tile_rows); ++row) {
              if ((x[static_cast<size_t>(row)] >> plane & 1) == 0) continue;
              const int32_t weight = crossbar.weight[static_cast<size_t>(row * cols + col)];
              current += chip.table[static_cast<size_t>(
                  ir::slice_code(weight, polarity, slice, layout.cell_bits))];
            }
            const auto at = static_cast<size_t>(slice * cols + col);
            const int32_t shift = cells.adc_shift[static_cast<size_t>(slice)];
            const int64_t half = shift > 0 ? int64_t{1} << (shift - 1) : 0;
            int64_t code = (current * cells.adc_mult[at] + cells.adc_offset[at] + half) >> shift;
            code = std::clamp<int64_t>(code, 0, (1 << layout.adc_bits) - 1);
            code = std::min<int64_t>(code, cells.adc_clip[at]);
            if (!cells.inl.empty()) code = cells.inl[static_cast<size_t>(code)];
            const int64_t weight =
                in_signed && plane == in_bits - 1 ? -(int64_t{1} << plane) : int64_t{1} << plane;
            const int64_t term =
                weight * (int64_t{1} << (layout.cell_bits * slice)) * cells.lsb[at] * code;
            sum += polarity == 0 ? term : -term;
          }
        }
      }
    }
    return sum;
  }

  // Every input of every column.
  bool exact_everywhere() const {
    const auto rows = static_cast<int32_t>(crossbar.rows.size());
    const auto cols = static_cast<int32_t>(crossbar.bias.size());
    std::vector<int32_t> x(static_cast<size_t>(rows));
    for (int64_t input = 0; input < int64_t{1} << (rows * in_bits); ++input) {
      for (int32_t row = 0; row < rows; ++row) {
        x[static_cast<size_t>(row)] =
            static_cast<int32_t>(input >> (row * in_bits)) & ((1 << in_bits) - 1);
      }
      for (int32_t col = 0; col < cols; ++col) {
        int64_t product = 0;
        for (int32_t row = 0; row < rows; ++row) {
          int64_t value = x[static_cast<size_t>(row)];
          if (in_signed && value >> (in_bits - 1) != 0) value -= int64_t{1} << in_bits;
          product += value * crossbar.weight[static_cast<size_t>(row * cols + col)];
        }
        if (y(x, col) != product) return false;
      }
    }
    return true;
  }
};

int32_t between(ir::Rng& rng, int32_t low, int32_t high) {
  return low + static_cast<int32_t>(rng.below(static_cast<uint32_t>(high - low + 1)));
}

}  // namespace

TEST_CASE("A worst case exactly at full scale is proved, one code more is refused") {
  // Three rows of 15 on one polarity: both slices reach 9 codes, on a pedestal of (9 + 1) / 2 = 5.
  Tiny tiny(3, 1);
  tiny.crossbar.weight = {15, 15, 15};
  tiny.cells.adc_clip = {14, 14};
  const Proof proof = tiny.proof();
  CHECK(proof.exact);
  CHECK(proof.code == 14);
  CHECK(proof.full_scale == 14);
  CHECK(proof.margin() == 0);
  CHECK(proof.rows == 3);
  CHECK(proof.sum == 9);
  CHECK(proof.current == 27);
  CHECK(tiny.exact_everywhere());

  tiny.cells.adc_clip = {14, 13};
  const Proof refused = tiny.proof();
  CHECK_FALSE(refused.exact);
  CHECK_THAT(refused.failure, tests::contains("row tile 0, column 0, slice 1, positive") &&
                                  tests::contains("3 driven rows with codes that add up to 9") &&
                                  tests::contains("code 14 of 13, 1 over full scale"));
  CHECK_FALSE(tiny.exact_everywhere());
}

TEST_CASE("A gain that is off by too much is refused where its error first reaches a code") {
  Tiny tiny(4, 1, 4, 16);
  tiny.layout.adc_bits = 8;
  tiny.crossbar.weight = {15, 15, 15, 15};
  tiny.converters(4096 / 16, 12, 0);  // exact
  CHECK(tiny.proof().exact);
  tiny.converters(4096 / 16 + 11, 12, 0);  // 12 codes come out as 12.5
  const Proof proof = tiny.proof();
  CHECK_FALSE(proof.exact);
  CHECK_FALSE(tiny.exact_everywhere());
  CHECK_THAT(proof.failure, tests::contains("over its pedestal"));
}

TEST_CASE("The proof agrees with every input of random tiny layers") {
  ir::Rng rng(20261121);
  int32_t proved = 0;
  int32_t refused = 0;
  int32_t tried = 0;
  for (int32_t trial = 0; trial < 600; ++trial) {
    const int32_t rows = between(rng, 1, 6);
    const int32_t cols = between(rng, 1, 2);
    Tiny tiny(rows, cols, between(rng, 0, 9), between(rng, 1, 9));
    tiny.layout.tile_rows = between(rng, 1, 6);
    tiny.layout.adc_bits = between(rng, 3, 7);
    tiny.in_signed = rng.below(2) == 0;
    for (int16_t& weight : tiny.crossbar.weight) {
      weight = static_cast<int16_t>(between(rng, -15, 15));
    }
    const int32_t step = tiny.chip.table[1] - tiny.chip.table[0];
    const int32_t shift = between(rng, 4, 8);
    // Near to an exact gain, sometimes on it.
    tiny.converters(std::max(1, (1 << shift) / step + between(rng, -1, 1)), shift,
                    between(rng, -20, 40));
    if (rng.below(3) == 0) {
      tiny.cells.adc_clip[rng.below(static_cast<uint32_t>(tiny.cells.adc_clip.size()))] =
          between(rng, 3, (1 << tiny.layout.adc_bits) - 1);
    }
    const Proof proof = tiny.proof();
    INFO("trial " << trial << ": " << to_string(proof));
    CHECK(proof.exact == tiny.exact_everywhere());
    ++(proof.exact ? proved : refused);
    tried += proof.tried_inputs > 0 ? 1 : 0;
  }
  // The sample has enough of each to mean something.
  CHECK(proved > 60);
  CHECK(refused > 60);
  CHECK(tried > 5);
}

TEST_CASE("What is not an ideal converter on level cells is refused with its reason") {
  using tests::contains;
  Tiny tiny(3, 2);
  tiny.crossbar.weight = {1, 2, 3, 4, 5, 6};
  REQUIRE(tiny.proof().exact);
  const auto failure = [&](auto change) {
    Tiny other = tiny;
    change(other);
    CHECK_FALSE(other.proof().exact);
    return other.proof().failure;
  };
  CHECK_THAT(failure([](Tiny& t) { t.chip.shared_table = false; }), contains("off their levels"));
  CHECK_THAT(failure([](Tiny& t) { t.chip.table[2] += 1; }),
             contains("level 2 is 8, 7 on the line"));
  CHECK_THAT(
      failure([](Tiny& t) { t.cells.lsb.back() = 2; }),
      contains("a code of slice 1 stands for 2 level steps") &&
          contains("at one, row tile 0, column 1, slice 1, positive would reach code 6 of 63"));
  CHECK_THAT(failure([](Tiny& t) { t.cells.noise_mult[0] = 1; }), contains("read noise"));
  CHECK_THAT(failure([](Tiny& t) {
               for (uint16_t code = 0; code < 64; ++code) t.cells.inl.push_back(code);
               t.cells.inl[40] = 41;
             }),
             contains("code 40 comes out as 41"));
  Tiny identity = tiny;
  for (uint16_t code = 0; code < 64; ++code) identity.cells.inl.push_back(code);
  CHECK(identity.proof().exact);
}

TEST_CASE("A column that cannot be decided counts as not proved") {
  // Rounding errs on both sides of a tall tile by the same code: it cancels for the rows that are
  // tried, and there are too many inputs to try them all.
  Tiny tiny(16, 1, 0, 4);
  tiny.layout.tile_rows = 16;
  tiny.layout.adc_bits = 8;
  for (size_t row = 0; row < 16; ++row) tiny.crossbar.weight[row] = row % 2 == 0 ? 3 : -3;
  tiny.converters(270, 10, 0);  // 1.0547: a code too many from 10 on
  const Proof proof = tiny.proof();
  CHECK_FALSE(proof.exact);
  CHECK_THAT(proof.failure, tests::contains("column 0"));
}

TEST_CASE("Pairs of empty cells may convert as they like") {
  Tiny tiny(3, 1);
  tiny.crossbar.weight = {1, 2, 3};  // nothing in slice 1
  tiny.cells.adc_clip[1] = 0;
  CHECK(tiny.proof().exact);
  CHECK(tiny.exact_everywhere());
  tiny.crossbar.weight = {0, 0, 0};
  CHECK(to_string(tiny.proof()) == "every weight is zero");
}
