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
};

// xb_fifo between two stages.
struct FifoTiming {
  int32_t depth = 2;
};

using StageTiming = std::variant<LayerTiming, PoolTiming, FifoTiming>;

// From s_axis to m_axis: xb_unpack, the stages in order, xb_argmax.
struct PipelineTiming {
  int64_t pixels = 1;  // beats of s_axis an image
  int32_t channels = 1;
  int32_t outputs = 1;  // logits an image
  std::vector<StageTiming> stages;
};

// Where a stage's cycles went, between the first and the last answer.
struct StageUse {
  int64_t starved = 0;  // it could take a beat and got none
  int64_t blocked = 0;  // it held a beat that was not taken
};

struct PipelineRun {
  // The cycle in which the last logit of each image leaves, counted from the first cycle out of
  // reset, when source and sink never wait.
  std::vector<int64_t> answers;
  std::vector<StageUse> stages;

  int64_t latency() const { return answers.front() + 1; }  // of an image into an empty design
  // Between answers once the pipeline is full: the second half of the run.
  double cycles_per_image() const;
};

// Follows `images` images. Throws ir::Bug when the pipeline stops.
PipelineRun run_pipeline(const PipelineTiming& timing, int32_t images);

}  // namespace crosstwin::hwgen
