// The pipeline's clock: the control of every template, cycle by cycle, without the data.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/pipeline.hpp"

#include "compress/ir/error.hpp"
#include "hwgen/plan/part.hpp"

namespace crosstwin::hwgen {
namespace {

constexpr int64_t kPatience = 100'000'000;  // cycles without a beat at the end: it stopped

class Chain {
 public:
  explicit Chain(const PipelineTiming& t) {
    parts_.push_back(unpack_part(t.channels));
    for (const StageTiming& stage : t.stages) {
      if (const auto* layer = std::get_if<LayerTiming>(&stage)) {
        parts_.push_back(window_part(*layer));
        parts_.push_back(tile_part(*layer));
        parts_.push_back(requant_part(*layer));
      } else if (const auto* pool = std::get_if<PoolTiming>(&stage)) {
        parts_.push_back(pool_part(*pool));
      } else {
        parts_.push_back(fifo_part(std::get<FifoTiming>(stage)));
      }
    }
    parts_.push_back(argmax_part());
    ready_.resize(parts_.size() + 1);
    valid_.resize(parts_.size() + 1);
  }

  // One cycle; true when a logit leaves. `offered`: a pixel stands at s_axis, false after it is
  // taken.
  bool clock(bool& offered) {
    const size_t n = parts_.size();
    valid_[0] = offered;
    for (size_t i = 0; i < n; ++i) valid_[i + 1] = parts_[i]->valid();
    ready_[n] = true;
    for (size_t i = n; i-- > 0;) ready_[i] = parts_[i]->ready(ready_[i + 1]);
    for (size_t i = 0; i < n; ++i) parts_[i]->step(valid_[i], ready_[i + 1]);
    if (ready_[0]) offered = false;
    return valid_[n];
  }

 private:
  std::vector<std::unique_ptr<Part>> parts_;
  std::vector<uint8_t> ready_;  // [part + 1] of the sink
  std::vector<uint8_t> valid_;  // [0] of the source
};

}  // namespace

int32_t fifo_latency(const FifoTiming& t) {
  const bool memory = t.depth >= 8 && int64_t{t.depth} * t.width >= 256;
  return memory ? 3 : 1;
}

int64_t PipelineRun::steady_cycles() const { return answers.back() - answers[answers.size() - 2]; }

PipelineRun run_pipeline(const PipelineTiming& timing, int32_t images) {
  ir::check(images >= 2, "a pipeline runs over two images at least");
  Chain chain(timing);
  PipelineRun run;
  const int64_t pixels = timing.pixels * images;
  int64_t sent = 0;
  int64_t logits = 0;
  int64_t last_beat = 0;
  for (int64_t cycle = 0; logits < int64_t{timing.outputs} * images; ++cycle) {
    ir::check(cycle - last_beat < kPatience, "the pipeline stopped");
    bool offered = sent < pixels;
    const bool was_offered = offered;
    if (chain.clock(offered)) {
      last_beat = cycle;
      if (++logits % timing.outputs == 0) run.answers.push_back(cycle);
    }
    sent += was_offered && !offered;
  }
  return run;
}

}  // namespace crosstwin::hwgen
