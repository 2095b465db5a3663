// What Yosys and nextpnr say about a design, as numbers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "fpga/flow/board.hpp"

namespace crosstwin::fpga {

struct Usage {
  int64_t used = 0;
  int64_t available = 0;
};

// One place-and-route run, from nextpnr's --report JSON.
struct Routed {
  std::map<std::string, Usage> cells;  // by nextpnr's cell type: "ICESTORM_LC", "DP16KD"
  double fmax_mhz = 0;                 // of the slowest clock
};
Routed read_routed(const std::filesystem::path& file);

// The "Device utilisation" lines of nextpnr's log, which come before placement: what a design that
// does not fit was going to use. Empty when the log has none.
std::map<std::string, Usage> utilisation(const std::string& log);

// How many cells of each type the netlist has, from Yosys' `stat -json`.
std::map<std::string, int64_t> read_cells(const std::filesystem::path& file);

// nextpnr's cell types for what people count.
struct CellNames {
  std::string logic;   // LUT with its flip-flop and carry
  std::string memory;  // block memory
  std::string dsp;
};
CellNames cell_names(Family family);

}  // namespace crosstwin::fpga
