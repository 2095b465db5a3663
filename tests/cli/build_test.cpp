// The flow end to end on a tiny network: train to verify, resumed, repeated, and corrupted.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/chip.hpp"
#include "compress/ir/data_dir.hpp"
#include "compress/ir/design.hpp"
#include "compress/ir/process.hpp"
#include "tests/accept_images.hpp"
#include "tests/catch.hpp"
#include "tests/cli/command.hpp"
#include "tests/temporary_dir.hpp"

namespace crosstwin::tests {
namespace {
namespace fs = std::filesystem;

constexpr const char* kTiny = R"({
  "name": "tiny",
  "dataset": {"kind": "digits", "digits_train": 2000, "validation": 200, "digits_test": 200},
  "network": {"layers": [
    {"name": "conv1", "kind": "conv", "filters": 3, "kernel": 5, "stride": 2},
    {"name": "norm1", "kind": "batch_norm"},
    {"name": "relu1", "kind": "relu"},
    {"name": "pool1", "kind": "max_pool"},
    {"name": "flatten", "kind": "flatten"},
    {"name": "fc1", "kind": "dense"}]},
  "train": {"epochs": 2, "batch": 64, "learning_rate": 0.01},
  "layers": {"conv1": {"rows": 12}, "fc1": {"rows": 40}},
  "simulate": {"chips": 1},
  "verify": {"images": 20, "stall_images": 5}
})";

TEST_CASE(
    "a tiny network goes from digits to RTL that equals the twin, and a seeded bug is found") {
  if (!ir::find_program("verilator", ir::path_dirs())) CROSSTWIN_SKIP("verilator is missing");
  const TemporaryDir dir;
  const std::string out = dir / "out";
  ir::write_file(dir / "tiny.json", kTiny);

  const Outcome built =
      crosstwin({"build", dir / "tiny.json", "--out", out, "--stop-step", "verify", "--json"});
  INFO(built.err);
  REQUIRE(built.status == 0);
  const nlohmann::ordered_json steps = parse(built)["steps"];
  REQUIRE(steps.size() == 7);
  CHECK(steps[1]["result"]["weights"] <= 3 * 12 + 40 * 10);
  const nlohmann::ordered_json verified = steps[6]["result"];
  CHECK(verified["plain"]["images"] == 20);
  CHECK(verified["plain"]["logits_equal"] == 200);
  CHECK(verified["stalls"]["logits_equal"] == 50);
  CHECK(verified["plain"]["measured_cycles"].get<double>() ==
        Approx(verified["plain"]["planned_cycles"].get<double>()).epsilon(0.1));
  const nlohmann::ordered_json accuracy = steps[4]["result"]["accuracy"];
  REQUIRE(accuracy.size() == 5);
  CHECK(accuracy[2]["accuracy"] > 0.5);  // quantized; chance is 0.1

  const Outcome resumed =
      crosstwin({"build", "--out", out, "--stop-step", "verify", "--json", "--resume"});
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  const nlohmann::ordered_json kept = parse(resumed)["steps"];
  CHECK(kept.size() == 7);
  for (const nlohmann::ordered_json& step : kept) {
    CHECK(step["state"] == "up to date");
  }

  const Outcome report = crosstwin({"report", "--out", out});
  INFO(report.err);
  CHECK(report.status == 0);
  CHECK_THAT(report.out,
             contains("all 200 logits of 20 images equal") && contains("weights, conv"));
  CHECK_THAT(ir::read_file(dir / "out/report/report.html"), contains("<svg"));
  CHECK(fs::exists(dir / "out/report/conv1_tiles.svg"));

  // What steps read beside their inputs counts too: other templates, another float network.
  fs::create_directories(dir / "data");
  for (const char* part : {"rtl_templates", "verif", "fpga", "examples"}) {
    fs::copy(ir::data_dir() / part, dir / "data" / part, fs::copy_options::recursive);
  }
  const fs::path source = dir / "data/rtl_templates/sources.txt";
  ir::write_file(source, ir::read_file(source) + "# one line more\n");
  fs::remove_all(dir / "out/network");
  ::setenv("CROSSTWIN_DATA_DIR", (dir / "data").c_str(), 1);
  const Outcome again = crosstwin({"build", "--out", out, "--start-step", "map", "--stop-step",
                                   "generate", "--json", "--resume"});
  ::unsetenv("CROSSTWIN_DATA_DIR");
  INFO(again.err);
  REQUIRE(again.status == 0);
  std::vector<std::string> states;
  const nlohmann::ordered_json rerun = parse(again)["steps"];
  for (const nlohmann::ordered_json& step : rerun) states.push_back(step["state"]);
  CHECK(states == std::vector<std::string>{"up to date", "up to date", "done", "done"});

  // Other weights in the memory images of the last layer.
  for (const fs::directory_entry& entry : fs::directory_iterator(dir / "out/rtl/mem")) {
    const std::string name = entry.path().filename().string();
    if (name.find("fc1") == std::string::npos || name.find("weights") == std::string::npos) {
      continue;
    }
    std::string words = ir::read_file(entry.path());
    for (char& digit : words) {
      if (digit >= '1' && digit <= '3') digit = static_cast<char>(digit + 1);
    }
    ir::write_file(entry.path(), words);
  }
  // The report does not go on claiming what was true of another RTL.
  const Outcome changed = crosstwin({"report", "--out", out});
  CHECK_THAT(changed.out, contains("verify") && contains("out of date") && !contains("logits of"));
  for (const char* verb : {"verify", "fpga"}) {
    const Outcome refused = crosstwin({verb, "--out", out});
    CHECK(refused.status == 1);
    CHECK_THAT(refused.err, contains("rtl/mem/fc1_weights.hex: layer fc1, memory weights") &&
                                contains("run `crosstwin generate` again"));
  }
  accept_images(dir / "out/rtl");
  const Outcome corrupted = crosstwin({"verify", "--out", out, "--images", "20"});
  INFO(corrupted.err);
  CHECK(corrupted.status == 3);
  CHECK_THAT(corrupted.err, contains("fc1"));
  const auto record = nlohmann::json::parse(ir::read_file(dir / "out/results/verify.json"));
  CHECK(record["result"]["passed"] == false);
  CHECK_THAT(record["result"]["failure"].get<std::string>(), contains("fc1"));
  const Outcome failed = crosstwin({"report", "--out", out});
  CHECK_THAT(failed.out, contains("RTL = twin") && contains("FAILED") && !contains("logits of"));
  CHECK(crosstwin(
            {"build", "--out", out, "--start-step", "verify", "--stop-step", "verify", "--resume"})
            .status == 3);
}

TEST_CASE("an adapted chip is a run of its own, whose RTL is the twin") {
  const TemporaryDir dir;
  const std::string out = dir / "out";
  ir::write_file(dir / "tiny.json", kTiny);
  const Outcome built = crosstwin({"build", dir / "tiny.json", "--out", out, "--stop-step", "map"});
  INFO(built.err);
  REQUIRE(built.status == 0);
  const Outcome refused = crosstwin({"adapt", "--out", out, "--parts", "remap,retune"});
  CHECK(refused.status == 1);
  CHECK_THAT(refused.err, contains("adapt.parts: no such part (expected remap, recalibrate, "
                                   "retrain, got retune)"));
  const Outcome twice = crosstwin({"adapt", "--out", out, "--parts", "remap,remap"});
  CHECK(twice.status == 1);
  CHECK_THAT(twice.err,
             contains("adapt.parts: a part is asked for twice") && contains("got remap"));
  CHECK_THAT(crosstwin({"adapt", "--out", out, "--spare-columns", "1024"}).err,
             contains("chip.spare_columns: more spare columns than a tile has"));
  const std::vector<std::string> adapt = {
      "adapt", "--out",    out,   "--device", "reram_full", "--spare-columns", "1", "--chips",
      "3",     "--images", "100", "--epochs", "1",          "--json"};
  const Outcome adapted = crosstwin(adapt);
  INFO(adapted.err);
  REQUIRE(adapted.status == 0);
  const nlohmann::ordered_json result = parse(adapted)["result"];
  CHECK(result["accuracy"].size() == 6);
  CHECK(result["accuracy"].front()["chips"] == "as mapped");
  CHECK(result["accuracy"].back()["chips"] == "all of these");
  for (const auto& stage : result["remap"]) {
    CHECK(stage["error_after"].get<double>() <= stage["error_before"].get<double>());
  }
  CHECK(result["retrain"]["epochs"] == 1);
  CHECK(ir::read_file(dir / "out/adapt/compressed/tensors.npz") !=
        ir::read_file(dir / "out/compressed/tensors.npz"));
  // Again: the same figures, on one thread and from the records.
  std::vector<std::string> again = adapt;
  again.insert(again.end(), {"--threads", "1"});
  CHECK(parse(crosstwin(again))["result"] == result);

  // What only moves cells leaves the design of `map`, with which other chips may be programmed; a
  // layout is of the adapted run alone.
  const Outcome moved = crosstwin({"adapt", "--out", out, "--parts", "remap", "--chips", "1",
                                   "--images", "20", "--set", "layout.adc_bits=7"});
  INFO(moved.err);
  CHECK(moved.status == 0);
  CHECK(crosstwin({"program", "--out", out + "/adapt", "--seed", "2"}).status == 0);
  CHECK(crosstwin({"program", "--out", out}).status == 0);
  again.insert(again.end(), {"--parts", "remap,recalibrate,retrain"});
  REQUIRE(crosstwin(again).status == 0);
  CHECK(crosstwin({"program", "--out", out + "/adapt"}).status == 1);

  const ir::Design design = ir::load_design(dir / "out/adapt/design");
  const ir::Chip chip = ir::load_chip(dir / "out/adapt/chip", design);
  CHECK(chip.crossbars[0].placement.spare_columns == 1);
  CHECK(chip.crossbars[0].placement.makes_up);
  CHECK(ir::design_hash(design) != ir::design_hash(ir::load_design(dir / "out/design")));
  // Another chip of a design that is fitted to this one is refused, in both verbs.
  const auto kept = [&dir] {
    return snapshot(dir / "out/adapt/design") + snapshot(dir / "out/adapt/chip");
  };
  const std::string before = kept();
  for (const char* verb : {"program", "adapt"}) {
    const Outcome other = crosstwin({verb, "--out", out + "/adapt", "--seed", "9"});
    CHECK(other.status == 1);
    CHECK_THAT(other.err,
               contains("adapt/design: is fitted to one chip") && contains("of reram_full"));
  }
  CHECK(kept() == before);
  CHECK(!std::filesystem::exists(dir / "out/adapt/adapt"));
  if (!ir::find_program("verilator", ir::path_dirs())) CROSSTWIN_SKIP("verilator is missing");
  REQUIRE(crosstwin({"generate", "--out", out + "/adapt"}).status == 0);
  const Outcome verified = crosstwin({"verify", "--out", out + "/adapt", "--depth", "codes",
                                      "--images", "10", "--stall-images", "0", "--json"});
  INFO(verified.err);
  REQUIRE(verified.status == 0);
  CHECK(parse(verified)["result"]["plain"]["passed"] == true);
}

TEST_CASE("RTL of one chip becomes another one of the same ranges, to every code") {
  if (!ir::find_program("verilator", ir::path_dirs())) CROSSTWIN_SKIP("verilator is missing");
  const TemporaryDir dir;
  const std::string out = dir / "out";
  ir::write_file(dir / "tiny.json", kTiny);
  const Outcome built =
      crosstwin({"build", dir / "tiny.json", "--out", out, "--stop-step", "generate", "--set",
                 "chip.device=reram_full", "--set", "layout.adc_bits=5", "--set",
                 "generate.writable=true", "--set", "chip.adc_per=column"});
  INFO(built.err);
  REQUIRE(built.status == 0);
  const auto chip = [&] {
    return nlohmann::json::parse(ir::read_file(dir / "out/chip/chip.json"));
  };
  const nlohmann::json first = chip();
  const auto lsbs = [&] {
    std::vector<std::vector<int32_t>> all;
    for (const ir::ConverterRange& range : ir::read_ranges(out)) all.push_back(range.lsb);
    return all;
  };
  const auto first_lsbs = lsbs();

  // Calibrated by itself the second chip has ranges of its own.
  REQUIRE(crosstwin({"program", "--out", out, "--seed", "2", "--adc-range", "worst_case"}).status ==
          0);
  REQUIRE(lsbs() != first_lsbs);
  const Outcome refused = crosstwin({"load", "--out", out});
  CHECK(refused.status == 1);
  CHECK_THAT(refused.err, contains("(AdcShift)") && contains("--ranges-of"));

  REQUIRE(crosstwin({"program", "--out", out, "--seed", "1", "--adc-range", "max"}).status == 0);
  CHECK(chip() == first);
  const Outcome programmed =
      crosstwin({"program", "--out", out, "--seed", "2", "--ranges-of", out, "--json"});
  INFO(programmed.err);
  REQUIRE(programmed.status == 0);
  CHECK(parse(programmed)["result"]["adc_range"] == "of " + out);
  CHECK(lsbs() == first_lsbs);
  for (size_t layer = 0; layer < 2; ++layer) {
    CHECK(chip()["crossbars"][layer]["adc_shift"] == first["crossbars"][layer]["adc_shift"]);
    const auto [least, most] =
        std::minmax_element(first_lsbs[layer].begin(), first_lsbs[layer].end());
    CHECK(*least < *most);
  }
  const Outcome loaded = crosstwin({"load", "--out", out});
  INFO(loaded.err);
  REQUIRE(loaded.status == 0);
  const Outcome verified = crosstwin({"verify", "--out", out, "--depth", "codes", "--images", "10",
                                      "--stall-images", "0", "--json"});
  INFO(verified.err);
  REQUIRE(verified.status == 0);
  const nlohmann::ordered_json plain = parse(verified)["result"]["plain"];
  CHECK(plain["passed"] == true);
  CHECK(plain["codes"] > 0);
  CHECK(plain["load_beats"] > 0);
  // Nothing that the step depends on has changed by its own result.
  const Outcome again = crosstwin({"build", "--out", out, "--start-step", "program", "--stop-step",
                                   "program", "--resume", "--json"});
  CHECK(parse(again)["steps"][0]["state"] == "up to date");
}

TEST_CASE("the first mismatch is named down to the converter from the command line, with waves") {
  if (!ir::find_program("verilator", ir::path_dirs())) CROSSTWIN_SKIP("verilator is missing");
  const TemporaryDir dir;
  const std::string out = dir / "out";
  ir::write_file(dir / "tiny.json", kTiny);
  const Outcome built =
      crosstwin({"build", dir / "tiny.json", "--out", out, "--stop-step", "generate"});
  INFO(built.err);
  REQUIRE(built.status == 0);
  // One conversion of the last layer is a code too high.
  const fs::path tile = dir / "out/rtl/rtl/crossbar/xb_tile.sv";
  std::string text = ir::read_file(tile);
  const std::string probe = "assign probe_code   = code;";
  REQUIRE(text.find(probe) != std::string::npos);
  ir::write_file(tile, text.replace(text.find(probe), probe.size(),
                                    "assign probe_code   = Cols == 10 && probe_column == 3 && "
                                    "probe_plane == 1 && probe_word == 2 ? code + 1 : code;"));
  for (const std::string depth : {"outputs", "layers"}) {
    CHECK(crosstwin(
              {"verify", "--out", out, "--depth", depth, "--images", "4", "--stall-images", "0"})
              .status == 0);
  }
  const Outcome found = crosstwin({"verify", "--out", out, "--depth", "codes", "--images", "4",
                                   "--stall-images", "0", "--fst"});
  INFO(found.err);
  CHECK(found.status == 3);
  CHECK_THAT(found.err, contains("image 0: an inner value differs") &&
                            contains("layer fc1: ADC code of position 0, row tile 0, column 3, "
                                     "plane 1, slice 1, positive array: expected ") &&
                            contains("waves: " + (dir / "out/verify/mismatch.fst").string()));
  CHECK(fs::file_size(dir / "out/verify/mismatch.fst") > 1000);
}

TEST_CASE("the same configuration and seed give the same chip on any number of threads") {
  const TemporaryDir dir;
  ir::write_file(dir / "tiny.json", kTiny);
  for (const char* threads : {"1", "3"}) {
    const Outcome built = crosstwin({"build", dir / "tiny.json", "--out", dir / threads,
                                     "--threads", threads, "--stop-step", "generate"});
    INFO(built.err);
    REQUIRE(built.status == 0);
  }
  for (const char* folder : {"network", "compressed", "design", "chip", "rtl"}) {
    INFO(folder);
    CHECK(snapshot(dir / "1" / folder) == snapshot(dir / "3" / folder));
  }
  // So do the chips of a sweep, whoever draws them; what was drawn is not drawn again.
  for (const char* threads : {"1", "3"}) {
    const std::vector<std::string> sweep = {
        "simulate", "--out", dir / threads, "--threads",     threads,   "--images",     "40",
        "--chips",  "3",     "--sweep",     "sigma=0:0.3:2", "--sweep", "adc_bits=3,8", "--json"};
    const Outcome drawn = crosstwin(sweep);
    INFO(drawn.err);
    REQUIRE(drawn.status == 0);
    CHECK(parse(drawn)["result"]["sweep"]["points"].size() == 4);
    CHECK(parse(drawn)["result"].contains("chips_per_second"));
    const Outcome again = crosstwin(sweep);
    CHECK(!parse(again)["result"].contains("chips_per_second"));
    CHECK(parse(again)["result"]["sweep"] == parse(drawn)["result"]["sweep"]);
  }
  for (const char* file : {"sweep.json", "sweep.csv", "sweep.svg", "sweep.html"}) {
    INFO(file);
    CHECK(ir::read_file(dir / "1/results" / file) == ir::read_file(dir / "3/results" / file));
  }

  // Events and the distance from the analog reference, too.
  std::vector<nlohmann::ordered_json> counted;
  for (const char* threads : {"1", "3"}) {
    REQUIRE(crosstwin({"program", "--out", dir / threads, "--set", "chip.device.sigma=0.1", "--set",
                       "chip.device.read_volt=0.2", "--set", "chip.device.read_seconds=1e-8"})
                .status == 0);
    const Outcome events = crosstwin({"simulate", "--out", dir / threads, "--threads", threads,
                                      "--images", "40", "--chips", "0", "--set",
                                      "simulate.sweep=[]", "--events", "--analog", "20", "--json"});
    INFO(events.err);
    REQUIRE(events.status == 0);
    counted.push_back(parse(events)["result"]);
  }
  const nlohmann::ordered_json& result = counted[0];
  CHECK(result["events"] == counted[1]["events"]);
  CHECK(result["analog"] == counted[1]["analog"]);
  CHECK(result["events"]["images"] == 40);
  CHECK(result["events"]["total"]["conversions"] > 0);
  CHECK(result["events"]["total"]["read_joules_an_image"].get<double>() ==
        Approx(0.04 * 1e-8 * 4e-9 / 40 * result["events"]["total"]["conductance"].get<double>()));
  CHECK(result["analog"]["images"] == 20);
  CHECK(result["analog"]["outside"] == 0);
  CHECK(result["analog"]["layers"][0]["codes_differing"] > 0);
  // Converters that lost their half LSB are outside the bound: a check that did not hold.
  const ir::Design design = ir::load_design(dir / "1" / "design");
  ir::Chip halfless = ir::load_chip(dir / "1" / "chip", design);
  for (int32_t& offset : halfless.crossbars[0].adc_offset) {
    offset -= 1 << halfless.crossbars[0].adc_shift[0] >> 1;
  }
  ir::save_chip(halfless, dir / "1" / "chip");
  const Outcome broken = crosstwin({"simulate", "--out", dir / "1", "--analog", "20"});
  CHECK(broken.status == 3);
  CHECK_THAT(broken.err, contains("outside their bounds") && contains("conv1"));

  const Outcome seeded =
      crosstwin({"program", "--out", dir / "3", "--device", "reram", "--seed", "9"});
  CHECK(seeded.status == 0);
  CHECK(snapshot(dir / "1" / "chip") != snapshot(dir / "3" / "chip"));

  const Outcome wider =
      crosstwin({"generate", "--out", dir / "1", "--set", "kinds.dense.pe=5", "--json"});
  CHECK(parse(wider)["result"]["layers"].back()["pe"] == 5);
  const auto config = nlohmann::json::parse(ir::read_file(dir / "1/config.json"));
  CHECK(config["layers"]["fc1"]["pe"] == 5);

  // A chip that simulate draws is the one that program makes, its weights moved around faults.
  const std::string stuck = R"({"name": "stuck", "stuck_low": 0.1, "stuck_high": 0.1})";
  const auto drawn_and_made = [&](const std::string& remap) {
    const std::vector<std::string> moved = {
        "--out", dir / "3", "--set", "chip.remap=" + remap, "--set", "chip.spare_columns=2"};
    const auto with = [&moved](std::vector<std::string> command) {
      command.insert(command.end(), moved.begin(), moved.end());
      return crosstwin(command);
    };
    REQUIRE(with({"program", "--set", "chip.device=" + stuck}).status == 0);
    const Outcome outcome =
        with({"simulate", "--images", "100", "--chips", "1", "--set", "simulate.sweep=[]", "--set",
              "simulate.variation=" + stuck, "--json"});
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    const nlohmann::ordered_json rows = parse(outcome)["result"]["accuracy"];
    const size_t last = rows.size() - 1;
    CHECK(rows[last]["accuracy"] == rows[last - 1]["accuracy"]);
    return rows[last]["accuracy"].get<double>();
  };
  CHECK(drawn_and_made("faults") > drawn_and_made("off"));
}

}  // namespace
}  // namespace crosstwin::tests
