// Contents of the memories, in the forms of rtl_templates/README.md ("Memory images").
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "hwgen/plan/build.hpp"
#include "hwgen/plan/image.hpp"
#include "hwgen/plan/tile_form.hpp"

namespace crosstwin::hwgen {

// How a layer's rows and columns are cut into memory words: a word holds the weights of one beat,
// `row_lanes` rows of `pe` columns, so that whatever a cycle reads is one word of one memory.
struct Cut {
  int32_t rows = 1;
  int32_t cols = 1;
  int32_t tile_rows = 1;  // rows of a row tile; a beat never spans two
  int32_t row_lanes = 1;
  int32_t pe = 1;

  int32_t groups() const { return (cols + pe - 1) / pe; }
  int32_t row_tiles() const { return (rows + tile_rows - 1) / tile_rows; }
  int64_t beats() const;  // of all row tiles
  // Beat and lane of a row, as beat * row_lanes + lane.
  int64_t place(int32_t row) const;
};

// Where every kept row finds its activation: address offset in the window, and with padding the
// kernel position and what the padding supplies. A word a beat, lane 0 low; missing rows are zero.
Image row_image(const ir::Stage& stage, const ir::Crossbar& crossbar, const Cut& cut);

// Word group * beats + beat, row lane 0 low and in it column lane 0 low. A lane is {sign,
// magnitude}, one conductance an array ({negative slices, positive slices}, slice 0 low), or the
// weight itself in two's complement. Missing rows and columns are zero.
Image weight_image(const ir::Layout& layout, const ir::Crossbar& crossbar,
                   const ir::CrossbarChip& cells, const TileForm& form, Form kind, const Cut& cut);

// The conductance of every level code.
Image table_image(const ir::Chip& chip, const TileForm& form);

// {shift, mult, bias} a column; the bias alone for logits.
Image requant_image(const ir::Crossbar& crossbar, const TileForm& form);

// A column's converters: per slice {clip, offset, mult}, slice 0 low.
Image adc_image(const ir::Layout& layout, const ir::CrossbarChip& cells, const TileForm& form);

// Gains of the read noise of every number of driven rows: a slice 16 bits, slice 0 low.
Image noise_image(const ir::Layout& layout, const ir::CrossbarChip& cells);

// What a code becomes behind the clamp.
Image inl_image(const ir::Layout& layout, const ir::CrossbarChip& cells);

}  // namespace crosstwin::hwgen
