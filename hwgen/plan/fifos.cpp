// Depths of the queues between stages, by running the pipeline's clock.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hwgen/plan/pipeline.hpp"

namespace crosstwin::hwgen {
namespace {

// Beats an image that enter a stage.
int64_t beats_in(const StageTiming& stage) {
  if (const auto* layer = std::get_if<LayerTiming>(&stage)) {
    return int64_t{layer->in_h} * layer->in_w * layer->in_c;
  }
  const auto& pool = std::get<PoolTiming>(stage);
  return int64_t{pool.in_h} * pool.in_w * pool.in_c;
}

int32_t bits_in(const StageTiming& stage) {
  const auto* layer = std::get_if<LayerTiming>(&stage);
  return (layer != nullptr ? layer->in_bits : std::get<PoolTiming>(stage).bits) + 1;
}

// Cycles of the steady half of a run, with these queues.
int64_t steady_cycles(const PipelineTiming& timing, const std::vector<int32_t>& depths) {
  const PipelineRun run = run_pipeline(with_fifos(timing, depths));
  return run.answers.back() - run.answers[(run.answers.size() - 1) / 2];
}

}  // namespace

PipelineTiming with_fifos(const PipelineTiming& timing, const std::vector<int32_t>& depths) {
  PipelineTiming result = timing;
  result.stages.clear();
  for (size_t i = 0; i < timing.stages.size(); ++i) {
    if (depths[i] > 0) {
      result.stages.push_back(FifoTiming{depths[i], bits_in(timing.stages[i])});
    }
    result.stages.push_back(timing.stages[i]);
  }
  return result;
}

std::vector<int32_t> fifo_depths(const PipelineTiming& timing) {
  std::vector<int32_t> none(timing.stages.size(), 0);
  std::vector<int32_t> depths;
  for (const StageTiming& stage : timing.stages) {
    depths.push_back(static_cast<int32_t>(beats_in(stage)));
  }
  const int64_t best = steady_cycles(timing, depths);
  if (steady_cycles(timing, none) <= best) return none;
  for (size_t i = depths.size(); i-- > 0;) {
    const int32_t all = depths[i];
    const auto fast = [&](int32_t depth) {
      depths[i] = depth;
      return steady_cycles(timing, depths) <= best;
    };
    if (fast(0)) continue;
    // A queue of one beat passes one in two cycles; beyond, more places never make it slower.
    int32_t low = 1;
    int32_t high = all;
    while (low < high) {
      const int32_t middle = low + (high - low) / 2;
      if (fast(middle)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    depths[i] = low;
  }
  return depths;
}

}  // namespace crosstwin::hwgen
