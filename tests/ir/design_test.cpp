// The design and chip artifacts: checks, there and back, and damaged files.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/design.hpp"

#include <functional>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/chip.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"

using namespace crosstwin::ir;
using crosstwin::tests::contains;
using crosstwin::tests::message_of;
using crosstwin::tests::TemporaryDir;

namespace {

Design small_design() {
  Design design;
  design.name = "small";
  design.input = {1, 5, 5};
  Crossbar conv{2,       2,     1,          0,       {0}, {0, 3}, {1, -127, 5, 0},
                {7, -9}, false, {40000, 1}, {20, 1}, 0,   255};
  Crossbar dense{2, 2, 1, 0, {0, 0}, {0, 2, 7}, {1, 2, 3, 4, 5, 6}, {0, 1}, true, {}, {}, 0, 0};
  design.stages.push_back({"conv1", {"input"}, {1, 5, 5}, {2, 4, 4}, 8, false, conv});
  design.stages.push_back({"pool1", {"conv1"}, {2, 4, 4}, {2, 2, 2}, 8, false, PoolMax{2, 2}});
  design.stages.push_back({"fc", {"pool1"}, {2, 2, 2}, {2, 1, 1}, 8, false, dense});
  return design;
}

Crossbar& conv_of(Design& design) { return std::get<Crossbar>(design.stages[0].kind); }

Chip ideal_chip(const Design& design) {
  Chip chip;
  chip.design_hash = design_hash(design);
  chip.seed = UINT64_MAX;
  chip.shared_table = true;
  for (int k = 0; k < 16; ++k) chip.table.push_back(static_cast<uint16_t>(25 + 15 * k));
  for (const Stage& stage : design.stages) {
    const auto* layer = std::get_if<Crossbar>(&stage.kind);
    if (layer == nullptr) continue;
    CrossbarChip crossbar;
    crossbar.stage = stage.name;
    crossbar.adc_shift = {16, 16};
    crossbar.lsb = {1, 2};
    crossbar.noise_mult = {0, 0};
    crossbar.adc_clip.assign(static_cast<size_t>(2 * stage.out.c), 255);
    for (int p = 0; p < 2; ++p) {
      for (int s = 0; s < 2; ++s) {
        for (const int16_t w : layer->weight) {
          crossbar.g.push_back(chip.table[static_cast<size_t>(slice_code(w, p, s, 4))]);
        }
      }
    }
    crossbar.adc_mult.assign(static_cast<size_t>(2 * stage.out.c), 4369);
    crossbar.adc_offset.assign(static_cast<size_t>(2 * stage.out.c), 0);
    chip.crossbars.push_back(crossbar);
  }
  return chip;
}

}  // namespace

TEST_CASE("tiles are counted in whole tiles, arrays and converters") {
  const TileCount count = count_tiles(Layout{}, 400, 100);
  CHECK(count.row_tiles == 4);
  CHECK(count.col_tiles == 2);
  CHECK(count.arrays == 32);
  CHECK(count.cells == 160000);
  CHECK(count.adcs == 1600);
}

TEST_CASE("slice codes put the magnitude on one polarity") {
  CHECK(slice_code(0x5A, 0, 0, 4) == 0xA);
  CHECK(slice_code(0x5A, 0, 1, 4) == 0x5);
  CHECK(slice_code(0x5A, 1, 0, 4) == 0);
  CHECK(slice_code(-0x5A, 1, 1, 4) == 0x5);
}

TEST_CASE("a wrong design is an error that names stage and field") {
  const std::pair<std::string, std::function<void(Design&)>> cases[] = {
      {"layout.tile_rows: out of range (expected 1..1024, got 4096)",
       [](Design& d) { d.layout.tile_rows = 4096; }},
      {"layout.slices: more magnitude bits", [](Design& d) { d.layout.slices = 3; }},
      {"stages[0] (conv1): weight[1] out of range (expected -127..127, got -128)",
       [](Design& d) { conv_of(d).weight[1] = -128; }},
      {"a row is named twice",
       [](Design& d) {
         conv_of(d).rows = {3, 3};
       }},
      {"rows[1] out of range",
       [](Design& d) {
         conv_of(d).rows = {0, 4};
       }},
      {"mult[0] out of range", [](Design& d) { conv_of(d).mult[0] = 0; }},
      {"shift[1] out of range", [](Design& d) { conv_of(d).shift[1] = 32; }},
      {"out.h out of range", [](Design& d) { d.stages[0].out.h = 5; }},
      {"stages[0] (conv1): map too large",
       [](Design& d) { d.stages[0].in.h = d.stages[0].in.w = 1 << 15; }},
      {"in is not the shape", [](Design& d) { d.stages[2].inputs = {"conv1"}; }},
      {"only the last stage may give logits", [](Design& d) { conv_of(d).logits = true; }},
      {"two stages of this name", [](Design& d) { d.stages[2].name = "conv1"; }}};
  for (const auto& [expected, damage] : cases) {
    Design design = small_design();
    damage(design);
    CHECK_THAT(message_of([&] { check_design(design, "design"); }), contains(expected));
  }
}

TEST_CASE("a design is read back as it was written, and its hash is its content") {
  const TemporaryDir dir;
  Design design = small_design();
  save_design(design, dir / "a");
  const Design back = load_design(dir / "a");
  save_design(back, dir / "b");
  CHECK(read_file(dir / "a/design.json") == read_file(dir / "b/design.json"));
  CHECK(read_file(dir / "a/tensors.npz") == read_file(dir / "b/tensors.npz"));
  CHECK(design_hash(back) == design_hash(design));
  conv_of(design).weight[0] = 2;
  CHECK(design_hash(back) != design_hash(design));
}

TEST_CASE("a damaged or foreign design names file and JSON path") {
  const TemporaryDir dir;
  save_design(small_design(), dir / "a");
  const std::string text = read_file(dir / "a/design.json");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    write_file(dir / "a/design.json", changed);
    return message_of([&] { load_design(dir / "a"); });
  };
  CHECK_THAT(with("\"schema_version\": 1", "\"schema_version\": 9"),
             contains("design.json: $.schema_version: out of range"));
  CHECK_THAT(with("\"tile_rows\": 128", "\"tile_rows\": 4096"),
             contains("design.json: $.layout.tile_rows: out of range"));
  CHECK_THAT(with("\"in_bits\"", "\"in_bit\""), contains("$.stages[0]: missing member"));
  CHECK_THAT(with("max_pool", "min_pool"), contains("$.stages[1].kind: unknown stage kind"));
  CHECK_THAT(with("}", ""), contains("not valid JSON"));
  write_file(dir / "a/design.json", text);
  std::filesystem::remove(dir / "a/tensors.npz");
  CHECK_THAT(message_of([&] { load_design(dir / "a"); }), contains("tensors.npz: no such file"));
}

TEST_CASE("a chip's hash is of what its arrays compute with") {
  const Design design = small_design();
  const Chip chip = ideal_chip(design);
  Chip other = chip;
  other.seed = 5;
  CHECK(chip_hash(other) == chip_hash(chip));
  other.crossbars[0].g[1] += 1;
  CHECK(chip_hash(other) != chip_hash(chip));
  other = chip;
  other.crossbars[0].lsb[0] += 1;
  CHECK(chip_hash(other) != chip_hash(chip));
  other = chip;
  other.design_hash = "another";
  CHECK(chip_hash(other) != chip_hash(chip));
}

TEST_CASE("a chip's noise counts in its hash, its noise seed only with noise") {
  const Design design = small_design();
  const Chip chip = ideal_chip(design);
  const auto changed = [&](const std::function<void(Chip&)>& change) {
    Chip other = chip;
    change(other);
    return chip_hash(other) != chip_hash(chip);
  };
  CHECK_FALSE(changed([](Chip& c) { c.noise_seed = 5; }));
  CHECK(changed([](Chip& c) { c.crossbars[0].noise_mult[1] = 5; }));
  CHECK(changed([](Chip& c) { c.crossbars[1].adc_clip[0] = 5; }));
  CHECK(changed([](Chip& c) { c.crossbars[0].inl.assign(256, 7); }));
  Chip noisy = chip;
  noisy.crossbars[0].noise_mult = {3, 3};
  Chip reseeded = noisy;
  reseeded.noise_seed += 1;
  CHECK(chip_hash(noisy) != chip_hash(reseeded));
  reseeded = noisy;
  reseeded.crossbars[0].noise_shift += 1;
  CHECK(chip_hash(noisy) != chip_hash(reseeded));
}

TEST_CASE("a wrong chip is an error that names layer and field") {
  const Design design = small_design();
  const std::pair<std::string, std::function<void(Chip&)>> cases[] = {
      {"crossbars[0].adc_clip[1]: out of range (expected 0..255, got 256)",
       [](Chip& c) { c.crossbars[0].adc_clip[1] = 256; }},
      {"crossbars[1].adc_clip: wrong length", [](Chip& c) { c.crossbars[1].adc_clip.clear(); }},
      {"crossbars[0].inl: wrong length (expected 256, got 255)",
       [](Chip& c) { c.crossbars[0].inl.assign(255, 0); }},
      {"crossbars[0].inl[3]: out of range",
       [](Chip& c) {
         c.crossbars[0].inl.assign(256, 0);
         c.crossbars[0].inl[3] = 256;
       }},
      {"crossbars[0].noise_mult: wrong length",
       [](Chip& c) { c.crossbars[0].noise_mult.push_back(0); }},
      {"crossbars[0].noise_mult[1]: out of range (expected 0..65535, got 65536)",
       [](Chip& c) { c.crossbars[0].noise_mult[1] = 65536; }},
      {"crossbars[1].noise_shift: out of range (expected 0..31, got 32)",
       [](Chip& c) { c.crossbars[1].noise_shift = 32; }},
      {"crossbars[0].adc_mult[0]: out of range (expected 1..65535, got 0)",
       [](Chip& c) { c.crossbars[0].adc_mult[0] = 0; }},
      {"crossbars[0].adc_offset[2]: out of range",
       [](Chip& c) { c.crossbars[0].adc_offset[2] = (1 << 30) + 1; }}};
  for (const auto& [expected, damage] : cases) {
    Chip chip = ideal_chip(design);
    damage(chip);
    CHECK_THAT(message_of([&] { check_chip(chip, design, "chip"); }), contains(expected));
  }
}

TEST_CASE("read noise in a layer of too many conversions is refused by its name") {
  Design design = small_design();
  design.layout.tile_rows = 1;
  design.layout.cell_bits = 1;
  design.layout.slices = 8;
  design.input = {1, 4096, 4096};
  Stage& conv = design.stages[0];
  conv.in = design.input;
  conv.out = {2, 4095, 4095};
  design.stages.resize(1);
  Chip chip;
  chip.design_hash = design_hash(design);
  CrossbarChip crossbar;
  crossbar.stage = conv.name;
  crossbar.g.assign(size_t{2} * 8 * 2 * 2, 0);
  crossbar.adc_mult.assign(16, 1);
  crossbar.adc_offset.assign(16, 0);
  crossbar.adc_clip.assign(16, 255);
  crossbar.adc_shift.assign(8, 0);
  crossbar.lsb.assign(8, 1);
  crossbar.noise_mult.assign(8, 0);
  chip.crossbars = {crossbar};
  CHECK_NOTHROW(check_chip(chip, design, "chip"));
  chip.crossbars[0].noise_mult[7] = 1;
  CHECK_THAT(message_of([&] { check_chip(chip, design, "chip"); }),
             contains("crossbars[0].noise_mult of layer conv1: read noise cannot number"));
}

TEST_CASE("a damaged or old chip names file and JSON path") {
  const TemporaryDir dir;
  const Design design = small_design();
  save_chip(ideal_chip(design), dir / "a");
  const std::string text = read_file(dir / "a/chip.json");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    write_file(dir / "a/chip.json", changed);
    return message_of([&] { load_chip(dir / "a", design); });
  };
  CHECK_THAT(with("\"schema_version\": 3", "\"schema_version\": 1"),
             contains("chip.json: $.schema_version: a chip of another version"));
  CHECK_THAT(with("\"noise_shift\": 0", "\"noise_shift\": 32"),
             contains("chip.json: $.crossbars[0].noise_shift: out of range"));
  CHECK_THAT(with("\"noise_mult\"", "\"noise_mul\""),
             contains("chip.json: $.crossbars[0]: unknown key"));
  CHECK_THAT(with("\"noise_seed\": \"0\"", "\"noise_seed\": \"x\""),
             contains("chip.json: $.noise_seed"));
}

TEST_CASE("a chip is read back as it was written and fits its own design only") {
  const TemporaryDir dir;
  Design design = small_design();
  Chip chip = ideal_chip(design);
  chip.noise_seed = UINT64_MAX - 1;
  chip.crossbars[0].noise_mult = {7, 65535};
  chip.crossbars[0].noise_shift = 31;
  chip.crossbars[0].adc_clip[3] = 17;
  for (int code = 0; code < 256; ++code) {
    chip.crossbars[1].inl.push_back(static_cast<uint16_t>(code / 2));
  }
  save_chip(chip, dir / "a");
  const Chip back = load_chip(dir / "a", design);
  CHECK(chip_hash(back) == chip_hash(chip));
  CHECK(back.noise_seed == chip.noise_seed);
  CHECK(back.crossbars[0].adc_clip[3] == 17);
  CHECK(back.crossbars[0].inl.empty());
  CHECK(back.crossbars[1].inl[255] == 127);
  save_chip(back, dir / "b");
  CHECK(read_file(dir / "a/tensors.npz") == read_file(dir / "b/tensors.npz"));
  CHECK(back.crossbars[0].g == chip.crossbars[0].g);
  CHECK(back.seed == UINT64_MAX);
  chip.crossbars[0].g[0] = 99;
  CHECK_THAT(message_of([&] { check_chip(chip, design, "chip"); }),
             contains("crossbars[0].g[0]: is not its level's conductance (expected 40, got 99)"));
  conv_of(design).bias[0] = 8;
  CHECK_THAT(message_of([&] { load_chip(dir / "a", design); }), contains("another design"));
}

TEST_CASE("devices whose converters are not perfect are not ideal") {
  const TemporaryDir dir;
  CHECK(load_device("ideal").ideal());
  CHECK_FALSE(load_device("reram").ideal());
  CHECK(load_device("reram_full").read_noise > 0);
  for (const char* field : {"adc_gain_sigma", "adc_offset_sigma", "adc_inl", "read_noise"}) {
    const std::string name = field;
    write_file(dir / "d.json", R"({"name": "x", ")" + name + R"(": 0.25})");
    CHECK_FALSE(load_device((dir / "d.json").string()).ideal());
    write_file(dir / "d.json", R"({"name": "x", ")" + name + R"(": -0.25})");
    CHECK_THAT(message_of([&] { load_device((dir / "d.json").string()); }),
               contains("$." + name + ": out of range"));
  }
  CHECK_THAT(message_of([&] { load_device("rerem"); }), contains("no such device file"));
}
