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
  std::vector<int32_t> adc_mult;    // [S], these three where they do not differ by column
  std::vector<int32_t> adc_offset;  // [S]
  std::vector<int32_t> adc_clip;    // [S] highest code
  std::vector<int32_t> adc_shift;   // [S]
  bool adc_per_column = false;      // gain, offset, clip, LSB come from a memory
  int32_t offset_bits = 32;         // signed, of an offset in that memory
  uint32_t adc_mask = 1;            // bits that are set in some gain
  bool inl = false;                 // a code table behind the clamp
  std::vector<int32_t> noise_mult;  // [S]; empty without read noise; with noise_rows all bits that
                                    // are set in some gain of the slice
  bool noise_rows = false;          // the gains come from a memory, by the number of driven rows
  int32_t noise_shift = 0;
  std::vector<int32_t> lsb;  // [S] of every column, or the greatest
  int32_t lsb_bits = 0;      // of a column's LSB in that memory; 0: every column has lsb
  int32_t bias_bits = 2;     // signed, in the requantizer's memory
  int32_t sum_bits = 0;      // signed width that every column sum Y of a faithful form fits
  int32_t weight_bits = 2;   // signed, of a weight; collapsed only
};

// What is asked of the memories beside holding this chip.
struct Rewriting {
  bool per_cell = false;  // conductances even where a shared table would do
  bool writable = false;  // other chips and weights are written later: full widths
  bool inl = false;       // a code table even where the converters have none
  int32_t g_bits = 0;     // writable: the narrowest conductance
};

// Takes what ir::check_chip has checked. Throws ir::Error naming the layer for what the templates
// cannot do: sums too wide.
TileForm tile_form(const ir::Design& design, const ir::Stage& stage, const ir::Crossbar& crossbar,
                   const ir::Chip& chip, const ir::CrossbarChip& cells, const Rewriting& rewriting);

// Signed width of the column sums of integer products: YBits of xb_mac.
int32_t collapsed_sum_bits(const ir::Stage& stage, const ir::Crossbar& crossbar,
                           const TileForm& form);
bool collapsed_sum_fits(const ir::Stage& stage, const ir::Crossbar& crossbar, const TileForm& form);

// Throws ir::Error naming the layer when Y + bias of an integer product needs more than the
// templates have.
void check_collapsed_sum(const ir::Stage& stage, const ir::Crossbar& crossbar,
                         const TileForm& form);

// Bits of an unsigned number, at least 1; of a signed one, at least 2.
int32_t unsigned_bits(uint64_t value);
int32_t signed_bits(int64_t value);

}  // namespace crosstwin::hwgen
