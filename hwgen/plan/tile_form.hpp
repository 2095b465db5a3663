// How a layer's cells and converters are described to xb_layer: the narrowest exact form.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"

namespace crosstwin::hwgen {

struct TileForm {
  bool per_cell = false;            // memory holds a conductance a cell, not codes
  int32_t mag_bits = 0;             // bits of a weight's magnitude in the memory; shared table only
  int32_t g_bits = 0;               // bits of a conductance
  std::vector<int32_t> adc_mult;    // [S]
  std::vector<int32_t> adc_shift;   // [S]
  std::vector<int32_t> adc_offset;  // [S]
  std::vector<int32_t> lsb;         // [S]
  int32_t bias_bits = 2;            // signed, in the requantizer's memory
  int32_t sum_bits = 0;             // signed width that every column sum Y fits
};

// Takes what ir::check_chip has checked. Throws ir::Error naming the layer for what the templates
// cannot do: converters that differ by column, LSBs over 16 bits, sums too wide.
TileForm tile_form(const ir::Design& design, const ir::Stage& stage, const ir::Crossbar& crossbar,
                   const ir::Chip& chip, const ir::CrossbarChip& cells, bool per_cell);

// Bits of an unsigned number, at least 1; of a signed one, at least 2.
int32_t unsigned_bits(uint64_t value);
int32_t signed_bits(int64_t value);

}  // namespace crosstwin::hwgen
