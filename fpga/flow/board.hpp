// A board as data: fpga/boards/NAME/{board.json, top.sv, pins}.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace crosstwin::fpga {

enum class Family { kIce40, kEcp5 };

struct Board {
  std::string name;   // its folder: "hx8k"
  std::string title;  // for people
  Family family = Family::kIce40;
  std::string device;         // nextpnr's option without the dashes: "hx8k", "up5k", "25k", "85k"
  std::string package;        // "ct256"
  int64_t clock_hz = 0;       // oscillator, which clocks the design
  int64_t baud = 0;           // UART of the host link
  double target_mhz = 0;      // what nextpnr aims for unless told otherwise
  std::filesystem::path dir;  // where top.sv and the pins lie
  std::string pins;           // pin constraints, .pcf or .lpf
  std::string load;           // command that loads `{bitstream}`
};

// All boards, sorted by name.
std::vector<std::string> board_names();

// Error for an unknown name (the nearest is offered) and for a damaged board.json.
Board load_board(const std::string& name);

}  // namespace crosstwin::fpga
