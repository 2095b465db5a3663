// Conductances and faults measured on a real chip, from NPZ or CSV files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/ir/design.hpp"
#include "compress/ir/device.hpp"
#include "compress/ir/placement.hpp"
#include "compress/ir/tensor.hpp"

namespace crosstwin::ir {

// `conductances` and `fault_map` of a device are either an NPZ file with one tensor [2][S][R][C] a
// crossbar stage, STAGE.g and STAGE.fault, or the pattern of CSV files with one [R][C] array each:
// a path with {stage}, {polarity} (pos, neg) and {slice} (0 is low) in it, R lines of C values
// between commas. R are the kept rows, C the columns of all tiles, as in a chip's own tensors; with
// a placement the physical ones, spares among them.
class DeviceArrays {
 public:
  // Reads the NPZ files. Throws Error naming file and place, here and below, for a file, tensor or
  // value that is missing or of another shape or type.
  explicit DeviceArrays(const Device& device);

  bool has_conductances() const { return !device_.conductances.empty(); }
  bool has_faults() const { return !device_.fault_map.empty(); }

  // [2][S][R][C] in units of G, each 0..65535; needs has_conductances().
  std::vector<double> conductances(const Design& design, const Stage& stage) const;
  // [2][S][R][C], 0 = works, 1 = stuck low, 2 = stuck high; needs has_faults().
  std::vector<uint8_t> faults(const Design& design, const Stage& stage,
                              const Placement& placement = {}) const;

 private:
  Device device_;
  Npz conductances_;
  Npz faults_;
};

// Content hash of the files that the device names, "" when it names none: what a result depends on
// beside the device itself. A pattern's are all CSV files below the part of it that is no pattern.
std::string device_files_hash(const Device& device);

}  // namespace crosstwin::ir
