// Programming and the choices of range.
// SPDX-License-Identifier: Apache-2.0
#include "twin/program.hpp"

#include <functional>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"
#include "tests/twin/random_design.hpp"
#include "twin/calibrate.hpp"
#include "twin/simulator.hpp"
#include "twin/tile.hpp"

namespace crosstwin {

using twin::AdcOptions;
using twin::AdcRange;

namespace {

// Clipped fraction over a chip's conversions on the images, per (stage, slice).
std::vector<double> clipped(const ir::Design& design, const ir::Chip& chip,
                            const std::vector<uint8_t>& images) {
  std::vector<double> fractions;
  for (const auto& count : twin::Simulator(design, chip).count_conversions(images)) {
    fractions.push_back(static_cast<double>(count.clipped) /
                        static_cast<double>(count.conversions));
  }
  return fractions;
}

// A dense layer of 128 rows in front of the logits, so that an 8-bit range matters.
ir::Design wide_design(int32_t adc_bits) {
  ir::Rng rng(31, 2);
  ir::Design design;
  design.name = "wide";
  design.input = {2, 8, 8};
  design.layout.adc_bits = adc_bits;
  test::add_crossbar(design, rng, "fc1", {.cols = 16, .kernel_h = 8, .kernel_w = 8, .keep = 2});
  test::add_crossbar(design, rng, "fc2", {.cols = 4, .keep = 2, .logits = true});
  return design;
}

double squared_error(const ir::Design& design, const ir::Chip& chip,
                     const std::vector<uint8_t>& images) {
  const ir::Stage& stage = design.stages[0];
  const auto& layer = std::get<ir::Crossbar>(stage.kind);
  const twin::TileShape shape = twin::tile_shape(design, stage);
  twin::FastTile tile(shape, chip.crossbars[0]);
  twin::FastTile::Scratch scratch;
  const auto pixels = static_cast<size_t>(design.input.size());
  double sum = 0;
  for (size_t n = 0; n * pixels < images.size(); ++n) {
    // All rows are kept and the kernel is the map: row numbers are the image's c, h, w order.
    const std::vector<int32_t> x(images.begin() + static_cast<int64_t>(n * pixels),
                                 images.begin() + static_cast<int64_t>((n + 1) * pixels));
    std::vector<int64_t> y(16);
    tile.multiply(x, y, scratch);
    for (size_t c = 0; c < 16; ++c) {
      int64_t exact = 0;
      for (size_t r = 0; r < pixels; ++r) exact += int64_t{x[r]} * layer.weight[r * 16 + c];
      sum += static_cast<double>(y[c] - exact) * static_cast<double>(y[c] - exact);
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("an ideal chip shares its table and a disturbed one does not") {
  const ir::Design design = test::random_design(1);
  const auto images = test::random_images(design, 4, 1);
  const ir::Chip ideal = twin::program(design, {}, 3, images);
  REQUIRE(ideal.shared_table);
  REQUIRE(ideal.table.size() == 16);
  REQUIRE(ideal.g_bits == 8);
  ir::Device device;
  device.sigma = 0.1;
  const ir::Chip disturbed = twin::program(design, device, 3, images);
  REQUIRE_FALSE(disturbed.shared_table);
  REQUIRE(disturbed.g_bits == 9);  // 250 and a few spreads of 25
  REQUIRE(disturbed.crossbars[0].g != ideal.crossbars[0].g);
  REQUIRE(twin::program(design, device, 4, images).crossbars[0].g != disturbed.crossbars[0].g);
  ir::Device measured;
  for (int32_t k = 0; k < 16; ++k) measured.level_mean.push_back(20 + 12 * k + 0.2 * k * k);
  const ir::Chip nonlinear = twin::program(design, measured, 3, images);
  REQUIRE(nonlinear.shared_table);
  REQUIRE(nonlinear.table[15] == 245);
}

TEST_CASE("the chip's cells are the design's codes") {
  const ir::Design design = test::random_design(2);
  const ir::Chip chip = twin::program(design, {}, 0, {}, {AdcRange::kWorstCase});
  const auto& layer = std::get<ir::Crossbar>(design.stages[0].kind);
  const size_t cells = layer.weight.size();
  for (size_t i = 0; i < cells; ++i) {
    const int32_t w = layer.weight[i];
    const auto& g = chip.crossbars[0].g;
    REQUIRE(g[i] == 25 + 15 * (std::max(w, 0) % 16));
    REQUIRE(g[cells + i] == 25 + 15 * (std::max(w, 0) / 16));
    REQUIRE(g[2 * cells + i] == 25 + 15 * (std::max(-w, 0) % 16));
    REQUIRE(g[3 * cells + i] == 25 + 15 * (std::max(-w, 0) / 16));
  }
}

TEST_CASE("the range max clips nothing it saw and is the least that does not") {
  const ir::Design design = wide_design(6);
  const auto images = test::random_images(design, 30, 2);
  ir::Chip chip = twin::program(design, {}, 0, images, {AdcRange::kMax});
  for (const double fraction : clipped(design, chip, images)) REQUIRE(fraction == 0);
  REQUIRE(chip.crossbars[0].lsb[0] > 1);
  for (size_t s = 0; s < 2; ++s) {
    const auto t = twin::find_transfer({}, chip.crossbars[0].lsb[s] - 1, 128, 6);
    ir::Chip less = chip;
    less.crossbars[0].adc_shift[s] = t.shift;
    for (size_t c = 0; c < 16; ++c) less.crossbars[0].adc_mult[s * 16 + c] = t.mult;
    REQUIRE(clipped(design, less, images)[s] > 0);
  }
}

TEST_CASE("the range percentile clips at most its share and takes a smaller LSB") {
  const ir::Design design = wide_design(6);
  const auto images = test::random_images(design, 30, 3);
  const ir::Chip most = twin::program(design, {}, 0, images, {AdcRange::kMax});
  const ir::Chip chip = twin::program(design, {}, 0, images, {AdcRange::kPercentile, 0.97});
  const auto fractions = clipped(design, chip, images);
  REQUIRE(fractions[0] <= 0.03);
  REQUIRE(fractions[0] > 0);
  REQUIRE(chip.crossbars[0].lsb[0] < most.crossbars[0].lsb[0]);
}

TEST_CASE("the range mse is no worse than any other LSB on what it saw") {
  const ir::Design design = wide_design(5);
  const auto images = test::random_images(design, 30, 4);
  const ir::Chip chip = twin::program(design, {}, 0, images, {AdcRange::kMse});
  const ir::Chip most = twin::program(design, {}, 0, images, {AdcRange::kMax});
  REQUIRE(chip.crossbars[0].lsb[1] < most.crossbars[0].lsb[1]);
  const double best = squared_error(design, chip, images);
  REQUIRE(best < squared_error(design, most, images));
  // Neighbouring LSBs of the high slice, whose error dominates Y's.
  for (const int32_t lsb : {chip.crossbars[0].lsb[1] - 1, chip.crossbars[0].lsb[1] + 1}) {
    const auto t = twin::find_transfer({}, lsb, 128, 5);
    ir::Chip other = chip;
    other.crossbars[0].lsb[1] = lsb;
    other.crossbars[0].adc_shift[1] = t.shift;
    for (size_t c = 16; c < 32; ++c) other.crossbars[0].adc_mult[c] = t.mult;
    REQUIRE(best < squared_error(design, other, images));
  }
}

TEST_CASE("the range worst_case clips nothing even when every row is driven") {
  const ir::Design design = wide_design(8);
  const ir::Chip chip = twin::program(design, {}, 0, {}, {AdcRange::kWorstCase});
  const std::vector<uint8_t> bright(static_cast<size_t>(design.input.size()), 255);
  for (const double fraction : clipped(design, chip, bright)) REQUIRE(fraction == 0);
  const auto worst =
      twin::worst_currents(twin::tile_shape(design, design.stages[0]), chip.crossbars[0]);
  for (size_t s = 0; s < 2; ++s) {
    REQUIRE(chip.crossbars[0].lsb[s] == twin::covering_lsb({}, worst[s], 128, 8));
  }
}

TEST_CASE("the lossless range says how many bits it needs") {
  const ir::Design design = wide_design(8);
  try {
    twin::program(design, {}, 0, {}, {AdcRange::kLossless});
    FAIL("no error");
  } catch (const ir::Error& error) {
    REQUIRE(error.diagnosis().where == "fc1");
    REQUIRE(error.diagnosis().expected.find("adc_bits 1") != std::string::npos);
    const int32_t bits = std::stoi(error.diagnosis().expected.substr(9));
    REQUIRE_NOTHROW(twin::program(wide_design(bits), {}, 0, {}, {AdcRange::kLossless}));
    REQUIRE_THROWS_AS(twin::program(wide_design(bits - 1), {}, 0, {}, {AdcRange::kLossless}),
                      ir::Error);
  }
}

TEST_CASE("a range that measures needs images, and the device must have the layout's levels") {
  const ir::Design design = test::random_design(4);
  REQUIRE_THROWS_AS(twin::program(design, {}, 0, {}), ir::Error);
  ir::Device device;
  device.levels = 4;
  REQUIRE_THROWS_AS(twin::program(design, device, 0, {}, {AdcRange::kWorstCase}), ir::Error);
  const auto images = test::random_images(design, 1, 4);
  REQUIRE_THROWS_AS(twin::program(design, {}, 0, images, {AdcRange::kPercentile, 0}), ir::Error);
}

TEST_CASE("only the first 512 images calibrate") {
  const ir::Design design = wide_design(6);
  std::vector<uint8_t> images(static_cast<size_t>(512 * design.input.size()), 0);
  const ir::Chip dim = twin::program(design, {}, 0, images);
  images.resize(static_cast<size_t>(513 * design.input.size()), 255);
  REQUIRE(twin::program(design, {}, 0, images).crossbars[0].lsb == dim.crossbars[0].lsb);
  std::fill(images.begin(), images.begin() + design.input.size(), 255);
  REQUIRE(twin::program(design, {}, 0, images).crossbars[0].lsb != dim.crossbars[0].lsb);
}

TEST_CASE("a second chip takes the ranges of the first, without images, and nothing else of it") {
  const ir::Design design = test::random_design(1);
  const auto images = test::random_images(design, 4, 1);
  for (const char* name : {"reram", "reram_full"}) {
    const ir::Device device = ir::load_device(name);
    const ir::Chip first = twin::program(design, device, 1, images);
    const tests::TemporaryDir dir;
    ir::save_chip(first, dir / "run/chip");
    AdcOptions options;
    options.given = ir::read_ranges(dir / "run");
    const ir::Chip second = twin::program(design, device, 2, {}, options);
    REQUIRE(second.crossbars.size() == first.crossbars.size());
    for (size_t i = 0; i < first.crossbars.size(); ++i) {
      CHECK(second.crossbars[i].lsb == first.crossbars[i].lsb);
      CHECK(second.crossbars[i].adc_shift == first.crossbars[i].adc_shift);
      CHECK(second.crossbars[i].g != first.crossbars[i].g);
    }
    // The same seed gives the same chip, whichever way its ranges were found.
    options.given = ir::read_ranges(dir / "run/chip");
    CHECK(ir::chip_hash(twin::program(design, device, 1, {}, options)) == ir::chip_hash(first));
  }
}

TEST_CASE("ranges of other layers, slices or another device are refused") {
  const ir::Design design = test::random_design(1);
  const auto images = test::random_images(design, 4, 1);
  const ir::Chip first = twin::program(design, {}, 1, images);
  std::vector<ir::ConverterRange> given;
  for (const ir::CrossbarChip& crossbar : first.crossbars) {
    given.push_back({crossbar.stage, crossbar.lsb, crossbar.adc_shift});
  }
  const auto refusal = [&](const std::function<void(AdcOptions&, ir::Device&)>& change) {
    AdcOptions options;
    options.given = given;
    ir::Device device;
    change(options, device);
    return tests::message_of([&] { twin::program(design, device, 2, {}, options); });
  };
  CHECK(refusal([](AdcOptions&, ir::Device&) {}).empty());
  CHECK_THAT(refusal([](AdcOptions& o, ir::Device&) { o.given.pop_back(); }),
             tests::contains("ranges: are of other layers"));
  CHECK_THAT(refusal([](AdcOptions& o, ir::Device&) { o.given[0].stage = "elsewhere"; }),
             tests::contains("ranges: are of other layers") && tests::contains("elsewhere"));
  CHECK_THAT(refusal([](AdcOptions& o, ir::Device&) { o.given[0].lsb.push_back(1); }),
             tests::contains("another number of slices (expected 2, got 3)"));
  CHECK_THAT(refusal([](AdcOptions& o, ir::Device&) { ++o.given[0].adc_shift[0]; }),
             tests::contains("ranges of layer " + given[0].stage) &&
                 tests::contains("other shifts for these LSBs"));
  CHECK_THAT(refusal([](AdcOptions&, ir::Device& d) { d.adc_gain_sigma = 0.05; }),
             tests::contains("other shifts for these LSBs"));
  const tests::TemporaryDir dir;
  CHECK_THAT(tests::message_of([&] { ir::read_ranges(dir.path()); }),
             tests::contains("has no chip") && tests::contains("crosstwin program"));
}

TEST_CASE("the chips of the presets are those of the first release, byte for byte but the schema") {
  const tests::TemporaryDir dir;
  const ir::Design design = test::random_design(9);
  const auto images = test::random_images(design, 20, 9);
  const auto bytes = [&](const char* preset) {
    ir::save_chip(twin::program(design, ir::load_device(preset), 21, images), dir / preset);
    std::string json = ir::read_file(dir / preset / "chip.json");
    const std::string schema = "\"schema_version\": 3";
    json.replace(json.find(schema), schema.size(), "\"schema_version\": 2");
    return ir::content_hash(json + ir::read_file(dir / preset / "tensors.npz"));
  };
  CHECK(bytes("ideal") == "272b299e737df6a4");
  CHECK(bytes("reram") == "da20f8e445f52599");
  CHECK(bytes("reram_full") == "19f4037fbb77b37d");
}

}  // namespace crosstwin
