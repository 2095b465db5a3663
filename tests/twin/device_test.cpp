// The device model: levels, spread, faults, ageing, pulses; every rate and sigma realised.
// SPDX-License-Identifier: Apache-2.0
#include "twin/device.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "tests/catch.hpp"
#include "tests/twin/statistics.hpp"

namespace crosstwin {

using test::has_mean;
using test::has_rate;
using test::has_sigma;
using test::is_normal;
using test::uncorrelated;
using twin::CellModel;
using twin::CellPlace;
using twin::Fault;

namespace {

constexpr int32_t kCells = 40000;  // the error of a deviation is 0.35%, five of them 1.8%

// One value for each of kCells places of a 200-column crossbar.
std::vector<double> over_cells(const std::function<double(const CellPlace&)>& value,
                               int32_t cells = kCells) {
  std::vector<double> values;
  for (int32_t i = 0; i < cells; ++i) values.push_back(value({1, 0, 1, i / 200, i % 200}));
  return values;
}

std::vector<double> programmed(const ir::Device& device, int32_t code, uint64_t seed) {
  const CellModel model(device, seed);
  return over_cells([&](const CellPlace& place) { return model.program(code, place).g; });
}

std::vector<double> each(std::vector<double> values, const std::function<double(double)>& f) {
  for (double& value : values) value = f(value);
  return values;
}

}  // namespace

TEST_CASE("an ideal cell sits exactly on its linear level") {
  const ir::Device device;
  const CellModel model(device, 5);
  for (int32_t code = 0; code < 16; ++code) {
    REQUIRE(model.program(code, {0, 1, 0, 3, code}).g == 25 + 15 * code);
    REQUIRE(model.program(code, {0, 1, 0, 3, code}).pulses == 0);
    REQUIRE(model.fault({0, 1, 0, 3, code}) == Fault::kNone);
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
    const std::vector<double> g = programmed(device, code, 11);
    REQUIRE(has_mean(g, level));
    REQUIRE(has_sigma(g, 0.1 * level));
    REQUIRE(is_normal(g, level, 0.1 * level));
    REQUIRE_FALSE(has_mean(g, 1.01 * level));
    REQUIRE_FALSE(has_sigma(g, 0.11 * level));
    REQUIRE_FALSE(has_sigma(g, 0.09 * level));
    REQUIRE_FALSE(is_normal(g, level, 0.11 * level));
  }
}

TEST_CASE("lognormal variation has the asked-for spread of the logarithm") {
  ir::Device device;
  device.sigma = 0.3;
  device.lognormal = true;
  const std::vector<double> g = programmed(device, 9, 12);
  const std::vector<double> logs = each(g, [](double v) { return std::log(v / (25 + 9 * 15)); });
  REQUIRE(has_mean(logs, 0));
  REQUIRE(has_sigma(logs, 0.3));
  REQUIRE(is_normal(logs, 0, 0.3));
  REQUIRE_FALSE(has_sigma(logs, 0.33));
  REQUIRE_FALSE(is_normal(each(g, [](double v) { return v / (25 + 9 * 15) - 1; }), 0, 0.3));
}

TEST_CASE("measured levels come out with their measured mean and deviation") {
  ir::Device device;
  device.levels = 4;
  device.level_mean = {50, 90, 150, 400};
  device.level_sigma = {5, 4, 30, 120};
  for (const bool lognormal : {false, true}) {
    device.lognormal = lognormal;
    for (int32_t code = 0; code < 4; ++code) {
      const double mean = device.level_mean[static_cast<size_t>(code)];
      const double sigma = device.level_sigma[static_cast<size_t>(code)];
      const std::vector<double> g = programmed(device, code, 14);
      REQUIRE(has_mean(g, mean));
      REQUIRE(has_sigma(g, sigma));
      REQUIRE_FALSE(has_sigma(g, 1.1 * sigma));
      REQUIRE_FALSE(has_mean(g, mean + sigma / 20));
      // The level of the widest spread tells the two shapes apart.
      if (code == 3) REQUIRE(is_normal(g, mean, sigma) != lognormal);
    }
  }
}

TEST_CASE("a conductance does not fall below 0") {
  ir::Device device;
  device.sigma = 2;
  const std::vector<double> g = programmed(device, 3, 15);
  REQUIRE(*std::min_element(g.begin(), g.end()) == 0);
  // P(1 + 2 n < 0) = 0.308538
  REQUIRE(has_rate(std::count(g.begin(), g.end(), 0.0), kCells, 0.308538));
}

TEST_CASE("stuck-at faults come at the asked-for rates") {
  ir::Device device;
  device.stuck_low = 0.03;
  device.stuck_high = 0.01;
  const CellModel model(device, 13);
  constexpr int32_t kMany = 800000;
  const std::vector<double> faults = over_cells(
      [&](const CellPlace& place) { return static_cast<double>(model.fault(place)); }, kMany);
  const int64_t low = std::count(faults.begin(), faults.end(), 1.0);
  const int64_t high = std::count(faults.begin(), faults.end(), 2.0);
  REQUIRE(has_rate(low, kMany, 0.03));
  REQUIRE(has_rate(high, kMany, 0.01));
  REQUIRE_FALSE(has_rate(low, kMany, 0.033));
  REQUIRE_FALSE(has_rate(low, kMany, 0.027));
  REQUIRE_FALSE(has_rate(high, kMany, 0.011));
  REQUIRE_FALSE(has_rate(high, kMany, 0.009));
  const std::vector<double> next(faults.begin() + 1, faults.end());
  REQUIRE(uncorrelated({faults.begin(), faults.end() - 1}, next));
  REQUIRE(model.stuck_at(Fault::kLow) == 25);
  REQUIRE(model.stuck_at(Fault::kHigh) == 250);
}

TEST_CASE("draws of different cells, layers, seeds and purposes are unrelated") {
  ir::Device device;
  device.sigma = 0.1;
  device.stuck_low = 0.3;
  device.time = 9;
  device.drift.nu = 1;
  device.drift.nu_sigma = 0.1;
  const CellModel model(device, 1);
  const auto draws = [&](const std::function<CellPlace(CellPlace)>& moved, const CellModel& of) {
    return over_cells([&](const CellPlace& place) { return of.program(8, moved(place)).g; });
  };
  const auto here = [](CellPlace place) { return place; };
  const std::vector<double> g = draws(here, model);
  REQUIRE_FALSE(uncorrelated(g, draws(here, model)));
  const std::function<CellPlace(CellPlace)> moves[] = {
      [](CellPlace p) {
        return CellPlace{p.stage + 1, p.polarity, p.slice, p.row, p.column};
      },
      [](CellPlace p) {
        return CellPlace{p.stage, 1, p.slice, p.row, p.column};
      },
      [](CellPlace p) {
        return CellPlace{p.stage, p.polarity, 0, p.row, p.column};
      },
      [](CellPlace p) {
        return CellPlace{p.stage, p.polarity, p.slice, p.row + 1, p.column};
      },
      [](CellPlace p) {
        return CellPlace{p.stage, p.polarity, p.slice, p.row, p.column + 1};
      },
      [](CellPlace p) {
        return CellPlace{p.stage, p.polarity, p.slice, p.column, p.row};
      }};
  for (const auto& move : moves) REQUIRE(uncorrelated(g, draws(move, model)));
  for (const uint64_t seed : {uint64_t{0}, uint64_t{2}, uint64_t{1} << 32 | 1}) {
    REQUIRE(uncorrelated(g, draws(here, CellModel(device, seed))));
  }
  const std::vector<double> aged =
      over_cells([&](const CellPlace& place) { return model.aged(100, 8, place); });
  REQUIRE(uncorrelated(g, aged));
  const std::vector<double> stuck =
      over_cells([&](const CellPlace& place) { return static_cast<double>(model.fault(place)); });
  REQUIRE(uncorrelated(g, stuck));
  REQUIRE(uncorrelated(aged, stuck));
}

TEST_CASE("drift follows its power of time, with the asked-for exponents") {
  ir::Device device;
  device.drift = {20, 0.06, 0.01, {}, {}};
  REQUIRE(CellModel(device, 3).aged(200, 4, {}) == 200);  // time 0
  const auto exponents = [&](double time, int32_t code) {
    device.time = time;
    const CellModel model(device, 3);
    return over_cells([&](const CellPlace& place) {
      return -std::log(model.aged(200, code, place) / 200) / std::log(1 + time / 20);
    });
  };
  const std::vector<double> nu = exponents(1e5, 4);
  REQUIRE(has_mean(nu, 0.06));
  REQUIRE(has_sigma(nu, 0.01));
  REQUIRE(is_normal(nu, 0.06, 0.01));
  REQUIRE_FALSE(has_mean(nu, 0.066));
  REQUIRE_FALSE(has_mean(nu, 0.054));
  REQUIRE_FALSE(has_sigma(nu, 0.011));
  REQUIRE_FALSE(has_sigma(nu, 0.009));
  // A cell keeps its exponent over time.
  const std::vector<double> later = exponents(1e7, 4);
  for (size_t i = 0; i < nu.size(); ++i) REQUIRE(later[i] == Approx(nu[i]).epsilon(1e-9));

  device.drift.level_nu.assign(16, 0.02);
  device.drift.level_nu_sigma.assign(16, 0);
  device.drift.level_nu[4] = 0.1;
  device.drift.level_nu_sigma[4] = 0.02;
  REQUIRE(exponents(1e5, 5)[7] == Approx(0.02));
  const std::vector<double> of_level = exponents(1e5, 4);
  REQUIRE(has_mean(of_level, 0.1));
  REQUIRE(has_sigma(of_level, 0.02));
  REQUIRE_FALSE(has_sigma(of_level, 0.022));

  // An exponent below 0 is 0: of a normal one about 0, half of them.
  device.drift = {20, 0, 0.05, {}, {}};
  const std::vector<double> cut = exponents(1e5, 4);
  REQUIRE(*std::min_element(cut.begin(), cut.end()) == 0);
  REQUIRE(has_rate(std::count(cut.begin(), cut.end(), 0.0), kCells, 0.5));
}

TEST_CASE("retention relaxes towards its conductance by a stretched exponential") {
  ir::Device device;
  device.retention = {1000, 0.5, 40};
  device.time = 4000;
  REQUIRE(CellModel(device, 0).aged(240, 3, {}) == Approx(40 + 200 * std::exp(-2)));
  REQUIRE(CellModel(device, 0).aged(10, 3, {}) == Approx(40 - 30 * std::exp(-2)));
  device.drift = {1000, 1, 0, {}, {}};
  REQUIRE(CellModel(device, 0).aged(240, 3, {}) == Approx(40 + (48 - 40) * std::exp(-2)));
  device.time = 0;
  REQUIRE(CellModel(device, 0).aged(240, 3, {}) == 240);
}

TEST_CASE("write-verify without noise takes the pulses and the energy of a closed form") {
  ir::Device device;
  device.write_verify = {50, 0.5, 0.5, 0, 0, 2, 1e-6};
  const CellModel model(device, 1);
  for (int32_t code = 0; code < 16; ++code) {
    const twin::Programmed cell = model.program(code, {});
    // The distance 15 code halves by every pulse until it is at most 7.5.
    const int32_t pulses = code == 0 ? 0 : static_cast<int32_t>(std::ceil(std::log2(2.0 * code)));
    REQUIRE(cell.pulses == pulses);
    REQUIRE(cell.verified);
    REQUIRE(cell.g == 25 + 15 * code * (1 - std::ldexp(1, -pulses)));
    double joules = 0;  // V^2 G t of every pulse, G in front of it
    for (int32_t k = 0; k < pulses; ++k) {
      joules += 4 * (25 + 15 * code * (1 - std::ldexp(1, -k))) * 4e-9 * 1e-6;
    }
    REQUIRE(cell.joules == Approx(joules));
  }
  device.write_verify.max_pulses = 2;
  const twin::Programmed cell = CellModel(device, 1).program(15, {});
  REQUIRE(cell.pulses == 2);
  REQUIRE_FALSE(cell.verified);
  REQUIRE(cell.g == 25 + 225 * 0.75);
}

TEST_CASE("the spreads of a pulse and of a verifying read are those asked for") {
  ir::Device device;
  device.write_verify = {1, 0, 0.5, 0.2, 0, 0, 0};
  const std::vector<double> moved =
      each(programmed(device, 12, 5), [](double g) { return (g - 25) / (0.5 * 180) - 1; });
  REQUIRE(has_mean(moved, 0));
  REQUIRE(has_sigma(moved, 0.2));
  REQUIRE(is_normal(moved, 0, 0.2));
  REQUIRE_FALSE(has_sigma(moved, 0.22));
  REQUIRE_FALSE(has_sigma(moved, 0.18));
  // A full pulse goes where the read says: off by the read's own error.
  device.write_verify = {1, 0, 1, 0, 0.3, 0, 0};
  const std::vector<double> off =
      each(programmed(device, 12, 6), [](double g) { return (g - 205) / 15; });
  REQUIRE(has_mean(off, 0));
  REQUIRE(has_sigma(off, 0.3));
  REQUIRE(is_normal(off, 0, 0.3));
  REQUIRE_FALSE(has_sigma(off, 0.33));
  REQUIRE_FALSE(has_sigma(off, 0.27));
}

TEST_CASE("write-verify ends within its tolerance of what it reads") {
  ir::Device device;
  device.sigma = 0.2;
  device.write_verify = {200, 0.1, 0.4, 0.5, 0, 0, 0};
  const CellModel exact(device, 7);
  device.write_verify.read_sigma = 0.05;
  const CellModel noisy(device, 7);
  int64_t pulses = 0;
  const std::vector<double> first = over_cells([&](const CellPlace& place) {
    const twin::Programmed cell = exact.program(10, place);
    REQUIRE(cell.verified);
    REQUIRE(std::abs(cell.g - 175) <= 1.5);
    pulses += cell.pulses;
    return cell.pulses;
  });
  REQUIRE(pulses > 5 * kCells);
  REQUIRE(test::moments(first).sigma > 0.5);  // cells differ
  double most = 0;
  for (const double g : over_cells([&](const CellPlace& p) { return noisy.program(10, p).g; })) {
    most = std::max(most, std::abs(g - 175));
  }
  REQUIRE(most > 1.5);  // a read's error lets cells pass that are off by more
  REQUIRE(most < 1.5 + 6 * 0.05 * 15);
}

}  // namespace crosstwin
