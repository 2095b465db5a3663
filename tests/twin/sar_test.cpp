// Capacitors of successive approximation: their spread, the steps and the codes that follow.
// SPDX-License-Identifier: Apache-2.0
#include "twin/sar.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/catch.hpp"
#include "tests/twin/random_design.hpp"
#include "twin/converter.hpp"
#include "twin/program.hpp"

namespace crosstwin {

namespace {

constexpr int32_t kArrays = 4000;

// Whether draws have this mean and deviation: four standard errors, of n normal draws.
bool has_spread(const std::vector<double>& values, double mean, double sigma) {
  const auto n = static_cast<double>(values.size());
  double average = 0;
  for (const double v : values) average += v / n;
  double squares = 0;
  for (const double v : values) squares += (v - average) * (v - average);
  return std::abs(average - mean) < 4 * sigma / std::sqrt(n) &&
         std::abs(std::sqrt(squares / (n - 1)) - sigma) < 4 * sigma / std::sqrt(2 * n);
}

// The bounds must fail for a sigma that is a tenth off.
void require_spread(const std::vector<double>& values, double mean, double sigma) {
  REQUIRE(has_spread(values, mean, sigma));
  REQUIRE_FALSE(has_spread(values, mean, 1.1 * sigma));
  REQUIRE_FALSE(has_spread(values, mean, sigma / 1.1));
}

// Of many arrays: the step to `code` less its LSB.
std::vector<double> steps_to(int32_t code, double mismatch, int32_t bits) {
  std::vector<double> steps;
  for (int32_t i = 0; i < kArrays; ++i) {
    const twin::SarArray array = twin::draw_sar(mismatch, bits, 17, i);
    steps.push_back(array.level(code) - array.level(code - 1) - 1);
  }
  return steps;
}

}  // namespace

TEST_CASE("a capacitor of 2^k units spreads by the root of 2^k") {
  for (const int32_t k : {0, 3, 7}) {
    std::vector<double> sizes;
    for (int32_t i = 0; i < kArrays; ++i) {
      sizes.push_back(twin::draw_sar(0.02, 8, 5, i).bit[static_cast<size_t>(k)]);
    }
    require_spread(sizes, std::ldexp(1.0, k), 0.02 * std::sqrt(std::ldexp(1.0, k)));
  }
}

TEST_CASE("the step at the major carry has the published sigma, smaller carries a smaller one") {
  for (const int32_t bits : {6, 8, 10}) {
    for (const double mismatch : {0.005, 0.02}) {
      const int32_t middle = 1 << (bits - 1);
      require_spread(steps_to(middle, mismatch, bits), 0,
                     mismatch * std::sqrt(std::ldexp(1.0, bits) - 1));
      // A quarter of the way: 2^(bits-2) against the bits below it.
      require_spread(steps_to(middle / 2, mismatch, bits), 0,
                     mismatch * std::sqrt(std::ldexp(1.0, bits - 1) - 1));
    }
  }
}

TEST_CASE("equal capacitors change no code") {
  for (const int32_t bits : {1, 3, 8, 12}) {
    const twin::SarArray array = twin::draw_sar(0, bits, 3, 0);
    const std::vector<uint16_t> codes = twin::sar_table(array);
    REQUIRE(codes.size() == size_t{1} << bits);
    for (size_t code = 0; code < codes.size(); ++code) REQUIRE(codes[code] == code);
    // An ideal array rounds half up.
    for (int32_t code = 1; code < 1 << bits; ++code) {
      REQUIRE(twin::sar_code(array, code - 0.5) == code);
      REQUIRE(twin::sar_code(array, code - 0.5 - 1e-9) == code - 1);
    }
  }
}

TEST_CASE("a folded code is the true one of an input half an LSB away at most") {
  int32_t differ = 0;
  for (int32_t stage = 0; stage < 20; ++stage) {
    const twin::SarArray array = twin::draw_sar(0.06, 8, 11, stage);
    const std::vector<uint16_t> codes = twin::sar_table(array);
    REQUIRE(std::is_sorted(codes.begin(), codes.end()));
    for (int32_t i = 0; i < 255 * 16; ++i) {
      const double input = i / 16.0;
      const auto ideal = static_cast<size_t>(std::floor(input + 0.5));
      const int32_t code = twin::sar_code(array, input);
      REQUIRE(twin::sar_code(array, input - 0.5) <= codes[ideal]);
      REQUIRE(codes[ideal] <= twin::sar_code(array, input + 0.5));
      REQUIRE(code >= twin::sar_code(array, input - 1.0 / 16));  // never falls
      differ += code == codes[ideal] ? 0 : 1;
    }
  }
  CHECK(differ > 0);  // what the fold leaves out is there
}

TEST_CASE("a step under zero at a carry leaves codes out") {
  // The top capacitor two units short: 126 and 127 stand above 128.
  twin::SarArray array = twin::draw_sar(0, 8, 3, 0);
  array.bit[7] -= 2;
  const std::vector<uint16_t> codes = twin::sar_table(array);
  const std::set<uint16_t> seen(codes.begin(), codes.end());
  CHECK(seen.count(127) == 0);
  CHECK(seen.count(125) == 1);
  CHECK(seen.count(128) == 1);
  // And one that is too large is a long code.
  array.bit[7] += 5;
  const std::vector<uint16_t> large = twin::sar_table(array);
  CHECK(std::count(large.begin(), large.end(), 127) > 2);
}

TEST_CASE("a chip with such converters has their table, by layer and seed") {
  const ir::Design design = test::random_design(3);
  const auto images = test::random_images(design, 6, 3);
  ir::Device device;
  device.adc_form = ir::AdcForm::kSar;
  const ir::Chip ideal = twin::program(design, device, 8, images);
  CHECK(ideal.crossbars[0].inl.empty());
  device.adc_mismatch = 0.1;
  const ir::Chip chip = twin::program(design, device, 8, images);
  CHECK(chip.crossbars[0].inl == twin::sar_table(twin::draw_sar(0.1, 8, 8, 0)));
  CHECK(chip.crossbars[1].inl != chip.crossbars[0].inl);
  CHECK(chip.crossbars[0].lsb == ideal.crossbars[0].lsb);
  CHECK(twin::program(design, device, 9, images).crossbars[0].inl != chip.crossbars[0].inl);
  // A ramp has the curve that a converter of no form has.
  ir::Device ramp;
  ramp.adc_inl = 2;
  const ir::Chip any = twin::program(design, ramp, 8, images);
  ramp.adc_form = ir::AdcForm::kRamp;
  CHECK(ir::chip_hash(twin::program(design, ramp, 8, images)) == ir::chip_hash(any));
}

TEST_CASE("a ramp takes its steps, successive approximation its bits") {
  CHECK(twin::comparisons(ir::AdcForm::kRamp, 8) == 256);
  CHECK(twin::comparisons(ir::AdcForm::kSar, 8) == 8);
  CHECK(twin::comparisons(ir::AdcForm::kAny, 8) == 8);
}

}  // namespace crosstwin
