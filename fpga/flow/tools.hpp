// The FPGA tools of this machine.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "fpga/flow/board.hpp"

namespace crosstwin::fpga {

// One set: synthesis writes a netlist that the place and route beside it reads. Sets of different
// age do not understand one another, so a set always comes from one place.
struct Tools {
  std::filesystem::path synthesis;    // yosys
  std::filesystem::path place_route;  // nextpnr-ice40, nextpnr-ecp5
  std::filesystem::path pack;         // icepack, ecppack
  std::string synthesis_version;      // "Yosys 0.70", "nextpnr-0.11.1"
  std::string place_route_version;
};

// Looks in `dir` when given, else in $CROSSTWIN_TOOLS when set, else in the .venv/bin of a folder
// above this program, then on PATH. Error when a tool is missing: names it and how to install it.
Tools find_tools(Family family, const std::filesystem::path& dir = {});

}  // namespace crosstwin::fpga
