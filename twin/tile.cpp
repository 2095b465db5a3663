// Preparing a tile for the fast kernels, and the path for numbers beyond 32 bits.
// SPDX-License-Identifier: Apache-2.0
#include "twin/tile.hpp"

#include <bit>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <type_traits>
#include <utility>

#include "compress/ir/error.hpp"

namespace crosstwin::twin {

int64_t max_abs_y(const TileShape& shape, const ir::CrossbarChip& chip) {
  int64_t planes = 0;
  for (int32_t b = 0; b < shape.planes; ++b) planes += std::abs(shape.plane_weight(b));
  int64_t bound = 0;  // of a column's slices
  for (int32_t c = 0; c < shape.cols; ++c) {
    int64_t slices = 0;
    for (int32_t s = 0; s < shape.slices; ++s) {
      slices += int64_t{chip.lsb[static_cast<size_t>(s * shape.cols + c)]} << (shape.cell_bits * s);
    }
    bound = std::max(bound, slices);
  }
  const int64_t top = (int64_t{1} << shape.adc_bits) - 1;
  for (const int64_t factor : {int64_t{shape.row_tiles()}, planes, top}) {
    if (__builtin_mul_overflow(bound, factor, &bound)) return std::numeric_limits<int64_t>::max();
  }
  return bound;
}

namespace {

constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
// Digit vectors a call of multiply_digits: few enough that their sums stay in the caches.
constexpr int32_t kVectors = 32;
// Most bits of a look-up digit: sums of 4 rows and 4 groups fit a byte.
constexpr int32_t kDigitBits = 4;

int32_t round_up(int32_t value, int32_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

FastTile::FastTile(const TileShape& shape, const ir::CrossbarChip& chip, ReadNoise noise)
    : shape_(shape),
      noise_(std::move(noise)),
      max_abs_y_(max_abs_y(shape, chip)),
      lsb_(chip.lsb),
      inl_(chip.inl.begin(), chip.inl.end()),
      column_stride_(shape.cols + 2 * kMaxLanes) {
  ir::check(shape.dac_bits >= 1 && shape.dac_bits <= 15, "a digit fits 15 bits");
  for (int32_t s = 0; s < shape.slices; ++s) {
    SliceView& slice = slice_.emplace_back();
    slice.shift = chip.adc_shift[static_cast<size_t>(s)];
  }
  write_cells(chip);
  narrow_ = find_bounds(chip) && max_abs_y_ <= kMax;
  for (int32_t b = 0; narrow_ && b < shape.planes; ++b) {
    plane_weight_.push_back(static_cast<int32_t>(shape.plane_weight(b)));
  }
  weight_.assign(mult_.size(), 0);
  for (int32_t s = 0; narrow_ && s < shape.slices; ++s) {
    for (int32_t c = 0; c < shape.cols; ++c) {
      weight_[static_cast<size_t>(s * column_stride_ + c)] = static_cast<int32_t>(
          int64_t{chip.lsb[static_cast<size_t>(s * shape.cols + c)]} << (shape.cell_bits * s));
    }
  }
  if (noise_.on()) {
    for (int32_t b = 0; b < shape.planes; ++b) plane_key_.push_back(noise_.counter(0, 0, 0, b, 0));
    for (int32_t tile = 0; tile < shape.row_tiles(); ++tile) {
      for (int32_t c = 0; c < column_stride_; ++c) {
        column_key_.push_back(noise_.counter(0, tile, std::min(c, shape.cols - 1), 0, 0));
      }
    }
  }
  if (!narrow_ || shape.dac_bits != 1 || shape.planes > 16) return;
  choose_lanes(chip);
  if (lookup_ && noise_.on()) write_gains();
  if (lookup_) write_tables(chip);
}

void FastTile::write_cells(const ir::CrossbarChip& chip) {
  const auto [least, most] = std::minmax_element(chip.g.begin(), chip.g.end());
  center_ = (*least + *most + 1) / 2;
  group_ = *most - *least <= 255 && shape_.dac_bits <= 8 ? 4 : 2;
  const int32_t bits = 32 / group_;
  const uint32_t mask = (1U << bits) - 1;
  words_ = round_up(2 * shape_.slices * shape_.cols, kMultiplyBlock);
  cells_.assign(tile_size() * shape_.row_tiles(), 0);
  largest_.assign(static_cast<size_t>(shape_.slices), 0);
  for (int32_t s = 0; s < shape_.slices; ++s) {
    for (int32_t p = 0; p < 2; ++p) {
      for (int32_t tile = 0; tile < shape_.row_tiles(); ++tile) {
        const int32_t rows = rows_of(tile);
        const int32_t groups = groups_of(rows);
        std::vector<int64_t> sums(static_cast<size_t>(shape_.cols));
        for (int32_t r = 0; r < rows; ++r) {
          const uint16_t* from = &chip.g[shape_.cell(p, s, tile * shape_.tile_rows + r, 0)];
          for (int32_t c = 0; c < shape_.cols; ++c) {
            const int32_t word = (2 * s + p) * shape_.cols + c;
            int32_t& to =
                cells_[tile * tile_size() +
                       (static_cast<size_t>(word / kMultiplyBlock) * groups + r / group_) *
                           kMultiplyBlock +
                       word % kMultiplyBlock];
            const uint32_t part = static_cast<uint32_t>(from[c] - center_) & mask;
            to = static_cast<int32_t>(static_cast<uint32_t>(to) | part << (r % group_ * bits));
            sums[static_cast<size_t>(c)] += from[c];
          }
        }
        int64_t& largest = largest_[static_cast<size_t>(s)];
        largest = std::max(
            largest, *std::max_element(sums.begin(), sums.end()) * ((1 << shape_.dac_bits) - 1));
      }
    }
  }
}

bool FastTile::find_bounds(const ir::CrossbarChip& chip) {
  bool fits = true;
  const auto size = static_cast<size_t>(shape_.slices) * column_stride_;
  mult_.assign(size, 1);
  offset_.assign(size, 0);
  clip_.assign(size, 0);
  for (int32_t s = 0; s < shape_.slices; ++s) {
    SliceView& slice = slice_[static_cast<size_t>(s)];
    const int32_t shift = slice.shift;
    const int64_t most = largest_[static_cast<size_t>(s)] + noise_.largest();
    ir::check(most <= kMax, "a current fits 32 bits");
    for (int32_t c = 0; c < shape_.cols; ++c) {
      const auto from = static_cast<size_t>(s * shape_.cols + c);
      const auto to = static_cast<size_t>(s * column_stride_ + c);
      const int64_t half = shift > 0 ? int64_t{1} << (shift - 1) : 0;
      const int64_t offset = chip.adc_offset[from] + half;
      // |adc_offset| <= 2^30 and half <= 2^30: the sum fits unless both are at their limit.
      ir::check(std::abs(offset) <= kMax, "an ADC offset fits 32 bits");
      const int64_t product = most * chip.adc_mult[from] + std::abs(offset);
      slice.wide = slice.wide || product > kMax;
      fits = fits && (product >> 16) < kMax;
      mult_[to] = chip.adc_mult[from];
      offset_[to] = static_cast<int32_t>(offset);
      clip_[to] = chip.adc_clip[from];
    }
    fits = fits && (!slice.wide || shift >= 16);
  }
  return fits;
}

// Digits of the look-up, and which slices convert in 16-bit lanes.
void FastTile::choose_lanes(const ir::CrossbarChip& chip) {
  lookup_ = true;
  half_.resize(mult_.size());
  const size_t cells = chip.g.size() / 2 / static_cast<size_t>(shape_.slices);
  for (int32_t s = 0; s < shape_.slices; ++s) {
    SliceView& slice = slice_[static_cast<size_t>(s)];
    int32_t least = 65535;
    int32_t most = 0;
    for (int32_t p = 0; p < 2; ++p) {
      for (size_t i = 0; i < cells; ++i) {
        const int32_t g = chip.g[shape_.cell(p, s, 0, 0) + i];
        least = std::min(least, g);
        most = std::max(most, g);
      }
    }
    int32_t unit = 0;
    for (int32_t p = 0; p < 2; ++p) {
      for (size_t i = 0; i < cells; ++i) {
        unit = std::gcd(unit, chip.g[shape_.cell(p, s, 0, 0) + i] - least);
      }
    }
    slice.base = least;
    slice.unit = std::max(unit, 1);
    const int32_t bits =
        std::max<int32_t>(1, std::bit_width(static_cast<uint32_t>((most - least) / slice.unit)));
    slice.digits = (bits + kDigitBits - 1) / kDigitBits;
    slice.digit_bits = (bits + slice.digits - 1) / slice.digits;
    int64_t gain = 0;  // the largest, in units of 2^-15
    if (noise_.on()) gain = *std::max_element(noise_.gains(s).begin(), noise_.gains(s).end());
    if (gain != 0) gain = noise_.shift() > 15 ? kMax : gain << (15 - noise_.shift());
    slice.half = inl_.empty() && gain <= 32767;
    const int64_t noise = noise_.on() ? ((int64_t{ir::kNoiseMax} * gain) >> 15) + 1 : 0;
    for (int32_t c = 0; slice.half && c < shape_.cols; ++c) {
      const auto at = static_cast<size_t>(s * column_stride_ + c);
      const auto half = half_converter(mult_[at], offset_[at], slice.shift, -noise,
                                       largest_[static_cast<size_t>(s)] + noise);
      slice.half = half.has_value() && clip_[at] <= 32767;
      if (slice.half) half_[at] = *half;
    }
    // Without 16-bit conversion the sums of a digit must be exact in 16 bits.
    const int64_t sum =
        int64_t{(1 << slice.digit_bits) - 1} * std::min(shape_.rows, shape_.tile_rows);
    lookup_ = lookup_ && (slice.half || sum <= 65535);
  }
}

void FastTile::write_gains() {
  for (int32_t s = 0; s < shape_.slices; ++s) {
    const int32_t shift = slice_[static_cast<size_t>(s)].half ? 15 - noise_.shift() : 0;
    for (const int32_t mult : noise_.gains(s)) {
      // A slice of 16-bit lanes may have no noise at any shift.
      gain_.push_back(static_cast<uint16_t>(mult == 0 ? 0 : mult << shift));
    }
  }
}

void FastTile::write_tables(const ir::CrossbarChip& chip) {
  for (int32_t tile = 0; tile < shape_.row_tiles(); ++tile) {
    const int32_t first = tile * shape_.tile_rows;
    const int32_t rows = rows_of(tile);
    for (int32_t c = 0; c < shape_.cols; ++c) {
      for (int32_t s = 0; s < shape_.slices; ++s) {
        const SliceView& slice = slice_[static_cast<size_t>(s)];
        const int32_t mask = (1 << slice.digit_bits) - 1;
        for (int32_t digit = 0; digit < slice.digits; ++digit) {
          for (int32_t row = 0; row < rows; row += 4) {
            for (int32_t p = 0; p < 2; ++p) {
              const size_t at = table_.size();
              table_.resize(at + 16);
              for (int32_t j = 0; j < 4; ++j) {
                int32_t value = 0;
                if (row + j < rows) {
                  const int32_t g = chip.g[shape_.cell(p, s, first + row + j, c)];
                  value = (g - slice.base) / slice.unit >> (digit * slice.digit_bits) & mask;
                }
                for (size_t bits = 0; bits < size_t{1} << j; ++bits) {
                  table_[at + bits + (size_t{1} << j)] =
                      static_cast<uint8_t>(table_[at + bits] + value);
                }
              }
            }
          }
        }
      }
    }
  }
}

ConverterView FastTile::converter() const {
  return {mult_.data(),   offset_.data(), clip_.data(),
          weight_.data(), half_.data(),   inl_.empty() ? nullptr : inl_.data(),
          column_stride_};
}

int64_t FastTile::noisy_current(const Scratch& scratch, const int16_t* z, int32_t vector,
                                int32_t slice, int32_t polarity, int32_t column) const {
  const int32_t at = polarity * shape_.cols + column;
  const int64_t current = this->current(scratch, vector, slice)[at];
  if (z == nullptr) return current;
  const NoiseGain gain = noise_gain(scratch, vector, slice);
  return current + ir::scale_noise(z[at], gain.mult, gain.shift);
}

NoiseGain FastTile::noise_gain(const Scratch& scratch, int32_t vector, int32_t slice) const {
  if (!noise_.on()) return {};
  return {noise_.mult(slice, scratch.driven[static_cast<size_t>(vector)]), noise_.shift()};
}

int64_t FastTile::weight(int32_t plane, int32_t slice, int32_t column) const {
  return shape_.plane_weight(plane) * lsb_[static_cast<size_t>(slice * shape_.cols + column)] *
         (int64_t{1} << (shape_.cell_bits * slice));
}

int32_t FastTile::code(int64_t current, int32_t slice, int32_t column) const {
  const auto at = static_cast<size_t>(slice * column_stride_ + column);
  const int64_t raw =
      (current * mult_[at] + offset_[at]) >> slice_[static_cast<size_t>(slice)].shift;
  const int64_t clipped = std::clamp<int64_t>(raw, 0, clip_[at]);
  return inl_.empty() ? static_cast<int32_t>(clipped) : inl_[static_cast<size_t>(clipped)];
}

template <int kGroup>
void FastTile::pack_digits(const Inputs& in, int32_t tile, Scratch& scratch) const {
  constexpr int kBits = 32 / kGroup;
  const int32_t rows = rows_of(tile);
  const int32_t groups = groups_of(rows);
  const int32_t vectors = in.count * shape_.planes;
  const int32_t* x = in.x + static_cast<ptrdiff_t>(tile) * shape_.tile_rows * in.stride;
  scratch.digits.resize(static_cast<size_t>(groups) * vectors);
  scratch.driven.assign(static_cast<size_t>(vectors), 0);
  for (int32_t b = 0; b < shape_.planes; ++b) {
    const int32_t shift = shape_.dac_bits * b;
    const int32_t mask = shape_.digit_mask(b);
    int32_t* sum = scratch.driven.data() + b * in.count;
    for (int32_t group = 0; group < groups; ++group) {
      // The first row of the last group stands in for missing ones, by a mask of nothing.
      const int32_t* row[kGroup];
      int32_t keep[kGroup];
      for (int j = 0; j < kGroup; ++j) {
        const bool there = group * kGroup + j < rows;
        row[j] = x + static_cast<ptrdiff_t>(group * kGroup + (there ? j : 0)) * in.stride;
        keep[j] = there ? mask : 0;
      }
      int32_t* digits =
          scratch.digits.data() + static_cast<ptrdiff_t>(group) * vectors + b * in.count;
      for (int32_t i = 0; i < in.count; ++i) {
        uint32_t packed = 0;
        for (int j = 0; j < kGroup; ++j) {
          const int32_t digit = row[j][i] >> shift & keep[j];
          sum[i] += digit;
          packed |= static_cast<uint32_t>(digit) << (j * kBits);
        }
        digits[i] = static_cast<int32_t>(packed);
      }
    }
  }
}

void FastTile::sum_tile(const Inputs& in, int32_t tile, Scratch& scratch) const {
  if (group_ == 4) {
    pack_digits<4>(in, tile, scratch);
  } else {
    pack_digits<2>(in, tile, scratch);
  }
  const int32_t vectors = in.count * shape_.planes;
  // From counts of driven rows to the part of the currents that G - center leaves out.
  scratch.start.resize(static_cast<size_t>(vectors));
  for (size_t m = 0; m < scratch.start.size(); ++m) {
    scratch.start[m] = static_cast<int32_t>(static_cast<uint32_t>(scratch.driven[m]) * center_);
  }
  scratch.sums.resize(static_cast<size_t>(vectors) * words_ + kMaxLanes);
  multiply_digits({groups_of(rows_of(tile)), group_, words_, cells_.data() + tile * tile_size()},
                  scratch.digits.data(), scratch.start.data(), vectors, scratch.sums.data());
}

const int16_t* FastTile::draw(const NoisePlace& place, int32_t tile, int32_t plane, int32_t slice,
                              Scratch& scratch) const {
  if (!noise_.on()) return nullptr;
  scratch.z.resize(static_cast<size_t>(2 * shape_.cols + 2 * kMaxLanes));
  const uint32_t* column = column_key_.data() + static_cast<ptrdiff_t>(tile) * column_stride_;
  for (int32_t p = 0; p < 2; ++p) {
    draw_columns(noise_.keys(), place.image,
                 noise_.counter(place.position, 0, 0, plane, 2 * slice + p), column, shape_.cols,
                 scratch.z.data() + p * shape_.cols);
  }
  return scratch.z.data();
}

template <class Y>
void FastTile::multiply_positions(const Inputs& in, const NoisePlace* place, Y* y,
                                  Scratch& scratch) const {
  const int32_t cols = shape_.cols;
  const int32_t most = std::max(1, kVectors / shape_.planes);
  std::fill_n(y, static_cast<ptrdiff_t>(in.count) * cols, Y{0});
  const ConverterView view = converter();
  const bool skips = !noise_.on() || noise_.quiet_undriven();
  for (int32_t first = 0; first < in.count; first += most) {
    const int32_t count = std::min(most, in.count - first);
    const int32_t y_stride = cols + kMaxLanes;
    scratch.y32.assign(static_cast<size_t>(count) * y_stride, 0);
    for (int32_t tile = 0; tile < shape_.row_tiles(); ++tile) {
      sum_tile({in.x + first, in.stride, count}, tile, scratch);
      for (int32_t m = 0; m < count * shape_.planes; ++m) {
        const int32_t i = m % count;
        const int32_t b = m / count;
        if (scratch.driven[static_cast<size_t>(m)] == 0 && skips) continue;
        for (int32_t s = 0; s < shape_.slices; ++s) {
          const int16_t* z = noise_.on() ? draw(place[first + i], tile, b, s, scratch) : nullptr;
          const int32_t* sums = current(scratch, m, s);
          const SliceView& slice = slice_[static_cast<size_t>(s)];
          if (narrow_) {
            convert_columns(view, slice, s, cols, plane_weight_[static_cast<size_t>(b)], sums, z,
                            noise_gain(scratch, m, s),
                            scratch.y32.data() + static_cast<ptrdiff_t>(i) * y_stride);
            continue;
          }
          for (int32_t c = 0; c < cols; ++c) {
            const int64_t difference = code(noisy_current(scratch, z, m, s, 0, c), s, c) -
                                       code(noisy_current(scratch, z, m, s, 1, c), s, c);
            y[static_cast<ptrdiff_t>(first + i) * cols + c] +=
                static_cast<Y>(weight(b, s, c) * difference);
          }
        }
      }
    }
    for (int32_t i = 0; narrow_ && i < count; ++i) {
      std::copy_n(scratch.y32.begin() + static_cast<ptrdiff_t>(i) * y_stride, cols,
                  y + static_cast<ptrdiff_t>(first + i) * cols);
    }
  }
}

void FastTile::multiply(std::span<const int32_t> x, std::span<int64_t> y, Scratch& scratch,
                        const NoisePlace& place) const {
  multiply_positions({x.data(), 1, 1}, &place, y.data(), scratch);
}

void FastTile::codes(std::span<const int32_t> x, Scratch& scratch, const NoisePlace& place,
                     uint16_t* codes, std::span<int64_t> y) const {
  std::fill(y.begin(), y.end(), 0);
  for (int32_t tile = 0; tile < shape_.row_tiles(); ++tile) {
    sum_tile({x.data(), 1, 1}, tile, scratch);
    for (int32_t b = 0; b < shape_.planes; ++b) {
      for (int32_t s = 0; s < shape_.slices; ++s) {
        const int16_t* z = noise_.on() ? draw(place, tile, b, s, scratch) : nullptr;
        for (int32_t c = 0; c < shape_.cols; ++c) {
          uint16_t* pair = codes + ((c * shape_.planes + b) * shape_.slices + s) * 2;
          for (int32_t p = 0; p < 2; ++p) {
            pair[p] = static_cast<uint16_t>(code(noisy_current(scratch, z, b, s, p, c), s, c));
          }
          y[static_cast<size_t>(c)] += weight(b, s, c) * (pair[0] - pair[1]);
        }
      }
    }
    codes += static_cast<ptrdiff_t>(shape_.cols) * shape_.planes * shape_.slices * 2;
  }
}

bool FastTile::prefer_lookup(int32_t count) const {
  if (!lookup_ || lookup_lanes(count, shape_.planes) == 0) return false;
  // Vector operations of one row tile, about.
  const int64_t groups = (std::min(shape_.rows, shape_.tile_rows) + 3) / 4;
  const int64_t vectors = lookup_lanes(count, shape_.planes) / (4 * kMaxLanes);
  int64_t digits = 0;
  for (const SliceView& slice : slice_) digits += slice.digits;
  const int64_t look_up = vectors * 2 * shape_.cols * (2 * groups * digits + 12 * shape_.slices);
  const int64_t multiply =
      int64_t{count} * shape_.planes * (words_ / kMaxLanes) * (4 * groups + 12);
  return look_up < multiply;
}

void FastTile::look_up_block(const int32_t* x, int32_t count, const NoisePlace* place, int32_t* y,
                             Scratch& scratch) const {
  const auto lanes = static_cast<size_t>(lookup_lanes(count, shape_.planes));
  const auto slices = static_cast<size_t>(shape_.slices);
  const auto groups = static_cast<size_t>((std::min(shape_.rows, shape_.tile_rows) + 3) / 4);
  scratch.index.resize(groups * lanes);
  scratch.lanes.resize((5 + 2 * slices) * lanes);
  scratch.sums.resize(2 * lanes);
  scratch.y32.assign(static_cast<size_t>(shape_.cols) * kBlock, 0);
  const LookupBuffers buffers = {scratch.index.data(),
                                 scratch.lanes.data(),
                                 scratch.lanes.data() + 5 * lanes,
                                 scratch.lanes.data() + lanes,
                                 scratch.lanes.data() + (5 + slices) * lanes,
                                 scratch.sums.data()};
  NoiseView noise;
  if (noise_.on()) {
    scratch.keys.resize(2 * kBlock);
    for (int32_t i = 0; i < count; ++i) {
      scratch.keys[static_cast<size_t>(i)] = place[i].image;
      scratch.keys[static_cast<size_t>(kBlock + i)] = noise_.counter(place[i].position, 0, 0, 0, 0);
    }
    noise = {true,
             noise_.keys(),
             noise_.shift(),
             static_cast<int32_t>(noise_.gains(0).size()),
             gain_.data(),
             scratch.keys.data(),
             scratch.keys.data() + kBlock,
             plane_key_.data(),
             nullptr};
  }
  const uint8_t* table = table_.data();
  for (int32_t tile = 0; tile < shape_.row_tiles(); ++tile) {
    const int32_t rows = rows_of(tile);
    noise.column = column_key_.data() + static_cast<ptrdiff_t>(tile) * column_stride_;
    look_up({rows, shape_.cols, shape_.planes, shape_.slices, slice_.data(), table, converter(),
             plane_weight_.data(), noise},
            x + static_cast<ptrdiff_t>(tile) * shape_.tile_rows * kBlock, count, buffers,
            scratch.y32.data());
    ptrdiff_t digits = 0;
    for (const SliceView& slice : slice_) digits += slice.digits;
    table += digits * shape_.cols * ((rows + 3) / 4) * 32;
  }
  for (int32_t i = 0; i < count; ++i) {
    for (int32_t c = 0; c < shape_.cols; ++c) {
      *y++ = scratch.y32[static_cast<size_t>(c * kBlock + i)];
    }
  }
}

void FastTile::multiply_block(const int32_t* x, int32_t count, const NoisePlace* place, int32_t* y,
                              Scratch& scratch) const {
  ir::check(count >= 1 && count <= kBlock && max_abs_y_ <= kMax, "a block's Y fits 32 bits");
  if (prefer_lookup(count)) {
    look_up_block(x, count, place, y, scratch);
  } else {
    multiply_positions({x, kBlock, count}, place, y, scratch);
  }
}

}  // namespace crosstwin::twin
