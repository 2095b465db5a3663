// Parses nextpnr's report and log, and Yosys' statistics.
// SPDX-License-Identifier: Apache-2.0
#include "fpga/flow/nextpnr.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "compress/ir/json_reader.hpp"

namespace crosstwin::fpga {

constexpr int64_t kMaxCells = int64_t{1} << 40;

Routed read_routed(const std::filesystem::path& file) {
  const nlohmann::json json = ir::read_json(file);
  const ir::JsonReader reader(json, file.string());
  Routed routed;
  const ir::JsonReader cells = reader.at("utilization");
  for (const std::string& type : cells.keys()) {
    routed.cells[type] = {.used = cells.at(type).at("used").integer(0, kMaxCells),
                          .available = cells.at(type).at("available").integer(0, kMaxCells)};
  }
  const ir::JsonReader clocks = reader.at("fmax");
  double slowest = std::numeric_limits<double>::infinity();
  for (const std::string& clock : clocks.keys()) {
    slowest = std::min(slowest, clocks.at(clock).at("achieved").number(0, 1e6));
  }
  if (clocks.keys().empty()) {
    clocks.fail("no clock was timed", "at least one clock", "none",
                "the design has no path from register to register");
  }
  routed.fmax_mhz = slowest;
  return routed;
}

std::map<std::string, Usage> utilisation(const std::string& log) {
  static const std::regex kLine(R"(Info:\s+(\w+):\s*(\d+)/\s*(\d+)\s+\d+%\s*)");
  std::map<std::string, Usage> cells;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, kLine)) {
      cells[match[1]] = {.used = std::stoll(match[2]), .available = std::stoll(match[3])};
    }
  }
  return cells;
}

std::map<std::string, int64_t> read_cells(const std::filesystem::path& file) {
  const nlohmann::json json = ir::read_json(file);
  const ir::JsonReader reader(json, file.string());
  const ir::JsonReader types = reader.at("design").at("num_cells_by_type");
  std::map<std::string, int64_t> cells;
  for (const std::string& type : types.keys()) {
    cells[type] = types.at(type).integer(0, kMaxCells);
  }
  return cells;
}

CellNames cell_names(Family family) {
  if (family == Family::kIce40) {
    return {.logic = "ICESTORM_LC", .memory = "ICESTORM_RAM", .dsp = "ICESTORM_DSP"};
  }
  return {.logic = "TRELLIS_COMB", .memory = "DP16KD", .dsp = "MULT18X18D"};
}

}  // namespace crosstwin::fpga
