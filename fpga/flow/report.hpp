// What a design costs and how fast it is on a board, measured by the tools.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "fpga/flow/nextpnr.hpp"

namespace crosstwin::fpga {

struct SeedResult {
  int seed = 0;
  double fmax_mhz = 0;  // 0: this seed did not place or route
  double seconds = 0;   // of place and route
};

struct Step {
  std::string name;     // "synthesis", "seed 1", "pack"
  std::string command;  // to run in the result's folder
  std::string log;      // relative to the result's folder
  double seconds = 0;
};

struct Report {
  std::string design;
  std::string board;
  std::string title;  // the board's, for people
  std::string part;   // "ice40 hx8k ct256"
  std::string synthesis_version;
  std::string place_route_version;

  int64_t lut = 0;  // 4-input look-up tables of the netlist
  int64_t ff = 0;   // flip-flops of the netlist
  Usage logic;      // logic cells placed (carries and packing included)
  Usage bram;       // 4 Kbit blocks on iCE40, 18 Kbit on ECP5
  Usage dsp;

  std::vector<SeedResult> seeds;  // by seed
  int best_seed = 0;              // whose bitstream was kept
  double target_mhz = 0;          // what nextpnr aimed for
  double fmax_min_mhz = 0;        // over the seeds that routed
  double fmax_median_mhz = 0;
  double fmax_max_mhz = 0;

  double clock_mhz = 0;          // the board's oscillator, which is what the bitstream runs at
  int64_t cycles_per_image = 0;  // 0: not known, and then no images per second either
  double images_per_second = 0;  // fmax_max / cycles
  double images_per_second_at_clock = 0;

  std::string bitstream;  // file in the result's folder
  int64_t bitstream_bytes = 0;
  std::string load;  // command that loads it
  std::vector<Step> steps;
};

// Fills minimum, median, maximum, best seed and images per second from the seeds; at least one has
// routed. Ties go to the lower seed.
void summarize_seeds(Report& report);

nlohmann::json to_json(const Report& report);

// For people: one figure a line.
std::string to_text(const Report& report);

}  // namespace crosstwin::fpga
