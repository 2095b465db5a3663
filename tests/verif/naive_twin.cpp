// The numeric contract written as plain loops: what RTL and twin are both held against.
// SPDX-License-Identifier: Apache-2.0
#include "tests/verif/naive_twin.hpp"

#include <algorithm>
#include <vector>

#include "compress/ir/noise.hpp"

namespace crosstwin::test {
namespace {

// An activation map in h, w, c order.
struct Map {
  ir::Shape shape;
  std::vector<int32_t> values;
  int32_t& at(int32_t y, int32_t x, int32_t c) {
    return values[static_cast<size_t>((y * shape.w + x) * shape.c + c)];
  }
};

Map empty_map(ir::Shape shape) {
  return {shape, std::vector<int32_t>(static_cast<size_t>(shape.size()))};
}

Map max_pool(const ir::Stage& stage, const ir::PoolMax& pool, Map& in) {
  Map out = empty_map(stage.out);
  for (int32_t y = 0; y < stage.out.h; ++y) {
    for (int32_t x = 0; x < stage.out.w; ++x) {
      for (int32_t c = 0; c < stage.out.c; ++c) {
        int32_t best = in.at(y * pool.stride, x * pool.stride, c);
        for (int32_t dy = 0; dy < pool.kernel; ++dy) {
          for (int32_t dx = 0; dx < pool.kernel; ++dx) {
            best = std::max(best, in.at(y * pool.stride + dy, x * pool.stride + dx, c));
          }
        }
        out.at(y, x, c) = best;
      }
    }
  }
  return out;
}

struct Noise {
  ir::NoiseKeys keys;
  uint32_t image = 0;
};

Map crossbar(const ir::Design& design, const ir::Stage& stage, const ir::Crossbar& layer,
             const ir::CrossbarChip& cells, const Noise& noise, Map& in, twin::CodeTrace& trace) {
  const ir::Layout& layout = design.layout;
  const auto rows = static_cast<int32_t>(layer.rows.size());
  const int32_t cols = stage.out.c;
  const int32_t slices = layout.slices;
  trace.positions = stage.out.h * stage.out.w;
  trace.row_tiles = (rows + layout.tile_rows - 1) / layout.tile_rows;
  trace.columns = cols;
  trace.planes = stage.in_bits;
  trace.slices = slices;
  Map out = empty_map(stage.out);
  for (int32_t y = 0; y < stage.out.h; ++y) {
    for (int32_t x = 0; x < stage.out.w; ++x) {
      std::vector<int32_t> inputs;
      for (const int32_t row : layer.rows) {
        const int32_t kx = row % layer.kernel_w;
        const int32_t ky = row / layer.kernel_w % layer.kernel_h;
        const int32_t c = row / (layer.kernel_w * layer.kernel_h);
        const int32_t iy = y * layer.stride + ky - layer.pad;
        const int32_t ix = x * layer.stride + kx - layer.pad;
        const bool inside = iy >= 0 && iy < stage.in.h && ix >= 0 && ix < stage.in.w;
        inputs.push_back(inside ? in.at(iy, ix, c) : layer.pad_value[static_cast<size_t>(c)]);
      }
      std::vector<int64_t> sums(static_cast<size_t>(cols), 0);
      for (int32_t tile = 0; tile < trace.row_tiles; ++tile) {
        for (int32_t col = 0; col < cols; ++col) {
          for (int32_t plane = 0; plane < stage.in_bits; ++plane) {
            for (int32_t slice = 0; slice < slices; ++slice) {
              for (int32_t polarity = 0; polarity < 2; ++polarity) {
                int64_t current = 0;
                int32_t driven = 0;
                for (int32_t row = tile * layout.tile_rows;
                     row < std::min(rows, (tile + 1) * layout.tile_rows); ++row) {
                  if ((inputs[static_cast<size_t>(row)] >> plane & 1) == 0) continue;
                  ++driven;
                  current += cells.g[static_cast<size_t>(
                      ((polarity * slices + slice) * rows + row) * cols + col)];
                }
                const auto setting = static_cast<size_t>(slice * cols + col);
                const int32_t shift = cells.adc_shift[static_cast<size_t>(slice)];
                const int64_t half = shift > 0 ? int64_t{1} << (shift - 1) : 0;
                if (cells.noisy()) {
                  const ir::NoiseCounter counter(trace.positions, trace.row_tiles, cols,
                                                 stage.in_bits, slices);
                  const int32_t gains = cells.noise_gains();
                  const auto u = [](int32_t value) { return static_cast<uint32_t>(value); };
                  current += ir::noise_value(
                      ir::noise_draw(noise.keys,
                                     counter(u(y * stage.out.w + x), u(tile), u(col), u(plane),
                                             u(2 * slice + polarity)),
                                     noise.image),
                      cells.noise_mult[static_cast<size_t>(slice * gains +
                                                           (gains > 1 ? driven : 0))],
                      cells.noise_shift);
                }
                int64_t code = std::clamp<int64_t>(
                    (current * cells.adc_mult[setting] + cells.adc_offset[setting] + half) >> shift,
                    0, (int64_t{1} << layout.adc_bits) - 1);
                code = std::min<int64_t>(code, cells.adc_clip[setting]);
                if (!cells.inl.empty()) code = cells.inl[static_cast<size_t>(code)];
                trace.codes.push_back(static_cast<uint16_t>(code));
                const bool sign_plane = stage.in_signed && plane == stage.in_bits - 1;
                const int64_t weight = (int64_t{1} << plane) * (sign_plane ? -1 : 1) *
                                       (int64_t{1} << (layout.cell_bits * slice)) *
                                       cells.lsb[setting];
                sums[static_cast<size_t>(col)] += polarity == 0 ? weight * code : -weight * code;
              }
            }
          }
        }
      }
      for (int32_t col = 0; col < cols; ++col) {
        const auto c = static_cast<size_t>(col);
        int64_t value = sums[c] + layer.bias[c];
        if (!layer.logits) {
          value = std::clamp<int64_t>(
              (value * layer.mult[c] + (int64_t{1} << (layer.shift[c] - 1))) >> layer.shift[c],
              layer.low, layer.high);
        }
        out.at(y, x, col) = static_cast<int32_t>(value);
      }
    }
  }
  return out;
}

}  // namespace

twin::Trace naive_trace(const ir::Design& design, const ir::Chip& chip,
                        std::span<const uint8_t> image, uint32_t number) {
  Map map = empty_map(design.input);
  for (int32_t y = 0; y < design.input.h; ++y) {
    for (int32_t x = 0; x < design.input.w; ++x) {
      for (int32_t c = 0; c < design.input.c; ++c) {
        map.at(y, x, c) = image[static_cast<size_t>((c * design.input.h + y) * design.input.w + x)];
      }
    }
  }
  twin::Trace trace;
  size_t crossbars = 0;
  for (const ir::Stage& stage : design.stages) {
    twin::StageTrace entry;
    entry.stage = stage.name;
    if (const auto* pool = std::get_if<ir::PoolMax>(&stage.kind)) {
      map = max_pool(stage, *pool, map);
    } else {
      const Noise noise = {ir::noise_keys(chip.noise_seed, static_cast<uint32_t>(crossbars)),
                           number};
      map = crossbar(design, stage, std::get<ir::Crossbar>(stage.kind), chip.crossbars[crossbars++],
                     noise, map, entry.adc);
    }
    entry.output = map.values;
    trace.stages.push_back(std::move(entry));
  }
  return trace;
}

}  // namespace crosstwin::test
