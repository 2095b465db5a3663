// The whole pipeline of chosen layers: how many cycles an image takes, and which queues that needs.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/follow.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hwgen/plan/cycles.hpp"

namespace crosstwin::hwgen {
namespace {

// Cycles an image up to which the whole pipeline is followed: seconds beyond.
constexpr int64_t kFollowedCycles = 1'000'000;

}  // namespace

Followed follow(const ir::Design& design, const std::vector<LayerSpace>& spaces,
                const std::vector<Chosen>& chosen) {
  PipelineTiming timing;
  timing.pixels = int64_t{design.input.h} * design.input.w;
  timing.channels = design.input.c;
  timing.outputs = static_cast<int32_t>(design.stages.back().out.size());
  Followed result;
  result.cycles_per_image = design.input.size();
  result.slowest = "input";
  size_t crossbar = 0;
  for (const ir::Stage& stage : design.stages) {
    int64_t cycles = 0;
    if (const auto* pool = std::get_if<ir::PoolMax>(&stage.kind)) {
      timing.stages.emplace_back(PoolTiming{stage.in.h, stage.in.w, stage.in.c, pool->kernel,
                                            pool->stride, stage.in_bits});
      cycles = pool_cycles(stage.in.h, stage.in.w, stage.in.c, pool->kernel, pool->stride);
    } else {
      timing.stages.emplace_back(spaces[crossbar].timing(chosen[crossbar].build));
      cycles = chosen[crossbar++].cycles;
    }
    if (cycles <= result.cycles_per_image) continue;
    result.cycles_per_image = cycles;
    result.slowest = stage.name;
  }
  result.depths.assign(timing.stages.size(), 0);
  if (result.cycles_per_image > kFollowedCycles) {
    result.findings.push_back(
        {"cycles_per_image", "of the slowest part alone",
         fmt::format("an image takes over {} cycles: too many to follow the whole pipeline's "
                     "clock; exact while no other part makes it wait",
                     kFollowedCycles)});
    return result;
  }
  result.depths = fifo_depths(timing);
  result.pipeline = with_fifos(timing, result.depths);
  const PipelineRun run = run_pipeline(result.pipeline);
  result.cycles_per_image = run.steady_cycles();
  result.first_answer = run.answers.front();
  result.findings.push_back(
      {"cycles_per_image", fmt::format("{}", result.cycles_per_image),
       fmt::format("the control of all parts followed for {} images; the slowest part is {}",
                   run.answers.size(), result.slowest)});
  const bool queues = std::any_of(result.depths.begin(), result.depths.end(),
                                  [](int32_t depth) { return depth > 0; });
  result.findings.push_back(
      {"queues", queues ? "some" : "none",
       queues ? "the smallest with which the pipeline is as fast as with queues of whole images"
              : "queues of whole images between all layers would not make it faster"});
  return result;
}

}  // namespace crosstwin::hwgen
