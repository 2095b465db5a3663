// Preparing a tile for the fast kernel, and the path for numbers beyond 32 bits.
// SPDX-License-Identifier: Apache-2.0
#include "twin/tile.hpp"

#include <bit>
#include <cstdlib>
#include <limits>
#include <utility>

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

int64_t max_abs_y(const TileShape& shape, const ir::CrossbarChip& chip) {
  int64_t planes = 0;
  for (int32_t b = 0; b < shape.planes; ++b) planes += std::abs(shape.plane_weight(b));
  int64_t slices = 0;
  for (int32_t s = 0; s < shape.slices; ++s) {
    slices += int64_t{chip.lsb[static_cast<size_t>(s)]} << (shape.cell_bits * s);
  }
  const int64_t top = (int64_t{1} << shape.adc_bits) - 1;
  int64_t bound = slices;
  for (const int64_t factor : {int64_t{shape.row_tiles()}, planes, top}) {
    if (__builtin_mul_overflow(bound, factor, &bound)) return std::numeric_limits<int64_t>::max();
  }
  return bound;
}

FastTile::FastTile(const TileShape& shape, const ir::CrossbarChip& chip, ReadNoise noise)
    : shape_(shape), inl_(chip.inl.begin(), chip.inl.end()), noise_(std::move(noise)) {
  stride_ = (shape.cols + kLanes - 1) / kLanes * kLanes;
  const auto slices = static_cast<size_t>(shape.slices);
  const auto stride = static_cast<size_t>(stride_);
  g_.resize(static_cast<size_t>(shape.rows) * slices * 2 * stride);
  mult_.resize(slices * stride, 1);
  offset_.resize(slices * stride);
  clip_.resize(slices * stride);
  shift_ = chip.adc_shift;
  int64_t max_g = 0;
  for (int32_t p = 0; p < 2; ++p) {
    for (int32_t s = 0; s < shape.slices; ++s) {
      for (int32_t r = 0; r < shape.rows; ++r) {
        for (int32_t c = 0; c < shape.cols; ++c) {
          const uint16_t g = chip.g[shape.cell(p, s, r, c)];
          g_[((static_cast<size_t>(r) * slices + s) * 2 + p) * stride + c] = g;
          max_g = std::max<int64_t>(max_g, g);
        }
      }
    }
  }
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  const int64_t max_current = max_g * std::min(shape.rows, shape.tile_rows) + noise_.largest();
  ir::check(max_current <= kMax, "a current fits 32 bits");
  narrow_ = max_abs_y(shape, chip) <= kMax;
  for (int32_t s = 0; s < shape.slices; ++s) {
    const int32_t shift = shift_[static_cast<size_t>(s)];
    for (int32_t c = 0; c < shape.cols; ++c) {
      const auto from = static_cast<size_t>(s * shape.cols + c);
      const size_t to = s * stride + c;
      const int64_t half = shift > 0 ? int64_t{1} << (shift - 1) : 0;
      const int64_t offset = chip.adc_offset[from] + half;
      narrow_ = narrow_ && max_current * chip.adc_mult[from] + std::abs(offset) <= kMax;
      mult_[to] = chip.adc_mult[from];
      clip_[to] = chip.adc_clip[from];
      // |adc_offset| <= 2^30 and half <= 2^30: the sum fits unless both are at their limit.
      ir::check(std::abs(offset) <= kMax, "an ADC offset fits 32 bits");
      offset_[to] = static_cast<int32_t>(offset);
    }
  }
  for (int32_t b = 0; b < shape.planes; ++b) {
    for (int32_t s = 0; s < shape.slices; ++s) {
      weight_.push_back(shape.plane_weight(b) * chip.lsb[static_cast<size_t>(s)] *
                        (int64_t{1} << (shape.cell_bits * s)));
    }
  }
}

void FastTile::list_driven(std::span<const int32_t> x, int32_t tile, Scratch& scratch) const {
  scratch.driven.resize(static_cast<size_t>(shape_.planes) * shape_.tile_rows);
  scratch.count.assign(static_cast<size_t>(shape_.planes), 0);
  const uint32_t mask = (1U << shape_.planes) - 1;
  const int32_t row_size = shape_.slices * 2 * stride_;
  const int32_t first = tile * shape_.tile_rows;
  const int32_t last = std::min(first + shape_.tile_rows, shape_.rows);
  for (int32_t row = first; row < last; ++row) {
    for (uint32_t bits = static_cast<uint32_t>(x[static_cast<size_t>(row)]) & mask; bits != 0;
         bits &= bits - 1) {
      const auto plane = static_cast<size_t>(std::countr_zero(bits));
      const auto at = plane * shape_.tile_rows + scratch.count[plane]++;
      scratch.driven[at] = row * row_size;
    }
  }
}

const int32_t* FastTile::sum_rows(int32_t plane, int32_t slice, Scratch& scratch) const {
  const int32_t width = 2 * stride_;
  scratch.sums.assign(static_cast<size_t>(width), 0);
  int32_t* sums = scratch.sums.data();
  const int32_t* driven = scratch.driven.data() + plane * shape_.tile_rows;
  for (int32_t i = 0; i < scratch.count[static_cast<size_t>(plane)]; ++i) {
    const int32_t* g = g_.data() + driven[i] + slice * width;
    for (int32_t c = 0; c < width; ++c) sums[c] += g[c];
  }
  return sums;
}

int32_t FastTile::code(int64_t current, int32_t slice, int32_t column) const {
  const auto at = static_cast<size_t>(slice * stride_ + column);
  const int64_t raw = (current * mult_[at] + offset_[at]) >> shift_[static_cast<size_t>(slice)];
  const int64_t clipped = std::clamp<int64_t>(raw, 0, clip_[at]);
  return inl_.empty() ? static_cast<int32_t>(clipped) : inl_[static_cast<size_t>(clipped)];
}

void FastTile::codes(std::span<const int32_t> x, Scratch& scratch, const NoisePlace& place,
                     uint16_t* codes, std::span<int64_t> y) const {
  std::fill(y.begin(), y.end(), 0);
  for (int32_t tile = 0; tile < shape_.row_tiles(); ++tile) {
    list_driven(x, tile, scratch);
    for (int32_t b = 0; b < shape_.planes; ++b) {
      for (int32_t s = 0; s < shape_.slices; ++s) {
        const auto weight = weight_[static_cast<size_t>(b * shape_.slices + s)];
        sum_rows(b, s, scratch);
        if (noise_.on()) noise_.add(place, tile, b, s, shape_.cols, stride_, scratch.sums.data());
        for (int32_t c = 0; c < shape_.cols; ++c) {
          uint16_t* pair = codes + ((c * shape_.planes + b) * shape_.slices + s) * 2;
          pair[0] = static_cast<uint16_t>(code(scratch.sums[static_cast<size_t>(c)], s, c));
          pair[1] =
              static_cast<uint16_t>(code(scratch.sums[static_cast<size_t>(stride_ + c)], s, c));
          y[static_cast<size_t>(c)] += weight * (pair[0] - pair[1]);
        }
      }
    }
    codes += static_cast<ptrdiff_t>(shape_.cols) * shape_.planes * shape_.slices * 2;
  }
}

void FastTile::multiply(std::span<const int32_t> x, std::span<int64_t> y, Scratch& scratch,
                        const NoisePlace& place) const {
  const View view = {stride_,
                     g_.data(),
                     mult_.data(),
                     offset_.data(),
                     shift_.data(),
                     clip_.data(),
                     inl_.empty() ? nullptr : inl_.data()};
  scratch.y32.assign(static_cast<size_t>(stride_), 0);
  std::fill(y.begin(), y.end(), 0);
  for (int32_t tile = 0; tile < shape_.row_tiles(); ++tile) {
    list_driven(x, tile, scratch);
    for (int32_t b = 0; b < shape_.planes; ++b) {
      const int32_t count = scratch.count[static_cast<size_t>(b)];
      if (count == 0 && !noise_.on()) continue;
      for (int32_t s = 0; s < shape_.slices; ++s) {
        const auto weight = weight_[static_cast<size_t>(b * shape_.slices + s)];
        if (!narrow_) {
          sum_rows(b, s, scratch);
          if (noise_.on()) noise_.add(place, tile, b, s, shape_.cols, stride_, scratch.sums.data());
          for (int32_t c = 0; c < shape_.cols; ++c) {
            const auto column = static_cast<size_t>(c);
            y[column] += weight * (code(scratch.sums[column], s, c) -
                                   code(scratch.sums[stride_ + column], s, c));
          }
          continue;
        }
        const int32_t* noise = nullptr;
        if (noise_.on()) {
          scratch.noise.assign(2 * static_cast<size_t>(stride_), 0);
          noise_.add(place, tile, b, s, shape_.cols, stride_, scratch.noise.data());
          noise = scratch.noise.data();
        }
        add_conversions(view, scratch.driven.data() + b * shape_.tile_rows, count, s,
                        static_cast<int32_t>(weight), noise, scratch.y32.data());
      }
    }
  }
  if (narrow_) std::copy(scratch.y32.begin(), scratch.y32.begin() + shape_.cols, y.begin());
}

}  // namespace crosstwin::twin
