// The pipeline's clock: the control of every template, cycle by cycle, without the data.
// SPDX-License-Identifier: Apache-2.0
//
// What moves when in a generated design depends on no data: only on counters, valid and ready. This
// follows those registers exactly as the templates have them, so the cycles of an image are those
// of the RTL, whoever waits for whom; tests/verif holds it against Verilator.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "hwgen/plan/cycles.hpp"

namespace crosstwin::hwgen {

struct PoolTiming {
  int32_t in_h = 1, in_w = 1, in_c = 1;
  int32_t kernel = 2;
  int32_t stride = 2;
  int32_t bits = 8;  // of an activation
};

// xb_fifo between two stages.
struct FifoTiming {
  int32_t depth = 2;  // beats held
  int32_t width = 9;  // bits, `last` included
};
int32_t fifo_latency(const FifoTiming& timing);  // from in to out when it is empty

using StageTiming = std::variant<LayerTiming, PoolTiming, FifoTiming>;

// From s_axis to m_axis: xb_unpack, the stages in order, xb_argmax.
struct PipelineTiming {
  int64_t pixels = 1;  // beats of s_axis an image
  int32_t channels = 1;
  int32_t outputs = 1;  // logits an image
  std::vector<StageTiming> stages;
};

struct PipelineRun {
  // The cycle in which the last logit of each image leaves, counted from the first cycle out of
  // reset, when source and sink never wait.
  std::vector<int64_t> answers;
  // Between the last two answers: a full pipeline repeats itself image by image.
  int64_t steady_cycles() const;
};

// Images that a run follows to find the steady state.
inline constexpr int32_t kSteadyImages = 7;

// Follows `images` images. Throws ir::Bug when the pipeline stops.
PipelineRun run_pipeline(const PipelineTiming& timing, int32_t images = kSteadyImages);

// Beats of an xb_fifo in front of each stage ([stages], 0: none; `timing` has no queue yet) so that
// the pipeline is as fast as with queues of a whole image everywhere. Found from the back to the
// front, each the smallest that will do: one beat less anywhere is slower.
std::vector<int32_t> fifo_depths(const PipelineTiming& timing);

// `timing` with these queues in front of its stages.
PipelineTiming with_fifos(const PipelineTiming& timing, const std::vector<int32_t>& depths);

}  // namespace crosstwin::hwgen
