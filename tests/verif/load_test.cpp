// Writable RTL that a load turns into another network on another chip.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/load.hpp"

#include "compress/ir/error.hpp"
#include "compress/ir/process.hpp"
#include "compress/ir/rng.hpp"
#include "hwgen/emit/emit.hpp"
#include "tests/catch.hpp"
#include "tests/hwgen/sample_design.hpp"
#include "tests/temporary_dir.hpp"
#include "tests/verif/naive_twin.hpp"
#include "twin/read_noise.hpp"
#include "verif/cosim/verify.hpp"

using namespace crosstwin;

namespace {

constexpr int32_t kImages = 4;

// A design on a chip with everything that a memory can hold: varied cells, converters that differ
// by column, non-linearity and read noise.
struct Machine {
  ir::Design design;
  ir::Chip chip;
  std::vector<uint8_t> images;
  std::vector<int32_t> logits;

  explicit Machine(uint64_t seed) : design(test::sample_design()) {
    ir::Rng rng(seed, 5);
    const auto between = [&rng](int32_t low, int32_t high) {
      return low + static_cast<int32_t>(rng.below(static_cast<uint32_t>(high - low + 1)));
    };
    for (ir::Stage& stage : design.stages) {
      auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind);
      if (crossbar == nullptr) continue;
      // As many rows, others; other weights, biases and scales.
      std::vector<int32_t> all(
          static_cast<size_t>(stage.in.c * crossbar->kernel_h * crossbar->kernel_w));
      for (size_t at = 0; at < all.size(); ++at) all[at] = static_cast<int32_t>(at);
      for (size_t at = all.size(); at > 1; --at) {
        std::swap(all[at - 1], all[rng.below(static_cast<uint32_t>(at))]);
      }
      std::copy_n(all.begin(), crossbar->rows.size(), crossbar->rows.begin());
      // The first layer's cells are at other levels, and of other noise, in every machine.
      const int32_t most = &stage == &design.stages.front() ? 127 >> (2 * (seed - 1)) : 127;
      for (int16_t& weight : crossbar->weight) weight = static_cast<int16_t>(between(-most, most));
      for (int32_t& bias : crossbar->bias) bias = between(-3000, 3000);
      for (uint16_t& mult : crossbar->mult) mult = static_cast<uint16_t>(between(2000, 65535));
      for (uint8_t& shift : crossbar->shift) shift = static_cast<uint8_t>(between(22, 24));
    }
    chip = test::sample_chip(design, seed, 4);
    chip.noise_seed = seed;
    const int32_t top = (1 << design.layout.adc_bits) - 1;
    for (ir::CrossbarChip& cells : chip.crossbars) {
      for (int32_t& mult : cells.adc_mult) mult += between(0, 30);
      // Fixed by synthesis: the same of every machine.
      for (size_t at = 0; at < cells.lsb.size(); ++at) {
        cells.lsb[at] = 1 + static_cast<int32_t>(at % 2);
      }
      for (int32_t& offset : cells.adc_offset) offset += between(-500, 500);
      for (int32_t& clip : cells.adc_clip) clip = between(top - 60, top);
      for (int32_t code = 0; code <= top; ++code) {
        cells.inl.push_back(static_cast<uint16_t>(std::clamp(code + between(-2, 2), 0, top)));
      }
      cells.noise_mult = {3, 2};
      cells.noise_shift = 4;
    }
    // The cells of the first layer have noise by their level, its converters none.
    ir::Device device;
    for (int32_t k = 0; k < device.levels; ++k) device.cell_noise_level.push_back(0.01 + 0.04 * k);
    const ir::Stage& first = design.stages.front();
    const twin::TileShape shape = twin::tile_shape(design, first);
    twin::set_read_noise(device, twin::cell_noise(design, first, device).variance,
                         std::min(shape.rows, shape.tile_rows), chip.crossbars.front());
    ir::Rng pixels(17);
    for (int64_t at = 0; at < kImages * design.input.size(); ++at) {
      images.push_back(static_cast<uint8_t>(pixels.below(256)));
    }
    for (int32_t image = 0; image < kImages; ++image) {
      const twin::Trace inner = trace(image);
      const std::vector<int32_t>& last = inner.stages.back().output;
      logits.insert(logits.end(), last.begin(), last.end());
    }
  }

  twin::Trace trace(int64_t image) const {
    const auto bytes = static_cast<size_t>(design.input.size());
    return test::naive_trace(design, chip,
                             std::span(images).subspan(static_cast<size_t>(image) * bytes, bytes),
                             static_cast<uint32_t>(image));
  }
};

struct Bench {
  Machine built{1};  // that the RTL was generated from
  Machine other{2};
  std::filesystem::path dir;
  ir::Load load;

  explicit Bench(const std::string& name) {
    if (!ir::find_program("verilator", ir::path_dirs())) {
      CROSSTWIN_SKIP("verilator is not installed");
    }
    dir = std::filesystem::current_path() / "verif" / name;
    std::filesystem::remove_all(dir);
    hwgen::PlanOptions options;
    options.writable = true;
    options.defaults.pe = 2;
    hwgen::emit(hwgen::plan(built.design, built.chip, options), dir / "rtl");
    load = hwgen::load(other.design, other.chip, dir / "rtl");
  }

  // Held against `machine`; `hash` is of the chip that the twin claims to be of.
  verif::Report verify(const Machine& machine, const ir::Load* with, const std::string& hash,
                       bool stalls = false) const {
    verif::Options options;
    options.depth = verif::Depth::kCodes;
    options.progress = false;
    options.stalls = stalls;
    options.load = with;
    options.cache_dir = dir.parent_path() / "simulators";
    return verif::verify(dir / "rtl",
                         {.images = machine.images,
                          .logits = machine.logits,
                          .trace = [&machine](int64_t image) { return machine.trace(image); },
                          .chip_hash = hash},
                         options);
  }
  verif::Report verify_other(const ir::Load& with) const {
    return verify(other, &with, load.chip_hash);
  }
};

}  // namespace

TEST_CASE("a load makes another network on another chip of the RTL, to every code") {
  const Bench bench("load");
  const auto gains = [](const Machine& machine) { return machine.chip.crossbars[0].noise_mult; };
  REQUIRE(2 * gains(bench.other).back() < gains(bench.built).back());
  const verif::Report before = bench.verify(bench.built, nullptr, ir::chip_hash(bench.built.chip));
  INFO(verif::to_text(before));
  CHECK(before.passed());
  CHECK(before.load_beats == 0);
  const verif::Report after = bench.verify_other(bench.load);
  INFO(verif::to_text(after));
  CHECK(after.passed());
  CHECK(after.images == kImages);
  CHECK(after.codes > 0);
  CHECK(after.load_beats == static_cast<int64_t>(bench.load.beats.size()));

  // The comparison does depend on the load, and on the chip that it is of.
  CHECK(!bench.verify(bench.other, nullptr, ir::chip_hash(bench.built.chip)).passed());
  CHECK_THAT(tests::message_of([&] { bench.verify(bench.other, nullptr, bench.load.chip_hash); }),
             tests::contains("run `crosstwin load`"));
  CHECK_THAT(tests::message_of(
                 [&] { bench.verify(bench.built, &bench.load, ir::chip_hash(bench.built.chip)); }),
             tests::contains("the load makes another chip"));
  ir::Load elsewhere = bench.load;
  elsewhere.rtl_hash = "0";
  CHECK_THAT(tests::message_of([&] { bench.verify_other(elsewhere); }),
             tests::contains("the load is for other RTL"));
}

TEST_CASE("a load without one of its records, or with one cut or moved, is found out") {
  const Bench bench("load_damaged");
  REQUIRE(bench.load.records.size() == 19);
  const auto begin = bench.load.beats.begin();
  int64_t at = 0;
  for (const ir::LoadRecord& record : bench.load.records) {
    INFO(record.layer << " " << record.holds);
    const int64_t end = at + record.beats();
    ir::Load damaged = bench.load;
    damaged.beats.assign(begin, begin + at);
    damaged.beats.insert(damaged.beats.end(), begin + end, bench.load.beats.end());
    CHECK(!bench.verify_other(damaged).passed());
    if (record.layer == "conv2") {
      // Each word lands one further on. Keys wrap; the last word of the others is lost.
      ir::Load moved = bench.load;
      moved.beats[static_cast<size_t>(at + 1)] = 1;
      CHECK(!bench.verify_other(moved).passed());
      // Only its first word comes; a whole record behind it is not taken for the rest.
      ir::Load cut = bench.load;
      cut.beats[static_cast<size_t>(at + 2)] = 1;
      cut.beats.erase(cut.beats.begin() + end - record.beats() + 3 + record.chunks,
                      cut.beats.begin() + end);
      CHECK(!bench.verify_other(cut).passed());
    }
    at = end;
  }
}

TEST_CASE("a load with gaps between its beats is the same, and no assertion of the RTL fails") {
  const Bench bench("load_stalls");
  const verif::Report report = bench.verify(bench.other, &bench.load, bench.load.chip_hash, true);
  INFO(verif::to_text(report));
  CHECK(report.passed());
}
