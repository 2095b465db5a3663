// `simulate` from the command line: what it refuses, what it keeps, what it says.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/design.hpp"
#include "tests/catch.hpp"
#include "tests/cli/command.hpp"
#include "tests/temporary_dir.hpp"
#include "twin/monte_carlo.hpp"

namespace crosstwin::tests {
namespace {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* kTiny = R"({
  "name": "tiny",
  "dataset": {"kind": "digits", "digits_train": 300, "validation": 30, "digits_test": 60},
  "network": {"layers": [
    {"name": "conv1", "kind": "conv", "filters": 2, "kernel": 5, "stride": 3},
    {"name": "relu1", "kind": "relu"},
    {"name": "flatten", "kind": "flatten"},
    {"name": "fc1", "kind": "dense"}]},
  "train": {"epochs": 1, "batch": 32, "learning_rate": 0.01},
  "layers": {"conv1": {"rows": 12}, "fc1": {"rows": 30}}
})";

// A run up to its chip; a copy for each case.
class RunFolder {
 public:
  RunFolder() {
    static const TemporaryDir built;
    static const bool once = [] {
      ir::write_file(built / "tiny.json", kTiny);
      const Outcome outcome = crosstwin({"build", built / "tiny.json", "--out", built / "out",
                                         "--stop-step", "program", "--seed", "5"});
      INFO(outcome.err);
      REQUIRE(outcome.status == 0);
      return true;
    }();
    REQUIRE(once);
    fs::copy(built / "out", out, fs::copy_options::recursive);
  }

  Outcome simulate(std::vector<std::string> options) const {
    options.insert(options.begin(), {"simulate", "--out", out});
    return crosstwin(options);
  }
  // Its result.
  ordered_json simulated(std::vector<std::string> options) const {
    options.emplace_back("--json");
    const Outcome outcome = simulate(options);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    return parse(outcome)["result"];
  }
  std::string refusal(const std::vector<std::string>& options) const {
    const Outcome outcome = simulate(options);
    CHECK(outcome.status == 1);
    CHECK(!fs::exists(dir / "out/monte_carlo"));
    return outcome.err;
  }

  TemporaryDir dir;
  std::string out = dir / "out";
};

TEST_CASE("a sweep is refused before any chip or model is simulated") {
  const RunFolder run;
  const auto early = [&](std::vector<std::string> options) {
    const std::string message = run.refusal(options);
    CHECK_THAT(message, !contains("float network"));
    return message;
  };
  CHECK_THAT(early({"--device", "reram", "--sweep", "levels=16,8"}),
             contains("--sweep levels=8 on device reram: levels") && contains("layout.cell_bits"));
  CHECK_THAT(early({"--device", "reram", "--sweep", "wires.row_ohm=0,1e-320"}),
             contains("on device reram: $.wires.row_ohm: too small"));
  CHECK_THAT(early({"--device", "pcm_joshi", "--sweep", "drift.nu=0,0.05"}),
             contains("drift.level_nu") && contains("overrides"));
  CHECK_THAT(early({"--sweep", "time=0,3600"}), contains("no value of time changes a chip"));
  ir::write_file(run.dir / "cell.json", R"({"name": "d", "fault_map": "none.npz"})");
  CHECK_THAT(
      early({"--device", run.dir / "cell.json", "--sweep", "stuck_low=0,0.1"}),
      contains("--sweep stuck_low=0.1 on device d (" + (run.dir / "cell.json").string() + ")") &&
          contains("fault_map"));
}

TEST_CASE("words and lists are swept, and the files say under what") {
  const RunFolder run;
  const ordered_json sweep = run.simulated(
      {"--device", "reram_wan", "--set", "simulate.variation.adc_inl=0.5", "--images", "30",
       "--chips", "2", "--half-width", "40", "--sweep", "level_sigma*=0,1", "--sweep",
       "lognormal=0,1", "--set", "chip.spare_columns=1", "--set", "chip.remap=faults"})["sweep"];
  CHECK(sweep["parameters"][0]["name"] == "level_sigma*");
  CHECK(sweep["parameters"][1]["values"] == ordered_json({"false", "true"}));
  REQUIRE(sweep["points"].size() == 4);
  CHECK(sweep["points"][1]["values"] == ordered_json({0, "true"}));
  const ordered_json settings = sweep["settings"];
  CHECK(settings["device"]["name"] == "reram_wan");
  CHECK(settings["device"]["adc_inl"] == 0.5);
  CHECK(settings["adc_bits"] == 8);
  CHECK(settings["adc_range"] == "max");
  CHECK(settings["adc_per"] == "layer");
  CHECK(settings["remap"] == "faults");
  CHECK(settings["spare_columns"] == 1);
  CHECK(settings["chips"] == 2);
  CHECK(settings["half_width"] == 40);
  CHECK(settings["design_hash"] == ir::design_hash(ir::load_design(run.dir / "out/design")));
  const auto written = ordered_json::parse(ir::read_file(run.dir / "out/results/sweep.json"));
  CHECK(written["settings"] == settings);
  CHECK(written["points"] == sweep["points"]);
  CHECK_THAT(ir::read_file(run.dir / "out/results/sweep.csv"), contains("\n0,true,2,"));
  CHECK_THAT(ir::read_file(run.dir / "out/results/sweep.svg"), contains(">lognormal false<"));
}

TEST_CASE("a layout that the design was not mapped with is refused") {
  const RunFolder run;
  CHECK_THAT(run.refusal({"--set", "layout.adc_bits=3"}),
             contains("layout.adc_bits") && contains("expected 8, got 3") &&
                 contains("crosstwin map") && contains("--sweep adc_bits=3"));
  CHECK_THAT(run.refusal({"--set", "layout.tile_rows=64"}), contains("layout.tile_rows"));
  CHECK_THAT(run.refusal({"--explain", "conv1,0,0", "--set", "layout.adc_bits=3"}),
             contains("layout.adc_bits"));
  const Outcome programmed = crosstwin({"program", "--out", run.out, "--set", "layout.adc_bits=3"});
  CHECK(programmed.status == 1);
  CHECK_THAT(programmed.err, contains("layout.adc_bits"));
}

TEST_CASE("settings stay but for looks at one thing, and are named when they act again") {
  const RunFolder run;
  const auto first =
      run.simulate({"--images", "20", "--chips", "1", "--sweep", "sigma=0.1,0.2", "--device",
                    "pcm_joshi", "--set", "simulate.variation.level_sigma=[]", "--events"});
  REQUIRE(first.status == 0);
  CHECK_THAT(first.err, !contains("simulate: from "));
  const auto again = run.simulate({"--chips", "2"});
  REQUIRE(again.status == 0);
  CHECK_THAT(again.err, contains("simulate: from " + (run.dir / "out/config.json").string() +
                                 ": images 20, variation pcm_joshi with members of its own, sweep "
                                 "sigma=0.1,0.2, events true\n"));
  CHECK(run.simulated({"--events=false", "--set", "simulate.sweep=[]"}).count("events") == 0);

  const auto looked = run.simulated({"--chips", "0", "--analog", "3"});
  CHECK(looked["analog"]["images"] == 3);
  CHECK(looked["analog"]["seed"] == "5");
  CHECK(run.simulated({}).count("analog") == 0);
  const auto config = ordered_json::parse(ir::read_file(run.dir / "out/config.json"));
  CHECK(config["simulate"]["analog"] == 0);
  CHECK(config["simulate"]["chips"] == 0);
}

TEST_CASE("a half-width that the chips do not reach is said, with how many would") {
  const RunFolder run;
  const std::vector<std::string> asked = {
      "--images",     "40",    "--chips", "12",
      "--device",     "reram", "--set",   "simulate.variation.sigma=0.4",
      "--half-width", "0.05"};
  const ordered_json row = run.simulated(asked)["accuracy"].back();
  REQUIRE(row["half_width"] > 0.0005);
  CHECK(row["reached"] == false);
  CHECK(row["chips_needed"] > 12);
  const Outcome text = run.simulate(asked);
  CHECK_THAT(text.out, contains("Asked for +- 0.05, not reached with 12 chips: about "));
  std::vector<std::string> wide = asked;
  wide.back() = "50";
  // Twelve chips may agree by chance.
  CHECK(run.simulated(wide)["accuracy"].back()["reached"] == false);
  wide[3] = "200";
  const ordered_json enough = run.simulated(wide)["accuracy"].back();
  CHECK(enough["chips"] == twin::kLeastChips);
  CHECK(enough["reached"] == true);
  CHECK_THAT(run.simulate(wide).out, !contains("Asked"));
}

TEST_CASE("a device that draws nothing is one chip, and says so") {
  const RunFolder run;
  const std::vector<std::string> ideal = {"--images", "20", "--chips", "5", "--device", "ideal"};
  const ordered_json row = run.simulated(ideal)["accuracy"].back();
  CHECK(row["chips"] == 1);
  CHECK(row["half_width"].is_null());
  CHECK(row["drawn"] == false);
  CHECK_THAT(run.simulate(ideal).out, contains("nothing is drawn: one chip") && !contains("+-"));
  std::vector<std::string> sweep = ideal;
  sweep.insert(sweep.end(), {"--sweep", "sigma=0,0.1"});
  const ordered_json points = run.simulated(sweep)["sweep"]["points"];
  CHECK(points[0]["chips"] == 1);
  CHECK(points[1]["chips"] == 5);
  CHECK(points[1].count("drawn") == 0);
}

TEST_CASE("looks at the run's own chip do not go with another device") {
  const RunFolder run;
  for (const std::vector<std::string>& look :
       {std::vector<std::string>{"--explain", "conv1,0,0"}, {"--analog", "2"}}) {
    for (const std::vector<std::string>& other : {std::vector<std::string>{"--device", "pcm_joshi"},
                                                  {"--sweep", "sigma=0,0.1"},
                                                  {"--chips", "2"}}) {
      std::vector<std::string> both = look;
      both.insert(both.end(), other.begin(), other.end());
      CHECK_THAT(run.refusal(both), contains(look[0] +
                                             ": looks at the run's own chip, given "
                                             "beside " +
                                             other[0]) &&
                                        contains("crosstwin program --device"));
    }
  }
}

TEST_CASE("images that are not there are refused, and the device's age has an option") {
  const RunFolder run;
  CHECK_THAT(run.refusal({"--images", "61"}), contains("--images") && contains("at most 60"));
  CHECK_THAT(run.refusal({"--analog", "61", "--chips", "0"}),
             contains("--analog") && contains("at most 60"));
  (void)run.simulated({"--images", "60", "--chips", "1", "--time", "86400", "--device", "pcm_joshi",
                       "--adc-range", "mse"});
  const auto config = ordered_json::parse(ir::read_file(run.dir / "out/config.json"));
  CHECK(config["simulate"]["variation"]["name"] == "pcm_joshi");
  CHECK(config["simulate"]["variation"]["time"] == 86400);
  CHECK(config["chip"]["adc_range"] == "mse");
}

}  // namespace
}  // namespace crosstwin::tests
