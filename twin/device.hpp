// The device model: conductances of the levels, and what programming makes of one cell.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compress/ir/device.hpp"

namespace crosstwin::twin {

// Mean conductance of every level, in units of G.
std::vector<double> level_means(const ir::Device& device);

// The same as integers: what an undisturbed cell has.
std::vector<uint16_t> level_table(const ir::Device& device);

// One level in units of G: g_step, or the mean distance of measured levels.
double level_step(const ir::Device& device);

// Which cell: a place in the design, so that the draw does not depend on the order of drawing.
struct CellPlace {
  int32_t stage = 0;  // index among the design's stages
  int32_t polarity = 0;
  int32_t slice = 0;
  int32_t row = 0;  // of the crossbar, all row tiles counted through
  int32_t column = 0;
};

// The conductance of a cell programmed to `code`, given `means` = level_means(device):
// stuck at the lowest or highest level with the device's probabilities, else
// mean (1 + sigma n), or mean exp(sigma n) when lognormal, n standard normal; rounded, 0..65535.
uint16_t program_cell(const ir::Device& device, std::span<const double> means, int32_t code,
                      uint64_t seed, const CellPlace& place);

}  // namespace crosstwin::twin
