// Sizes give most of it; driven rows come from the set bits of the activations that reach them.
// SPDX-License-Identifier: Apache-2.0
#include "twin/events.hpp"

#include <algorithm>
#include <bit>

#include "compress/ir/error.hpp"
#include "twin/stages.hpp"
#include "twin/tile_shape.hpp"
#include "twin/window.hpp"

namespace crosstwin::twin {

namespace {

// Images whose maps are held at a time.
constexpr int64_t kImages = 256;

struct Stage {
  TileShape shape;
  const Window* window = nullptr;
  std::vector<int64_t> row_conductance;  // [R] of all cells on a row's wires
};

// driven[r] += the planes in which row r is driven, over all positions of one map: the set bits of
// each activation once, then sums of bytes along the window.
void count_driven(const Stage& stage, std::span<const int32_t> map, std::vector<int32_t>& padded,
                  std::vector<int32_t>& bits, std::vector<int32_t>& x, int64_t* driven) {
  const uint32_t mask = (uint32_t{1} << stage.shape.planes) - 1;
  const std::span<const int32_t> in = stage.window->pad(map, padded);
  bits.resize(in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    bits[i] = std::popcount(static_cast<uint32_t>(in[i]) & mask);
  }
  x.resize(static_cast<size_t>(stage.shape.rows));
  for (int32_t position = 0; position < stage.window->positions(); ++position) {
    stage.window->gather(bits, position, x);
    for (size_t r = 0; r < x.size(); ++r) driven[r] += x[r];
  }
}

std::vector<int64_t> row_conductances(const TileShape& shape, const ir::CrossbarChip& chip) {
  std::vector<int64_t> sums(static_cast<size_t>(shape.rows));
  for (int32_t array = 0; array < 2 * shape.slices; ++array) {
    for (int32_t r = 0; r < shape.rows; ++r) {
      const size_t first = shape.cell(array / shape.slices, array % shape.slices, r, 0);
      for (int32_t c = 0; c < shape.cols; ++c) {
        sums[static_cast<size_t>(r)] += chip.g[first + static_cast<size_t>(c)];
      }
    }
  }
  return sums;
}

// What the sizes give, for `images` images.
StageEvents fixed_events(const ir::Design& design, const ir::Stage& stage, int64_t images) {
  const TileShape shape = tile_shape(design, stage);
  StageEvents events;
  events.stage = stage.name;
  events.positions = images * stage.out.h * stage.out.w;
  const int64_t sums = events.positions * shape.cols;
  events.conversions = sums * shape.row_tiles() * shape.planes * shape.slices * 2;
  events.shift_adds = events.conversions;
  events.tile_adds = sums * (shape.row_tiles() - 1);
  events.requantizations = std::get<ir::Crossbar>(stage.kind).logits ? 0 : sums;
  events.window_writes = images * stage.in.size();
  events.window_reads = events.positions * shape.rows;
  return events;
}

}  // namespace

std::vector<StageEvents> count_events(const Simulator& simulator, std::span<const uint8_t> images,
                                      uint32_t first_image) {
  const ir::Design& design = simulator.design();
  const int64_t count = image_count(design, images);
  const Pipeline pipeline(design);
  std::vector<Stage> stages(design.stages.size());
  std::vector<std::vector<int64_t>> driven(design.stages.size());  // [stage][R]
  size_t ordinal = 0;
  for (size_t i = 0; i < stages.size(); ++i) {
    if (!std::holds_alternative<ir::Crossbar>(design.stages[i].kind)) continue;
    Stage& stage = stages[i];
    stage.shape = tile_shape(design, design.stages[i]);
    ir::check(stage.shape.dac_bits == 1, "a driven row has one voltage");
    stage.window = &pipeline.window(i);
    stage.row_conductance = row_conductances(stage.shape, simulator.chip().crossbars[ordinal++]);
    driven[i].resize(static_cast<size_t>(stage.shape.rows));
  }

  const int64_t pixels = design.input.size();
  for (int64_t first = 0; first < count; first += kImages) {
    const int64_t some = std::min(kImages, count - first);
    const auto block = images.subspan(first * pixels, some * pixels);
    const std::vector<int32_t> inputs = to_stream_order(block, design.input);
    const std::vector<std::vector<int32_t>> outputs =
        simulator.stage_outputs(block, first_image + static_cast<uint32_t>(first));
    const int64_t parts = (some + kImageBlock - 1) / kImageBlock;
    std::vector<std::vector<std::vector<int64_t>>> part(static_cast<size_t>(parts));
    for_image_blocks(some, [&](int64_t from, int64_t to) {
      auto& counts = part[static_cast<size_t>(from / kImageBlock)];
      counts.resize(stages.size());
      std::vector<int32_t> padded, bits, x;
      for (size_t i = 0; i < stages.size(); ++i) {
        if (stages[i].window == nullptr) continue;
        counts[i].resize(driven[i].size());
        const int32_t source = pipeline.source(i);
        const std::span<const int32_t> maps =
            source < 0 ? inputs : outputs[static_cast<size_t>(source)];
        const int64_t size = design.stages[i].in.size();
        for (int64_t n = from; n < to; ++n) {
          count_driven(stages[i], maps.subspan(n * size, size), padded, bits, x, counts[i].data());
        }
      }
    });
    for (const auto& counts : part) {
      for (size_t i = 0; i < stages.size(); ++i) {
        for (size_t r = 0; r < driven[i].size(); ++r) driven[i][r] += counts[i][r];
      }
    }
  }

  std::vector<StageEvents> result;
  for (size_t i = 0; i < stages.size(); ++i) {
    const Stage& stage = stages[i];
    if (stage.window == nullptr) continue;
    StageEvents events = fixed_events(design, design.stages[i], count);
    int64_t rows = 0;
    for (size_t r = 0; r < driven[i].size(); ++r) {
      rows += driven[i][r];
      events.conductance += driven[i][r] * stage.row_conductance[r];
    }
    const int64_t arrays = 2 * stage.shape.slices;
    const int64_t width = design.layout.tile_cols;
    events.row_activations = rows * arrays * ((stage.shape.cols + width - 1) / width);
    events.cell_reads = rows * arrays * stage.shape.cols;
    result.push_back(std::move(events));
  }
  return result;
}

StageEvents total_events(const std::vector<StageEvents>& stages) {
  StageEvents total;
  total.stage = "all";
  for (const StageEvents& stage : stages) {
    for (int64_t StageEvents::*count :
         {&StageEvents::positions, &StageEvents::conversions, &StageEvents::row_activations,
          &StageEvents::cell_reads, &StageEvents::conductance, &StageEvents::shift_adds,
          &StageEvents::tile_adds, &StageEvents::requantizations, &StageEvents::window_writes,
          &StageEvents::window_reads}) {
      total.*count += stage.*count;
    }
  }
  return total;
}

double read_joules(const ir::Device& device, const StageEvents& events) {
  return device.read_volt * device.read_volt * device.read_seconds * device.siemens_per_unit *
         static_cast<double>(events.conductance);
}

}  // namespace crosstwin::twin
