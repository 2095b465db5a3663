// The chip's network: fast tiles for batches, naive ones for traces.
// SPDX-License-Identifier: Apache-2.0
#include "twin/simulator.hpp"

#include <optional>
#include <utility>

#include "compress/ir/error.hpp"
#include "twin/stages.hpp"
#include "twin/tile.hpp"

namespace crosstwin::twin {

size_t CodeTrace::size() const {
  return static_cast<size_t>(positions) * row_tiles * columns * planes * slices * 2;
}

int32_t CodeTrace::code(int32_t position, int32_t row_tile, int32_t column, int32_t plane,
                        int32_t slice, int32_t polarity) const {
  const auto inside = [](int32_t value, int32_t bound) { return value >= 0 && value < bound; };
  ir::check(inside(position, positions) && inside(row_tile, row_tiles) && inside(column, columns) &&
                inside(plane, planes) && inside(slice, slices) && inside(polarity, 2),
            "a conversion's place is within the trace");
  size_t at = static_cast<size_t>(position) * row_tiles + row_tile;
  at = (at * columns + column) * planes + plane;
  return codes[(at * slices + slice) * 2 + polarity];
}

struct Simulator::State {
  ir::Design design;
  ir::Chip chip;
  std::vector<int32_t> chip_index;             // [stage], -1 for a pool
  std::vector<std::optional<FastTile>> tiles;  // [stage]
  std::vector<ReadNoise> noise;                // [stage]
  std::optional<Pipeline> pipeline;

  const ir::CrossbarChip& crossbar_chip(size_t stage) const {
    return chip.crossbars[static_cast<size_t>(chip_index[stage])];
  }
  std::span<const uint8_t> image(std::span<const uint8_t> images, int64_t n) const {
    return images.subspan(n * design.input.size(), design.input.size());
  }
  // Every image through the fast tiles; use(first, last, outputs of all stages, one image after the
  // other) from any thread.
  template <class Use>
  void run(std::span<const uint8_t> images, uint32_t first_image, const Use& use) const {
    for_image_blocks(
        image_count(design, images),
        [&](int64_t first, int64_t last) {
          std::vector<std::vector<int32_t>> outputs;
          FastTile::Scratch scratch;
          std::vector<NoisePlace> place(FastTile::kBlock);
          const auto product = [&](size_t stage) -> BlockProduct {
            const int32_t positions = pipeline->window(stage).positions();
            return [&, positions, tile = &*tiles[stage]](int64_t from, int32_t count,
                                                         const int32_t* x, int32_t* y) {
              for (int32_t i = 0; i < count; ++i) {
                const int64_t n = first + (from + i) / positions;
                place[static_cast<size_t>(i)] = {first_image + static_cast<uint32_t>(n),
                                                 static_cast<int32_t>((from + i) % positions)};
              }
              tile->multiply_block(x, count, place.data(), y, scratch);
            };
          };
          const auto block =
              images.subspan(first * design.input.size(), (last - first) * design.input.size());
          pipeline->run_block(to_stream_order(block, design.input), last - first, product, outputs);
          use(first, last, outputs);
        },
        kTogether);
  }
  // A trace with its sizes, and no values.
  Trace empty_trace() const {
    Trace trace;
    for (size_t i = 0; i < design.stages.size(); ++i) {
      StageTrace& entry = trace.stages.emplace_back();
      entry.stage = design.stages[i].name;
      if (chip_index[i] < 0) continue;
      const TileShape shape = tile_shape(design, design.stages[i]);
      entry.adc = {pipeline->window(i).positions(),
                   shape.row_tiles(),
                   shape.cols,
                   shape.planes,
                   shape.slices,
                   {}};
    }
    return trace;
  }
};

Simulator::Simulator(ir::Design design, ir::Chip chip) : state_(std::make_unique<State>()) {
  ir::check_design(design, "design");
  ir::check_chip(chip, design, "chip");
  state_->design = std::move(design);
  state_->chip = std::move(chip);
  std::vector<int64_t> max_y;
  int32_t next = 0;
  for (const ir::Stage& stage : state_->design.stages) {
    const bool crossbar = std::holds_alternative<ir::Crossbar>(stage.kind);
    state_->chip_index.push_back(crossbar ? next++ : -1);
    if (crossbar) {
      const TileShape shape = tile_shape(state_->design, stage);
      const ir::CrossbarChip& crossbar_chip = state_->chip.crossbars[static_cast<size_t>(next - 1)];
      state_->noise.emplace_back(shape, stage.out.h * stage.out.w, next - 1, crossbar_chip,
                                 state_->chip.noise_seed);
      state_->tiles.emplace_back(std::in_place, shape, crossbar_chip, state_->noise.back());
      max_y.push_back(max_abs_y(shape, crossbar_chip));
    } else {
      state_->noise.emplace_back();
      state_->tiles.emplace_back();
      max_y.push_back(0);
    }
  }
  check_ranges(state_->design, max_y, "chip");
  state_->pipeline.emplace(state_->design);
}

Simulator::~Simulator() = default;
Simulator::Simulator(Simulator&&) noexcept = default;
Simulator& Simulator::operator=(Simulator&&) noexcept = default;

const ir::Design& Simulator::design() const { return state_->design; }
const ir::Chip& Simulator::chip() const { return state_->chip; }
int32_t Simulator::outputs() const {
  return static_cast<int32_t>(state_->design.stages.back().out.size());
}

std::vector<int32_t> Simulator::logits(std::span<const uint8_t> images,
                                       uint32_t first_image) const {
  std::vector<int32_t> result(static_cast<size_t>(image_count(state_->design, images) * outputs()));
  state_->run(images, first_image,
              [&](int64_t first, int64_t, const std::vector<std::vector<int32_t>>& stages) {
                std::copy(stages.back().begin(), stages.back().end(),
                          result.begin() + first * outputs());
              });
  return result;
}

std::vector<std::vector<int32_t>> Simulator::stage_outputs(std::span<const uint8_t> images,
                                                           uint32_t first_image) const {
  const int64_t count = image_count(state_->design, images);
  std::vector<std::vector<int32_t>> result;
  for (const ir::Stage& stage : state_->design.stages) {
    result.emplace_back(static_cast<size_t>(count * stage.out.size()));
  }
  state_->run(images, first_image,
              [&](int64_t first, int64_t last, const std::vector<std::vector<int32_t>>& stages) {
                for (size_t i = 0; i < stages.size(); ++i) {
                  const auto size = static_cast<int64_t>(stages[i].size()) / (last - first);
                  std::copy(stages[i].begin(), stages[i].end(), result[i].begin() + first * size);
                }
              });
  return result;
}

Trace Simulator::trace(std::span<const uint8_t> image, uint32_t number) const {
  ir::check(image_count(state_->design, image) == 1, "a trace is of one image");
  Trace trace = state_->empty_trace();
  const auto product = [&](size_t stage) -> Product {
    return [&, stage](int32_t position, std::span<const int32_t> x, std::span<int64_t> y) {
      std::vector<uint16_t>& codes = trace.stages[stage].adc.codes;
      naive_tile(tile_shape(state_->design, state_->design.stages[stage]),
                 state_->crossbar_chip(stage), x, y, state_->noise[stage], {number, position},
                 [&](int32_t, int32_t, int32_t, int32_t, int32_t, int64_t, int32_t code) {
                   codes.push_back(static_cast<uint16_t>(code));
                 });
    };
  };
  std::vector<std::vector<int32_t>> outputs;
  state_->pipeline->run(to_stream_order(image, state_->design.input), product, outputs);
  for (size_t i = 0; i < outputs.size(); ++i) trace.stages[i].output = std::move(outputs[i]);
  return trace;
}

Trace Simulator::fast_trace(std::span<const uint8_t> image, uint32_t number) const {
  ir::check(image_count(state_->design, image) == 1, "a trace is of one image");
  Trace trace = state_->empty_trace();
  FastTile::Scratch scratch;
  const auto product = [&](size_t stage) -> Product {
    CodeTrace& adc = trace.stages[stage].adc;
    adc.codes.resize(adc.size());
    const size_t size = adc.size() / static_cast<size_t>(adc.positions);
    return [&, number, size, tile = &*state_->tiles[stage]](
               int32_t position, std::span<const int32_t> x, std::span<int64_t> y) {
      tile->codes(x, scratch, {number, position},
                  adc.codes.data() + static_cast<size_t>(position) * size, y);
    };
  };
  std::vector<std::vector<int32_t>> outputs;
  state_->pipeline->run(to_stream_order(image, state_->design.input), product, outputs);
  for (size_t i = 0; i < outputs.size(); ++i) trace.stages[i].output = std::move(outputs[i]);
  return trace;
}

std::vector<ConversionCount> Simulator::count_conversions(std::span<const uint8_t> images,
                                                          uint32_t first_image) const {
  const int64_t count = image_count(state_->design, images);
  const size_t slices = static_cast<size_t>(state_->design.layout.slices);
  std::vector<ConversionCount> empty;
  std::vector<size_t> first_entry;  // [stage]
  for (const ir::Stage& stage : state_->design.stages) {
    first_entry.push_back(empty.size());
    if (!std::holds_alternative<ir::Crossbar>(stage.kind)) continue;
    for (size_t s = 0; s < slices; ++s) {
      empty.push_back({stage.name, static_cast<int32_t>(s), 0, 0});
    }
  }
  const int64_t blocks = (count + kImageBlock - 1) / kImageBlock;
  std::vector<std::vector<ConversionCount>> parts(static_cast<size_t>(blocks), empty);
  for_image_blocks(count, [&](int64_t first, int64_t last) {
    std::vector<ConversionCount>& part = parts[static_cast<size_t>(first / kImageBlock)];
    std::vector<std::vector<int32_t>> outputs;
    for (int64_t n = first; n < last; ++n) {
      const uint32_t number = first_image + static_cast<uint32_t>(n);
      const auto product = [&](size_t index) -> Product {
        return [&, index](int32_t position, std::span<const int32_t> x, std::span<int64_t> y) {
          const TileShape shape = tile_shape(state_->design, state_->design.stages[index]);
          const ir::CrossbarChip& chip = state_->crossbar_chip(index);
          naive_tile(
              shape, chip, x, y, state_->noise[index], {number, position},
              [&](int32_t, int32_t c, int32_t, int32_t s, int32_t, int64_t current, int32_t) {
                const auto adc = static_cast<size_t>(s * shape.cols + c);
                const auto slice = static_cast<size_t>(s);
                const int64_t code = raw_code(current, chip.adc_mult[adc], chip.adc_offset[adc],
                                              chip.adc_shift[slice]);
                ConversionCount& entry = part[first_entry[index] + slice];
                ++entry.conversions;
                if (code < 0 || code > chip.adc_clip[adc]) ++entry.clipped;
              });
        };
      };
      state_->pipeline->run(to_stream_order(state_->image(images, n), state_->design.input),
                            product, outputs);
    }
  });
  std::vector<ConversionCount> total = empty;
  for (const auto& part : parts) {
    for (size_t i = 0; i < total.size(); ++i) {
      total[i].conversions += part[i].conversions;
      total[i].clipped += part[i].clipped;
    }
  }
  return total;
}

}  // namespace crosstwin::twin
