// The device model: levels, spread, faults.
// SPDX-License-Identifier: Apache-2.0
#include "twin/device.hpp"

#include <cmath>

#include "tests/catch.hpp"

namespace crosstwin {

namespace {

constexpr int32_t kCells = 40000;

std::vector<double> draw(const ir::Device& device, int32_t code, uint64_t seed) {
  const std::vector<double> means = twin::level_means(device);
  std::vector<double> g;
  for (int32_t i = 0; i < kCells; ++i) {
    g.push_back(twin::program_cell(device, means, code, seed, {1, 0, 1, i / 200, i % 200}));
  }
  return g;
}

struct Moments {
  double mean = 0;
  double deviation = 0;
};

Moments moments(const std::vector<double>& values) {
  Moments m;
  for (const double v : values) m.mean += v / static_cast<double>(values.size());
  double squares = 0;
  for (const double v : values) squares += (v - m.mean) * (v - m.mean);
  m.deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return m;
}

}  // namespace

TEST_CASE("an ideal cell sits exactly on its linear level") {
  const ir::Device device;
  const std::vector<double> means = twin::level_means(device);
  for (int32_t code = 0; code < 16; ++code) {
    REQUIRE(twin::program_cell(device, means, code, 5, {0, 1, 0, 3, code}) == 25 + 15 * code);
  }
  REQUIRE(twin::level_table(device).back() == 250);
}

TEST_CASE("measured levels replace the linear ones") {
  ir::Device device;
  device.levels = 4;
  device.level_mean = {10.4, 20.6, 60, 100.4};
  REQUIRE(twin::level_table(device) == std::vector<uint16_t>{10, 21, 60, 100});
  REQUIRE(twin::level_step(device) == Approx(30));
}

TEST_CASE("programming variation has the asked-for spread, relative to the level") {
  ir::Device device;
  device.sigma = 0.1;
  for (const int32_t code : {2, 15}) {
    const double level = 25 + 15 * code;
    const Moments m = moments(draw(device, code, 11));
    const double sigma = 0.1 * level;
    // Four standard errors: mean sigma / sqrt(n), deviation sigma / sqrt(2 n); rounding adds a
    // variance of 1/12.
    REQUIRE(std::abs(m.mean - level) < 4 * sigma / std::sqrt(kCells));
    REQUIRE(std::abs(m.deviation - std::sqrt(sigma * sigma + 1.0 / 12)) <
            4 * sigma / std::sqrt(2.0 * kCells));
  }
}

TEST_CASE("lognormal variation has the asked-for spread of the logarithm") {
  ir::Device device;
  device.g_min = 2500;
  device.g_step = 1500;
  device.sigma = 0.3;
  device.lognormal = true;
  std::vector<double> logs = draw(device, 9, 12);
  for (double& g : logs) g = std::log(g);
  const Moments m = moments(logs);
  REQUIRE(std::abs(m.mean - std::log(2500 + 9 * 1500)) < 4 * 0.3 / std::sqrt(kCells));
  REQUIRE(std::abs(m.deviation - 0.3) < 4 * 0.3 / std::sqrt(2.0 * kCells));
}

TEST_CASE("stuck-at faults come at the asked-for rates") {
  ir::Device device;
  device.stuck_low = 0.03;
  device.stuck_high = 0.01;
  int32_t low = 0;
  int32_t high = 0;
  for (const double g : draw(device, 7, 13)) {
    low += g == 25 ? 1 : 0;
    high += g == 250 ? 1 : 0;
  }
  // Four standard errors of a binomial rate.
  REQUIRE(std::abs(low / double{kCells} - 0.03) < 4 * std::sqrt(0.03 * 0.97 / kCells));
  REQUIRE(std::abs(high / double{kCells} - 0.01) < 4 * std::sqrt(0.01 * 0.99 / kCells));
}

TEST_CASE("a cell's draw depends on its place and the seed") {
  ir::Device device;
  device.g_min = 25000;  // a fine scale, so that equal draws are no accident
  device.g_step = 1;
  device.sigma = 0.2;
  const std::vector<double> means = twin::level_means(device);
  const auto at = [&](uint64_t seed, const twin::CellPlace& place) {
    return twin::program_cell(device, means, 8, seed, place);
  };
  const uint16_t g = at(1, {2, 0, 0, 5, 6});
  REQUIRE(at(1, {2, 0, 0, 5, 6}) == g);
  REQUIRE(at(2, {2, 0, 0, 5, 6}) != g);
  REQUIRE(at(uint64_t{1} << 40, {2, 0, 0, 5, 6}) != at(0, {2, 0, 0, 5, 6}));
  REQUIRE(at(1, {3, 0, 0, 5, 6}) != g);
  REQUIRE(at(1, {2, 1, 0, 5, 6}) != g);
  REQUIRE(at(1, {2, 0, 1, 5, 6}) != g);
  REQUIRE(at(1, {2, 0, 0, 6, 5}) != g);
}

}  // namespace crosstwin
