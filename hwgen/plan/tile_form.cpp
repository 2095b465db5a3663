// How a layer's cells and converters are described to xb_layer: the narrowest exact form.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/tile_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "compress/ir/error.hpp"

namespace crosstwin::hwgen {
namespace {

constexpr int32_t kSumBits = 48;    // widest Y of xb_tile and xb_mac
constexpr int32_t kLogitBits = 32;  // a beat of m_axis_tdata
constexpr int32_t kBiasBits = 32;   // any bias
constexpr uint32_t kAnyGain = 0xffff;

std::string layer(const ir::Stage& stage) { return fmt::format("layer {}", stage.name); }

// values[S][C] as one value a slice, or nothing when a slice has several.
bool uniform(const std::vector<int32_t>& values, size_t cols, std::vector<int32_t>& slices) {
  slices.clear();
  for (size_t at = 0; at < values.size(); at += cols) {
    const auto first = values.begin() + static_cast<int64_t>(at);
    const auto end = first + static_cast<int64_t>(cols);
    if (std::any_of(first, end, [&](int32_t value) { return value != *first; })) return false;
    slices.push_back(*first);
  }
  return true;
}

// Signed bits of any integer.
int32_t wide_bits(__int128 value) {
  int32_t bits = 1;
  for (; value > 0; value >>= 1) ++bits;
  return std::max(2, bits);
}

int32_t sum_limit(const ir::Crossbar& crossbar) { return crossbar.logits ? kLogitBits : kSumBits; }

void check_sum(const ir::Stage& stage, const ir::Crossbar& crossbar, const TileForm& form,
               int32_t sum_bits, const char* fix) {
  const int32_t limit = sum_limit(crossbar);
  // One bit more than Y for adding the bias.
  const int32_t need = std::max(sum_bits, form.bias_bits) + 1;
  if (need <= limit) return;
  throw ir::Error({layer(stage),
                   crossbar.logits ? "a logit can overflow" : "a column sum can overflow",
                   fmt::format("at most {} bits", limit), fmt::format("{} bits", need), fix});
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
                   const ir::Chip& chip, const ir::CrossbarChip& cells,
                   const Rewriting& rewriting) {
  const ir::Layout& layout = design.layout;
  const size_t cols = crossbar.bias.size();
  const bool writable = rewriting.writable;
  TileForm form;
  form.per_cell = rewriting.per_cell || !chip.shared_table;
  if (writable) {
    form.g_bits = std::max(chip.g_bits, rewriting.g_bits);
  } else {
    const auto& values = form.per_cell ? cells.g : chip.table;
    form.g_bits = unsigned_bits(*std::max_element(values.begin(), values.end()));
  }
  if (!form.per_cell) form.mag_bits = unsigned_bits(static_cast<uint64_t>(layout.weight_range));

  const bool same_gain = uniform(cells.adc_mult, cols, form.adc_mult);
  const bool same_offset = uniform(cells.adc_offset, cols, form.adc_offset);
  const bool same_clip = uniform(cells.adc_clip, cols, form.adc_clip);
  if (!uniform(cells.lsb, cols, form.lsb)) {
    const int32_t most = *std::max_element(cells.lsb.begin(), cells.lsb.end());
    form.lsb_bits = unsigned_bits(static_cast<uint64_t>(most));
    form.lsb.clear();
    for (auto first = cells.lsb.begin(); first != cells.lsb.end();) {
      const auto end = first + static_cast<int64_t>(cols);
      form.lsb.push_back(*std::max_element(first, end));
      first = end;
    }
  }
  form.adc_per_column = writable || !same_gain || !same_offset || !same_clip || form.lsb_bits > 0;
  form.adc_mask = 0;
  for (const int32_t mult : cells.adc_mult) form.adc_mask |= static_cast<uint32_t>(mult);
  if (writable) form.adc_mask = kAnyGain;
  if (form.adc_per_column) {
    if (!writable) {
      form.offset_bits = 2;
      for (const int32_t offset : cells.adc_offset) {
        form.offset_bits = std::max(form.offset_bits, signed_bits(offset));
      }
    }
    form.adc_mult.clear();
    form.adc_offset.clear();
    form.adc_clip.clear();
  }
  form.adc_shift = cells.adc_shift;
  form.inl = rewriting.inl || !cells.inl.empty();
  if (cells.noisy()) {
    const auto gains = static_cast<size_t>(cells.noise_gains());
    form.noise_rows = gains > 1;
    for (size_t at = 0; at < cells.noise_mult.size(); at += gains) {
      uint32_t mask = writable && form.noise_rows ? kAnyGain : 0;
      for (size_t n = 0; n < gains; ++n) mask |= static_cast<uint32_t>(cells.noise_mult[at + n]);
      form.noise_mult.push_back(static_cast<int32_t>(mask));
    }
    form.noise_shift = cells.noise_shift;
  }

  if (writable) {
    form.bias_bits = crossbar.logits ? kLogitBits - 1 : kBiasBits;
    for (const int32_t bias : crossbar.bias) {
      if (signed_bits(bias) <= form.bias_bits) continue;
      throw ir::Error({layer(stage), "a logit can overflow",
                       fmt::format("a bias of at most {} bits", form.bias_bits),
                       fmt::format("{}", bias), "smaller weights in this layer"});
    }
  } else {
    for (const int32_t bias : crossbar.bias) {
      form.bias_bits = std::max(form.bias_bits, signed_bits(bias));
    }
  }
  const int32_t top_weight =
      writable ? layout.weight_range
               : std::abs(*std::max_element(
                     crossbar.weight.begin(), crossbar.weight.end(),
                     [](int16_t a, int16_t b) { return std::abs(a) < std::abs(b); }));
  form.weight_bits = signed_bits(top_weight);

  const auto rows = static_cast<int64_t>(crossbar.rows.size());
  const int64_t row_tiles = (rows + layout.tile_rows - 1) / layout.tile_rows;
  __int128 bound = 0;
  for (int32_t slice = 0; slice < layout.slices; ++slice) {
    bound += __int128{form.lsb[static_cast<size_t>(slice)]} << (layout.cell_bits * slice);
  }
  bound *= row_tiles * ((int64_t{1} << stage.in_bits) - 1) * ((int64_t{1} << layout.adc_bits) - 1);
  form.sum_bits = wide_bits(bound);
  check_sum(stage, crossbar, form, form.sum_bits,
            "fewer ADC bits, activation bits or slices, or a taller tile");
  return form;
}

int32_t collapsed_sum_bits(const ir::Stage& stage, const ir::Crossbar& crossbar,
                           const TileForm& form) {
  const int64_t most =
      stage.in_signed ? int64_t{1} << (stage.in_bits - 1) : (int64_t{1} << stage.in_bits) - 1;
  return wide_bits(__int128{static_cast<int64_t>(crossbar.rows.size())} * most *
                   (int64_t{1} << (form.weight_bits - 1)));
}

bool collapsed_sum_fits(const ir::Stage& stage, const ir::Crossbar& crossbar,
                        const TileForm& form) {
  return std::max(collapsed_sum_bits(stage, crossbar, form), form.bias_bits) + 1 <=
         sum_limit(crossbar);
}

void check_collapsed_sum(const ir::Stage& stage, const ir::Crossbar& crossbar,
                         const TileForm& form) {
  check_sum(stage, crossbar, form, collapsed_sum_bits(stage, crossbar, form),
            "fewer rows or activation bits");
}

}  // namespace crosstwin::hwgen
