// The memory cell: its levels and what programming does to it. A type only; models are in twin/.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace crosstwin::ir {

// Conductances are in units of the tool's integer G: a full-scale cell is a few hundred units.
// For Ron 1 Mohm, Roff 10 Mohm and 16 levels: level k is 25 + 15 k (g_min = g_max / 10).
struct Device {
  std::string name = "ideal";
  int32_t levels = 16;             // = 2^cell_bits of the layout
  int32_t g_min = 25;              // code 0, integer units
  int32_t g_step = 15;             // integer level step of the linear grid
  std::vector<double> level_mean;  // [levels] measured means in the same units; empty = linear
  double sigma = 0;                // programming variation, relative to the level's conductance
  bool lognormal = false;          // G * exp(sigma n) instead of G * (1 + sigma n)
  double stuck_low = 0;            // probability that a cell is stuck at level 0
  double stuck_high = 0;           // probability that a cell is stuck at the top level

  bool ideal() const;  // every cell sits exactly on its linear level
};

// A JSON file with these keys (docs/artifact.md); unknown keys are errors. The name alone of a
// preset ("ideal", "reram") is accepted in place of a file.
Device load_device(const std::string& file_or_preset);
void check_device(const Device& device, const std::string& where);

}  // namespace crosstwin::ir
