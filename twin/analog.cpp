// Currents, conversions and sums in double, and the bound on the integers beside them.
// SPDX-License-Identifier: Apache-2.0
#include "twin/analog.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "compress/ir/device_arrays.hpp"
#include "compress/ir/error.hpp"
#include "twin/cells.hpp"
#include "twin/converter.hpp"
#include "twin/device.hpp"
#include "twin/stages.hpp"
#include "twin/tile.hpp"

namespace crosstwin::twin {

namespace {

// Position of a stage among the crossbar stages.
size_t ordinal_of(const ir::Design& design, size_t stage) {
  size_t ordinal = 0;
  for (size_t i = 0; i < stage; ++i) {
    ordinal += std::holds_alternative<ir::Crossbar>(design.stages[i].kind) ? 1 : 0;
  }
  return ordinal;
}

ReadNoise noise_of(const ir::Design& design, size_t stage, const ir::Chip& chip) {
  const size_t ordinal = ordinal_of(design, stage);
  const ir::Stage& of = design.stages[stage];
  return {tile_shape(design, of), of.out.h * of.out.w, static_cast<int32_t>(ordinal),
          chip.crossbars[ordinal], chip.noise_seed};
}

// e of the header: how far mult / 2^shift may be from 1 / (level step * lsb), relative.
double transfer_error(const ir::Device& device, const TileShape& shape, double lsb) {
  const double top = std::ldexp(1.0, shape.adc_bits) - 1;
  const double plain = std::max(1 / (64 * (top + 1)), 0x1p-16);
  if (!device.level_mean.empty() || lsb != 1) return plain;
  double largest = 1;  // P, over the numbers of driven cells
  for (int32_t n = 1; n <= std::min(shape.rows, shape.tile_rows); ++n) {
    const double room = std::floor(top - 1.0 * n * device.g_min / device.g_step - 1);
    largest = std::max(largest, std::min(1.0 * n * (device.levels - 1), room));
  }
  return std::max(plain, 1 / largest);
}

void merge(AnalogStage& into, const AnalogStage& part) {
  into.conversions += part.conversions;
  into.differing += part.differing;
  into.largest = std::max(into.largest, part.largest);
  into.outside += part.outside;
  into.current = std::max(into.current, part.current);
  into.current_share = std::max(into.current_share, part.current_share);
  into.near += part.near;
  into.sums += part.sums;
  into.sums_differing += part.sums_differing;
  into.sums_outside += part.sums_outside;
  into.sums_share = std::max(into.sums_share, part.sums_share);
}

// One position of the twin beside the reference.
struct Position {
  std::vector<AnalogConversion> conversions;
  std::vector<double> y, y_bound;
  std::vector<int64_t> twin_y;

  void compare(const TileShape& shape, const ir::CrossbarChip& chip, const ReadNoise& noise,
               const AnalogTile& tile, std::span<const int32_t> x, const NoisePlace& place,
               AnalogStage& stage) {
    conversions.clear();
    y.resize(static_cast<size_t>(shape.cols));
    y_bound.resize(y.size());
    twin_y.resize(y.size());
    tile.run(x, place, y, y_bound, &conversions);
    size_t at = 0;
    naive_tile(shape, chip, x, twin_y, noise, place,
               [&](int32_t, int32_t, int32_t, int32_t, int32_t, int64_t current, int32_t code) {
                 add(conversions[at++], static_cast<double>(current), code, stage);
               });
    for (size_t c = 0; c < y.size(); ++c) {
      const double off = std::abs(static_cast<double>(twin_y[c]) - y[c]);
      ++stage.sums;
      stage.sums_differing += off > 0 ? 1 : 0;
      stage.sums_outside += off > y_bound[c] ? 1 : 0;
      if (y_bound[c] > 0) stage.sums_share = std::max(stage.sums_share, off / y_bound[c]);
    }
  }

  static void add(const AnalogConversion& analog, double current, int32_t code,
                  AnalogStage& stage) {
    const double off = std::abs(current - analog.noise - analog.current);
    const bool inside = off <= analog.current_bound && code >= analog.low && code <= analog.high;
    ++stage.conversions;
    stage.differing += code != analog.code ? 1 : 0;
    stage.largest = std::max(stage.largest, std::abs(code - analog.code));
    stage.outside += inside ? 0 : 1;
    stage.near += analog.low != analog.high ? 1 : 0;
    stage.current = std::max(stage.current, off);
    if (analog.driven > 0) {
      stage.current_share = std::max(stage.current_share, off / analog.current_bound);
    }
  }
};

}  // namespace

AnalogTile::AnalogTile(const ir::Design& design, size_t stage, const ir::Chip& chip,
                       std::vector<double> cells)
    : shape_(tile_shape(design, design.stages[stage])),
      cells_(std::move(cells)),
      noise_(noise_of(design, stage, chip)) {
  ir::check(cells_.size() == cell_at(2, 0, 0), "there is a conductance for every cell");
  for (double& g : cells_) g = std::min(g, 65535.0);
  const ir::CrossbarChip& crossbar = chip.crossbars[ordinal_of(design, stage)];
  inl_ = crossbar.inl;
  clip_ = crossbar.adc_clip;
  const ir::Device& device = chip.device;
  for (int32_t s = 0; s < shape_.slices; ++s) {
    const double unit = std::ldexp(1.0, -crossbar.adc_shift[static_cast<size_t>(s)]);
    for (int32_t c = 0; c < shape_.cols; ++c) {
      const size_t at = converter_at(s, c);
      const int32_t physical = crossbar.placement.column(c, design.layout.tile_cols);
      const ConverterDraw draw =
          draw_converter(chip.seed, {static_cast<int32_t>(stage), s, physical});
      lsb_.push_back(lsb_of(crossbar, shape_, s, c));
      gain_.push_back((1 + device.adc_gain_sigma * draw.gain) / (level_step(device) * lsb_.back()));
      offset_.push_back(device.adc_offset_sigma * draw.offset);
      twin_gain_.push_back(crossbar.adc_mult[at] * unit);
      twin_offset_.push_back(crossbar.adc_offset[at] * unit);
      const bool draws_gain = device.adc_gain_sigma > 0;
      const double relative =
          transfer_error(device, shape_, lsb_.back()) + (draws_gain ? 0x1p-15 : 0);
      const double gain_off = std::abs(twin_gain_.back() - gain_.back());
      const double offset_off = std::abs(twin_offset_.back() - offset_.back());
      const bool inside =
          gain_off <= gain_.back() * (relative + kDouble) + (draws_gain ? unit / 2 : 0) &&
          offset_off <= (device.adc_offset_sigma > 0 ? unit / 2 : 0) + kDouble;
      converters_outside_ += inside ? 0 : 1;
    }
  }
}

// Two's complement: a negative activation is what it is beyond 2^(all bits).
double AnalogTile::digit(int32_t x, int32_t plane) const {
  const int32_t bits = shape_.dac_bits * (shape_.is_signed ? shape_.planes - 1 : shape_.planes) +
                       (shape_.is_signed ? 1 : 0);
  const double pattern = x < 0 ? x + std::ldexp(1.0, bits) : x;
  const double above = std::floor(std::ldexp(pattern, -shape_.dac_bits * plane));
  return above - std::ldexp(std::floor(std::ldexp(above, -shape_.dac_bits)), shape_.dac_bits);
}

double AnalogTile::plane_weight(int32_t plane) const {
  const double weight = std::ldexp(1.0, shape_.dac_bits * plane);
  return shape_.is_signed && plane + 1 == shape_.planes ? -weight : weight;
}

int32_t AnalogTile::code(double rounded, size_t converter) const {
  const double top = std::min(std::ldexp(1.0, shape_.adc_bits) - 1, double{1} * clip_[converter]);
  const auto clipped = static_cast<int32_t>(std::clamp(rounded, 0.0, top));
  return inl_.empty() ? clipped : inl_[static_cast<size_t>(clipped)];
}

void AnalogTile::convert(AnalogConversion& conversion) const {
  const size_t at = converter_at(conversion.place.slice, conversion.place.column);
  const double current = conversion.current + conversion.noise;
  conversion.value = gain_[at] * current + offset_[at];
  conversion.code = code(std::floor(conversion.value + 0.5), at);
  conversion.current_bound = conversion.driven / 2 + kDouble * conversion.current;
  conversion.value_bound = twin_gain_[at] * conversion.current_bound +
                           std::abs(twin_gain_[at] - gain_[at]) * std::abs(current) +
                           std::abs(twin_offset_[at] - offset_[at]) +
                           kDouble * (std::abs(conversion.value) + 1);
  const double lowest = std::floor(conversion.value - conversion.value_bound + 0.5);
  const double highest = std::floor(conversion.value + conversion.value_bound + 0.5);
  conversion.low = code(lowest, at);
  conversion.high = code(highest, at);
  // A table that is not monotone has its extremes in between.
  const double top = std::ldexp(1.0, shape_.adc_bits);
  for (double k = std::max(lowest, 0.0); !inl_.empty() && k <= std::min(highest, top); ++k) {
    conversion.low = std::min(conversion.low, code(k, at));
    conversion.high = std::max(conversion.high, code(k, at));
  }
}

void AnalogTile::run(std::span<const int32_t> x, const NoisePlace& place, std::span<double> y,
                     std::span<double> y_bound, std::vector<AnalogConversion>* conversions) const {
  std::fill(y.begin(), y.end(), 0.0);
  std::fill(y_bound.begin(), y_bound.end(), 0.0);
  const auto cols = static_cast<size_t>(shape_.cols);
  const auto sum_at = [&](int32_t b, int32_t s, int32_t p) {
    return (static_cast<size_t>(b * shape_.slices + s) * 2 + static_cast<size_t>(p)) * cols;
  };
  std::vector<double> sums;    // [plane][slice][polarity][column]
  std::vector<double> driven;  // [plane]
  for (int32_t tile = 0; tile < shape_.row_tiles(); ++tile) {
    sums.assign(sum_at(shape_.planes, 0, 0), 0.0);
    driven.assign(static_cast<size_t>(shape_.planes), 0.0);
    const int32_t last = std::min((tile + 1) * shape_.tile_rows, shape_.rows);
    for (int32_t r = tile * shape_.tile_rows; r < last; ++r) {
      for (int32_t b = 0; b < shape_.planes; ++b) {
        const double d = digit(x[static_cast<size_t>(r)], b);
        if (d == 0) continue;
        driven[static_cast<size_t>(b)] += d;
        for (int32_t s = 0; s < shape_.slices; ++s) {
          for (int32_t p = 0; p < 2; ++p) {
            const double* g = cells_.data() + cell_at(p, s, r);
            double* sum = sums.data() + sum_at(b, s, p);
            for (size_t c = 0; c < cols; ++c) sum[c] += d * g[c];
          }
        }
      }
    }
    for (int32_t c = 0; c < shape_.cols; ++c) {
      const auto column = static_cast<size_t>(c);
      for (int32_t b = 0; b < shape_.planes; ++b) {
        for (int32_t s = 0; s < shape_.slices; ++s) {
          const double weight =
              plane_weight(b) * std::ldexp(1.0, shape_.cell_bits * s) * lsb_[converter_at(s, c)];
          for (int32_t p = 0; p < 2; ++p) {
            AnalogConversion of;
            of.place = {tile, c, b, s, p};
            of.driven = driven[static_cast<size_t>(b)];
            of.current = sums[sum_at(b, s, p) + column];
            of.noise = noise_.current(place, tile, c, b, s, p, static_cast<int32_t>(of.driven));
            convert(of);
            y[column] += p == 0 ? weight * of.code : -weight * of.code;
            y_bound[column] += std::abs(weight) * std::max(of.high - of.code, of.code - of.low);
            if (conversions != nullptr) conversions->push_back(of);
          }
        }
      }
    }
  }
}

double AnalogTile::any_input_bound() const {
  const double digits = std::ldexp(1.0, shape_.dac_bits) - 1;
  const double top = std::ldexp(1.0, shape_.adc_bits);
  double most = 0;
  for (int32_t p = 0; p < 2; ++p) {
    for (int32_t s = 0; s < shape_.slices; ++s) {
      for (int32_t tile = 0; tile < shape_.row_tiles(); ++tile) {
        const int32_t last = std::min((tile + 1) * shape_.tile_rows, shape_.rows);
        for (int32_t c = 0; c < shape_.cols; ++c) {
          double above = 0;
          double below = 0;
          for (int32_t r = tile * shape_.tile_rows; r < last; ++r) {
            const double g = cell(p, s, r, c);
            const double off = std::floor(g + 0.5) - g;
            (off > 0 ? above : below) += std::abs(off) * digits;
          }
          const size_t at = converter_at(s, c);
          const double apart = std::abs(twin_offset_[at] - offset_[at]);
          const double full_scale = (top + apart + std::abs(offset_[at])) / gain_[at];
          most = std::max(most, twin_gain_[at] * std::max(above, below) +
                                    std::abs(twin_gain_[at] - gain_[at]) * full_scale + apart);
        }
      }
    }
  }
  return most;
}

std::vector<AnalogTile> analog_tiles(const ir::Design& design, const ir::Chip& chip,
                                     const ir::Device& device) {
  const ir::DeviceArrays arrays(device);
  std::vector<AnalogTile> tiles;
  for (size_t i = 0; i < design.stages.size(); ++i) {
    const ir::Stage& stage = design.stages[i];
    if (!std::holds_alternative<ir::Crossbar>(stage.kind)) continue;
    RealCells cells = draw_real_cells(design, i, device, arrays, chip.seed,
                                      chip.crossbars[tiles.size()].placement);
    const std::vector<uint16_t>& g = chip.crossbars[tiles.size()].g;
    for (size_t at = 0; at < g.size(); ++at) {
      if (to_conductance(cells.now[at]) == g[at]) continue;
      throw ir::Error({"chip, stage " + stage.name + ", cell " + std::to_string(at),
                       "is not what the chip's device and seed give",
                       std::to_string(cells.now[at]) + " units", std::to_string(g[at]),
                       "run `crosstwin program` again"});
    }
    tiles.emplace_back(design, i, chip, std::move(cells.now));
  }
  return tiles;
}

std::vector<AnalogStage> compare_analog(const ir::Design& design, const ir::Chip& chip,
                                        const std::vector<AnalogTile>& tiles,
                                        std::span<const uint8_t> images, uint32_t first_image,
                                        const std::function<void(int64_t)>& progress) {
  const Pipeline pipeline(design);
  const int64_t count = image_count(design, images);
  std::vector<AnalogStage> total(tiles.size());
  std::vector<ReadNoise> noise(tiles.size());
  for (size_t i = 0; i < design.stages.size(); ++i) {
    if (!std::holds_alternative<ir::Crossbar>(design.stages[i].kind)) continue;
    const size_t ordinal = ordinal_of(design, i);
    total[ordinal].stage = design.stages[i].name;
    total[ordinal].any_input_bound = tiles[ordinal].any_input_bound();
    total[ordinal].converters_outside = tiles[ordinal].converters_outside();
    noise[ordinal] = noise_of(design, i, chip);
  }
  const int64_t blocks = (count + kImageBlock - 1) / kImageBlock;
  std::vector<std::vector<AnalogStage>> parts(static_cast<size_t>(blocks));
  std::atomic<int64_t> done = 0;
  for_image_blocks(count, [&](int64_t first, int64_t last) {
    std::vector<AnalogStage>& part = parts[static_cast<size_t>(first / kImageBlock)];
    part.resize(tiles.size());
    std::vector<std::vector<int32_t>> outputs;
    Position position;
    for (int64_t n = first; n < last; ++n) {
      const auto number = first_image + static_cast<uint32_t>(n);
      const auto product = [&](size_t stage) -> Product {
        const size_t at = ordinal_of(design, stage);
        const TileShape shape = tile_shape(design, design.stages[stage]);
        return [&, at, shape](int32_t place, std::span<const int32_t> x, std::span<int64_t> y) {
          position.compare(shape, chip.crossbars[at], noise[at], tiles[at], x, {number, place},
                           part[at]);
          std::copy(position.twin_y.begin(), position.twin_y.end(), y.begin());
        };
      };
      const auto image = images.subspan(n * design.input.size(), design.input.size());
      pipeline.run(to_stream_order(image, design.input), product, outputs);
    }
    const int64_t now_done = done += last - first;
    if (progress) progress(now_done);
  });
  for (const std::vector<AnalogStage>& part : parts) {
    for (size_t at = 0; at < part.size(); ++at) merge(total[at], part[at]);
  }
  return total;
}

std::vector<int32_t> analog_logits(const ir::Design& design, const std::vector<AnalogTile>& tiles,
                                   std::span<const uint8_t> images, uint32_t first_image) {
  const Pipeline pipeline(design);
  const int64_t count = image_count(design, images);
  const int64_t logits = design.stages.back().out.size();
  std::vector<int32_t> result(static_cast<size_t>(count * logits));
  for_image_blocks(count, [&](int64_t first, int64_t last) {
    std::vector<std::vector<int32_t>> outputs;
    std::vector<double> sums, bound;
    for (int64_t n = first; n < last; ++n) {
      const auto number = first_image + static_cast<uint32_t>(n);
      const auto product = [&](size_t stage) -> Product {
        return [&, tile = &tiles[ordinal_of(design, stage)]](
                   int32_t place, std::span<const int32_t> x, std::span<int64_t> y) {
          sums.resize(y.size());
          bound.resize(y.size());
          tile->run(x, {number, place}, sums, bound);
          std::transform(sums.begin(), sums.end(), y.begin(),
                         [](double sum) { return std::llround(sum); });
        };
      };
      const auto image = images.subspan(n * design.input.size(), design.input.size());
      pipeline.run(to_stream_order(image, design.input), product, outputs);
      std::copy(outputs.back().begin(), outputs.back().end(), result.begin() + n * logits);
    }
  });
  return result;
}

}  // namespace crosstwin::twin
