// The load of writable hardware: what it writes, and the chips it refuses.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/load.hpp"

#include <functional>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/noise.hpp"
#include "hwgen/emit/emit.hpp"
#include "tests/catch.hpp"
#include "tests/hwgen/sample_design.hpp"
#include "tests/temporary_dir.hpp"

using namespace crosstwin;
using tests::contains;
using tests::message_of;
using tests::TemporaryDir;

namespace {

hwgen::PlanOptions writable() {
  hwgen::PlanOptions options;
  options.writable = true;
  options.defaults.pe = 2;
  return options;
}

std::vector<std::string> contents(const ir::Load& load) {
  std::vector<std::string> list;
  for (const ir::LoadRecord& record : load.records) {
    list.push_back(record.layer + " " + record.holds);
  }
  return list;
}

}  // namespace

TEST_CASE("a load holds every memory of the new chip, in the form of its images") {
  const TemporaryDir dir;
  const ir::Design design = test::sample_design();
  hwgen::emit(hwgen::plan(design, test::sample_chip(design), writable()), dir / "rtl");
  const ir::Design other = [&] {
    ir::Design changed = design;
    for (ir::Stage& stage : changed.stages) {
      if (auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind)) {
        for (int16_t& weight : crossbar->weight) weight = static_cast<int16_t>(-weight);
      }
    }
    return changed;
  }();
  const ir::Chip chip = test::sample_chip(other);
  const ir::Load load = hwgen::load(other, chip, dir / "rtl");
  CHECK(load.chip_hash == ir::chip_hash(chip));
  CHECK(load.rtl_hash == ir::rtl_hash(dir / "rtl"));
  CHECK(contents(load) == std::vector<std::string>{"conv1 rows", "conv1 weights", "conv1 table",
                                                   "conv1 requant", "conv1 adc", "conv2 rows",
                                                   "conv2 weights", "conv2 table", "conv2 requant",
                                                   "conv2 adc", "fc rows", "fc weights", "fc table",
                                                   "fc requant", "fc adc"});

  // The words that the RTL of the other chip would have from its own images.
  hwgen::emit(hwgen::plan(other, chip, writable()), dir / "other");
  size_t at = 0;
  for (const ir::LoadRecord& record : load.records) {
    INFO(record.layer << " " << record.holds);
    REQUIRE(at + static_cast<size_t>(record.beats()) <= load.beats.size());
    CHECK(load.beats[at] >> 24 == static_cast<uint32_t>(record.number));
    CHECK((load.beats[at] >> 16 & 0xff) == static_cast<uint32_t>(record.memory));
    CHECK((load.beats[at] & 0xffff) == static_cast<uint32_t>(record.chunks));
    CHECK(load.beats[at + 1] == 0);
    CHECK(load.beats[at + 2] == static_cast<uint32_t>(record.words));
    std::string text;
    for (int32_t word = 0; word < record.words; ++word) {
      std::string line;
      for (int32_t chunk = 0; chunk < record.chunks; ++chunk) {
        char digits[9];
        std::snprintf(digits, sizeof digits, "%08x",
                      load.beats[at + 3 + static_cast<size_t>(word * record.chunks + chunk)]);
        line.insert(0, digits);
      }
      text += line + "\n";
    }
    std::string image =
        ir::read_file(dir / ("other/mem/" + record.layer + "_" + record.holds + ".hex"));
    // The image's words have fewer digits: only zeros may stand before them.
    const size_t wide = static_cast<size_t>(record.chunks) * 8;
    const size_t digits = image.find('\n');
    std::string padded;
    for (size_t start = 0; start < image.size(); start += digits + 1) {
      padded += std::string(wide - digits, '0') + image.substr(start, digits) + "\n";
    }
    CHECK(text == padded);
    at += static_cast<size_t>(record.beats());
  }
  CHECK(at == load.beats.size());
}

TEST_CASE("read noise adds its keys, and a chip without non-linearity fits hardware with it") {
  const TemporaryDir dir;
  const ir::Design design = test::sample_design();
  ir::Chip chip = test::sample_chip(design, 1, 3);
  const size_t codes = size_t{1} << design.layout.adc_bits;
  for (ir::CrossbarChip& cells : chip.crossbars) {
    cells.inl.assign(codes, 7);
    cells.noise_mult = {3, 2};
    cells.noise_shift = 4;
  }
  // The cells of the first layer have noise.
  ir::CrossbarChip& first = chip.crossbars.front();
  const auto rows = static_cast<int32_t>(first.g.size() / (2 * first.adc_mult.size()));
  const int32_t gains = std::min(rows, design.layout.tile_rows) + 1;
  const auto set_gains = [&](ir::CrossbarChip& cells, int32_t step) {
    cells.noise_mult.clear();
    for (int32_t i = 0; i < 2 * gains; ++i) cells.noise_mult.push_back(step * i);
  };
  set_gains(first, 5);
  hwgen::emit(hwgen::plan(design, chip, writable()), dir / "rtl");
  ir::Chip plain = chip;
  for (ir::CrossbarChip& cells : plain.crossbars) cells.inl.clear();
  plain.noise_seed = 77;
  set_gains(plain.crossbars.front(), 7);
  const ir::Load load = hwgen::load(design, plain, dir / "rtl");
  size_t at = 0;
  int32_t keys = 0;
  int32_t tables = 0;
  int32_t noises = 0;
  for (const ir::LoadRecord& record : load.records) {
    if (record.holds == "noise_keys") {
      ++keys;
      const uint64_t expected = ir::noise_keys(77, static_cast<uint32_t>(record.number)).bits;
      CHECK(load.beats[at] == record.head());
      CHECK(load.beats[at + 3] == static_cast<uint32_t>(expected));
      CHECK(load.beats[at + 4] == static_cast<uint32_t>(expected >> 32));
    }
    if (record.holds == "noise") {
      ++noises;
      REQUIRE(record.number == 0);
      REQUIRE(record.words == gains);
      for (int32_t n = 0; n < gains; ++n) {
        const auto word = static_cast<uint32_t>(7 * n | 7 * (gains + n) << 16);
        CHECK(load.beats[at + 3 + static_cast<size_t>(n)] == word);
      }
    }
    if (record.holds == "inl") {
      ++tables;
      REQUIRE(record.words == static_cast<int32_t>(codes));
      for (size_t code = 0; code < codes; ++code) CHECK(load.beats[at + 3 + code] == code);
    }
    at += static_cast<size_t>(record.beats());
  }
  CHECK(keys == 3);
  CHECK(tables == 3);
  CHECK(noises == 1);
  ir::Chip other = plain;
  other.crossbars.front().noise_mult = {3, 2};
  other.crossbars.front().inl.assign(codes, 7);
  CHECK_THAT(message_of([&] { hwgen::load(design, other, dir / "rtl"); }),
             contains("layer conv1") && contains("read noise"));
  other = plain;
  other.crossbars.front().noise_shift = 5;
  CHECK_THAT(message_of([&] { hwgen::load(design, other, dir / "rtl"); }),
             contains("(NoiseShift) differ (expected 4, got 5)") && contains("from one device"));

  // The other way round the hardware lacks what the chip has.
  hwgen::emit(hwgen::plan(design, plain, writable()), dir / "plain");
  CHECK_THAT(message_of([&] { hwgen::load(design, chip, dir / "plain"); }),
             contains("non-linearity (Inl) differ (expected no, got yes)"));
  for (ir::CrossbarChip& cells : plain.crossbars) cells.noise_mult = {0, 0};
  CHECK_THAT(message_of([&] { hwgen::load(design, plain, dir / "rtl"); }),
             contains("layer conv1") && contains("read noise (Noise"));
}

TEST_CASE("a chip of another shape is refused, and what differs is named") {
  const TemporaryDir dir;
  const ir::Design design = test::sample_design();
  const ir::Chip chip = test::sample_chip(design);
  hwgen::emit(hwgen::plan(design, chip, writable()), dir / "rtl");
  const auto refusal = [&](const std::function<void(ir::Chip&)>& change) {
    ir::Chip changed = chip;
    change(changed);
    return message_of([&] { hwgen::load(design, changed, dir / "rtl"); });
  };
  CHECK(refusal([](ir::Chip&) {}).empty());
  CHECK_THAT(refusal([](ir::Chip& c) {
               std::fill_n(c.crossbars[1].lsb.begin(), c.crossbars[1].lsb.size() / 2, 3);
             }),
             contains("layer conv2") && contains("(Lsb)") && contains("expected 1, 2, got 3, 2") &&
                 contains("lossless"));
  CHECK_THAT(refusal([](ir::Chip& c) { c.crossbars[1].lsb[0] = 3; }),
             contains("layer conv2") && contains("LsbBits") && contains("--ranges-of"));
  CHECK_THAT(
      refusal([](ir::Chip& c) { c.crossbars[2].adc_shift[1] = 13; }),
      contains("layer fc") && contains("(AdcShift)") && contains("expected 12, 12, got 12, 13"));
  CHECK_THAT(refusal([](ir::Chip& c) { c.g_bits = 10; }),
             contains("(GBits) differ (expected 9, got 10)") && contains("larger conductances"));
  // Narrower ones fit.
  CHECK(refusal([](ir::Chip& c) { c.g_bits = 8; }).empty());
  CHECK_THAT(message_of([&] { hwgen::load(design, test::sample_chip(design, 1, 2), dir / "rtl"); }),
             contains("one conductance a cell (PerCell) differ (expected no, got yes)") &&
                 contains("generate.per_cell"));

  ir::Design smaller = design;
  auto& crossbar = std::get<ir::Crossbar>(smaller.stages[0].kind);
  const size_t cols = crossbar.bias.size();
  crossbar.rows.pop_back();
  crossbar.weight.resize(crossbar.weight.size() - cols);
  CHECK_THAT(message_of([&] { hwgen::load(smaller, test::sample_chip(smaller), dir / "rtl"); }),
             contains("layer conv1") && contains("rows differ") && contains("layers.conv1.rows"));
  ir::Design renamed = design;
  renamed.stages[3].name = "out";
  CHECK_THAT(
      message_of([&] { hwgen::load(renamed, test::sample_chip(renamed), dir / "rtl"); }),
      contains("$.layers: the RTL has other layers") && contains("conv1, pool1, conv2, out"));

  hwgen::PlanOptions fixed = writable();
  fixed.writable = false;
  hwgen::emit(hwgen::plan(design, chip, fixed), dir / "fixed");
  CHECK_THAT(message_of([&] { hwgen::load(design, chip, dir / "fixed"); }),
             contains("cannot be written") && contains("--writable"));
}

TEST_CASE("a load is read back as it was, and a damaged one is refused") {
  const TemporaryDir dir;
  const ir::Design design = test::sample_design();
  const ir::Chip chip = test::sample_chip(design);
  hwgen::emit(hwgen::plan(design, chip, writable()), dir / "rtl");
  const ir::Load load = hwgen::load(design, chip, dir / "rtl");
  ir::save_load(load, dir / "load");
  const ir::Load read = ir::read_load(dir / "load");
  CHECK(read.beats == load.beats);
  CHECK(read.chip_hash == load.chip_hash);
  CHECK(read.design_hash == load.design_hash);
  CHECK(read.rtl_hash == load.rtl_hash);
  CHECK(read.cycles_per_image == load.cycles_per_image);
  CHECK(contents(read) == contents(load));

  const std::filesystem::path file = dir / "load/load.hex";
  const std::string text = ir::read_file(file);
  const auto damaged = [&](std::string other) {
    ir::write_file(file, other);
    return message_of([&] { ir::read_load(dir / "load"); });
  };
  CHECK(damaged(text).empty());
  CHECK_THAT(damaged(text.substr(0, text.size() - 9)), contains("a cut file"));
  CHECK_THAT(damaged(text.substr(0, text.size() - 3)), contains("not a beat"));
  CHECK_THAT(damaged(text + "00000000\n"), contains("beats behind its last record"));
  std::string address = text;
  address[9 + 7] = '1';  // of the first record
  CHECK_THAT(damaged(address), contains("line 1: not the record of conv1, rows"));
  std::string bit = text;
  bit[text.size() - 2] = bit[text.size() - 2] == '0' ? '1' : '0';
  CHECK_THAT(damaged(bit), contains("is not what load.json was written with"));
}

TEST_CASE("a writable design says where its memories are, others do not") {
  const TemporaryDir dir;
  const ir::Design design = test::sample_design();
  const ir::Chip chip = test::sample_chip(design);
  hwgen::emit(hwgen::plan(design, chip, writable()), dir / "rtl");
  CHECK_THAT(ir::read_file(dir / "rtl/README.md"),
             contains("## Memory map") && contains("| conv1 | 0 | 0 | rows | ") &&
                 contains("| conv2 | 1 | 3 | requant | 4 | 53 | 2 | `01030002` |") &&
                 contains("| fc | 2 | 2 | table | 16 | 9 | 1 | `02020001` |"));
  CHECK_THAT(ir::read_file(dir / "rtl/plan.json"), contains("\"memory_map\""));
  hwgen::PlanOptions fixed = writable();
  fixed.writable = false;
  hwgen::emit(hwgen::plan(design, chip, fixed), dir / "fixed");
  CHECK(ir::read_file(dir / "fixed/README.md").find("Memory map") == std::string::npos);
  CHECK(ir::read_file(dir / "fixed/plan.json").find("memory_map") == std::string::npos);
}

TEST_CASE("records beyond a memory of the RTL are refused, and so are missing ones") {
  const TemporaryDir dir;
  const ir::Design design = test::sample_design();
  const ir::Chip chip = test::sample_chip(design);
  hwgen::emit(hwgen::plan(design, chip, writable()), dir / "rtl");
  const ir::Load load = hwgen::load(design, chip, dir / "rtl");
  const auto refusal = [&](const std::function<void(ir::Load&)>& change) {
    ir::Load changed = load;
    change(changed);
    return message_of([&] { ir::check_records(changed, dir / "rtl"); });
  };
  CHECK(refusal([](ir::Load&) {}).empty());
  const std::string weights = "$.records[1]: not a memory of the RTL";
  CHECK_THAT(refusal([](ir::Load& l) { ++l.records[1].words; }),
             contains(weights) && contains("layer conv1 (0), weights (1)"));
  CHECK_THAT(refusal([](ir::Load& l) { ++l.records[1].chunks; }), contains(weights));
  CHECK_THAT(refusal([](ir::Load& l) { ++l.records[1].memory; }), contains(weights));
  CHECK_THAT(refusal([](ir::Load& l) { ++l.records[1].number; }), contains(weights));
  CHECK_THAT(refusal([](ir::Load& l) { l.records.pop_back(); }), contains("got no record"));
  CHECK_THAT(refusal([](ir::Load& l) { l.records.push_back(l.records[0]); }),
             contains("expected no more records"));
}

TEST_CASE("an image of the RTL that was edited by hand is refused before a load is made") {
  const TemporaryDir dir;
  const ir::Design design = test::sample_design();
  const ir::Chip chip = test::sample_chip(design);
  hwgen::emit(hwgen::plan(design, chip, writable()), dir / "rtl");
  const std::filesystem::path image = dir / "rtl/mem/fc_requant.hex";
  ir::write_file(image, ir::read_file(image) + "0\n");
  CHECK_THAT(
      message_of([&] { hwgen::load(design, chip, dir / "rtl"); }),
      contains("fc_requant.hex: layer fc, memory requant") && contains("crosstwin generate"));
}
