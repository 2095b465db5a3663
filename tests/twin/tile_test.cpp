// The fast tile against the contract's loops, and those against the integer product.
// SPDX-License-Identifier: Apache-2.0
#include "twin/tile.hpp"

#include <hwy/targets.h>

#include <limits>

#include "compress/ir/rng.hpp"
#include "tests/catch.hpp"
#include "tests/twin/random_design.hpp"
#include "twin/device.hpp"

namespace crosstwin {

using test::between;
using twin::TileShape;

namespace {

struct Case {
  TileShape shape;
  ir::CrossbarChip chip;
  std::vector<int32_t> x;
  std::vector<int16_t> weight;  // [R][C]
};

std::vector<int32_t> random_codes(ir::Rng& rng, const TileShape& shape) {
  const int32_t top =
      (1 << (shape.dac_bits * (shape.is_signed ? shape.planes - 1 : shape.planes))) - 1;
  std::vector<int32_t> x;
  for (int32_t r = 0; r < shape.rows; ++r) {
    const float kind = rng.uniform();
    const int32_t low = shape.is_signed ? -top - 1 : 0;
    x.push_back(kind < 0.3F ? 0 : kind < 0.4F ? top : kind < 0.5F ? low : between(rng, low, top));
  }
  return x;
}

// Ideal cells of random weights; converters by find_transfer with the given LSBs.
Case ideal_case(ir::Rng& rng, const TileShape& shape, int32_t weight_range,
                const std::vector<int32_t>& lsb) {
  Case result;
  result.shape = shape;
  ir::Device device;
  device.levels = 1 << shape.cell_bits;
  const std::vector<uint16_t> table = twin::level_table(device);
  for (int32_t i = 0; i < shape.rows * shape.cols; ++i) {
    result.weight.push_back(static_cast<int16_t>(between(rng, -weight_range, weight_range)));
  }
  for (int32_t p = 0; p < 2; ++p) {
    for (int32_t s = 0; s < shape.slices; ++s) {
      for (const int16_t w : result.weight) {
        result.chip.g.push_back(
            table[static_cast<size_t>(ir::slice_code(w, p, s, shape.cell_bits))]);
      }
    }
  }
  const int32_t rows = std::min(shape.rows, shape.tile_rows);
  for (int32_t s = 0; s < shape.slices; ++s) {
    const int32_t step = lsb[static_cast<size_t>(s)];
    const auto t = twin::find_transfer(device, step, rows, shape.adc_bits);
    result.chip.adc_shift.push_back(t.shift);
    for (int32_t c = 0; c < shape.cols; ++c) {
      result.chip.lsb.push_back(step);
      result.chip.adc_mult.push_back(t.mult);
      result.chip.adc_offset.push_back(0);
      result.chip.adc_clip.push_back((1 << shape.adc_bits) - 1);
    }
  }
  result.x = random_codes(rng, shape);
  return result;
}

// Anything a chip may hold: cells of any conductance, converters that differ per column.
Case wild_case(ir::Rng& rng, const TileShape& shape, int32_t max_g, int32_t max_mult,
               int32_t max_shift) {
  Case result;
  result.shape = shape;
  result.chip.g.resize(shape.cell(2, 0, 0, 0));
  for (uint16_t& g : result.chip.g) g = static_cast<uint16_t>(between(rng, 0, max_g));
  for (int32_t s = 0; s < shape.slices; ++s) {
    result.chip.adc_shift.push_back(between(rng, 0, max_shift));
    for (int32_t c = 0; c < shape.cols; ++c) {
      result.chip.lsb.push_back(between(rng, 1, 9));
      result.chip.adc_mult.push_back(between(rng, 1, max_mult));
      result.chip.adc_offset.push_back(between(rng, -20000, 20000));
      const int32_t top = (1 << shape.adc_bits) - 1;
      result.chip.adc_clip.push_back(between(rng, 0, 1) == 0 ? top : between(rng, 0, top));
    }
  }
  if (between(rng, 0, 1) == 1) {
    for (int32_t code = 0; code < 1 << shape.adc_bits; ++code) {
      result.chip.inl.push_back(static_cast<uint16_t>(between(rng, 0, (1 << shape.adc_bits) - 1)));
    }
  }
  if (between(rng, 0, 1) == 1) {
    const bool by_count = shape.dac_bits == 1 && between(rng, 0, 1) == 1;
    const int32_t gains = by_count ? std::min(shape.rows, shape.tile_rows) + 1 : 1;
    for (int32_t i = 0; i < shape.slices * gains; ++i) {
      result.chip.noise_mult.push_back(between(rng, 0, max_mult));
    }
    // No driven row, no noise: such conversions may be left out.
    for (int32_t s = 0; by_count && s < shape.slices && between(rng, 0, 1) == 1; ++s) {
      result.chip.noise_mult[static_cast<size_t>(s * gains)] = 0;
    }
    result.chip.noise_shift = between(rng, 0, max_shift);
  }
  result.x = random_codes(rng, shape);
  return result;
}

constexpr twin::NoisePlace kPlace = {41, 7};

twin::ReadNoise noise_of(const Case& c) { return {c.shape, 50, 3, c.chip, 99}; }

std::vector<uint16_t> naive_codes(const Case& c) {
  std::vector<int64_t> y(static_cast<size_t>(c.shape.cols));
  std::vector<uint16_t> codes;
  twin::naive_tile(c.shape, c.chip, c.x, y, noise_of(c), kPlace,
                   [&](int32_t, int32_t, int32_t, int32_t, int32_t, int64_t, int32_t code) {
                     codes.push_back(static_cast<uint16_t>(code));
                   });
  return codes;
}

std::vector<int64_t> naive(const Case& c) {
  std::vector<int64_t> y(static_cast<size_t>(c.shape.cols));
  twin::naive_tile(c.shape, c.chip, c.x, y, noise_of(c), kPlace,
                   [](int32_t, int32_t, int32_t, int32_t, int32_t, int64_t, int32_t) {});
  return y;
}

std::vector<int64_t> fast(const Case& c) {
  std::vector<int64_t> y(static_cast<size_t>(c.shape.cols), 12345);
  twin::FastTile::Scratch scratch;
  twin::FastTile(c.shape, c.chip, noise_of(c)).multiply(c.x, y, scratch, kPlace);
  return y;
}

// Runs `check` once for every vector width that this machine has.
template <class Check>
void for_each_target(const Check& check) {
  const int64_t all = hwy::SupportedTargets();
  for (int64_t rest = all; rest != 0; rest &= rest - 1) {
    const int64_t target = rest & -rest;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
    INFO("target " << hwy::TargetName(target));
    check();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(all);
}

// The fast tile on a block of inputs, each position of a place of its own, against the naive one.
void check_block(ir::Rng& rng, const Case& c, int32_t count) {
  // The network's check_ranges sees to it before.
  if (twin::max_abs_y(c.shape, c.chip) > std::numeric_limits<int32_t>::max()) return;
  constexpr int32_t kBlock = twin::FastTile::kBlock;
  const auto cols = static_cast<size_t>(c.shape.cols);
  std::vector<int32_t> x(static_cast<size_t>(c.shape.rows) * kBlock);
  std::vector<twin::NoisePlace> place;
  std::vector<int32_t> expected;
  for (int32_t i = 0; i < count; ++i) {
    const std::vector<int32_t> codes = random_codes(rng, c.shape);
    for (size_t r = 0; r < codes.size(); ++r) x[r * kBlock + static_cast<size_t>(i)] = codes[r];
    place.push_back({static_cast<uint32_t>(between(rng, 0, 1 << 20)), between(rng, 0, 49)});
    std::vector<int64_t> y(cols);
    twin::naive_tile(c.shape, c.chip, codes, y, noise_of(c), place.back(),
                     [](int32_t, int32_t, int32_t, int32_t, int32_t, int64_t, int32_t) {});
    for (const int64_t value : y) expected.push_back(static_cast<int32_t>(value));
  }
  const twin::FastTile tile(c.shape, c.chip, noise_of(c));
  for_each_target([&] {
    std::vector<int32_t> y(cols * static_cast<size_t>(count), 12345);
    twin::FastTile::Scratch scratch;
    tile.multiply_block(x.data(), count, place.data(), y.data(), scratch);
    REQUIRE(y == expected);
  });
}

TileShape random_shape(ir::Rng& rng) {
  TileShape shape;
  shape.rows = between(rng, 0, 3) == 0 ? 1 : between(rng, 1, 300);
  shape.cols = between(rng, 0, 3) == 0 ? 1 : between(rng, 1, 40);
  shape.tile_rows = between(rng, 1, 128);
  const int32_t slice_choice = between(rng, 0, 2);
  shape.slices = 1 << slice_choice;  // 1, 2, 4
  shape.cell_bits = 8 / shape.slices;
  shape.adc_bits = between(rng, 4, 12);
  shape.planes = between(rng, 2, 10);
  shape.is_signed = between(rng, 0, 1) == 1;
  return shape;
}

std::vector<int64_t> integer_product(const Case& c) {
  std::vector<int64_t> y(static_cast<size_t>(c.shape.cols));
  for (size_t i = 0; i < c.weight.size(); ++i) {
    y[i % y.size()] += int64_t{c.weight[i]} * c.x[i / y.size()];
  }
  return y;
}

}  // namespace

TEST_CASE("the fast tile gives the integers of the naive one on random tiles") {
  ir::Rng rng(20, 1);
  for (int i = 0; i < 60; ++i) {
    const TileShape shape = random_shape(rng);
    INFO("case " << i << ": " << shape.rows << " x " << shape.cols << ", tiles of "
                 << shape.tile_rows << " rows, " << shape.slices << " slices");
    const Case c = wild_case(rng, shape, i % 2 == 0 ? 300 : 255, 200, 14);
    const std::vector<int64_t> expected = naive(c);
    for_each_target([&] { REQUIRE(fast(c) == expected); });
    check_block(rng, c, between(rng, 1, twin::FastTile::kBlock));
  }
}

TEST_CASE("the fast tile's codes are those of the naive one, and add up to its sums") {
  ir::Rng rng(26, 1);
  for (int i = 0; i < 100; ++i) {
    const Case c = wild_case(rng, random_shape(rng), 300, 200, 14);
    const std::vector<uint16_t> expected = naive_codes(c);
    const std::vector<int64_t> sums = naive(c);
    for_each_target([&] {
      std::vector<uint16_t> codes(expected.size());
      std::vector<int64_t> y(static_cast<size_t>(c.shape.cols), 12345);
      twin::FastTile::Scratch scratch;
      twin::FastTile(c.shape, c.chip, noise_of(c)).codes(c.x, scratch, kPlace, codes.data(), y);
      REQUIRE(codes == expected);
      REQUIRE(y == sums);
    });
  }
}

TEST_CASE("blocks of cells on a lattice, of any width and of 16 bits give the naive integers") {
  ir::Rng rng(28, 1);
  for (int i = 0; i < 60; ++i) {
    TileShape shape = random_shape(rng);
    shape.adc_bits = between(rng, 1, 12);
    // As programmed: converters of a device's level step, one transfer for all columns.
    Case c = ideal_case(rng, shape, 255, std::vector<int32_t>(shape.slices, between(rng, 1, 12)));
    const int32_t kind = i % 3;  // 0: the levels, 1: varied cells, 2: full 16-bit ones
    for (uint16_t& g : c.chip.g) {
      if (kind == 1) g = static_cast<uint16_t>(std::max(0, g + between(rng, -9, 9)));
      if (kind == 2) g = static_cast<uint16_t>(between(rng, 0, 7) == 0 ? 65535 : g * 16);
    }
    for (int32_t& offset : c.chip.adc_offset) {
      if (kind == 2) offset = between(rng, -4000, 4000);
    }
    if (between(rng, 0, 1) == 1) {
      const int32_t gains = i % 2 == 0 ? 1 : std::min(shape.rows, shape.tile_rows) + 1;
      c.chip.noise_mult.assign(static_cast<size_t>(shape.slices * gains), between(rng, 1, 511));
      for (int32_t& mult : c.chip.noise_mult) mult = gains > 1 ? between(rng, 1, 511) : mult;
      c.chip.noise_shift = between(rng, 6, 18);
    }
    INFO("case " << i << ": " << shape.rows << " x " << shape.cols << ", tiles of "
                 << shape.tile_rows << " rows, " << shape.slices << " slices, noise "
                 << c.chip.noisy());
    for (const int32_t count : {1, 16, between(rng, 2, twin::FastTile::kBlock)}) {
      check_block(rng, c, count);
    }
  }
}

TEST_CASE("digits of several bits give the naive integers") {
  ir::Rng rng(29, 1);
  for (int i = 0; i < 40; ++i) {
    TileShape shape = random_shape(rng);
    shape.is_signed = i % 2 == 1;
    shape.dac_bits = between(rng, 2, 8);
    shape.planes = between(rng, shape.is_signed ? 2 : 1, 2);
    // Cells of a range of 255 lie in bytes.
    const Case c = wild_case(rng, shape, i % 4 < 2 ? 300 : 255, 20, 14);
    const std::vector<int64_t> expected = naive(c);
    for_each_target([&] { REQUIRE(fast(c) == expected); });
    check_block(rng, c, between(rng, 1, twin::FastTile::kBlock));
  }
}

TEST_CASE("digits of 4 bits into an ADC of one level step an LSB give the integer product") {
  ir::Rng rng(30, 1);
  for (int i = 0; i < 40; ++i) {
    TileShape shape;  // two slices of 4 bits
    shape.rows = between(rng, 1, 30);
    shape.cols = between(rng, 1, 9);
    shape.tile_rows = 8;
    shape.adc_bits = 12;  // 8 rows x 15 x (15 + 5/3) steps
    shape.is_signed = i % 2 == 1;
    shape.dac_bits = 4;
    shape.planes = shape.is_signed ? 3 : 2;
    Case c = ideal_case(rng, shape, 255, {1, 1});
    // 1 / 15 within 2^-16: the pedestals of both polarities round alike.
    std::fill(c.chip.adc_mult.begin(), c.chip.adc_mult.end(), 4369);
    std::fill(c.chip.adc_shift.begin(), c.chip.adc_shift.end(), 16);
    REQUIRE(naive(c) == integer_product(c));
    REQUIRE(fast(c) == integer_product(c));
  }
}

TEST_CASE("clip, non-linearity and noise each change the codes they are to change") {
  ir::Rng rng(27, 1);
  TileShape shape;
  shape.rows = 60;
  shape.cols = 5;
  const Case plain = ideal_case(rng, shape, 127, {2, 2});
  const std::vector<uint16_t> before = naive_codes(plain);
  // Index of a conversion's column, one row tile: [column][plane][slice][polarity].
  const auto column = [&](size_t at) {
    return at / static_cast<size_t>(2 * shape.slices * shape.planes);
  };
  const auto slice = [](size_t at) { return at / 2 % 2; };
  Case clipped = plain;
  clipped.chip.adc_clip[static_cast<size_t>(shape.cols + 3)] = 20;  // slice 1, column 3
  Case bent = plain;
  for (int32_t code = 0; code < 256; ++code)
    bent.chip.inl.push_back(static_cast<uint16_t>(code / 2));
  Case noisy = plain;
  noisy.chip.noise_mult = {0, 30};
  noisy.chip.noise_shift = 4;
  const auto clipped_codes = naive_codes(clipped);
  const auto bent_codes = naive_codes(bent);
  const auto noisy_codes = naive_codes(noisy);
  int32_t moved = 0;
  for (size_t at = 0; at < before.size(); ++at) {
    const bool limited = column(at) == 3 && slice(at) == 1;
    REQUIRE(clipped_codes[at] == (limited ? std::min<uint16_t>(before[at], 20) : before[at]));
    REQUIRE(bent_codes[at] == before[at] / 2);
    if (slice(at) == 0) REQUIRE(noisy_codes[at] == before[at]);
    moved += noisy_codes[at] != before[at] ? 1 : 0;
  }
  REQUIRE(clipped_codes != before);
  REQUIRE(moved > static_cast<int32_t>(before.size()) / 4);
}

TEST_CASE("every part of a conversion's place and key changes its noise") {
  TileShape shape;
  shape.rows = 4;
  shape.tile_rows = 2;
  shape.cols = 6;
  ir::CrossbarChip chip;
  chip.noise_mult = {65535, 65535};
  chip.noise_shift = 8;
  const twin::ReadNoise noise(shape, 50, 3, chip, 99);
  const int32_t value = noise.current({41, 7}, 0, 2, 3, 0, 0, 0);
  CHECK(noise.current({41, 7}, 0, 2, 3, 0, 0, 0) == value);
  CHECK(noise.current({42, 7}, 0, 2, 3, 0, 0, 0) != value);
  CHECK(noise.current({41, 8}, 0, 2, 3, 0, 0, 0) != value);
  CHECK(noise.current({41, 7}, 1, 2, 3, 0, 0, 0) != value);
  CHECK(noise.current({41, 7}, 0, 3, 3, 0, 0, 0) != value);
  CHECK(noise.current({41, 7}, 0, 2, 4, 0, 0, 0) != value);
  CHECK(noise.current({41, 7}, 0, 2, 3, 1, 0, 0) != value);
  CHECK(noise.current({41, 7}, 0, 2, 3, 0, 1, 0) != value);
  CHECK(twin::ReadNoise(shape, 50, 4, chip, 99).current({41, 7}, 0, 2, 3, 0, 0, 0) != value);
  CHECK(twin::ReadNoise(shape, 50, 3, chip, 98).current({41, 7}, 0, 2, 3, 0, 0, 0) != value);
}

TEST_CASE("a gain for every number of driven rows is taken by the rows that a plane drives") {
  TileShape shape;
  shape.rows = 5;
  shape.tile_rows = 3;
  shape.cols = 2;
  shape.slices = 1;
  shape.cell_bits = 8;
  shape.adc_bits = 16;
  shape.planes = 2;
  Case c;
  c.shape = shape;
  c.chip.g.assign(shape.cell(2, 0, 0, 0), 0);
  c.chip.adc_mult = {1, 1};
  c.chip.adc_offset = {30000, 30000};
  c.chip.adc_clip = {65535, 65535};
  c.chip.adc_shift = {0};
  c.chip.lsb = {1};
  c.chip.noise_mult = {0, 1, 20, 70};
  c.x = {1, 3, 1, 0, 2};  // plane 0 drives 3 and 0 rows of the two tiles, plane 1 drives 1 and 1
  const std::vector<uint16_t> codes = naive_codes(c);
  const int32_t gains[2][2] = {{70, 1}, {0, 1}};
  size_t at = 0;
  for (int32_t tile = 0; tile < 2; ++tile) {
    for (int32_t column = 0; column < 2; ++column) {
      for (int32_t plane = 0; plane < 2; ++plane) {
        for (int32_t p = 0; p < 2; ++p) {
          ir::CrossbarChip one = c.chip;
          one.noise_mult = {1};
          const int32_t z =
              twin::ReadNoise(shape, 50, 3, one, 99).current(kPlace, tile, column, plane, 0, p, 0);
          REQUIRE(codes[at++] == 30000 + z * gains[tile][plane]);
        }
      }
    }
  }
  // The fast tile with the counts of another input is wrong, and is seen to be.
  Case other = c;
  other.x = {1, 3, 0, 0, 2};
  REQUIRE(naive_codes(other) != codes);
}

TEST_CASE("the fast tile gives the same integers where 32 bits do not suffice") {
  ir::Rng rng(21, 1);
  for (int i = 0; i < 100; ++i) {
    TileShape shape = random_shape(rng);
    shape.adc_bits = 16;
    const Case c = wild_case(rng, shape, 65535, 65535, 28);
    REQUIRE(fast(c) == naive(c));
  }
}

TEST_CASE("products of a current and its converter's mult beyond 32 bits convert in vectors too") {
  ir::Rng rng(31, 1);
  for (int i = 0; i < 60; ++i) {
    TileShape shape = random_shape(rng);
    shape.adc_bits = between(rng, 4, 12);
    shape.dac_bits = i % 2 == 0 ? 8 : 1;
    if (shape.dac_bits == 8) shape.planes = shape.is_signed ? 2 : 1;
    Case c = wild_case(rng, shape, 65535, 65535, 12);
    c.chip.noise_mult.clear();  // 128 rows of 65535 at 255 volts leave it no room in 32 bits
    for (size_t at = 0; at < c.chip.adc_mult.size(); ++at) {
      int32_t& shift = c.chip.adc_shift[at / static_cast<size_t>(shape.cols)];
      if (at % static_cast<size_t>(shape.cols) == 0) shift = between(rng, 16, 31);
      // About the middle of the codes, or off both ends of them.
      const int64_t rows = std::min(shape.rows, shape.tile_rows);
      const int64_t full = rows * 32768 * ((1 << shape.dac_bits) - 1) / 4;
      const int64_t mult = (int64_t{1} << (shift + shape.adc_bits)) / full;
      c.chip.adc_mult[at] = static_cast<int32_t>(std::clamp<int64_t>(mult, 1, 65535));
      c.chip.adc_offset[at] = between(rng, -(1 << 30), 1 << 30) >> between(rng, 0, 20);
    }
    // The largest current and the smallest one.
    std::fill_n(c.chip.g.begin(), shape.cols, uint16_t{65535});
    const std::vector<int64_t> expected = naive(c);
    for_each_target([&] { REQUIRE(fast(c) == expected); });
    for (const int32_t count : {1, 5, twin::FastTile::kBlock}) check_block(rng, c, count);
  }
}

TEST_CASE("ideal cells at one level step an LSB give the integer product") {
  ir::Rng rng(22, 1);
  for (int i = 0; i < 200; ++i) {
    TileShape shape = random_shape(rng);
    shape.tile_rows = between(rng, 1, 64);
    shape.adc_bits = 12;  // 64 rows x (15 + 5/3) steps and less fit
    // 8-bit cells have 256 levels: at most 15 rows fit 12 bits.
    if (shape.slices == 1) shape.tile_rows = between(rng, 1, 15);
    const Case c = ideal_case(rng, shape, 255, std::vector<int32_t>(shape.slices, 1));
    REQUIRE(naive(c) == integer_product(c));
    REQUIRE(fast(c) == integer_product(c));
  }
}

TEST_CASE("an ADC too narrow for the column clips and the product is off") {
  ir::Rng rng(23, 1);
  TileShape shape;
  shape.rows = 128;
  shape.cols = 6;
  shape.adc_bits = 6;
  Case c = ideal_case(rng, shape, 127, {1, 1});
  std::fill(c.x.begin(), c.x.end(), 255);
  int64_t top_codes = 0;
  std::vector<int64_t> y(6);
  twin::naive_tile(c.shape, c.chip, c.x, y,
                   [&](int32_t, int32_t, int32_t, int32_t, int32_t, int64_t, int32_t code) {
                     REQUIRE(code <= 63);
                     top_codes += code == 63 ? 1 : 0;
                   });
  REQUIRE(top_codes == 6 * 8 * 2 * 2);  // 128 pedestals alone are 213 steps
  REQUIRE(y == std::vector<int64_t>(6, 0));
  REQUIRE(y != integer_product(c));
}

TEST_CASE("a tile with a wrong plane weight or a wrong cell is caught by the comparison") {
  ir::Rng rng(24, 1);
  TileShape shape;
  shape.rows = 20;
  shape.cols = 9;
  shape.adc_bits = 12;
  const Case c = ideal_case(rng, shape, 127, {1, 1});
  Case wrong_sign = c;
  wrong_sign.shape.is_signed = true;  // the top plane now weighs -128
  REQUIRE(fast(wrong_sign) == naive(wrong_sign));
  REQUIRE(naive(wrong_sign) != naive(c));
  Case wrong_lsb = c;
  wrong_lsb.chip.lsb[9] = 2;  // one column's
  REQUIRE(fast(wrong_lsb) == naive(wrong_lsb));
  REQUIRE(naive(wrong_lsb) != integer_product(c));
  Case wrong_cell = c;
  size_t driven = 0;
  while (c.x[driven] == 0) ++driven;
  wrong_cell.chip.g[driven * 9 + 3] += 15;
  const auto y = naive(c);
  const auto other = naive(wrong_cell);
  for (size_t column = 0; column < 9; ++column)
    REQUIRE((y[column] != other[column]) == (column == 3));
}

}  // namespace crosstwin
