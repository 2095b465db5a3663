// One column of one layer at one position: every number between its inputs and its output.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "twin/analog.hpp"
#include "twin/simulator.hpp"

namespace crosstwin::twin {

struct ExplainedCell {
  int32_t level = 0;  // its code
  int32_t g = 0;      // units
  double analog = 0;  // before the last rounding
};

// A kept row of the crossbar.
struct ExplainedRow {
  int32_t row_tile = 0;
  int32_t channel = 0;
  int32_t kernel_y = 0;
  int32_t kernel_x = 0;
  bool padding = false;  // its activation is the padding's
  int32_t x = 0;
  std::vector<int32_t> bits;  // [planes], lowest first
  int32_t weight = 0;
  std::vector<std::array<ExplainedCell, 2>> cells;  // [slice][polarity]
};

// The column's converters, one a slice, both polarities alike.
struct ExplainedConverter {
  int32_t mult = 0;
  int32_t shift = 0;
  int32_t offset = 0;
  int32_t clip = 0;
  int32_t lsb = 0;
  double gain = 0;           // of the analog reference: LSB a unit of G
  double analog_offset = 0;  // LSB
};

struct ExplainedCode {
  int64_t current = 0;  // I, units
  int64_t noise = 0;    // n, units
  int64_t raw = 0;      // ((I + n) mult + offset + half) >> shift
  int32_t clipped = 0;  // within range and clip
  int32_t code = 0;     // A, behind the non-linearity
  double analog_current = 0;
  double analog_value = 0;  // before rounding, LSB
  int32_t analog_code = 0;
  // The bound of twin/analog.hpp: codes that the twin may have.
  int32_t low = 0;
  int32_t high = 0;
};

// A conversion of both polarities, and what it adds to Y.
struct ExplainedPair {
  int32_t row_tile = 0;
  int32_t plane = 0;
  int32_t slice = 0;
  int32_t driven = 0;  // rows of the tile
  std::array<ExplainedCode, 2> code;
  int64_t weight = 0;  // w_b 2^(cell_bits slice) lsb
  int64_t share = 0;   // weight (A[+] - A[-])
};

struct Explanation {
  std::string layer;
  int32_t column = 0;
  int32_t columns = 0;
  int64_t image = 0;
  int32_t position = 0;
  int32_t positions = 0;
  int32_t y = 0;  // place of the position in the output map
  int32_t x = 0;
  int32_t planes = 0;
  bool is_signed = false;
  int32_t cell_bits = 0;
  int32_t row_tiles = 0;
  std::vector<ExplainedRow> rows;
  std::vector<ExplainedConverter> converters;  // [slice]
  std::vector<ExplainedPair> pairs;            // row tiles, planes, slices in that nesting
  int64_t sum = 0;                             // Y
  double analog_sum = 0;
  double sum_bound = 0;  // on their distance
  int32_t bias = 0;
  int64_t v = 0;  // Y + bias
  bool logits = false;
  // Unless logits.
  int32_t mult = 0;
  int32_t shift = 0;
  int32_t low = 0;
  int32_t high = 0;
  int32_t output = 0;
};

// Without a position: the first of those with the most driven rows over all planes. `image` is of
// the number `image_number`, as for Simulator::trace(); `tiles` are analog_tiles() of the chip.
// Throws Bug unless the layer is a crossbar stage and column and position are within it.
Explanation explain(const Simulator& simulator, const std::vector<AnalogTile>& tiles,
                    const std::string& layer, int32_t column, std::span<const uint8_t> image,
                    uint32_t image_number, std::optional<int32_t> position = {});

}  // namespace crosstwin::twin
