// Ways chosen for every layer and the pipeline that they make, until it keeps what was asked for.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/settle.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compress/ir/error.hpp"

namespace crosstwin::hwgen {
namespace {

Structure queues_of(const ir::Design& design, const Followed& followed) {
  Structure sum;
  for (size_t i = 0; i < followed.depths.size(); ++i) {
    if (followed.depths[i] == 0) continue;
    sum += fifo_structure(design.stages[i].in_bits + 1, followed.depths[i]);
  }
  return sum;
}

Settled followed(const ir::Design& design, const std::vector<LayerSpace>& layers,
                 std::vector<Chosen> chosen) {
  Followed result = follow(design, layers, chosen);
  Structure queues = queues_of(design, result);
  return {std::move(chosen), std::move(result), std::move(queues)};
}

[[noreturn]] void target_missed(const Followed& followed, const PlanOptions& options,
                                const std::string& although) {
  const double rate = options.clock_mhz * 1e6 / static_cast<double>(followed.cycles_per_image);
  throw ir::Error({"layer " + followed.slowest, "the target rate is out of reach",
                   fmt::format("{} images/s at {} MHz", *options.target_fps, options.clock_mhz),
                   fmt::format("{:.0f}: it takes {} cycles an image, {}", rate,
                               followed.cycles_per_image, although),
                   "a lower rate or a faster clock"});
}

int64_t slowest_layer(const std::vector<Chosen>& chosen) {
  int64_t most = 0;
  for (const Chosen& each : chosen) most = std::max(most, each.cycles);
  return most;
}

// Every layer within the rate, and the pipeline too.
Settled settle_rate(const ir::Design& design, std::vector<LayerSpace>& layers,
                    const Surroundings& around, const PlanOptions& options) {
  Settled settled = followed(design, layers, choose(layers, around, options));
  if (!options.target_fps) return settled;
  const int64_t target = target_cycles(options);
  const int64_t at_first = settled.followed.cycles_per_image;
  // Streams move one activation a cycle.
  if (around.cycles > target) {
    target_missed(settled.followed, options, "whatever the crossbars do");
  }
  int32_t again = 0;
  while (settled.followed.cycles_per_image > target) {
    const int64_t less = std::min(target, slowest_layer(settled.chosen)) - 1;
    auto faster = choose_within(layers, around, options, less);
    if (!faster) {
      const Board* board = find_board(options);
      target_missed(settled.followed, options,
                    board ? "with layers as fast as the " + board->part.title + " holds"
                          : "with every layer as fast as it can be");
    }
    settled = followed(design, layers, std::move(*faster));
    ++again;
  }
  if (again > 0) {
    settled.followed.findings.push_back(
        {"chosen_again", fmt::format("{} times", again),
         fmt::format("layers within {} cycles made a pipeline of {}, so that the slowest took "
                     "their next way up",
                     target, at_first)});
  }
  return settled;
}

// All that a part has to hold.
Resources all_of(std::vector<LayerSpace>& layers, const Surroundings& around,
                 const Settled& settled, ir::PartFamily family) {
  Resources all = estimate(around.structure, family);
  all += estimate(around.host, family);
  all += estimate(settled.queues, family);
  for (size_t i = 0; i < layers.size(); ++i) {
    all += estimate(layers[i].structure(settled.chosen[i].build), family);
  }
  return all;
}

}  // namespace

Settled settle(const ir::Design& design, std::vector<LayerSpace>& layers,
               const Surroundings& around, const PlanOptions& options) {
  Surroundings room = around;
  Settled settled = settle_rate(design, layers, room, options);
  const Board* board = find_board(options);
  if (!board) return settled;
  const ir::PartFamily family = board->part.family;
  while (true) {
    if (holds(*board, all_of(layers, room, settled, family))) break;
    const Resources queues = estimate(settled.queues, family);
    // More than was set aside so far, of something at least: this ends.
    room.queues.lut = std::max(room.queues.lut, queues.lut);
    room.queues.ff = std::max(room.queues.ff, queues.ff);
    room.queues.bram = std::max(room.queues.bram, queues.bram);
    settled = settle_rate(design, layers, room, options);
  }
  if (room.queues.lut > 0) {
    settled.followed.findings.push_back(
        {"queue_room", fmt::format("{:.0f} LUT, {} block RAMs", room.queues.lut, room.queues.bram),
         fmt::format("set aside on the {} for queues between layers", board->part.title)});
  }
  return settled;
}

std::vector<ParetoPoint> settled_front(const ir::Design& design, std::vector<LayerSpace>& layers,
                                       const Surroundings& around, const PlanOptions& options) {
  std::vector<ParetoPoint> points = pareto_front(layers, around, options);
  const Board* board = find_board(options);
  const ir::PartFamily family = board ? board->part.family : ir::PartFamily::kEcp5;
  const auto take = [&](ParetoPoint& point, const Settled& settled) {
    point.cycles = settled.followed.cycles_per_image;
    point.bottleneck = settled.followed.slowest;
    point.resources = all_of(layers, around, settled, family);
    point.fits = board && holds(*board, point.resources);
    for (size_t i = 0; i < layers.size(); ++i) point.builds[i] = settled.chosen[i].build;
  };
  for (ParetoPoint& point : points) {
    const int64_t cycles = point.cycles;
    std::vector<Chosen> chosen(layers.size());
    for (size_t i = 0; i < layers.size(); ++i) {
      chosen[i] = {point.builds[i], layers[i].cycles(point.builds[i]), {}, {}};
    }
    const Settled plain = followed(design, layers, std::move(chosen));
    take(point, plain);
    if (!board || point.fits) continue;
    // As --fit would have it: memories in logic, room for the queues.
    Surroundings room = around;
    room.queues = estimate(plain.queues, family);
    if (auto held = choose_within(layers, room, options, cycles)) {
      const Settled fitted = followed(design, layers, std::move(*held));
      if (holds(*board, all_of(layers, around, fitted, family))) take(point, fitted);
    }
  }
  // Queues are dearer in some points than in others: a slower one must be smaller, or be the first
  // that the board holds.
  std::stable_sort(points.begin(), points.end(),
                   [](const ParetoPoint& a, const ParetoPoint& b) { return a.cycles < b.cycles; });
  std::vector<ParetoPoint> front;
  bool fits = false;
  for (ParetoPoint& point : points) {
    const bool smaller = front.empty() || point.resources.lut < front.back().resources.lut;
    if (!smaller && (fits || !point.fits)) continue;
    if (!front.empty() && point.cycles == front.back().cycles) front.pop_back();
    fits = fits || point.fits;
    front.push_back(std::move(point));
  }
  return front;
}

}  // namespace crosstwin::hwgen
