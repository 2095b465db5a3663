// The device: the memory cell's levels and faults, and what is wrong with the converters.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace crosstwin::ir {

// A type only; the models are in twin/. Conductances are in units of the tool's integer G: a
// full-scale cell is a few hundred units. For Ron 1 Mohm, Roff 10 Mohm and 16 levels: level k is 25
// + 15 k (g_min = g_max / 10).
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
  // Of the converters; both polarities of a column share one.
  double adc_gain_sigma = 0;    // relative, one draw a column and slice
  double adc_offset_sigma = 0;  // in LSB, one draw a column and slice
  double adc_inl = 0;           // peak of the non-linearity in LSB, one drawn curve a layer
  double read_noise = 0;        // of a conversion's current, in level steps; a draw each

  bool ideal() const;  // every cell sits exactly on its linear level, every converter is perfect
};

inline constexpr const char* kDevicePresets = "ideal, reram, reram_full";

// A JSON file with these keys (docs/artifact.md); unknown keys are errors. The name alone of a
// preset (kDevicePresets) is accepted in place of a file.
Device load_device(const std::string& file_or_preset);
void check_device(const Device& device, const std::string& where);

}  // namespace crosstwin::ir
