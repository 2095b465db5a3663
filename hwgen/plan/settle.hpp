// Ways chosen for every layer and the pipeline that they make, until it keeps what was asked for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hwgen/plan/choose.hpp"
#include "hwgen/plan/follow.hpp"

namespace crosstwin::hwgen {

struct Settled {
  std::vector<Chosen> chosen;  // [layers]
  Followed followed;
  Structure queues;  // between the layers
};

// Layers that meet a rate one by one can miss it together, and their queues are only known once
// they are followed. So where the rate is missed, the slowest layers take their next way up; where
// the board has no room for the queues, it is set aside and all is chosen again. Throws as choose()
// does, and when no layer is left that could be faster.
Settled settle(const ir::Design& design, std::vector<LayerSpace>& layers,
               const Surroundings& around, const PlanOptions& options);

// pareto_front() with the queues and the cycles of the whole pipeline; `fits` as settle() sees it.
std::vector<ParetoPoint> settled_front(const ir::Design& design, std::vector<LayerSpace>& layers,
                                       const Surroundings& around, const PlanOptions& options);

}  // namespace crosstwin::hwgen
