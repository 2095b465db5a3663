// From generated RTL to a bitstream: Yosys, nextpnr over several seeds, icepack or ecppack.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "compress/ir/manifest.hpp"
#include "fpga/flow/board.hpp"
#include "fpga/flow/report.hpp"

namespace crosstwin::fpga {

struct Options {
  int seeds = 3;                     // place and route with seeds 1..seeds; the fastest is kept
  double target_mhz = 0;             // what nextpnr aims for; 0: the board's
  int64_t cycles_per_image = 0;      // for images per second; 0: the manifest's figure
  std::filesystem::path tools = {};  // --tools DIR, see find_tools()
  int threads = 0;                   // seeds that run at a time; 0: one per core
  std::function<void(const std::string&)> progress = {};  // told what starts; one call at a time
};

// Builds the RTL in `design_dir` (as `crosstwin generate` wrote it) for a board. `out_dir` then has
// everything one needs to repeat it: sources, constraints, scripts, logs, the netlist, nextpnr's
// reports, report.json and the bitstream NAME.bin or NAME.bit. It appears whole or not at all; when
// it does not, the log of the tool that says why is kept as `out_dir`.failed.log.
//
// Error when a tool is missing or fails, when the design does not fit the part (says what is short
// and by how much), and when it is slower than the board's clock.
Report build(const std::filesystem::path& design_dir, const Board& board,
             const std::filesystem::path& out_dir, const Options& options);

// The Yosys script that build() runs: paths are relative to the result's folder. Throws Error for
// more outputs than the host link can name.
std::string synthesis_script(const ir::Manifest& manifest, const Board& board);

// Throws Error when `cells` has more used than available.
void check_fits(const std::map<std::string, Usage>& cells, const Board& board);

}  // namespace crosstwin::fpga
