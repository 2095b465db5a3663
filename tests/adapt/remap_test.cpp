// Placements: what they leave alone, a planted best one, and what the twin then computes.
// SPDX-License-Identifier: Apache-2.0
#include "adapt/remap.hpp"

#include <fmt/format.h>

#include <cmath>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/npz.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"
#include "tests/twin/random_design.hpp"
#include "twin/device.hpp"
#include "twin/integer_model.hpp"
#include "twin/program.hpp"
#include "twin/simulator.hpp"

namespace crosstwin {

namespace {

ir::Layout small_tiles() {
  ir::Layout layout;
  layout.tile_rows = 16;
  layout.tile_cols = 4;
  return layout;
}

ir::Device faulty(double rate) {
  ir::Device device;
  device.name = "faulty";
  device.stuck_low = rate / 2;
  device.stuck_high = rate / 2;
  return device;
}

// The error of the chip's conductances, as RemapReport defines it but for the activations.
double mean_square_error(const ir::Design& design, const ir::Chip& chip) {
  double sum = 0;
  size_t at_chip = 0;
  for (const ir::Stage& stage : design.stages) {
    const auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind);
    if (crossbar == nullptr) continue;
    const std::vector<uint16_t>& g = chip.crossbars[at_chip++].g;
    const size_t cells = crossbar->weight.size();
    const auto slices = static_cast<size_t>(design.layout.slices);
    for (size_t i = 0; i < cells; ++i) {
      double weight = 0;
      for (size_t s = 0; s < slices; ++s) {
        weight += (g[s * cells + i] - g[(slices + s) * cells + i]) / 15.0 *
                  std::pow(2.0, design.layout.cell_bits * static_cast<double>(s));
      }
      sum += (weight - crossbar->weight[i]) * (weight - crossbar->weight[i]);
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("a chip in order is the same chip") {
  const ir::Design design = test::random_design(3, small_tiles());
  const auto images = test::random_images(design, 4, 1);
  ir::Device device = faulty(0.02);
  device.sigma = 0.1;
  device.adc_gain_sigma = 0.02;
  device.wires.row_ohm = 2;
  const ir::Chip plain = twin::program(design, device, 3, images);
  // Spelt out, and as nothing.
  std::vector<ir::Placement> placements = adapt::in_order(design, 0);
  for (size_t i = 0; i < 2; ++i) {
    const ir::Chip chip = twin::program(design, device, 3, images, {}, nullptr, placements);
    tests::TemporaryDir dir;
    ir::save_chip(plain, dir.path() / "plain");
    ir::save_chip(chip, dir.path() / "placed");
    for (const char* file : {"chip.json", "tensors.npz"}) {
      REQUIRE(ir::read_file(dir.path() / "plain" / file) ==
              ir::read_file(dir.path() / "placed" / file));
    }
    size_t at = 0;
    for (const ir::Stage& stage : design.stages) {
      const auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind);
      if (crossbar == nullptr) continue;
      ir::Placement& placement = placements[at++];
      for (size_t r = 0; r < crossbar->rows.size(); ++r) {
        placement.row_of.push_back(static_cast<int32_t>(r));
      }
      for (int32_t c = 0; c < stage.out.c; ++c) placement.column_of.push_back(c);
      placement.swapped.assign(static_cast<size_t>(stage.out.c), 0);
    }
  }
}

TEST_CASE("cells, faults, wires and converters follow the placement") {
  const ir::Design design = test::random_design(3, small_tiles());
  const auto images = test::random_images(design, 4, 1);
  ir::Device device = faulty(0.05);
  device.adc_offset_sigma = 1;
  std::vector<ir::Placement> placements = adapt::in_order(design, 1);
  const auto& weights = std::get<ir::Crossbar>(design.stages[0].kind);
  const size_t rows = weights.rows.size();
  REQUIRE(rows > 3);
  ir::Placement& first = placements[0];
  for (size_t r = 0; r < rows; ++r) first.row_of.push_back(static_cast<int32_t>(r));
  std::swap(first.row_of[0], first.row_of[2]);
  first.column_of = {4, 1, 0, 3, 6};  // tiles of 4 + 1 and 1 + 1
  first.swapped = {0, 1, 0, 0, 1};
  const ir::Chip chip = twin::program(design, device, 9, images, {}, nullptr, placements);
  const ir::Chip loaded = [&] {
    tests::TemporaryDir dir;
    ir::save_chip(chip, dir.path() / "chip");
    return ir::load_chip(dir.path() / "chip", design);
  }();
  REQUIRE(loaded.crossbars[0].placement == first);
  REQUIRE(loaded.crossbars[0].g == chip.crossbars[0].g);

  // The faults of the same cells, given by a map of the physical array, leave the same chip.
  const twin::CellModel model(device, 9);
  ir::Npz map;
  size_t at = 0;
  for (size_t i = 0; i < design.stages.size(); ++i) {
    const auto* crossbar = std::get_if<ir::Crossbar>(&design.stages[i].kind);
    if (crossbar == nullptr) continue;
    const int64_t all = crossbar->rows.size();
    const int64_t columns = placements[at++].columns(design.stages[i].out.c, 4);
    ir::Array<uint8_t> faults{{2, 2, all, columns}, {}};
    for (int64_t p = 0; p < 2; ++p) {
      for (int64_t s = 0; s < 2; ++s) {
        for (int64_t r = 0; r < all; ++r) {
          for (int64_t c = 0; c < columns; ++c) {
            faults.data.push_back(static_cast<uint8_t>(model.fault(
                {static_cast<int32_t>(i), static_cast<int32_t>(p), static_cast<int32_t>(s),
                 static_cast<int32_t>(r), static_cast<int32_t>(c)})));
          }
        }
      }
    }
    map[design.stages[i].name + ".fault"] = faults;
  }
  tests::TemporaryDir dir;
  ir::write_npz(dir.path() / "map.npz", map);
  ir::Device measured;
  measured.adc_offset_sigma = 1;
  measured.fault_map = (dir.path() / "map.npz").string();
  const ir::Chip again = twin::program(design, measured, 9, images, {}, nullptr, placements);
  for (size_t i = 0; i < chip.crossbars.size(); ++i) {
    REQUIRE(again.crossbars[i].g == chip.crossbars[i].g);
  }

  // Logical column 0 has the converter of place 4.
  const ir::Chip in_order = twin::program(design, device, 9, images);
  REQUIRE(chip.crossbars[0].adc_offset[1] == in_order.crossbars[0].adc_offset[1]);
  REQUIRE(chip.crossbars[0].adc_offset[2] == in_order.crossbars[0].adc_offset[0]);
  REQUIRE(chip.crossbars[0].adc_offset[0] == in_order.crossbars[0].adc_offset[4]);

  // Polarity 1 of a swapped column holds the positive cells: with array 1 stuck low whole, its
  // weights lose their positive parts and not the negative ones.
  for (auto& [name, array] : map) {
    auto& values = std::get<ir::Array<uint8_t>>(array);
    std::fill(values.data.begin(), values.data.end(), uint8_t{0});
    const auto half = static_cast<std::ptrdiff_t>(values.data.size() / 2);
    std::fill(values.data.begin() + half, values.data.end(), uint8_t{1});
  }
  ir::write_npz(dir.path() / "map.npz", map);
  const ir::Chip low = twin::program(design, measured, 9, images, {}, nullptr, placements);
  const size_t cells = weights.weight.size();
  for (size_t i = 0; i < cells; ++i) {
    const bool swapped = first.swapped[i % 5] != 0;
    const int32_t w = weights.weight[i];
    for (int32_t p = 0; p < 2; ++p) {
      for (int32_t s = 0; s < 2; ++s) {
        const int32_t code = ir::slice_code(w, p, s, 4);
        const bool stuck = (p == 1) != swapped;
        REQUIRE(
            low.crossbars[0].g[(static_cast<size_t>(p) * 2 + static_cast<size_t>(s)) * cells + i] ==
            (stuck ? 25 : 25 + 15 * code));
      }
    }
  }
}

TEST_CASE("a wrong placement is refused with its place") {
  const ir::Design design = test::random_design(3, small_tiles());
  const auto images = test::random_images(design, 4, 1);
  const auto program = [&](const auto& change) {
    std::vector<ir::Placement> placements = adapt::in_order(design, 0);
    change(placements[0]);
    return twin::program(design, {}, 1, images, {}, nullptr, placements);
  };
  REQUIRE_THROWS_WITH(program([](ir::Placement& p) {
                        p.column_of = {0, 1, 2, 2, 4};
                      }),
                      "placement of conv1.column_of[3]: taken by another one (expected a place of "
                      "its own, got 2)");
  REQUIRE_THROWS_WITH(program([](ir::Placement& p) {
                        p.column_of = {4, 1, 2, 3, 0};
                      }),
                      "placement of conv1.column_of[0]: outside its tile (expected 0..3, got 4)");
  REQUIRE_THROWS_AS(program([](ir::Placement& p) { p.swapped = {0, 1}; }), ir::Error);
  REQUIRE_THROWS_AS(program([](ir::Placement& p) { p.row_of = {0}; }), ir::Error);
}

TEST_CASE("a planted placement is found") {
  // Every weight but those of one column is 0 or has one row; the only faults would spoil them.
  ir::Design design;
  design.name = "planted";
  design.input = {4, 1, 1};
  design.layout = small_tiles();
  ir::Rng rng(1, 1);
  test::add_crossbar(design, rng, "fc", {.cols = 3, .keep = 2, .logits = true});
  auto& crossbar = std::get<ir::Crossbar>(design.stages[0].kind);
  // [row][column]; column 2 is empty, column 0 positive, column 1 negative.
  crossbar.weight = {100, 0, 0, 0, -80, 0, 90, -70, 0, 60, 0, 0};
  const std::vector<uint8_t> images(4 * 4, 100);
  // Array 0 of column 0 is stuck low in rows 0, 2 and 3; the other columns work.
  ir::Array<uint8_t> faults{{2, 2, 4, 3}, std::vector<uint8_t>(48)};
  for (const int row : {0, 2, 3}) {
    for (int s = 0; s < 2; ++s) faults.data[static_cast<size_t>((s * 4 + row) * 3)] = 1;
  }
  tests::TemporaryDir dir;
  ir::write_npz(dir.path() / "map.npz", {{"fc.fault", faults}});
  ir::Device device;
  device.fault_map = (dir.path() / "map.npz").string();
  const adapt::Remapped remapped = adapt::remap(design, device, 1, images);
  REQUIRE(remapped.reports[0].wrong_before == 3);
  REQUIRE(remapped.reports[0].wrong_after == 0);
  REQUIRE(remapped.reports[0].error_before > 0.5);
  REQUIRE(remapped.reports[0].error_after == 0);
  const ir::Chip chip = twin::program(design, device, 1, images, {}, nullptr, remapped.placements);
  REQUIRE(twin::Simulator(design, chip).logits(images) == twin::integer_logits(design, images));
  // In order it does not compute that.
  const ir::Chip before = twin::program(design, device, 1, images);
  REQUIRE(twin::Simulator(design, before).logits(images) != twin::integer_logits(design, images));

  // Measured conductances are of cells that cannot be moved any more.
  ir::Device programmed;
  ir::Array<double> g{{2, 2, 4, 3}, std::vector<double>(48, 1e-7)};
  ir::write_npz(dir.path() / "g.npz", {{"fc.g", g}});
  programmed.conductances = (dir.path() / "g.npz").string();
  REQUIRE_THROWS_AS(twin::program(design, programmed, 1, images, {}, nullptr, remapped.placements),
                    ir::Error);
}

TEST_CASE("a working cell makes up for a partner stuck high") {
  ir::Design design;
  design.name = "partner";
  design.input = {1, 1, 1};
  ir::Rng rng(1, 1);
  test::add_crossbar(design, rng, "fc", {.cols = 2, .keep = 2, .logits = true});
  std::get<ir::Crossbar>(design.stages[0].kind).weight = {0x35, -0x35};
  // Both low positive cells are stuck at 15: of 5 - 0 that takes 10 on the other side, of 0 - 5
  // it takes all 15, and leaves 0.
  ir::Array<uint8_t> faults{{2, 2, 1, 2}, std::vector<uint8_t>(8)};
  faults.data[0] = faults.data[1] = 2;
  tests::TemporaryDir dir;
  ir::write_npz(dir.path() / "map.npz", {{"fc.fault", faults}});
  ir::Device device;
  device.fault_map = (dir.path() / "map.npz").string();
  std::vector<ir::Placement> placements = adapt::in_order(design, 0);
  placements[0].makes_up = true;
  const ir::Chip chip =
      twin::program(design, device, 1, std::vector<uint8_t>(4, 9), {}, nullptr, placements);
  const auto level = [&](size_t i) { return (chip.crossbars[0].g[i] - 25) / 15; };
  // [polarity][slice][column]
  REQUIRE(level(0) == 15);
  REQUIRE(level(1) == 15);
  REQUIRE(level(4) == 10);
  REQUIRE(level(5) == 15);
  REQUIRE(level(2) == 3);  // the high slices are as ever
  REQUIRE(level(7) == 3);
}

TEST_CASE("a remap lowers the error of random chips, more so with spares or known cells") {
  const ir::Design design = test::random_design(5, small_tiles());
  const auto images = test::random_images(design, 8, 1);
  double before = 0;
  double after = 0;
  double spared = 0;
  double known = 0;
  ir::Device varied = faulty(0.02);
  varied.sigma = 0.2;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const auto error = [&](const ir::Device& device, const adapt::RemapOptions& options,
                           bool remap) {
      const adapt::Remapped remapped = adapt::remap(design, device, seed, images, options);
      for (const adapt::RemapReport& report : remapped.reports) {
        REQUIRE(report.error_after <= report.error_before);
      }
      const std::vector<ir::Placement> plain = adapt::in_order(design, options.spare_columns);
      return mean_square_error(design, twin::program(design, device, seed, images, {}, nullptr,
                                                     remap ? remapped.placements : plain));
    };
    before += error(faulty(0.05), {}, false);
    after += error(faulty(0.05), {}, true);
    spared += error(faulty(0.05), {.spare_columns = 2}, true);
    known += error(varied, {.known = adapt::Known::kCells}, true) /
             error(varied, {.known = adapt::Known::kFaults}, true);
  }
  REQUIRE(after < 0.35 * before);
  REQUIRE(spared < 0.8 * after);
  REQUIRE(known / 5 < 0.9);
}

}  // namespace crosstwin
