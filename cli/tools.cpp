// The table of outside programs.
// SPDX-License-Identifier: Apache-2.0
#include "cli/tools.hpp"

#include <algorithm>

#include "compress/ir/error.hpp"
#include "compress/ir/process.hpp"
#include "fpga/flow/tools.hpp"

namespace crosstwin::cli {

namespace {

bool needs(const std::string& step, const Config& config, const Tool& tool) {
  if (step == "verify") return tool.required && !tool.family;
  if (step != "fpga" || !tool.family) return false;
  return std::any_of(
      config.fpga.boards.begin(), config.fpga.boards.end(),
      [&tool](const std::string& name) { return fpga::load_board(name).family == *tool.family; });
}

}  // namespace

const std::vector<Tool>& known_tools() {
  static const std::string kWheels = "./dev setup (pinned, into .venv)";
  static const std::vector<Tool> tools = {
      {"verilator", {"verilator"}, "verify: compiles the RTL", "apt-get install verilator"},
      {"c++", {"g++", "c++", "clang++"}, "verify: compiles the simulator", "apt-get install g++"},
      {"make", {"make"}, "verify: builds the simulator", "apt-get install make"},
      {"iCE40 tools",
       {},
       "fpga: Yosys, nextpnr-ice40, icepack",
       kWheels + ", or apt-get install yosys nextpnr-ice40 fpga-icestorm",
       true,
       fpga::Family::kIce40},
      {"ECP5 tools", {}, "fpga: Yosys, nextpnr-ecp5, ecppack", kWheels, true, fpga::Family::kEcp5},
      {"ccache", {"ccache"}, "verify: compiles again in no time", "apt-get install ccache", false},
  };
  return tools;
}

Located locate(const Tool& tool) {
  if (tool.family) {
    // A finding here, not an end.
    try {
      const fpga::Tools set = fpga::find_tools(*tool.family);
      return {true, set.place_route.string() + ", " + set.synthesis_version};
    } catch (const ir::Error& error) {
      return {false, error.diagnosis().what};
    }
  }
  for (const std::string& program : tool.programs) {
    if (auto path = ir::find_program(program, ir::path_dirs())) return {true, path->string()};
  }
  return {false, "not on PATH"};
}

std::vector<Tool> missing_tools(const std::string& step, const Config& config) {
  std::vector<Tool> missing;
  for (const Tool& tool : known_tools()) {
    if (needs(step, config, tool) && !locate(tool).ok) missing.push_back(tool);
  }
  return missing;
}

std::string describe_missing(const std::vector<Tool>& tools) {
  std::string text;
  for (const Tool& tool : tools) {
    text += (text.empty() ? "" : "; ") + tool.name + ": " + tool.install;
  }
  return text;
}

}  // namespace crosstwin::cli
