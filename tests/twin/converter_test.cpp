// The converters' faults and the read noise: what was asked for is what a chip has.
// SPDX-License-Identifier: Apache-2.0
#include "twin/converter.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "compress/ir/error.hpp"
#include "tests/catch.hpp"
#include "tests/twin/random_design.hpp"
#include "twin/adc.hpp"
#include "twin/device.hpp"
#include "twin/program.hpp"
#include "twin/read_noise.hpp"

namespace crosstwin {

namespace {

constexpr int32_t kColumns = 5000;

twin::TileShape shape_of(int32_t cols) {
  twin::TileShape shape;
  shape.rows = 64;
  shape.cols = cols;
  return shape;
}

// Calibrated converters of a shape: the transfer of each slice in every column.
ir::CrossbarChip calibrated(const twin::TileShape& shape) {
  ir::CrossbarChip chip;
  chip.stage = "fc";
  for (const int32_t lsb : {1, 3}) {
    const auto t = twin::find_transfer({}, lsb, shape.rows, shape.adc_bits);
    chip.lsb.insert(chip.lsb.end(), static_cast<size_t>(shape.cols), lsb);
    chip.adc_shift.push_back(t.shift);
    chip.adc_mult.insert(chip.adc_mult.end(), static_cast<size_t>(shape.cols), t.mult);
  }
  chip.adc_offset.assign(chip.adc_mult.size(), 0);
  chip.adc_clip.assign(chip.adc_mult.size(), 255);
  return chip;
}

// Whether draws have mean 0 and this deviation: four standard errors, sigma / sqrt(n) of the mean
// and sigma / sqrt(2 n) of the deviation. `rounding` is the variance that integers add.
bool has_sigma(const std::vector<double>& values, double sigma, double rounding) {
  const auto n = static_cast<double>(values.size());
  double mean = 0;
  for (const double v : values) mean += v / n;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const double deviation = std::sqrt(squares / (n - 1));
  const double expected = std::sqrt(sigma * sigma + rounding);
  return std::abs(mean) < 4 * expected / std::sqrt(n) &&
         std::abs(deviation - expected) < 4 * expected / std::sqrt(2 * n);
}

// The bounds must fail for a sigma that is a tenth off.
void require_sigma(const std::vector<double>& values, double sigma, double rounding) {
  REQUIRE(has_sigma(values, sigma, rounding));
  REQUIRE_FALSE(has_sigma(values, 1.1 * sigma, rounding));
  REQUIRE_FALSE(has_sigma(values, sigma / 1.1, rounding));
}

}  // namespace

TEST_CASE("gains and offsets have the asked-for spread, column by column") {
  const twin::TileShape shape = shape_of(kColumns);
  const ir::CrossbarChip before = calibrated(shape);
  for (const double gain_sigma : {0.002, 0.01, 0.05}) {
    ir::Device device;
    device.adc_gain_sigma = gain_sigma;
    device.adc_offset_sigma = 0.7;
    ir::CrossbarChip chip = before;
    twin::draw_converters(device, shape, 5, 2, chip);
    for (size_t s = 0; s < 2; ++s) {
      const size_t first = s * kColumns;
      const double base = std::ldexp(before.adc_mult[first], -before.adc_shift[s]);
      const double unit = std::ldexp(1.0, -chip.adc_shift[s]);
      std::vector<double> gains;
      std::vector<double> offsets;
      for (size_t at = first; at < first + kColumns; ++at) {
        gains.push_back(chip.adc_mult[at] * unit / base - 1);
        offsets.push_back(chip.adc_offset[at] * unit);
      }
      require_sigma(gains, gain_sigma, std::pow(unit / base, 2) / 12);
      require_sigma(offsets, 0.7, unit * unit / 12);
      double product = 0;  // gain and offset of a converter are independent
      for (size_t c = 0; c < kColumns; ++c) product += gains[c] * offsets[c];
      REQUIRE(std::abs(product / kColumns) < 4 * gain_sigma * 0.7 / std::sqrt(kColumns));
    }
  }
}

TEST_CASE("more bits of gain leave the transfer as it is") {
  const twin::TileShape shape = shape_of(1);
  ir::Device device;
  device.adc_gain_sigma = 1e-9;  // rounds to no change
  for (int32_t lsb = 1; lsb < 40; ++lsb) {
    const auto t = twin::find_transfer({}, lsb, 64, 8);
    ir::CrossbarChip chip = calibrated(shape);
    chip.adc_mult = {t.mult, t.mult};
    chip.adc_shift = {t.shift, t.shift};
    twin::draw_converters(device, shape, 5, 2, chip);
    REQUIRE(chip.adc_mult[0] >= 32768 - 1);
    for (int32_t current = 0; current < 40000; current += 7) {
      REQUIRE(twin::raw_code(current, chip.adc_mult[0], 0, chip.adc_shift[0]) ==
              twin::raw_code(current, t.mult, 0, t.shift));
    }
  }
}

TEST_CASE("a converter's draw depends on its place and the seed") {
  const auto gain = [](uint64_t seed, const twin::ConverterPlace& place) {
    return twin::draw_converter(seed, place).gain;
  };
  const double value = gain(1, {2, 1, 5});
  CHECK(gain(1, {2, 1, 5}) == value);
  CHECK(gain(2, {2, 1, 5}) != value);
  CHECK(gain(uint64_t{1} << 40 | 1, {2, 1, 5}) != value);
  CHECK(gain(1, {3, 1, 5}) != value);
  CHECK(gain(1, {2, 0, 5}) != value);
  CHECK(gain(1, {2, 1, 6}) != value);
}

TEST_CASE("the drawn non-linearity is monotone and has the asked-for peak") {
  const auto peak_of = [](const std::vector<uint16_t>& codes) {
    int32_t peak = 0;
    for (size_t code = 0; code < codes.size(); ++code) {
      peak = std::max(peak, std::abs(codes[code] - static_cast<int32_t>(code)));
    }
    return peak;
  };
  for (const int32_t bits : {6, 8, 10, 12}) {
    for (int32_t stage = 0; stage < 20; ++stage) {
      for (const int32_t peak : {0, 1, 3}) {
        const auto codes = twin::draw_inl(peak, bits, 9, stage);
        REQUIRE(codes.size() == size_t{1} << bits);
        REQUIRE(std::is_sorted(codes.begin(), codes.end()));
        REQUIRE(peak_of(codes) == peak);
        REQUIRE(codes.front() == 0);
        REQUIRE(codes.back() == codes.size() - 1);
      }
      REQUIRE(twin::draw_inl(3, bits, 9, stage) != twin::draw_inl(3, bits, 10, stage));
      REQUIRE(twin::draw_inl(3, bits, 9, stage) != twin::draw_inl(3, bits, 9, stage + 1));
    }
  }
  REQUIRE(twin::draw_inl(5, 1, 9, 0) == std::vector<uint16_t>{0, 1});
}

TEST_CASE("read noise has the asked-for spread in level steps") {
  const twin::TileShape shape = shape_of(40);
  for (const double sigma : {0.05, 0.5, 20.0}) {
    ir::Device device;
    device.read_noise = sigma;
    ir::CrossbarChip chip;
    twin::set_read_noise(device, std::vector<double>(2), 40, chip);
    REQUIRE(chip.noise_mult.size() == 2);
    const twin::ReadNoise noise(shape, 16, 1, chip, 77);
    std::vector<double> steps;
    int64_t largest = 0;
    for (int32_t position = 0; position < 16; ++position) {
      for (int32_t column = 0; column < shape.cols; ++column) {
        for (int32_t plane = 0; plane < 8; ++plane) {
          for (int32_t word = 0; word < 4; ++word) {
            const int32_t n = noise.current({3, position}, 0, column, plane, word / 2, word % 2, 0);
            steps.push_back(n / 15.0);
            largest = std::max(largest, std::abs(int64_t{n}));
          }
        }
      }
    }
    require_sigma(steps, sigma, 1.0 / 12 / 225);
    REQUIRE(largest <= noise.largest());
  }
  ir::Device quiet;
  ir::CrossbarChip chip;
  twin::set_read_noise(quiet, std::vector<double>(3), 40, chip);
  REQUIRE(chip.noise_mult == std::vector<int32_t>{0, 0, 0});
  REQUIRE_FALSE(chip.noisy());
}

TEST_CASE("faults of converters change nothing that they do not concern") {
  const ir::Design design = test::random_design(3);
  const auto images = test::random_images(design, 6, 3);
  const ir::Chip ideal = twin::program(design, {}, 8, images);
  const auto with = [&](const std::function<void(ir::Device&)>& change) {
    ir::Device device;
    change(device);
    return twin::program(design, device, 8, images).crossbars[0];
  };
  const ir::CrossbarChip& plain = ideal.crossbars[0];
  REQUIRE(plain.inl.empty());
  REQUIRE_FALSE(plain.noisy());

  const auto gain = with([](ir::Device& d) { d.adc_gain_sigma = 0.01; });
  REQUIRE(gain.g == plain.g);
  REQUIRE(gain.lsb == plain.lsb);  // chosen on converters without faults
  REQUIRE(gain.adc_mult != plain.adc_mult);
  REQUIRE(gain.adc_offset == plain.adc_offset);
  const auto offset = with([](ir::Device& d) { d.adc_offset_sigma = 0.5; });
  REQUIRE(offset.adc_mult == plain.adc_mult);
  REQUIRE(offset.lsb == plain.lsb);
  REQUIRE(offset.adc_offset != plain.adc_offset);
  const auto inl = with([](ir::Device& d) { d.adc_inl = 1; });
  REQUIRE(inl.adc_mult == plain.adc_mult);
  REQUIRE(inl.inl.size() == size_t{1} << design.layout.adc_bits);
  const auto noise = with([](ir::Device& d) { d.read_noise = 0.5; });
  REQUIRE(noise.adc_mult == plain.adc_mult);
  REQUIRE(noise.inl.empty());
  REQUIRE(noise.noisy());
}

TEST_CASE("the preset with every fault has every fault") {
  const ir::Design design = test::random_design(4);
  const auto images = test::random_images(design, 6, 4);
  const ir::Chip chip = twin::program(design, ir::load_device("reram_full"), 8, images);
  REQUIRE_FALSE(chip.shared_table);
  REQUIRE(chip.noise_seed == 8);
  for (const ir::CrossbarChip& crossbar : chip.crossbars) {
    REQUIRE(crossbar.noisy());
    REQUIRE_FALSE(crossbar.inl.empty());
    const auto varies = [](const std::vector<int32_t>& values) {
      return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) !=
             values.end();
    };
    REQUIRE(varies(crossbar.adc_mult));
    REQUIRE(varies(crossbar.adc_offset));
  }
}

TEST_CASE("an offset or a noise too large for its integers is refused by name") {
  ir::Device device;
  device.adc_offset_sigma = 1000;
  const twin::TileShape shape = shape_of(40);
  ir::CrossbarChip chip = calibrated(shape);
  chip.adc_shift = {24, 24};
  REQUIRE_THROWS_WITH(twin::draw_converters(device, shape, 5, 2, chip),
                      tests::contains("stage fc"));
  device = {};
  device.levels = 2;
  device.g_step = 60000;
  device.adc_inl = 0;
  device.read_noise = 100000;
  REQUIRE_THROWS_WITH(twin::set_read_noise(device, std::vector<double>(2), 40, chip),
                      tests::contains("read_noise"));
}

}  // namespace crosstwin
