// The cells of a crossbar: programmed, faulty, aged; and how far they are from what was asked for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compress/ir/design.hpp"
#include "compress/ir/device.hpp"
#include "compress/ir/device_arrays.hpp"
#include "compress/ir/placement.hpp"
#include "twin/read_noise.hpp"

namespace crosstwin::twin {

// How far conductances are from what they should be, over many cells.
struct Deviation {
  int64_t cells = 0;
  double mean = 0;
  double sigma = 0;  // about the mean; 0 for fewer than two cells
  double max = 0;    // largest magnitude
};

// What became of the cells of one crossbar. In level steps, over the cells that are not stuck,
// unless said otherwise.
struct CellReport {
  std::string stage;
  int64_t cells = 0;
  int64_t stuck_low = 0;
  int64_t stuck_high = 0;
  Deviation programmed;  // at time 0, from the level
  Deviation variation;   // at time 0, relative to the level: G / level - 1, or ln of it when the
                         // device is log-normal without level_sigma; levels of 0 left out
  Deviation aged;        // at `time`, from time 0
  Deviation wires;  // at `time`, effective behind the wires, from the cell's own; stuck ones too
  // Write-verify.
  int64_t pulses = 0;
  int64_t unverified = 0;  // cells whose last read was off by more than the tolerance
  double joules = 0;
  CellNoise noise;
};

// [2][S][R][C] in the order of the design, units of G, at least 0; `fresh` at time 0, `now` at the
// device's time.
struct RealCells {
  std::vector<double> fresh;
  std::vector<double> now;
  CellReport report;
};

// The same rounded, every value 0..65535.
struct Cells {
  std::vector<uint16_t> fresh;
  std::vector<uint16_t> now;
  CellReport report;
};

// The cells of the crossbar design.stages[index], in double, each where `placement` puts it:
//   level -> measured conductance, write-verify or one shot -> stuck cells -> drift -> wires. A
//   stuck cell neither varies nor ages. `device` has the levels of the layout; `arrays` is of the
// same device. `fault_seed`, where given, draws which cells are stuck, `seed` all else.
// Independent of the number of threads (oneTBB).
RealCells draw_real_cells(const ir::Design& design, size_t index, const ir::Device& device,
                          const ir::DeviceArrays& arrays, uint64_t seed,
                          const ir::Placement& placement = {},
                          std::optional<uint64_t> fault_seed = {});

// The same cells, each rounded at last: what a chip has.
Cells draw_cells(const ir::Design& design, size_t index, const ir::Device& device,
                 const ir::DeviceArrays& arrays, uint64_t seed,
                 const ir::Placement& placement = {});

}  // namespace crosstwin::twin
