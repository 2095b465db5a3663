// A fixed number of threads that share out numbered pieces of work.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "compress/nn/buffer.hpp"

namespace crosstwin::nn {

// What a piece does must depend on its number alone: which thread takes it is chance.
class Workers {
 public:
  explicit Workers(int32_t threads);  // 0 = all cores
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int32_t threads() const { return threads_; }
  // Runs work(i) for 0 <= i < count and returns when all are done; rethrows what a piece threw.
  void each(int64_t count, const std::function<void(int64_t, Scratch&)>& work);

 private:
  struct State;
  int32_t threads_;
  std::unique_ptr<State> state_;
};

}  // namespace crosstwin::nn
