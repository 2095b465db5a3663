// The progress line of a long run on stderr.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace crosstwin::nn {

// On a terminal one line is rewritten a few times a second; elsewhere every finish_epoch() is a
// line, so that logs stay short.
class Progress {
 public:
  Progress(std::string label, int32_t epochs, int64_t images_per_epoch, int32_t first_epoch,
           bool quiet);

  void update(int32_t epoch, int64_t images_done, double loss);
  // validation < 0: there is none.
  void finish_epoch(int32_t epoch, double loss, double validation);

 private:
  std::string line(int32_t epoch, int64_t images_done, double loss) const;

  std::string label_;
  int32_t epochs_;
  int64_t images_per_epoch_;
  int32_t first_epoch_;
  bool quiet_;
  bool terminal_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point shown_;
};

}  // namespace crosstwin::nn
