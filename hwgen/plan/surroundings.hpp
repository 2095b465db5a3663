// What the crossbar layers stand in: parts that take time and room whatever is chosen.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/ir/design.hpp"
#include "hwgen/plan/estimate.hpp"
#include "hwgen/plan/plan_options.hpp"
#include "hwgen/plan/space.hpp"

namespace crosstwin::hwgen {

struct Surroundings {
  Structure structure;  // edges, pools, the decoder of a configuration stream
  Structure host;       // what a board adds; counted where one is to be fitted
  Resources queues;     // of the board's family, set aside for queues between the layers
  int64_t cycles = 0;   // the slowest of them
  std::string slowest;  // its name
  // Of an image, into the first window, before anything is computed: a host link stores the others.
  int64_t pixels_taken = 0;
};

Surroundings surroundings(const ir::Design& design, const std::vector<LayerSpace>& layers,
                          const PlanOptions& options);

}  // namespace crosstwin::hwgen
