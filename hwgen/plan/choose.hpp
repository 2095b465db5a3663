// How parallel a crossbar layer is built: columns a pass, converters, lines of its window.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "hwgen/plan/cycles.hpp"
#include "hwgen/plan/plan.hpp"

namespace crosstwin::hwgen {

struct Parallelism {
  int32_t pe = 1;
  int32_t adc_lanes = 1;
  int32_t lines = 1;
  std::vector<Choice> choices;
};

// `timing` is complete but for pe, adc_lanes and lines. Throws ir::Error naming the layer when an
// option is out of range or the target rate is out of reach.
Parallelism choose_parallelism(const ir::Stage& stage, const ir::Crossbar& crossbar,
                               LayerTiming timing, const PlanOptions& options);

}  // namespace crosstwin::hwgen
