// Workers on oneTBB.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/workers.hpp"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

namespace crosstwin::nn {

struct Workers::State {
  explicit State(int32_t threads) : arena(threads) {}
  tbb::task_arena arena;
  tbb::enumerable_thread_specific<Scratch> scratch;
};

Workers::Workers(int32_t threads)
    : threads_(threads > 0 ? threads : tbb::this_task_arena::max_concurrency()),
      state_(std::make_unique<State>(threads_)) {}

Workers::~Workers() = default;

void Workers::each(int64_t count, const std::function<void(int64_t, Scratch&)>& work) {
  if (threads_ == 1) {
    Scratch& scratch = state_->scratch.local();
    for (int64_t i = 0; i < count; ++i) work(i, scratch);
    return;
  }
  state_->arena.execute([&] {
    tbb::parallel_for(
        int64_t{0}, count, [&](int64_t i) { work(i, state_->scratch.local()); },
        tbb::simple_partitioner());
  });
}

}  // namespace crosstwin::nn
