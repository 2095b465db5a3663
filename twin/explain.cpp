// Runs the network up to a layer, then writes down one column of it.
// SPDX-License-Identifier: Apache-2.0
#include "twin/explain.hpp"

#include <algorithm>
#include <bit>

#include "compress/ir/error.hpp"
#include "twin/stages.hpp"
#include "twin/tile.hpp"

namespace crosstwin::twin {

namespace {

struct Layer {
  size_t stage = 0;
  size_t ordinal = 0;  // among the crossbar stages
};

Layer find_layer(const ir::Design& design, const std::string& name) {
  Layer layer;
  for (; layer.stage < design.stages.size(); ++layer.stage) {
    const ir::Stage& stage = design.stages[layer.stage];
    if (!std::holds_alternative<ir::Crossbar>(stage.kind)) continue;
    if (stage.name == name) return layer;
    ++layer.ordinal;
  }
  throw ir::Bug("the layer to explain is a crossbar stage");
}

int32_t busiest_position(const Window& window, std::span<const int32_t> map, uint32_t mask) {
  std::vector<int32_t> x(static_cast<size_t>(window.rows()));
  int64_t most = -1;
  int32_t best = 0;
  for (int32_t position = 0; position < window.positions(); ++position) {
    window.gather(map, position, x);
    int64_t driven = 0;
    for (const int32_t value : x) driven += std::popcount(static_cast<uint32_t>(value) & mask);
    if (driven <= most) continue;
    most = driven;
    best = position;
  }
  return best;
}

std::vector<ExplainedRow> explain_rows(const ir::Stage& stage, const TileShape& shape,
                                       const ir::CrossbarChip& chip, const AnalogTile& tile,
                                       const Explanation& of, std::span<const int32_t> x) {
  const auto& crossbar = std::get<ir::Crossbar>(stage.kind);
  std::vector<ExplainedRow> rows;
  for (int32_t r = 0; r < shape.rows; ++r) {
    ExplainedRow& row = rows.emplace_back();
    const int32_t number = crossbar.rows[static_cast<size_t>(r)];
    row.row_tile = r / shape.tile_rows;
    row.channel = number / crossbar.kernel_w / crossbar.kernel_h;
    row.kernel_y = number / crossbar.kernel_w % crossbar.kernel_h;
    row.kernel_x = number % crossbar.kernel_w;
    const int32_t line = of.y * crossbar.stride + row.kernel_y - crossbar.pad;
    const int32_t pixel = of.x * crossbar.stride + row.kernel_x - crossbar.pad;
    row.padding = line < 0 || line >= stage.in.h || pixel < 0 || pixel >= stage.in.w;
    row.x = x[static_cast<size_t>(r)];
    for (int32_t b = 0; b < shape.planes; ++b) row.bits.push_back(shape.digit(row.x, b));
    row.weight = crossbar.weight[static_cast<size_t>(r) * shape.cols + of.column];
    for (int32_t s = 0; s < shape.slices; ++s) {
      auto& pair = row.cells.emplace_back();
      for (int32_t p = 0; p < 2; ++p) {
        pair[static_cast<size_t>(p)] = {ir::slice_code(row.weight, p, s, shape.cell_bits),
                                        chip.g[shape.cell(p, s, r, of.column)],
                                        tile.cell(p, s, r, of.column)};
      }
    }
  }
  return rows;
}

std::vector<ExplainedConverter> explain_converters(const TileShape& shape,
                                                   const ir::CrossbarChip& chip,
                                                   const AnalogTile& tile, int32_t column) {
  std::vector<ExplainedConverter> converters;
  for (int32_t s = 0; s < shape.slices; ++s) {
    const auto at = static_cast<size_t>(s * shape.cols + column);
    converters.push_back({chip.adc_mult[at], chip.adc_shift[static_cast<size_t>(s)],
                          chip.adc_offset[at], chip.adc_clip[at], lsb_of(chip, shape, s, column),
                          tile.gain(s, column), tile.offset(s, column)});
  }
  return converters;
}

}  // namespace

Explanation explain(const Simulator& simulator, const std::vector<AnalogTile>& tiles,
                    const std::string& layer, int32_t column, std::span<const uint8_t> image,
                    uint32_t image_number, std::optional<int32_t> position) {
  const ir::Design& design = simulator.design();
  const auto [index, ordinal] = find_layer(design, layer);
  const ir::Stage& stage = design.stages[index];
  const auto& crossbar = std::get<ir::Crossbar>(stage.kind);
  const ir::CrossbarChip& chip = simulator.chip().crossbars[ordinal];
  const TileShape shape = tile_shape(design, stage);
  const Pipeline pipeline(design);
  const Window& window = pipeline.window(index);
  ir::check(column >= 0 && column < shape.cols, "the column to explain is the layer's");

  const std::vector<std::vector<int32_t>> outputs = simulator.stage_outputs(image, image_number);
  const std::vector<int32_t> pixels = to_stream_order(image, design.input);
  const int32_t source = pipeline.source(index);
  std::vector<int32_t> padded;
  const std::span<const int32_t> map =
      window.pad(source < 0 ? pixels : outputs[static_cast<size_t>(source)], padded);

  Explanation of;
  of.layer = layer;
  of.column = column;
  of.columns = shape.cols;
  of.image = image_number;
  of.positions = window.positions();
  of.position =
      position ? *position : busiest_position(window, map, (uint32_t{1} << shape.planes) - 1);
  ir::check(of.position >= 0 && of.position < of.positions, "the position is the layer's");
  of.y = of.position / stage.out.w;
  of.x = of.position % stage.out.w;
  of.planes = shape.planes;
  of.is_signed = shape.is_signed;
  of.cell_bits = shape.cell_bits;
  of.row_tiles = shape.row_tiles();
  std::vector<int32_t> x(static_cast<size_t>(shape.rows));
  window.gather(map, of.position, x);
  of.rows = explain_rows(stage, shape, chip, tiles[ordinal], of, x);
  of.converters = explain_converters(shape, chip, tiles[ordinal], column);

  const NoisePlace place{image_number, of.position};
  std::vector<AnalogConversion> analog;
  std::vector<double> analog_y(static_cast<size_t>(shape.cols));
  std::vector<double> bound(analog_y.size());
  tiles[ordinal].run(x, place, analog_y, bound, &analog);
  const ReadNoise noise(shape, of.positions, static_cast<int32_t>(ordinal), chip,
                        simulator.chip().noise_seed);
  std::vector<int64_t> y(analog_y.size());
  size_t at = 0;
  naive_tile(
      shape, chip, x, y, noise, place,
      [&](int32_t tile, int32_t c, int32_t b, int32_t s, int32_t p, int64_t noisy, int32_t code) {
        const AnalogConversion& beside = analog[at++];
        if (c != column) return;
        if (p == 0) {
          ExplainedPair& pair = of.pairs.emplace_back();
          pair.row_tile = tile;
          pair.plane = b;
          pair.slice = s;
          for (const ExplainedRow& row : of.rows) {
            pair.driven += row.row_tile == tile && row.bits[static_cast<size_t>(b)] != 0;
          }
          pair.weight = shape.plane_weight(b) * of.converters[static_cast<size_t>(s)].lsb *
                        (int64_t{1} << (shape.cell_bits * s));
        }
        const ExplainedConverter& converter = of.converters[static_cast<size_t>(s)];
        ExplainedCode& to = of.pairs.back().code[static_cast<size_t>(p)];
        to.current = plane_current(shape, chip, x, tile, c, b, s, p);
        to.noise = noisy - to.current;
        to.raw = raw_code(noisy, converter.mult, converter.offset, converter.shift);
        to.clipped = std::min(converter.clip, convert(noisy, converter.mult, converter.offset,
                                                      converter.shift, shape.adc_bits));
        to.code = code;
        to.analog_current = beside.current;
        to.analog_value = beside.value;
        to.analog_code = beside.code;
        to.low = beside.low;
        to.high = beside.high;
      });
  for (ExplainedPair& pair : of.pairs) {
    pair.share = pair.weight * (pair.code[0].code - pair.code[1].code);
  }
  const auto c = static_cast<size_t>(column);
  of.sum = y[c];
  of.analog_sum = analog_y[c];
  of.sum_bound = bound[c];
  of.bias = crossbar.bias[c];
  of.v = of.sum + of.bias;
  of.logits = crossbar.logits;
  if (!of.logits) {
    of.mult = crossbar.mult[c];
    of.shift = crossbar.shift[c];
    of.low = crossbar.low;
    of.high = crossbar.high;
  }
  of.output = requantize(crossbar, column, of.sum);
  return of;
}

}  // namespace crosstwin::twin
