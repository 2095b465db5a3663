// Bad inputs: each a clear error, exit 1, and nothing half-written.
// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "compress/ir/npz.hpp"
#include "tests/catch.hpp"
#include "tests/cli/command.hpp"
#include "tests/hwgen/sample_design.hpp"
#include "tests/temporary_dir.hpp"

namespace crosstwin::tests {
namespace {
namespace fs = std::filesystem;

// A run folder as left by `map` and `program`: two pixels, two logits.
void write_design(const fs::path& out) {
  ir::Crossbar crossbar;
  crossbar.kernel_h = 1;
  crossbar.kernel_w = 2;
  crossbar.pad_value = {0};
  crossbar.rows = {0, 1};
  crossbar.weight = {1, -2, 3, 4};
  crossbar.bias = {0, 5};
  crossbar.logits = true;
  ir::Design design;
  design.name = "tiny";
  design.input = {1, 1, 2};
  design.stages = {{"fc", {"input"}, {1, 1, 2}, {2, 1, 1}, 8, false, crossbar}};
  ir::save_design(design, out / "design");
  fs::create_directories(out / "chip");
  ir::write_file(out / "config.json", "{}");
}

// The same with a design and chip that can be generated.
void write_sample(const fs::path& out) {
  const ir::Design design = test::sample_design();
  ir::save_design(design, out / "design");
  ir::save_chip(test::sample_chip(design), out / "chip");
  const ir::Layout& layout = design.layout;
  const nlohmann::json as_mapped = {
      {"tile_rows", layout.tile_rows}, {"tile_cols", layout.tile_cols},
      {"cell_bits", layout.cell_bits}, {"slices", layout.slices},
      {"adc_bits", layout.adc_bits},   {"weight_range", layout.weight_range}};
  ir::write_file(out / "config.json", nlohmann::json{{"layout", as_mapped}}.dump());
}

// What `generate` says of a sound design and chip with these options.
std::string generate_refuses(std::vector<std::string> options) {
  const TemporaryDir dir;
  write_sample(dir / "out");
  options.insert(options.begin(), {"generate", "--out", dir / "out"});
  const Outcome outcome = crosstwin(options);
  CHECK(outcome.status == 1);
  CHECK(!fs::exists(dir / "out/rtl"));
  return outcome.err;
}

TEST_CASE("data that is not there is named, and no folder is made") {
  const TemporaryDir dir;
  ir::write_file(dir / "run.json", "{}");
  for (const char* verb : {"train", "build"}) {
    const Outcome outcome =
        crosstwin({verb, dir / "run.json", "--data", dir / "nowhere", "--out", dir / "out",
                   verb == std::string("build") ? "--stop-step=train" : "--epochs=1"});
    CHECK(outcome.status == 1);
    CHECK_THAT(outcome.err, contains("nowhere"));
    CHECK(!fs::exists(dir / "out"));
  }
}

TEST_CASE("a truncated IDX file is named with what was expected") {
  const TemporaryDir dir;
  ir::write_file(dir / "run.json", "{}");
  ir::write_file(
      dir / "mnist/train-images-idx3-ubyte",
      std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x1c\0\0\0\x1c", 16) + std::string(784 + 100, 'x'));
  ir::write_file(dir / "mnist/train-labels-idx1-ubyte",
                 std::string("\0\0\x08\x01\0\0\0\x02\x03\x04", 10));
  ir::write_file(dir / "mnist/t10k-images-idx3-ubyte", "");
  ir::write_file(dir / "mnist/t10k-labels-idx1-ubyte", "");
  const Outcome outcome =
      crosstwin({"train", dir / "run.json", "--data", dir / "mnist", "--out", dir / "out"});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.err, contains("train-images-idx3-ubyte") && contains("expected"));
  CHECK(!fs::exists(dir / "out"));
}

TEST_CASE("an NPZ file of the wrong shape is named with its member") {
  const TemporaryDir dir;
  ir::write_file(dir / "run.json", "{}");
  ir::Npz npz;
  npz["x_train"] = ir::Array<uint8_t>{{4, 28}, std::vector<uint8_t>(4 * 28)};
  npz["y_train"] = ir::Array<uint8_t>{{4}, std::vector<uint8_t>(4)};
  npz["x_test"] = ir::Array<uint8_t>{{4, 28}, std::vector<uint8_t>(4 * 28)};
  npz["y_test"] = ir::Array<uint8_t>{{4}, std::vector<uint8_t>(4)};
  ir::write_npz(dir / "set.npz", npz);
  const Outcome outcome =
      crosstwin({"train", dir / "run.json", "--data", dir / "set.npz", "--out", dir / "out"});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.err, contains("set.npz") && contains("x_train") && contains("expected"));
  CHECK(!fs::exists(dir / "out"));
}

TEST_CASE("a corrupt design.json is named with the place") {
  const TemporaryDir dir;
  write_design(dir / "out");
  const fs::path file = dir / "out/design/design.json";
  ir::write_file(file, ir::read_file(file).substr(0, 100));
  ir::write_file(dir / "out/results/generate.json", "{}");
  const Outcome outcome = crosstwin({"generate", "--out", dir / "out", "--target-fps", "9"});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.err, contains("design.json:") && contains("not valid JSON"));
  CHECK(!fs::exists(dir / "out/rtl"));
  // Neither an earlier result nor this run's settings stand.
  CHECK(!fs::exists(dir / "out/results/generate.json"));
  CHECK(ir::read_file(dir / "out/config.json") == "{}");
}

TEST_CASE("a design with a tile wider than allowed is named with the place") {
  const TemporaryDir dir;
  write_design(dir / "out");
  const fs::path file = dir / "out/design/design.json";
  auto design = nlohmann::ordered_json::parse(ir::read_file(file));
  design["layout"]["tile_cols"] = 4096;
  ir::write_file(file, design.dump());
  const Outcome outcome = crosstwin({"generate", "--out", dir / "out"});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.err, contains("design.json: $.layout.tile_cols") && contains("1..1024") &&
                              contains("4096"));
  CHECK(!fs::exists(dir / "out/rtl"));
}

TEST_CASE("a wrong sweep is named before anything is read or written") {
  const TemporaryDir dir;
  ir::write_file(dir / "run.json", "{}");
  const auto refusal = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"simulate", dir / "run.json", "--out", dir / "out"});
    const Outcome outcome = crosstwin(options);
    CHECK(outcome.status == 1);
    CHECK(!fs::exists(dir / "out"));
    return outcome.err;
  };
  CHECK_THAT(refusal({"--sweep", "sigma=0:0.3:0"}),
             contains("--sweep sigma=0:0.3:0") && contains("no points"));
  CHECK_THAT(refusal({"--sweep", "adc_bits=3:10", "--sweep", "sigam=0,0.1"}),
             contains("--sweep sigam=0,0.1") && contains("did you mean \"sigma\"?"));
  CHECK_THAT(refusal({"--sweep", "adc_bits=3:10:4"}), contains("does not divide"));
  CHECK_THAT(refusal({"--sweep", "sigma=nan,1"}), contains("not a number"));
  CHECK_THAT(refusal({"--chips", "-3"}), contains("simulate.chips") && contains("0..10000"));
  CHECK_THAT(refusal({"--half-width", "nan"}), contains("simulate.half_width"));
}

TEST_CASE("more spare columns than a tile has columns are refused") {
  const TemporaryDir dir;
  write_sample(dir / "out");
  const ir::Design design = ir::load_design(dir / "out/design");
  const int32_t most = design.layout.tile_cols;
  const auto refusal = [&](int32_t spares) {
    return crosstwin({"program", "--out", dir / "out", "--spare-columns", std::to_string(spares)})
        .err;
  };
  CHECK_THAT(refusal(most + 1),
             contains("chip.spare_columns: more spare columns than a tile has") &&
                 contains("expected 0.." + std::to_string(most) + " (layout") &&
                 contains("got " + std::to_string(most + 1)));
  CHECK_THAT(refusal(most), !contains("spare columns than"));
}

TEST_CASE("a design that is fitted to one chip is not programmed") {
  const TemporaryDir dir;
  write_sample(dir / "out");
  const ir::Design design = ir::load_design(dir / "out/design");
  const auto refusal = [&](const std::string& hash) {
    ir::write_file(dir / "out/fitted.json", R"({"schema_version": 1, "design_hash": ")" + hash +
                                                R"(", "seed": "7", "device": "reram"})");
    const Outcome outcome = crosstwin({"program", "--out", dir / "out"});
    return outcome.err;
  };
  const std::string before = snapshot(dir / "out/chip");
  CHECK_THAT(refusal(ir::design_hash(design)), contains("out/design: is fitted to one chip") &&
                                                   contains("chip of seed 7 of reram") &&
                                                   contains("--seed for another chip"));
  CHECK(snapshot(dir / "out/chip") == before);
  // The mark of a design that is no longer there says nothing.
  CHECK_THAT(refusal("0123456789abcdef"), !contains("fitted"));
  ir::write_file(dir / "out/fitted.json", "{");
  CHECK_THAT(crosstwin({"program", "--out", dir / "out"}).err, contains("fitted.json:1:2: not"));
}

TEST_CASE("a tile wider than allowed in the configuration is named with its path") {
  const TemporaryDir dir;
  ir::write_file(dir / "run.json", R"({"layout": {"tile_rows": 5000}})");
  const Outcome outcome = crosstwin({"train", dir / "run.json", "--out", dir / "out"});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.err, contains("run.json: $.layout.tile_rows") && contains("1..1024"));
  CHECK(!fs::exists(dir / "out"));
}

TEST_CASE("an unknown configuration key is named with the nearest one") {
  const TemporaryDir dir;
  ir::write_file(dir / "run.json", R"({"layers": {"conv1": {"filtres": 3}}})");
  const Outcome outcome = crosstwin({"build", dir / "run.json", "--out", dir / "out"});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.err, contains("run.json: $.layers.conv1") && contains("mean \"filters\"?"));
  CHECK(!fs::exists(dir / "out"));
}

TEST_CASE("a missing nextpnr is named with the command that installs it") {
  const TemporaryDir dir;
  write_sample(dir / "out");
  REQUIRE(crosstwin({"generate", "--out", dir / "out"}).status == 0);
  for (const char* tool : {"yosys", "icepack"}) {
    ir::write_file(dir / "tools" / tool, "#!/bin/sh\n");
    fs::permissions(dir / "tools" / tool, fs::perms::owner_all);
  }
  const Outcome outcome =
      crosstwin({"fpga", "--out", dir / "out", "--board", "hx8k", "--tools", dir / "tools"});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.err, contains("missing") && contains("nextpnr-ice40") &&
                              contains("apt-get install") && !contains("icepack:"));
  CHECK(!fs::exists(dir / "out/fpga"));
  CHECK(!fs::exists(dir / "out/results/fpga.json"));
}

TEST_CASE("a board that does not exist is refused before anything runs") {
  const TemporaryDir dir;
  write_design(dir / "out");
  fs::create_directories(dir / "out/rtl");
  const Outcome outcome = crosstwin({"fpga", "--out", dir / "out", "--board", "hx8"});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.err, contains("hx8k"));
}

TEST_CASE("a board to fit that is unknown comes with the nearest name") {
  CHECK_THAT(generate_refuses({"--fit", "ulx3s-25"}),
             contains("unknown board to fit") && contains("expected one of icebreaker") &&
                 contains("got ulx3s-25)") && contains("did you mean ulx3s-25f?"));
}

TEST_CASE("a design no form of which fits a board says what is short and which board holds it") {
  CHECK_THAT(generate_refuses({"--fit", "icebreaker", "--form", "bit_plane", "--set",
                               "layers.conv1.adc_lanes=32", "--set", "layers.conv2.adc_lanes=32"}),
             contains("board icebreaker: no form of this design fits") &&
                 contains("expected at most 4858 LUT") && contains(" LUT, ") && contains("short") &&
                 contains(" holds it"));
}

TEST_CASE("forms that a layer cannot have are named with what it can have") {
  CHECK_THAT(generate_refuses({"--set", "layers.conv2.pe=5"}),
             contains("layer conv2: option pe out of range") && contains("expected 1..4, got 5") &&
                 contains("need not divide"));
  CHECK_THAT(generate_refuses({"--set", "layers.conv1.adc_lanes=3"}),
             contains("layer conv1: option adc_lanes") && contains("one of 1, 2, 4, 8") &&
                 contains("got 3"));
  CHECK_THAT(generate_refuses({"--set", "layers.conv2.planes=3"}),
             contains("layer conv2: option planes") && contains("divisor of the input's 8 bits") &&
                 contains("got 3"));
}

TEST_CASE("an ADC of 0 bits is named in the design and in the configuration") {
  const TemporaryDir dir;
  write_design(dir / "out");
  const fs::path file = dir / "out/design/design.json";
  auto design = nlohmann::ordered_json::parse(ir::read_file(file));
  design["layout"]["adc_bits"] = 0;
  ir::write_file(file, design.dump());
  const Outcome outcome = crosstwin({"generate", "--out", dir / "out"});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.err, contains("design.json: $.layout.adc_bits") && contains("1..16"));
  const Outcome asked = crosstwin({"map", "--out", dir / "out", "--adc-bits", "0"});
  CHECK(asked.status == 1);
  CHECK_THAT(asked.err, contains("adc_bits") && contains("1..16"));
}

}  // namespace
}  // namespace crosstwin::tests
