// Noise of the cells: one draw a conversion against one draw a cell.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <set>

#include "compress/ir/error.hpp"
#include "compress/ir/rng.hpp"
#include "tests/catch.hpp"
#include "tests/twin/random_design.hpp"
#include "tests/twin/statistics.hpp"
#include "twin/device.hpp"
#include "twin/program.hpp"
#include "twin/read_noise.hpp"

namespace crosstwin {

namespace {

constexpr double kStep = 15;  // of the default device
constexpr int32_t kRows = 40;

// Currents' noise in level steps as the chip draws it, `driven` rows.
std::vector<double> chip_noise(const ir::CrossbarChip& chip, int32_t driven) {
  twin::TileShape shape;
  shape.rows = kRows;
  shape.cols = 1250;
  shape.slices = 1;
  const twin::ReadNoise noise(shape, 4, 0, chip, 12);
  std::vector<double> steps;
  for (int32_t position = 0; position < 4; ++position) {
    for (int32_t column = 0; column < shape.cols; ++column) {
      for (int32_t word = 0; word < 16; ++word) {
        const int32_t n = noise.current({1, position}, 0, column, word / 2, 0, word % 2, driven);
        steps.push_back(n / kStep);
      }
    }
  }
  return steps;
}

// The same by one normal draw for every driven cell, and one for the converter.
std::vector<double> cell_by_cell(ir::Rng& rng, const std::vector<double>& sigma, double constant) {
  std::vector<double> steps(40000);
  for (double& sum : steps) {
    sum = constant * rng.normal();
    for (const double s : sigma) sum += s * rng.normal();
  }
  return steps;
}

// Both samples' means, deviations and kurtoses differ by no more than their errors, the generator's
// known kurtosis (docs/noise.md: -0.086) and the rounding to units of G allowed for.
bool alike(const std::vector<double>& chip, const std::vector<double>& cells) {
  const test::Moments a = test::moments(chip);
  const test::Moments b = test::moments(cells);
  const auto n = static_cast<double>(chip.size());
  const auto m = static_cast<double>(cells.size());
  const double both = 1 / n + 1 / m;
  const double sigma = std::sqrt(a.sigma * a.sigma - 1.0 / 12 / kStep / kStep);
  return std::abs(a.mean - b.mean) < test::kErrors * b.sigma * std::sqrt(both) &&
         std::abs(sigma / b.sigma - 1) < test::kErrors * std::sqrt(both / 2) + 0.002 &&
         std::abs(a.kurtosis - b.kurtosis) < test::kErrors * std::sqrt(24 * both) + 0.09;
}

ir::CrossbarChip noise_of(double cell, double constant) {
  ir::Device device;
  device.read_noise = constant;
  device.cell_noise = cell;
  ir::CrossbarChip chip;
  twin::set_read_noise(device, std::vector<double>{cell * cell}, kRows, chip);
  return chip;
}

}  // namespace

TEST_CASE("one draw a conversion has the moments of a draw for every driven cell") {
  ir::Rng rng(5, 1);
  for (const auto& [cell, constant] : {std::pair(0.1, 0.0), std::pair(0.3, 1.0)}) {
    const ir::CrossbarChip chip = noise_of(cell, constant);
    for (const int32_t driven : {1, 7, kRows}) {
      const std::vector<double> cells =
          cell_by_cell(rng, std::vector<double>(static_cast<size_t>(driven), cell), constant);
      INFO(cell << ", " << driven << " rows");
      REQUIRE(alike(chip_noise(chip, driven), cells));
      // Deviations added up instead of variances; one row too many or none.
      if (driven == 1) continue;
      const double summed = cell * std::sqrt(driven);
      REQUIRE_FALSE(alike(chip_noise(noise_of(summed, constant), driven), cells));
      REQUIRE_FALSE(alike(chip_noise(chip, driven == 7 ? 8 : kRows - 4), cells));
    }
  }
}

TEST_CASE("a column of mixed levels is off by as much as is reported, and by no more") {
  // A dense layer of three columns of positive weights: all of a quiet level, some of every level,
  // all of the noisiest. The mean of the layer stands for each of them.
  ir::Device device;
  for (int32_t k = 0; k < 16; ++k) device.cell_noise_level.push_back(0.05 + 0.01 * k);
  ir::Design design;
  design.name = "mixed";
  design.input = {kRows, 1, 1};
  ir::Crossbar dense;
  dense.kernel_h = dense.kernel_w = 1;
  dense.stride = 1;
  dense.pad_value.assign(kRows, 0);
  dense.logits = true;
  dense.bias.assign(3, 0);
  for (int32_t r = 0; r < kRows; ++r) {
    dense.rows.push_back(r);
    for (const int32_t code : {1, r % 16, 15}) dense.weight.push_back(static_cast<int16_t>(code));
  }
  design.stages.push_back({"fc", {"input"}, design.input, {3, 1, 1}, 8, false, dense});
  const twin::CellNoise noise = twin::cell_noise(design, design.stages[0], device);
  ir::CrossbarChip chip;
  twin::set_read_noise(device, std::span(noise.variance).first(1), kRows, chip);
  const std::vector<double> drawn = chip_noise(chip, kRows);
  const double sigma = test::moments(drawn).sigma;
  // Of both deviations, five standard errors; and the gain's rounding.
  const double error = test::kErrors * std::sqrt(0.5 / 40000 + 0.5 / 80000) + 0.003;
  ir::Rng rng(5, 2);
  double least = 10;
  double most = 0;
  for (int32_t p = 0; p < 2; ++p) {
    for (int32_t c = 0; c < 3; ++c) {
      std::vector<double> own;
      for (int32_t r = 0; r < kRows; ++r) {
        const int32_t code = p == 0 ? dense.weight[static_cast<size_t>(3 * r + c)] : 0;
        own.push_back(device.cell_noise_level[static_cast<size_t>(code)]);
      }
      const std::vector<double> cells = cell_by_cell(rng, own, 0);
      const double ratio = test::moments(cells).sigma / sigma;
      INFO("polarity " << p << ", column " << c << ": " << ratio);
      CHECK(ratio >= std::sqrt(noise.least_column) * (1 - error));
      CHECK(ratio <= std::sqrt(noise.most_column) * (1 + error));
      CHECK(alike(drawn, cells) == (std::abs(ratio - 1) < 0.02));
      least = std::min(least, ratio);
      most = std::max(most, ratio);
    }
  }
  // The report is of these columns, and not of little: -53% and +89% here.
  CHECK(least == Approx(std::sqrt(noise.least_column)).epsilon(error));
  CHECK(most == Approx(std::sqrt(noise.most_column)).epsilon(error));
  CHECK(least < 0.7);
  CHECK(most > 1.5);
  // Whatever rows are driven, a conversion is off by no more than the noisiest level or the
  // quietest is off the mean.
  const double mean = std::sqrt(noise.variance[0]);
  CHECK(std::sqrt(noise.most_column) <= device.cell_noise_level.back() / mean * (1 + 1e-12));
  CHECK(std::sqrt(noise.least_column) >= device.cell_noise_level.front() / mean * (1 - 1e-12));
}

TEST_CASE("without a driven row there is the converter's noise alone, or none") {
  const std::vector<double> none = chip_noise(noise_of(0.3, 0), 0);
  REQUIRE(std::all_of(none.begin(), none.end(), [](double n) { return n == 0; }));
  REQUIRE(test::has_sigma(chip_noise(noise_of(0.3, 1), 0), 1));
}

TEST_CASE("every gain is its deviation within its bound, and the shift is not the network's") {
  for (const double constant : {0.0, 1e-3, 0.4}) {
    for (const double cell : {1e-3, 0.05, 3.0, 20.0}) {
      for (const double quietest : {0.0, cell / 30, cell}) {
        ir::Device device;
        device.read_noise = constant;
        device.cell_noise_level = {quietest, cell};
        const double greatest = std::sqrt(constant * constant + kRows * cell * cell);
        std::set<int32_t> shifts;
        // Networks of which more and fewer cells are noisy, in two slices.
        for (const double noisy : {1.0, 0.5, 0.01, 0.0}) {
          const auto mean = [&](double part) {
            return part * cell * cell + (1 - part) * quietest * quietest;
          };
          const std::vector<double> variance = {mean(noisy), mean(noisy / 7)};
          ir::CrossbarChip chip;
          twin::set_read_noise(device, variance, kRows, chip);
          REQUIRE(chip.noise_mult.size() == 2 * (kRows + 1));
          shifts.insert(chip.noise_shift);
          for (int32_t s = 0; s < 2; ++s) {
            for (int32_t n = 0; n <= kRows; ++n) {
              const double sigma =
                  std::sqrt(constant * constant + n * variance[static_cast<size_t>(s)]);
              const double got = std::ldexp(
                  chip.noise_mult[static_cast<size_t>(s * (kRows + 1) + n)], -chip.noise_shift);
              INFO(constant << ", " << cell << " and " << quietest << ", slice " << s << ", " << n
                            << " rows");
              REQUIRE(std::abs(got * ir::kNoiseSigma / kStep - sigma) <=
                      std::max(0.00196 * sigma, greatest / 65536));
            }
          }
        }
        REQUIRE(shifts.size() == 1);
      }
    }
  }
}

TEST_CASE("cells of noisier levels make the mean, and a column's own mix is reported") {
  ir::Design design = test::random_design(3);
  ir::Device device;
  for (int32_t k = 0; k < 16; ++k) device.cell_noise_level.push_back(0.01 * k);
  device = ir::with_levels(device, 1 << design.layout.cell_bits);
  size_t seen = 0;
  for (const ir::Stage& stage : design.stages) {
    if (!std::holds_alternative<ir::Crossbar>(stage.kind)) continue;
    const auto& weight = std::get<ir::Crossbar>(stage.kind).weight;
    const twin::TileShape shape = twin::tile_shape(design, stage);
    const twin::CellNoise noise = twin::cell_noise(design, stage, device);
    double least = 1;
    double most = 1;
    for (int32_t s = 0; s < shape.slices; ++s) {
      const auto variance = [&](int32_t p, int32_t r, int32_t c) {
        const int32_t code =
            ir::slice_code(weight[static_cast<size_t>(r * shape.cols + c)], p, s, shape.cell_bits);
        return std::pow(device.cell_noise_level[static_cast<size_t>(code)], 2);
      };
      double mean = 0;
      for (int32_t p = 0; p < 2; ++p) {
        for (int32_t r = 0; r < shape.rows; ++r) {
          for (int32_t c = 0; c < shape.cols; ++c) mean += variance(p, r, c);
        }
      }
      mean /= 2.0 * shape.rows * shape.cols;
      CHECK(noise.variance[static_cast<size_t>(s)] == Approx(mean).epsilon(1e-12));
      for (int32_t p = 0; p < 2; ++p) {
        for (int32_t c = 0; c < shape.cols; ++c) {
          for (int32_t first = 0; first < shape.rows; first += shape.tile_rows) {
            const int32_t end = std::min(shape.rows, first + shape.tile_rows);
            double sum = 0;
            for (int32_t r = first; r < end; ++r) sum += variance(p, r, c);
            if (mean == 0) continue;
            least = std::min(least, sum / (mean * (end - first)));
            most = std::max(most, sum / (mean * (end - first)));
          }
        }
      }
      ++seen;
    }
    CHECK(noise.least_column == Approx(least).epsilon(1e-9));
    CHECK(noise.most_column == Approx(most).epsilon(1e-9));
  }
  REQUIRE(seen > 2);
}

TEST_CASE("a programmed chip has gains by driven rows only where its cells have noise") {
  const ir::Design design = test::random_design(3);
  const auto images = test::random_images(design, 6, 3);
  ir::Device device;
  device.read_noise = 0.5;
  const ir::Chip plain = twin::program(design, device, 8, images);
  device.cell_noise = 0.1;
  std::vector<twin::CellReport> reports;
  const ir::Chip noisy = twin::program(design, device, 8, images, {}, &reports);
  REQUIRE(reports.size() == noisy.crossbars.size());
  for (size_t i = 0; i < noisy.crossbars.size(); ++i) {
    REQUIRE(plain.crossbars[i].noise_gains() == 1);
    const size_t rows = noisy.crossbars[i].g.size() / (2 * noisy.crossbars[i].adc_mult.size());
    REQUIRE(noisy.crossbars[i].noise_gains() ==
            std::min<int32_t>(static_cast<int32_t>(rows), design.layout.tile_rows) + 1);
    REQUIRE(noisy.crossbars[i].g == plain.crossbars[i].g);
    REQUIRE(reports[i].noise.variance.front() == Approx(0.01));
    REQUIRE(reports[i].noise.most_column == 1);
  }
  ir::Device loud;
  loud.levels = 2;
  loud.g_step = 60000;
  loud.cell_noise = 1000;
  ir::CrossbarChip chip;
  REQUIRE_THROWS_WITH(twin::set_read_noise(loud, std::vector<double>{1e6}, 9, chip),
                      tests::contains("cell_noise: is not to be had"));
}

TEST_CASE("digits of several bits are refused where the cells have noise") {
  twin::TileShape shape;
  shape.rows = kRows;
  shape.slices = 1;
  shape.cols = 3;
  const ir::CrossbarChip chip = noise_of(0.1, 0);
  REQUIRE_NOTHROW(twin::ReadNoise(shape, 4, 0, chip, 12));
  shape.dac_bits = 2;
  REQUIRE_THROWS_AS(twin::ReadNoise(shape, 4, 0, chip, 12), ir::Bug);
}

}  // namespace crosstwin
