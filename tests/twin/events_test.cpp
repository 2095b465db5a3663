// Events are those that a walk over every conversion and every cell counts.
// SPDX-License-Identifier: Apache-2.0
#include "twin/events.hpp"

#include <tbb/global_control.h>

#include "tests/catch.hpp"
#include "tests/twin/random_design.hpp"
#include "twin/program.hpp"
#include "twin/stages.hpp"
#include "twin/tile.hpp"

namespace crosstwin {

using twin::StageEvents;

namespace {

// Every conversion of the naive tile, and for each the cells of its column one by one.
std::vector<StageEvents> walk(const ir::Design& design, const ir::Chip& chip,
                              std::span<const uint8_t> images) {
  const twin::Pipeline pipeline(design);
  std::vector<StageEvents> events;
  std::vector<size_t> entry;
  for (const ir::Stage& stage : design.stages) {
    entry.push_back(events.size());
    if (!std::holds_alternative<ir::Crossbar>(stage.kind)) continue;
    events.emplace_back().stage = stage.name;
  }
  const int64_t count = twin::image_count(design, images);
  for (int64_t n = 0; n < count; ++n) {
    const auto product = [&](size_t index) -> twin::Product {
      const ir::Stage& stage = design.stages[index];
      StageEvents& to = events[entry[index]];
      to.window_writes += stage.in.size();
      return [&, index](int32_t position, std::span<const int32_t> x, std::span<int64_t> y) {
        const twin::TileShape shape = twin::tile_shape(design, stage);
        const ir::CrossbarChip& crossbar = chip.crossbars[entry[index]];
        const auto& layer = std::get<ir::Crossbar>(stage.kind);
        const twin::ReadNoise noise(shape, stage.out.h * stage.out.w,
                                    static_cast<int32_t>(entry[index]), crossbar, chip.noise_seed);
        ++to.positions;
        to.window_reads += static_cast<int64_t>(x.size());
        to.requantizations += layer.logits ? 0 : shape.cols;
        twin::naive_tile(
            shape, crossbar, x, y, noise, {static_cast<uint32_t>(n), position},
            [&](int32_t tile, int32_t c, int32_t b, int32_t s, int32_t p, int64_t, int32_t) {
              ++to.conversions;
              ++to.shift_adds;
              if (tile > 0 && b == 0 && s == 0 && p == 0) ++to.tile_adds;
              const int32_t last = std::min((tile + 1) * shape.tile_rows, shape.rows);
              for (int32_t r = tile * shape.tile_rows; r < last; ++r) {
                if ((x[static_cast<size_t>(r)] >> b & 1) == 0) continue;
                to.row_activations += c % design.layout.tile_cols == 0 ? 1 : 0;
                ++to.cell_reads;
                to.conductance += crossbar.g[shape.cell(p, s, r, c)];
              }
            });
      };
    };
    std::vector<std::vector<int32_t>> outputs;
    const auto image = images.subspan(n * design.input.size(), design.input.size());
    pipeline.run(twin::to_stream_order(image, design.input), product, outputs);
  }
  return events;
}

std::string text(const std::vector<StageEvents>& all) {
  std::string lines;
  for (const StageEvents& e : all) {
    lines += e.stage;
    for (const int64_t count :
         {e.positions, e.conversions, e.row_activations, e.cell_reads, e.conductance, e.shift_adds,
          e.tile_adds, e.requantizations, e.window_writes, e.window_reads}) {
      lines += " " + std::to_string(count);
    }
    lines += "\n";
  }
  return lines;
}

}  // namespace

TEST_CASE("events equal a walk over every conversion and cell") {
  const ir::Layout layouts[] = {
      {}, {.tile_rows = 16, .tile_cols = 4}, {.tile_cols = 5, .cell_bits = 2, .slices = 4}};
  const char* devices[] = {"ideal", "reram_full", "reram"};
  for (size_t i = 0; i < 3; ++i) {
    const ir::Design design = test::random_design(i + 1, layouts[i]);
    const auto images = test::random_images(design, 11, i);
    const ir::Chip chip = twin::program(design, ir::load_device(devices[i]), i, images);
    const std::vector<StageEvents> events =
        twin::count_events(twin::Simulator(design, chip), images);
    REQUIRE(events.size() == 4);
    CHECK(text(events) == text(walk(design, chip, images)));
    for (const StageEvents& stage : events) CHECK(stage.row_activations > 0);
  }
}

TEST_CASE("events of parts add up, on any number of threads") {
  const ir::Design design = test::random_design(9);
  const auto images = test::random_images(design, 300, 9);  // more than are held at a time
  const twin::Simulator simulator(design, twin::program(design, ir::load_device("reram_full"), 9,
                                                        {images.data(), images.size()}));
  const std::string whole = text(twin::count_events(simulator, images));
  for (const size_t threads : {1, 3}) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    CHECK(text(twin::count_events(simulator, images)) == whole);
  }
  const int64_t cut = 17 * design.input.size();
  const std::span<const uint8_t> all(images);
  const auto front = twin::count_events(simulator, all.first(cut));
  const auto back = twin::count_events(simulator, all.subspan(cut), 17);
  std::vector<StageEvents> sum;
  for (size_t i = 0; i < front.size(); ++i) {
    sum.push_back(twin::total_events({front[i], back[i]}));
    sum.back().stage = front[i].stage;
  }
  CHECK(text(sum) == whole);
}

TEST_CASE("the energy of a read is V^2 t G of the cells driven") {
  ir::Device device;
  StageEvents events;
  events.conductance = 1000;
  CHECK(twin::read_joules(device, events) == 0);
  device.read_volt = 0.2;
  device.read_seconds = 1e-8;
  CHECK(twin::read_joules(device, events) == Approx(0.04 * 1e-8 * 4e-9 * 1000).epsilon(1e-12));
}

}  // namespace crosstwin
