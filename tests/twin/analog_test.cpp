// The integers stay within the stated bound of the analog reference, and a seeded bug does not.
// SPDX-License-Identifier: Apache-2.0
#include "twin/analog.hpp"

#include <tbb/global_control.h>

#include <cmath>

#include "compress/ir/device_arrays.hpp"
#include "compress/ir/npz.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"
#include "tests/twin/random_design.hpp"
#include "twin/cells.hpp"
#include "twin/device.hpp"
#include "twin/program.hpp"
#include "twin/simulator.hpp"
#include "twin/tile.hpp"

namespace crosstwin {

using tests::contains;
using tests::message_of;
using tests::TemporaryDir;
using twin::AnalogStage;

namespace {

struct Programmed {
  ir::Design design;
  ir::Chip chip;
  std::vector<uint8_t> images;
  std::vector<twin::AnalogTile> tiles;

  Programmed(ir::Design of, const ir::Device& device, uint64_t seed, std::vector<uint8_t> with)
      : design(std::move(of)),
        chip(twin::program(design, device, seed, with)),
        images(std::move(with)),
        tiles(twin::analog_tiles(design, chip, device_of(device))) {}

  ir::Device device_of(const ir::Device& device) const {
    ir::Device used = chip.device;
    used.conductances = device.conductances;
    used.fault_map = device.fault_map;
    return used;
  }
  std::vector<AnalogStage> compare() const {
    return twin::compare_analog(design, chip, tiles, images);
  }
};

Programmed random_chip(uint64_t seed, const ir::Device& device, const ir::Layout& layout = {}) {
  ir::Design design = test::random_design(seed, layout);
  auto images = test::random_images(design, 4, seed);
  return {std::move(design), device, seed, std::move(images)};
}

ir::Device everything() {
  ir::Device device = ir::load_device("reram_full");
  device.wires = {2, 1.5, 100, 60, ir::Contacts::kSingle, ir::Pairs::kInterleaved};
  device.time = 3600;
  device.drift.nu = 0.03;
  device.drift.nu_sigma = 0.01;
  return device;
}

// One dense layer of all its rows.
ir::Design dense(int32_t rows, int32_t cols) {
  ir::Rng rng(5, 6);
  ir::Design design;
  design.name = "dense";
  design.input = {rows, 1, 1};
  test::add_crossbar(design, rng, "fc", {.cols = cols, .keep = 2, .logits = true});
  return design;
}

// Image i drives row i alone, by its lowest bit.
std::vector<uint8_t> one_row_each(int32_t rows) {
  std::vector<uint8_t> images(static_cast<size_t>(rows) * rows, 0);
  for (int32_t r = 0; r < rows; ++r) images[static_cast<size_t>(r) * (rows + 1)] = 1;
  return images;
}

}  // namespace

TEST_CASE("every current, code and sum of the twin is within the bound of the analog reference") {
  struct Case {
    const char* what;
    ir::Device device;
    ir::Layout layout;
  };
  ir::Device lognormal;
  lognormal.sigma = 0.2;
  lognormal.lognormal = true;
  ir::Device measured = ir::load_device("pcm_joshi");
  measured.time = 86400;
  const std::vector<Case> cases = {
      {"ideal", {}, {}},
      {"variation and faults", ir::load_device("reram"), {}},
      {"log-normal", lognormal, {.tile_rows = 16}},
      {"everything", everything(), {.tile_rows = 16}},
      {"everything, 1 bit a cell", everything(), {.cell_bits = 1, .slices = 7, .adc_bits = 5}},
      {"measured levels that drift", measured, {.tile_rows = 32, .adc_bits = 10}},
      {"converters alone",
       [] {
         ir::Device device;
         device.adc_gain_sigma = 0.05;
         device.adc_offset_sigma = 2;
         device.adc_inl = 3;
         return device;
       }(),
       {}}};
  for (const Case& each : cases) {
    int64_t differing = 0;
    for (const uint64_t seed : {1, 2, 3}) {
      const Programmed chip = random_chip(seed, each.device, each.layout);
      for (const AnalogStage& stage : chip.compare()) {
        INFO(each.what << ", seed " << seed << ", " << stage.stage << ": " << stage.differing
                       << " of " << stage.conversions << " codes differ, " << stage.near << " may");
        CHECK(stage.conversions >= 512);
        CHECK(stage.outside == 0);
        CHECK(stage.sums > 0);
        CHECK(stage.sums_outside == 0);
        CHECK(stage.converters_outside == 0);
        CHECK(stage.differing <= stage.near);
        // Non-linearity may turn one code into several.
        if (each.device.adc_inl == 0) CHECK(stage.largest <= std::ceil(stage.any_input_bound));
        if (each.device.ideal()) CHECK(stage.current == 0);
        differing += stage.differing;
      }
    }
    INFO(each.what << ": " << differing);
    CHECK((each.device.ideal() || differing > 0));
  }
}

TEST_CASE("the whole network on the reference is the twin's where nothing is rounded") {
  const ir::Design design = test::random_design(5, {.adc_bits = 12});
  const auto images = test::random_images(design, 6, 5);
  const ir::Chip ideal = twin::program(design, {}, 5, images);
  const auto logits = [&](const ir::Chip& chip) {
    return twin::analog_logits(design, twin::analog_tiles(design, chip, chip.device), images);
  };
  // Currents are exact and codes come in range; what transfers round differently cancels in pairs.
  CHECK(logits(ideal) == twin::Simulator(design, ideal).logits(images));
  const ir::Chip varied = twin::program(design, ir::load_device("reram"), 5, images);
  CHECK(logits(varied) != twin::Simulator(design, varied).logits(images));
}

TEST_CASE("conversions of the reference come in the order and number of the twin's") {
  const Programmed of = random_chip(4, everything(), {.tile_rows = 16});
  const twin::TileShape shape = twin::tile_shape(of.design, of.design.stages[3]);
  const std::vector<int32_t> x(static_cast<size_t>(shape.rows), -77);
  std::vector<twin::AnalogConversion> conversions;
  std::vector<double> y(static_cast<size_t>(shape.cols));
  std::vector<double> bound(y.size());
  of.tiles[2].run(x, {}, y, bound, &conversions);
  std::vector<int64_t> twin_y(y.size());
  size_t at = 0;
  twin::naive_tile(shape, of.chip.crossbars[2], x, twin_y,
                   [&](int32_t tile, int32_t c, int32_t b, int32_t s, int32_t p, int64_t, int32_t) {
                     REQUIRE(at < conversions.size());
                     const twin::ConversionPlace& place = conversions[at++].place;
                     CHECK(place.row_tile == tile);
                     CHECK(place.column == c);
                     CHECK(place.plane == b);
                     CHECK(place.slice == s);
                     CHECK(place.polarity == p);
                   });
  CHECK(at == conversions.size());
}

// Cells that all round by nearly half a unit the same way: the bound is reached.
TEST_CASE("the bound is tight where cells err alike") {
  const TemporaryDir dir;
  const ir::Design design = dense(128, 6);
  const auto& crossbar = std::get<ir::Crossbar>(design.stages[0].kind);
  ir::Npz arrays;
  ir::Array<double> g{{2, 2, 128, 6}, {}};
  for (int32_t p = 0; p < 2; ++p) {
    for (int32_t s = 0; s < 2; ++s) {
      for (const int16_t weight : crossbar.weight) {
        g.data.push_back(25.49 - 0.98 * p + 15 * ir::slice_code(weight, p, s, 4));
      }
    }
  }
  arrays["fc.g"] = g;
  ir::write_npz(dir / "g.npz", arrays);
  ir::Device device;
  device.conductances = (dir / "g.npz").string();
  device.conductances_in = ir::ConductanceUnit::kUnits;
  const Programmed of(design, device, 1, test::random_images(design, 20, 1));
  const AnalogStage stage = of.compare()[0];
  INFO(stage.current << " units, " << stage.current_share << " and " << stage.sums_share
                     << " of the bounds; code difference " << stage.largest << ", any input "
                     << stage.any_input_bound);
  CHECK(stage.outside == 0);
  CHECK(stage.sums_outside == 0);
  CHECK(stage.current > 20);
  CHECK(stage.current_share > 0.95);
  CHECK(stage.current_share < 1);
  CHECK(stage.sums_share > 0.5);
  CHECK(stage.largest > 1);
  CHECK(stage.largest <= std::ceil(stage.any_input_bound));
}

TEST_CASE("a cell that is off by two units, a lost half and a lost bit break the bound") {
  const int32_t rows = 40;
  Programmed of(dense(rows, 5), ir::load_device("reram"), 3, one_row_each(rows));
  REQUIRE(of.compare()[0].outside == 0);
  const ir::CrossbarChip good = of.chip.crossbars[0];
  ir::CrossbarChip& bent = of.chip.crossbars[0];

  // Every cell has an image in which it is the column's only driven one.
  for (const size_t cell : {size_t{0}, size_t{203}, good.g.size() - 1}) {
    for (const int32_t off : {-2, 2}) {
      bent.g[cell] = static_cast<uint16_t>(good.g[cell] + off);
      CHECK(of.compare()[0].outside == 1);
    }
    bent = good;
  }
  // Truncation in place of rounding: seen as codes, since currents are right.
  const int32_t half = 1 << (good.adc_shift[0] - 1);
  for (size_t c = 0; c < 5; ++c) bent.adc_offset[c] = -half;
  const AnalogStage halfless = of.compare()[0];
  CHECK(halfless.current < 0.5);
  CHECK(halfless.outside > 0);
  CHECK(halfless.sums_outside > 0);
  // A reference that took the wrong integers for its bound would say so.
  CHECK(halfless.converters_outside == 0);
  CHECK(twin::analog_tiles(of.design, of.chip, of.chip.device)[0].converters_outside() == 5);
  bent = good;
  bent.adc_mult[2] += good.adc_mult[2] / 50;
  CHECK(twin::analog_tiles(of.design, of.chip, of.chip.device)[0].converters_outside() == 1);
  bent = good;
  bent.lsb[0] *= 2;  // a shift-add that counts a slice twice
  const AnalogStage doubled = of.compare()[0];
  CHECK(doubled.outside == 0);
  CHECK(doubled.sums_outside > 0);
}

TEST_CASE("cells that are not the device's are named") {
  Programmed of = random_chip(6, ir::load_device("reram"));
  of.chip.crossbars[1].g[7] ^= 1;
  CHECK_THAT(message_of([&] { twin::analog_tiles(of.design, of.chip, of.chip.device); }),
             contains("stage conv2, cell 7") && contains("run `crosstwin program` again"));
}

TEST_CASE("the comparison is the same on any number of threads") {
  const Programmed of = [] {
    ir::Design design = test::random_design(8);
    auto images = test::random_images(design, 20, 8);
    return Programmed(std::move(design), everything(), 8, std::move(images));
  }();
  const auto text = [&of](size_t threads) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    std::string all;
    for (const AnalogStage& s : of.compare()) {
      all += s.stage + " " + std::to_string(s.conversions) + " " + std::to_string(s.differing) +
             " " + std::to_string(s.near) + " " + std::to_string(s.current) + " " +
             std::to_string(s.sums_differing) + " " + std::to_string(s.sums_share) + "\n";
    }
    return all;
  };
  const std::string one = text(1);
  CHECK(text(2) == one);
  CHECK(text(5) == one);
}

}  // namespace crosstwin
