// What the crossbar layers stand in: parts that take time and room whatever is chosen.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/surroundings.hpp"

#include <algorithm>

#include "hwgen/plan/check.hpp"
#include "hwgen/plan/cycles.hpp"
#include "hwgen/plan/structure.hpp"

namespace crosstwin::hwgen {
namespace {

constexpr int32_t kLogitBits = 32;  // a beat of m_axis_tdata

int64_t pixels_taken(const ir::Design& design, const std::vector<LayerSpace>& layers) {
  if (!std::holds_alternative<ir::Crossbar>(design.stages.front().kind)) return 0;
  const LayerSpace& first = layers.front();
  const int64_t line = int64_t{design.input.w} * design.input.c;
  const int64_t lines = ring_words(first.shape(), first.lines()) / line;
  return std::min(int64_t{design.input.h}, lines) * design.input.w;
}

}  // namespace

Surroundings surroundings(const ir::Design& design, const std::vector<LayerSpace>& layers,
                          const PlanOptions& options) {
  const int64_t pixels = int64_t{design.input.h} * design.input.w;
  const auto outputs = static_cast<int32_t>(design.stages.back().out.size());
  Surroundings around;
  around.pixels_taken = pixels_taken(design, layers);
  around.host = link_structure(design.input.c, pixels, pixels - around.pixels_taken, outputs);
  around.structure = unpack_structure(design.input.c, kPixelBits);
  around.structure += argmax_structure(outputs, kLogitBits);
  if (options.writable) around.structure += config_structure(static_cast<int32_t>(layers.size()));
  around.cycles = design.input.size();
  around.slowest = "input";
  for (const ir::Stage& stage : design.stages) {
    const auto* pool = std::get_if<ir::PoolMax>(&stage.kind);
    if (!pool) continue;
    around.structure += pool_structure(stage.in, *pool, stage.in_bits);
    const int64_t cycles =
        pool_cycles(stage.in.h, stage.in.w, stage.in.c, pool->kernel, pool->stride);
    if (cycles <= around.cycles) continue;
    around.cycles = cycles;
    around.slowest = stage.name;
  }
  return around;
}

}  // namespace crosstwin::hwgen
