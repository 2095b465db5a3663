// What happens in the arrays and behind them, counted as executed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/device.hpp"
#include "twin/simulator.hpp"

namespace crosstwin::twin {

// Of one crossbar stage, summed over images. What depends on the data is counted on it; the order
// and the form of a tile change none of these. S slices, two polarities: 2 S arrays a tile.
struct StageEvents {
  std::string stage;
  int64_t positions = 0;  // output positions, each a product of all the stage's tiles
  // A code each: positions x row tiles x columns x planes x slices x 2.
  int64_t conversions = 0;
  // Row wires driven: a row whose bit of a plane is set, in each of the 2 S arrays of each of its
  // column tiles.
  int64_t row_activations = 0;
  // Cells on those wires, and the sum of their conductances in units of G.
  int64_t cell_reads = 0;
  int64_t conductance = 0;
  // Codes weighted and added or subtracted within a row tile: one a conversion.
  int64_t shift_adds = 0;
  // Additions of a further row tile's sum to a column's: positions x columns x (row tiles - 1).
  int64_t tile_adds = 0;
  // Column sums scaled, shifted and clamped; none for logits.
  int64_t requantizations = 0;
  // Of the activation buffer: every activation of the input map is written once, and the kept rows
  // are read once a position, padding included. The RTL (xb_window) has RowLanes copies of the
  // buffer, all written, and reads a position's rows again for every group of columns and every
  // pass over the planes: its reads are these x Groups x InBits / Planes.
  int64_t window_writes = 0;
  int64_t window_reads = 0;
};

// One entry a crossbar stage. By popcounts of the input maps, without running a tile but for the
// maps themselves; over the calling oneTBB arena, independent of the number of threads.
std::vector<StageEvents> count_events(const Simulator& simulator, std::span<const uint8_t> images,
                                      uint32_t first_image = 0);

// All stages together, named "all".
StageEvents total_events(const std::vector<StageEvents>& stages);

// What the driven cells take of their drivers: read_volt^2 read_seconds siemens_per_unit x
// conductance, the plane being held for read_seconds. 0 unless the device has both. With resistive
// wires the conductances are the effective ones (docs/wires.md): what reaches the columns; what
// leaks into rows held at 0 V is not counted.
double read_joules(const ir::Device& device, const StageEvents& events);

}  // namespace crosstwin::twin
