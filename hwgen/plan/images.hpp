// Contents of the memories, in the forms of rtl_templates/README.md ("Memory images").
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "hwgen/plan/tile_form.hpp"

namespace crosstwin::hwgen {

struct Image {
  int32_t width = 0;               // bits a word
  std::vector<std::string> words;  // hexadecimal, ceil(width / 4) digits each
};

// Where every kept row finds its activation: address offset in the window, and with padding the
// kernel position and what the padding supplies.
Image row_image(const ir::Stage& stage, const ir::Crossbar& crossbar);

// Word group * rows + row holds `pe` lanes, column group * pe + lane in lane's place, lane 0 low.
// A lane is {sign, magnitude}, or one conductance an array: {negative slices, positive slices},
// slice 0 low. Missing columns of the last group are zero.
Image weight_image(const ir::Layout& layout, const ir::Crossbar& crossbar,
                   const ir::CrossbarChip& cells, const TileForm& form, int32_t pe);

// The conductance of every level code.
Image table_image(const ir::Chip& chip, const TileForm& form);

// {shift, mult, bias} a column; the bias alone for logits.
Image requant_image(const ir::Crossbar& crossbar, const TileForm& form);

}  // namespace crosstwin::hwgen
