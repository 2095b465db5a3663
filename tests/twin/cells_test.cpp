// The cells of a chip: what is reported is what was drawn, and a real chip's arrays come through.
// SPDX-License-Identifier: Apache-2.0
#include "twin/cells.hpp"

#include <tbb/global_control.h>

#include <cmath>
#include <filesystem>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/chip.hpp"
#include "compress/ir/npz.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"
#include "tests/twin/random_design.hpp"
#include "tests/twin/statistics.hpp"
#include "twin/program.hpp"
#include "twin/tile_shape.hpp"
#include "twin/wires.hpp"

namespace crosstwin {

using tests::contains;
using tests::message_of;
using tests::TemporaryDir;
using twin::AdcRange;
using twin::CellReport;

namespace {

// One layer of some 30,000 cells.
ir::Design wide_design() {
  ir::Rng rng(17, 3);
  ir::Design design;
  design.name = "wide";
  design.input = {3, 12, 12};
  test::add_crossbar(design, rng, "fc",
                     {.cols = 18, .kernel_h = 12, .kernel_w = 12, .keep = 2, .logits = true});
  return design;
}

struct Result {
  ir::Chip chip;
  std::vector<CellReport> reports;
};

Result programmed(const ir::Design& design, const ir::Device& device, uint64_t seed = 1) {
  Result result;
  result.chip = twin::program(design, device, seed, {}, {AdcRange::kWorstCase}, &result.reports);
  return result;
}

template <class T>
ir::Npz tensors(const ir::Chip& chip, const ir::Design& design, const char* field,
                const std::vector<std::vector<T>>& values) {
  ir::Npz npz;
  for (size_t i = 0; i < chip.crossbars.size(); ++i) {
    const ir::CrossbarChip& crossbar = chip.crossbars[i];
    const int64_t slices = design.layout.slices;
    const auto cols = static_cast<int64_t>(crossbar.adc_mult.size()) / slices;
    const auto rows = static_cast<int64_t>(crossbar.g.size()) / (2 * slices * cols);
    npz[crossbar.stage + field] = ir::Array<T>{{2, slices, rows, cols}, values[i]};
  }
  return npz;
}

// In units, or in siemens.
ir::Npz measured(const ir::Chip& chip, const ir::Design& design, double unit) {
  std::vector<std::vector<double>> values;
  for (const ir::CrossbarChip& crossbar : chip.crossbars) {
    values.emplace_back();
    for (const uint16_t g : crossbar.g) values.back().push_back(g * unit);
  }
  return tensors(chip, design, ".g", values);
}

void write_csv(const ir::Chip& chip, const ir::Design& design, const std::filesystem::path& dir) {
  for (const ir::CrossbarChip& crossbar : chip.crossbars) {
    const auto slices = static_cast<size_t>(design.layout.slices);
    const size_t cols = crossbar.adc_mult.size() / slices;
    const size_t array = crossbar.g.size() / (2 * slices);
    for (size_t a = 0; a < 2 * slices; ++a) {
      std::string text;
      for (size_t i = 0; i < array; ++i) {
        text += std::to_string(crossbar.g[a * array + i]) + (i % cols == cols - 1 ? "\n" : ",");
      }
      const std::string name =
          crossbar.stage + (a < slices ? "_pos_" : "_neg_") + std::to_string(a % slices) + ".csv";
      ir::write_file(dir / name, text);
    }
  }
}

}  // namespace

TEST_CASE("the report of a chip's cells has the realised rates and spreads") {
  const ir::Design design = wide_design();
  ir::Device device = ir::load_device("reram");
  device.stuck_low = 0.05;
  device.stuck_high = 0.02;
  const CellReport report = programmed(design, device).reports[0];
  const int64_t cells = 2 * 2 * 432 * 18;
  CHECK(report.stage == "fc");
  CHECK(report.cells == cells);
  CHECK(test::has_rate(report.stuck_low, cells, 0.05));
  CHECK(test::has_rate(report.stuck_high, cells, 0.02));
  CHECK_FALSE(test::has_rate(report.stuck_low, cells, 0.065));
  CHECK_FALSE(test::has_rate(report.stuck_high, cells, 0.03));
  const int64_t working = cells - report.stuck_low - report.stuck_high;
  CHECK(report.variation.cells == working);
  const double error = test::kErrors / std::sqrt(2.0 * static_cast<double>(working));
  CHECK(std::abs(report.variation.sigma / 0.1 - 1) < error);
  CHECK(error < 0.03);  // so that a sigma of 0.103 is told apart
  CHECK(std::abs(report.variation.mean) <
        test::kErrors * 0.1 / std::sqrt(static_cast<double>(working)));
  CHECK(report.pulses == 0);
  CHECK(report.aged.max == 0);
  device.lognormal = true;
  const CellReport logs = programmed(design, device).reports[0];
  CHECK(std::abs(logs.variation.sigma / 0.1 - 1) < error);
  CHECK(std::abs(logs.variation.mean) <
        test::kErrors * 0.1 / std::sqrt(static_cast<double>(working)));
}

TEST_CASE("write-verify leaves a smaller error than one shot and says what it cost") {
  const ir::Design design = wide_design();
  ir::Device device = ir::load_device("reram_wan");
  const CellReport shot = programmed(design, device).reports[0];
  device.write_verify = {40, 0.1, 0.6, 0.3, 0, 1.5, 1e-6};
  const CellReport verified = programmed(design, device).reports[0];
  CHECK(verified.programmed.max <= 0.1 + 1e-12);
  CHECK(shot.programmed.sigma > 5 * verified.programmed.sigma);
  CHECK(shot.pulses == 0);
  CHECK(verified.pulses > verified.cells);
  CHECK(verified.unverified == 0);
  // No pulse costs more than one at the top level, 5 sigma of a pulse above it.
  CHECK(verified.joules > 0);
  CHECK(verified.joules < static_cast<double>(verified.pulses) * 2.25 * 80e-6 * 1e-6);
  device.write_verify.max_pulses = 1;
  const CellReport once = programmed(design, device).reports[0];
  CHECK(once.unverified > once.cells / 4);
  CHECK(once.pulses <= once.cells);
}

TEST_CASE("a fault map is realised exactly, and only it") {
  const TemporaryDir dir;
  const ir::Design design = test::random_design(3);
  ir::Device device;
  device.sigma = 0.1;
  const Result plain = programmed(design, device);
  ir::Rng rng(5, 5);
  std::vector<std::vector<int8_t>> faults;
  int64_t counts[3] = {};
  for (const ir::CrossbarChip& crossbar : plain.chip.crossbars) {
    faults.emplace_back(crossbar.g.size());
    for (int8_t& fault : faults.back()) {
      fault = static_cast<int8_t>(rng.below(20) < 18 ? 0 : 1 + rng.below(2));
      ++counts[fault];
    }
  }
  device.fault_map = (dir / "f.npz").string();
  ir::write_npz(dir / "f.npz", tensors(plain.chip, design, ".fault", faults));
  const Result result = programmed(design, device);
  int64_t wrong = 0;
  int64_t low = 0;
  int64_t high = 0;
  for (size_t i = 0; i < faults.size(); ++i) {
    for (size_t k = 0; k < faults[i].size(); ++k) {
      const uint16_t expected[] = {plain.chip.crossbars[i].g[k], 25, 250};
      wrong += result.chip.crossbars[i].g[k] == expected[faults[i][k]] ? 0 : 1;
    }
    low += result.reports[i].stuck_low;
    high += result.reports[i].stuck_high;
  }
  CHECK(wrong == 0);
  CHECK(low == counts[1]);
  CHECK(high == counts[2]);
  CHECK(result.chip.device.fault_map == "f.npz");  // the same chip from any folder
}

TEST_CASE("a chip's conductances loaded as measured ones give the same chip") {
  const TemporaryDir dir;
  const ir::Design design = test::random_design(4);
  const auto images = test::random_images(design, 5, 4);
  const ir::Device device = ir::load_device("reram_full");
  const ir::Chip chip = twin::program(design, device, 1, images);
  ir::Device real = device;  // its converters and its read noise
  real.sigma = real.stuck_low = real.stuck_high = 0;
  const auto hash = [&] { return ir::chip_hash(twin::program(design, real, 1, images)); };
  CHECK(hash() != ir::chip_hash(chip));
  real.conductances = (dir / "g.npz").string();
  ir::write_npz(dir / "g.npz", measured(chip, design, real.siemens_per_unit));
  CHECK(hash() == ir::chip_hash(chip));
  real.conductances_in = ir::ConductanceUnit::kUnits;
  ir::write_npz(dir / "g.npz", measured(chip, design, 1));
  CHECK(hash() == ir::chip_hash(chip));
  real.conductances = (dir / "{stage}_{polarity}_{slice}.csv").string();
  write_csv(chip, design, dir.path());
  CHECK(hash() == ir::chip_hash(chip));
}

TEST_CASE("cells age under converters that stay as they were") {
  const ir::Design design = test::random_design(5);
  const auto images = test::random_images(design, 5, 5);
  ir::Device device;
  device.drift = {20, 0.05, 0, {}, {}};
  const ir::Chip young = twin::program(design, device, 1, images);
  CHECK(young.shared_table);
  device.time = 20 * 1023.0;
  std::vector<CellReport> reports;
  const ir::Chip old = twin::program(design, device, 1, images, {}, &reports);
  CHECK_FALSE(old.shared_table);
  const double left = std::pow(1024, -0.05);
  for (size_t i = 0; i < old.crossbars.size(); ++i) {
    CHECK(old.crossbars[i].adc_mult == young.crossbars[i].adc_mult);
    CHECK(old.crossbars[i].lsb == young.crossbars[i].lsb);
    int64_t wrong = 0;
    for (size_t k = 0; k < old.crossbars[i].g.size(); ++k) {
      const auto aged = std::lround(young.crossbars[i].g[k] * left);
      wrong += old.crossbars[i].g[k] == aged ? 0 : 1;
    }
    CHECK(wrong == 0);
    CHECK(reports[i].programmed.max == 0);
    CHECK(reports[i].aged.mean < 0);
    CHECK(reports[i].aged.max <= 250.0 / 15 * (1 - left) * (1 + 1e-12));
  }
  // A stuck cell does not age.
  device.stuck_high = 1;
  const ir::Chip stuck = twin::program(design, device, 1, images);
  CHECK(stuck.crossbars[0].g == std::vector<uint16_t>(stuck.crossbars[0].g.size(), 250));
}

TEST_CASE("wires fold into the cells of every physical array, behind all else") {
  ir::Design design = test::random_design(8);
  design.layout.tile_rows = 16;  // several row and column tiles
  design.layout.tile_cols = 4;
  ir::Device device = ir::load_device("pcm_joshi");
  device.time = 100;
  device.stuck_low = 0.05;
  const Result without = programmed(design, device);
  device.wires = {20, 30, 200, 100, ir::Contacts::kDouble, ir::Pairs::kInterleaved};
  const Result with = programmed(design, device);
  const twin::WireOptions wires{20, 30, 200, 100, true, true};
  int64_t wrong = 0;
  for (size_t i = 0, crossbar = 0; i < design.stages.size(); ++i) {
    if (!std::holds_alternative<ir::Crossbar>(design.stages[i].kind)) continue;
    const std::vector<uint16_t>& own = without.chip.crossbars[crossbar].g;
    std::vector<double> g(own.begin(), own.end());
    twin::fold_layer(g, twin::tile_shape(design, design.stages[i]), 4, device.siemens_per_unit,
                     wires, "test");
    const std::vector<uint16_t>& folded = with.chip.crossbars[crossbar].g;
    // A cell is rounded once, behind the wires; here before as well.
    for (size_t k = 0; k < g.size(); ++k) wrong += std::abs(g[k] - folded[k]) <= 1.1 ? 0 : 1;
    CHECK(folded != own);
    CHECK(with.reports[crossbar].wires.mean < 0);
    CHECK(with.reports[crossbar].wires.cells == static_cast<int64_t>(g.size()));
    CHECK(without.reports[crossbar].wires.cells == 0);
    CHECK(with.reports[crossbar].programmed.sigma == without.reports[crossbar].programmed.sigma);
    ++crossbar;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a device of more levels lends evenly spaced ones, of fewer is refused by name") {
  const ir::Design design = test::random_design(6);
  ir::Device device;
  device.levels = 64;
  device.g_min = 10;
  device.g_step = 4;  // every 4th level: 10, 26, ...
  const ir::Chip chip = programmed(design, device).chip;
  CHECK(chip.shared_table);
  CHECK(chip.table[1] == 26);
  CHECK(chip.table[15] == 250);
  CHECK(chip.device.levels == 16);
  device.levels = 8;
  device.source = "d.json: $";
  CHECK_THAT(message_of([&] { programmed(design, device); }),
             contains("d.json: $.levels: the device has fewer levels than a slice needs"));
}

TEST_CASE("cells and their report do not depend on the number of threads") {
  const ir::Design design = test::random_design(7);
  ir::Device device = ir::load_device("pcm_joshi");
  device.time = 1000;
  device.stuck_low = 0.01;
  const Result many = programmed(design, device);
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  const Result single = programmed(design, device);
  CHECK(ir::chip_hash(many.chip) == ir::chip_hash(single.chip));
  for (size_t i = 0; i < many.reports.size(); ++i) {
    CHECK(many.reports[i].aged.sigma == single.reports[i].aged.sigma);
    CHECK(many.reports[i].programmed.mean == single.reports[i].programmed.mean);
  }
}

}  // namespace crosstwin
