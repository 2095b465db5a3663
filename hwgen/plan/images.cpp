// Contents of the memories, in the forms of rtl_templates/README.md ("Memory images").
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/images.hpp"

#include <algorithm>

#include "compress/ir/error.hpp"

namespace crosstwin::hwgen {

int64_t Cut::beats() const {
  const int32_t full = (tile_rows + row_lanes - 1) / row_lanes;
  const int32_t last = rows - (row_tiles() - 1) * tile_rows;
  return int64_t{row_tiles() - 1} * full + (last + row_lanes - 1) / row_lanes;
}

int64_t Cut::place(int32_t row) const {
  const int32_t full = (tile_rows + row_lanes - 1) / row_lanes;
  return int64_t{row / tile_rows} * full * row_lanes + row % tile_rows;
}

Image row_image(const ir::Stage& stage, const ir::Crossbar& crossbar, const Cut& cut) {
  const int32_t last_offset =
      ((crossbar.kernel_h - 1) * stage.in.w + crossbar.kernel_w) * stage.in.c - 1;
  const int32_t offset_bits = unsigned_bits(static_cast<uint64_t>(last_offset));
  const int32_t kh_bits = unsigned_bits(static_cast<uint64_t>(crossbar.kernel_h - 1));
  const int32_t kw_bits = unsigned_bits(static_cast<uint64_t>(crossbar.kernel_w - 1));
  const int32_t field_bits =
      crossbar.pad > 0 ? offset_bits + kh_bits + kw_bits + stage.in_bits : offset_bits;
  Image image(cut.beats(), cut.row_lanes * field_bits);
  for (int32_t index = 0; index < cut.rows; ++index) {
    const int32_t row = crossbar.rows[static_cast<size_t>(index)];
    const int32_t kw = row % crossbar.kernel_w;
    const int32_t kh = row / crossbar.kernel_w % crossbar.kernel_h;
    const int32_t channel = row / crossbar.kernel_w / crossbar.kernel_h;
    const int64_t word = cut.place(index) / cut.row_lanes;
    auto at = static_cast<int32_t>(cut.place(index) % cut.row_lanes) * field_bits;
    const auto put = [&](int64_t value, int32_t bits) {
      image.put(word, at, value, bits);
      at += bits;
    };
    put((kh * stage.in.w + kw) * stage.in.c + channel, offset_bits);
    if (crossbar.pad > 0) {
      put(kh, kh_bits);
      put(kw, kw_bits);
      put(crossbar.pad_value[static_cast<size_t>(channel)], stage.in_bits);
    }
  }
  return image;
}

Image weight_image(const ir::Layout& layout, const ir::Crossbar& crossbar,
                   const ir::CrossbarChip& cells, const TileForm& form, Form kind, const Cut& cut) {
  const bool collapsed = kind == Form::kCollapsed;
  const int32_t arrays = 2 * layout.slices;  // in the order of CrossbarChip::g: polarity, slice
  const int32_t lane_bits = collapsed       ? form.weight_bits
                            : form.per_cell ? arrays * form.g_bits
                                            : form.mag_bits + 1;
  const int64_t beats = cut.beats();
  Image image(cut.groups() * beats, cut.row_lanes * cut.pe * lane_bits);
  const int64_t size = int64_t{cut.rows} * cut.cols;
  for (int32_t row = 0; row < cut.rows; ++row) {
    const int64_t beat = cut.place(row) / cut.row_lanes;
    const auto row_lane = static_cast<int32_t>(cut.place(row) % cut.row_lanes);
    for (int32_t col = 0; col < cut.cols; ++col) {
      const int64_t word = int64_t{col / cut.pe} * beats + beat;
      const int32_t at = (row_lane * cut.pe + col % cut.pe) * lane_bits;
      const int64_t cell = int64_t{row} * cut.cols + col;
      if (form.per_cell && !collapsed) {
        for (int32_t array = 0; array < arrays; ++array) {
          image.put(word, at + array * form.g_bits,
                    cells.g[static_cast<size_t>(array * size + cell)], form.g_bits);
        }
        continue;
      }
      const int32_t weight = crossbar.weight[static_cast<size_t>(cell)];
      if (collapsed) {
        image.put(word, at, weight, lane_bits);
      } else {
        image.put(word, at, weight < 0 ? -weight : weight, form.mag_bits);
        image.put(word, at + form.mag_bits, weight < 0, 1);
      }
    }
  }
  return image;
}

Image table_image(const ir::Chip& chip, const TileForm& form) {
  Image image(static_cast<int64_t>(chip.table.size()), form.g_bits);
  for (size_t code = 0; code < chip.table.size(); ++code) {
    image.put(static_cast<int64_t>(code), 0, chip.table[code], form.g_bits);
  }
  return image;
}

Image requant_image(const ir::Crossbar& crossbar, const TileForm& form) {
  Image image(static_cast<int64_t>(crossbar.bias.size()),
              form.bias_bits + (crossbar.logits ? 0 : 16 + 5));
  for (size_t col = 0; col < crossbar.bias.size(); ++col) {
    const auto word = static_cast<int64_t>(col);
    image.put(word, 0, crossbar.bias[col], form.bias_bits);
    if (crossbar.logits) continue;
    image.put(word, form.bias_bits, crossbar.mult[col], 16);
    image.put(word, form.bias_bits + 16, crossbar.shift[col], 5);
  }
  return image;
}

Image adc_image(const ir::Layout& layout, const ir::CrossbarChip& cells, const TileForm& form) {
  const int32_t lsb_at = 16 + form.offset_bits + layout.adc_bits;
  const int32_t field = lsb_at + form.lsb_bits;
  const size_t cols = cells.adc_mult.size() / cells.adc_shift.size();
  Image image(static_cast<int64_t>(cols), layout.slices * field);
  for (int32_t slice = 0; slice < layout.slices; ++slice) {
    for (size_t col = 0; col < cols; ++col) {
      const size_t at = static_cast<size_t>(slice) * cols + col;
      const auto word = static_cast<int64_t>(col);
      image.put(word, slice * field, cells.adc_mult[at], 16);
      image.put(word, slice * field + 16, cells.adc_offset[at], form.offset_bits);
      image.put(word, slice * field + 16 + form.offset_bits, cells.adc_clip[at], layout.adc_bits);
      if (form.lsb_bits > 0) {
        image.put(word, slice * field + lsb_at, cells.lsb[at], form.lsb_bits);
      }
    }
  }
  return image;
}

Image noise_image(const ir::Layout& layout, const ir::CrossbarChip& cells) {
  const int32_t gains = cells.noise_gains();
  Image image(gains, layout.slices * 16);
  for (int32_t slice = 0; slice < layout.slices; ++slice) {
    for (int32_t driven = 0; driven < gains; ++driven) {
      image.put(driven, slice * 16, cells.noise_mult[static_cast<size_t>(slice * gains + driven)],
                16);
    }
  }
  return image;
}

Image inl_image(const ir::Layout& layout, const ir::CrossbarChip& cells) {
  const int64_t codes = int64_t{1} << layout.adc_bits;
  Image image(codes, layout.adc_bits);
  for (int64_t code = 0; code < codes; ++code) {
    const int64_t value = cells.inl.empty() ? code : cells.inl[static_cast<size_t>(code)];
    image.put(code, 0, value, layout.adc_bits);
  }
  return image;
}

}  // namespace crosstwin::hwgen
