// The device: the cell's levels, spread, faults and ageing, and what is wrong with the converters.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace crosstwin::ir {

// Loss of conductance over time: G ((t0 + time) / t0)^-nu, nu normal, one draw a cell, at least 0.
struct Drift {
  double t0 = 1;                       // seconds between programming and `time` 0
  double nu = 0;                       // mean exponent
  double nu_sigma = 0;                 // its spread over the cells
  std::vector<double> level_nu;        // [levels], instead of nu; empty = all nu
  std::vector<double> level_nu_sigma;  // [levels], instead of nu_sigma
};

// Relaxation, behind the drift, towards one conductance: g + (G - g) exp(-(time / tau)^beta).
struct Retention {
  double tau = 0;  // seconds; 0 = none
  double beta = 1;
  double g = 0;  // units
};

// Programming by pulses, each followed by a read; starts at level 0 with the device's spread.
struct WriteVerify {
  int32_t max_pulses = 0;    // 0 = one pulse, not verified
  double tolerance = 0.5;    // in level steps: a read this near the target ends it
  double gain = 0.5;         // share of the distance read that a pulse goes
  double pulse_sigma = 0;    // spread of what a pulse does, relative
  double read_sigma = 0;     // of a verifying read, in level steps
  double pulse_volt = 0;     // of a pulse; 0 = its energy is not known
  double pulse_seconds = 0;  // its length
};

// Resistance of the wires of an array (twin/wires.hpp), in ohm; all 0 = ideal.
enum class Contacts { kSingle, kDouble };
enum class Pairs { kSeparate, kInterleaved };
struct Wires {
  double row_ohm = 0;                     // a segment of a row wire, from column to column
  double column_ohm = 0;                  // a segment of a column wire, from row to row
  double driver_ohm = 0;                  // each driver
  double sense_ohm = 0;                   // each sense node
  Contacts contacts = Contacts::kSingle;  // drivers and senses at one end of the wires or at both
  Pairs pairs = Pairs::kSeparate;  // an array a polarity, or both columns side by side in one

  bool ideal() const {
    return row_ohm == 0 && column_ohm == 0 && driver_ohm == 0 && sense_ohm == 0;
  }
};

// How the converters come to their codes: what their non-linearity is made of, and what a
// conversion costs (twin/converter.hpp).
enum class AdcForm {
  kAny,   // not said: a smooth curve, adc_inl
  kRamp,  // every column compares with the layer's one ramp: its curve, adc_inl
  kSar,   // successive approximation with binary-weighted capacitors: their adc_mismatch
};

enum class ConductanceUnit { kSiemens, kUnits };

// A type only; the models are in twin/. Conductances are in units of the tool's integer G: a
// full-scale cell is a few hundred units. For Ron 1 Mohm, Roff 10 Mohm and 16 levels: level k is 25
// + 15 k (g_min = g_max / 10).
struct Device {
  std::string name = "ideal";
  std::string source;               // where it was read, for messages; not part of the device
  int32_t levels = 16;              // 2..256; at least 2^cell_bits of the layout
  int32_t g_min = 25;               // level 0 of the linear grid, units
  int32_t g_step = 15;              // level step of the linear grid, units
  std::vector<double> level_mean;   // [levels] measured means, units, ascending; empty = linear
  double sigma = 0;                 // programming variation, relative to the level's conductance
  std::vector<double> level_sigma;  // [levels] the same measured, units; instead of sigma
  bool lognormal = false;           // see twin/device.hpp
  double stuck_low = 0;             // probability that a cell is stuck at level 0
  double stuck_high = 0;            // probability that a cell is stuck at the top level
  // Of the converters; both polarities of a column share one.
  double adc_gain_sigma = 0;    // relative, one draw a column and slice
  double adc_offset_sigma = 0;  // in LSB, one draw a column and slice
  double adc_inl = 0;           // peak of the non-linearity in LSB, one drawn curve a layer
  AdcForm adc_form = AdcForm::kAny;
  double adc_mismatch = 0;  // kSar: sigma of a unit capacitor, relative; one drawn array a layer
  double read_noise = 0;    // of a conversion's current, in level steps; a draw each
  // Of one driven cell's current in one read, in level steps: twin/read_noise.hpp.
  double cell_noise = 0;
  std::vector<double> cell_noise_level;  // [levels], instead of cell_noise; empty = all cell_noise

  double siemens_per_unit = 4e-9;  // what a unit of G is
  double read_volt = 0;            // of a driven row; 0 = not known
  double read_seconds = 0;         // how long a plane is held; 0 = not known
  // A real chip's: files (compress/ir/device_arrays.hpp), empty = drawn.
  std::string fault_map;
  std::string conductances;
  ConductanceUnit conductances_in = ConductanceUnit::kSiemens;
  WriteVerify write_verify;
  double time = 0;  // seconds since the cells were programmed and the converters set; 0 = at once
  Drift drift;
  Retention retention;
  Wires wires;

  bool ideal() const;  // every cell sits exactly on its linear level, every converter is perfect
  bool ages() const;   // cells differ from what they were at time 0
  bool cells_noisy() const;  // a read differs by what its cells do
  // Begins a message about the member, such as "pcm.json: $.sigma".
  std::string place(const std::string& member) const;
};

inline constexpr const char* kDevicePresets = "ideal, reram, reram_full, reram_wan, pcm_joshi";

// A JSON file with these keys (docs/artifact.md); unknown keys are errors. The name alone of a
// preset (kDevicePresets) is accepted in place of a file. Paths in it become absolute.
Device load_device(const std::string& file_or_preset);
// Throws Error naming the member, with `where` in front.
void check_device(const Device& device, const std::string& where);

// Sets the member of a dotted path ("sigma", "drift.nu", "time") as the device file would, checked:
// what a sweep does. Error for an unknown path, offering the nearest, and for a wrong value.
void set_device_member(Device& device, std::string_view path, double value);

// A member that can be set: a number, one of some words (a boolean's are "false" and "true"), or a
// list of numbers, one a level.
struct DeviceMember {
  std::string path;
  bool integer = false;
  double low = 0;  // of the number, or of each in the list
  double high = 0;
  std::vector<std::string> words = {};
  bool list = false;
};
std::vector<DeviceMember> device_members();

// The same device with `levels` levels: of those it has every k-th from the lowest, k as large as
// goes. Throws Error naming both numbers when it has fewer.
Device with_levels(const Device& device, int32_t levels);

}  // namespace crosstwin::ir
