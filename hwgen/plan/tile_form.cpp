// How a layer's cells and converters are described to xb_layer: the narrowest exact form.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/tile_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "compress/ir/error.hpp"

namespace crosstwin::hwgen {
namespace {

constexpr int32_t kSumBits = 48;    // widest Y of xb_tile
constexpr int32_t kLogitBits = 32;  // a beat of m_axis_tdata

std::string layer(const ir::Stage& stage) { return fmt::format("layer {}", stage.name); }

// The one value of `values[S][C]` in slice `slice`.
int32_t uniform(const ir::Stage& stage, const std::vector<int32_t>& values, int32_t slice,
                size_t cols, const char* what) {
  const auto first = values.begin() + static_cast<int64_t>(slice * cols);
  const auto other = std::find_if(first, first + static_cast<int64_t>(cols),
                                  [&](int32_t value) { return value != *first; });
  if (other != first + static_cast<int64_t>(cols)) {
    throw ir::Error(
        {layer(stage), fmt::format("{} of slice {} differs by column", what, slice),
         fmt::format("one value for all {} columns", cols),
         fmt::format("{} in column 0 and {} in column {}", *first, *other, other - first),
         "program the chip with one converter setting a slice; the RTL has no setting a column"});
  }
  return *first;
}

}  // namespace

int32_t unsigned_bits(uint64_t value) {
  return std::max(1, static_cast<int32_t>(std::bit_width(value)));
}

int32_t signed_bits(int64_t value) {
  const auto magnitude = static_cast<uint64_t>(value < 0 ? ~value : value);
  return std::max(2, static_cast<int32_t>(std::bit_width(magnitude)) + 1);
}

TileForm tile_form(const ir::Design& design, const ir::Stage& stage, const ir::Crossbar& crossbar,
                   const ir::Chip& chip, const ir::CrossbarChip& cells, bool per_cell) {
  const ir::Layout& layout = design.layout;
  const size_t cols = crossbar.bias.size();
  TileForm form;
  form.per_cell = per_cell || !chip.shared_table;
  if (form.per_cell) {
    form.g_bits = unsigned_bits(*std::max_element(cells.g.begin(), cells.g.end()));
  } else {
    form.mag_bits = unsigned_bits(static_cast<uint64_t>(layout.weight_range));
    form.g_bits = unsigned_bits(*std::max_element(chip.table.begin(), chip.table.end()));
  }

  int64_t slice_weights = 0;
  for (int32_t slice = 0; slice < layout.slices; ++slice) {
    form.adc_mult.push_back(uniform(stage, cells.adc_mult, slice, cols, "ADC gain"));
    form.adc_offset.push_back(uniform(stage, cells.adc_offset, slice, cols, "ADC offset"));
    form.adc_shift.push_back(cells.adc_shift[slice]);
    form.lsb.push_back(cells.lsb[slice]);
    if (cells.lsb[slice] > 65535) {
      throw ir::Error({layer(stage), "an ADC step is too large", "at most 65535 level steps",
                       fmt::format("{}", cells.lsb[slice]), "take more ADC bits"});
    }
    slice_weights += int64_t{cells.lsb[slice]} << (layout.cell_bits * slice);
  }

  for (const int32_t bias : crossbar.bias)
    form.bias_bits = std::max(form.bias_bits, signed_bits(bias));
  const auto rows = static_cast<int64_t>(crossbar.rows.size());
  const int64_t row_tiles = (rows + layout.tile_rows - 1) / layout.tile_rows;
  const int64_t top_code = (int64_t{1} << layout.adc_bits) - 1;
  const int64_t planes = (int64_t{1} << stage.in_bits) - 1;
  int64_t bound = 0;
  const bool huge = __builtin_mul_overflow(row_tiles * planes, slice_weights, &bound) ||
                    __builtin_mul_overflow(bound, top_code, &bound);
  form.sum_bits = huge ? 64 : signed_bits(bound);
  const int32_t limit = crossbar.logits ? kLogitBits : kSumBits;
  // One bit more than Y for adding the bias.
  const int32_t need = std::max(form.sum_bits, form.bias_bits) + 1;
  if (need > limit) {
    throw ir::Error({layer(stage),
                     crossbar.logits ? "a logit can overflow" : "a column sum can overflow",
                     fmt::format("at most {} bits", limit), fmt::format("{} bits", need),
                     "fewer ADC bits, activation bits or slices, or a taller tile"});
  }
  return form;
}

}  // namespace crosstwin::hwgen
