// Planted gains, offsets and drift, and that the fit takes them away.
// SPDX-License-Identifier: Apache-2.0
#include "adapt/recalibrate.hpp"

#include <oneapi/tbb/global_control.h>

#include <algorithm>
#include <cstdlib>

#include "adapt/remap.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/npz.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"
#include "tests/twin/random_design.hpp"
#include "twin/accuracy.hpp"
#include "twin/program.hpp"
#include "twin/simulator.hpp"

namespace crosstwin {

namespace {

// One slice and wide converters: a gain is then one factor of a column's sum.
ir::Design design_of_one_slice() {
  ir::Layout layout;
  layout.slices = 1;
  layout.weight_range = 15;
  layout.adc_bits = 12;
  ir::Rng rng(5, 1);
  ir::Design design;
  design.name = "one";
  design.input = {1, 6, 6};
  design.layout = layout;
  test::add_crossbar(design, rng, "fc1", {.cols = 12, .kernel_h = 6, .kernel_w = 6, .keep = 2});
  test::add_crossbar(design, rng, "fc2", {.cols = 4, .keep = 2, .logits = true});
  return design;
}

// A conversion whose transfer is not one of whole steps rounds: both of a pair and eight planes
// are off by 255 level steps together at the most, two codes of this layer.
constexpr int32_t kRounding = 2;

// The largest difference of the first layer's codes from those of an ideal chip.
int32_t largest_difference(const ir::Design& ideal, const ir::Design& design, const ir::Chip& chip,
                           std::span<const uint8_t> images) {
  twin::AdcOptions exact;
  exact.range = twin::AdcRange::kWorstCase;
  const auto wanted = twin::Simulator(ideal, twin::program(ideal, {}, 1, images, exact))
                          .stage_outputs(images)
                          .front();
  const auto got = twin::Simulator(design, chip).stage_outputs(images).front();
  int32_t largest = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    largest = std::max(largest, std::abs(got[i] - wanted[i]));
  }
  return largest;
}

}  // namespace

TEST_CASE("recalibration removes a planted gain of every column") {
  const ir::Design design = design_of_one_slice();
  const auto images = test::random_images(design, 200, 1);
  ir::Device device;
  device.adc_gain_sigma = 0.2;
  const ir::Chip before = twin::program(design, device, 3, images);
  REQUIRE(largest_difference(design, design, before, images) > 10);
  const adapt::Recalibrated after = adapt::recalibrate(design, device, 3, images);
  REQUIRE(largest_difference(design, after.design, after.chip, images) <= kRounding);
  REQUIRE(after.reports[0].error_before > 0.05);
  REQUIRE(after.reports[0].error_after < 0.02);
  // The cells are the same; the design is another one, to which the chip belongs.
  REQUIRE(after.chip.crossbars[0].g == before.crossbars[0].g);
  REQUIRE(after.chip.design_hash == ir::design_hash(after.design));
  REQUIRE(after.chip.design_hash != before.design_hash);
  ir::check_chip(after.chip, after.design, "chip");
}

TEST_CASE("recalibration removes an offset by stuck cells of a constant row") {
  ir::Design design = design_of_one_slice();
  auto images = test::random_images(design, 200, 1);
  for (size_t i = 0; i < images.size(); i += 36) images[i] = 240;
  // Row 0 lost all its cells.
  ir::Npz map;
  for (const auto& [name, rows, cols] : {std::tuple("fc1", 36, 12), std::tuple("fc2", 12, 4)}) {
    ir::Array<uint8_t> faults{{2, 1, rows, cols},
                              std::vector<uint8_t>(static_cast<size_t>(2 * rows * cols))};
    if (rows == 36) {
      for (size_t c = 0; c < 12; ++c) faults.data[c] = faults.data[36 * 12 + c] = 1;
    }
    map[std::string(name) + ".fault"] = faults;
  }
  tests::TemporaryDir dir;
  ir::write_npz(dir.path() / "map.npz", map);
  ir::Device device;
  device.fault_map = (dir.path() / "map.npz").string();
  const ir::Chip before = twin::program(design, device, 3, images);
  REQUIRE(largest_difference(design, design, before, images) > 10);
  const adapt::Recalibrated after = adapt::recalibrate(design, device, 3, images);
  REQUIRE(largest_difference(design, after.design, after.chip, images) <= 1);
}

TEST_CASE("recalibration removes what drift takes from all cells alike") {
  const ir::Design design = design_of_one_slice();
  const auto images = test::random_images(design, 200, 1);
  ir::Device device;
  device.g_min = 250;  // fine units: an aged cell is then hardly rounded
  device.g_step = 150;
  device.time = 1e6;
  device.drift.nu = 0.05;
  const ir::Chip before = twin::program(design, device, 3, images);
  REQUIRE(largest_difference(design, design, before, images) > 10);
  const adapt::Recalibrated after = adapt::recalibrate(design, device, 3, images);
  // Aged cells are rounded too, each by less than 1/300 of a step: a third of a code.
  REQUIRE(largest_difference(design, after.design, after.chip, images) <= kRounding + 1);
  // The converters' ranges fit the aged currents: no coarser than those set on fresh cells.
  REQUIRE(after.chip.crossbars[0].lsb[0] <= before.crossbars[0].lsb[0]);
}

TEST_CASE("a recalibrated chip is the same on any number of threads, and better on noise") {
  const ir::Design design = test::random_design(4);
  const auto images = test::random_images(design, 64, 1);
  ir::Device device;
  device.sigma = 0.15;
  device.stuck_high = 0.02;
  device.time = 100;
  device.drift.nu = 0.05;
  device.drift.nu_sigma = 0.02;
  const adapt::Recalibrated many = adapt::recalibrate(design, device, 3, images);
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  const adapt::Recalibrated again = adapt::recalibrate(design, device, 3, images);
  REQUIRE(ir::design_hash(many.design) == ir::design_hash(again.design));
  REQUIRE(ir::chip_hash(many.chip) == ir::chip_hash(again.chip));
  for (const adapt::RecalibrateReport& report : many.reports) {
    REQUIRE(report.error_after < report.error_before);
  }
  REQUIRE_THROWS_AS(adapt::recalibrate(design, device, 3, {}), ir::Error);
}

}  // namespace crosstwin
