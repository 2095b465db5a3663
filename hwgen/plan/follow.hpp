// The whole pipeline of chosen layers: how many cycles an image takes, and which queues that needs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/ir/design.hpp"
#include "hwgen/plan/choose.hpp"
#include "hwgen/plan/pipeline.hpp"
#include "hwgen/plan/space.hpp"

namespace crosstwin::hwgen {

struct Followed {
  struct Finding {
    std::string what, value, reason;
  };
  int64_t cycles_per_image = 0;  // in steady state
  int64_t first_answer = 0;      // cycle of the first image's last logit; 0: not followed
  std::string slowest;           // stage, or "input"
  std::vector<int32_t> depths;   // [stages] beats of the queue in front of each, 0: none
  PipelineTiming pipeline;       // with these queues; no stages: not followed
  std::vector<Finding> findings;
};

// Designs of over a million cycles an image are not followed but timed by their slowest part.
Followed follow(const ir::Design& design, const std::vector<LayerSpace>& spaces,
                const std::vector<Chosen>& chosen);

}  // namespace crosstwin::hwgen
