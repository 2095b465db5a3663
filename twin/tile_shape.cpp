// The sizes of a stage's tiles, from the design.
// SPDX-License-Identifier: Apache-2.0
#include "twin/tile_shape.hpp"

#include <variant>

#include "compress/ir/error.hpp"

namespace crosstwin::twin {

TileShape tile_shape(const ir::Design& design, const ir::Stage& stage) {
  const auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind);
  ir::check(crossbar != nullptr, "only a crossbar stage has tiles");
  TileShape shape;
  shape.rows = static_cast<int32_t>(crossbar->rows.size());
  shape.cols = stage.out.c;
  shape.tile_rows = design.layout.tile_rows;
  shape.cell_bits = design.layout.cell_bits;
  shape.slices = design.layout.slices;
  shape.adc_bits = design.layout.adc_bits;
  shape.planes = stage.in_bits;
  shape.is_signed = stage.in_signed;
  return shape;
}

}  // namespace crosstwin::twin
