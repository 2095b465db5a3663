// What a layer is asked to be, from its own options and those for all layers.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/plan_options.hpp"

namespace crosstwin::hwgen {

LayerOptions layer_options(const PlanOptions& options, const std::string& name) {
  LayerOptions result = options.defaults;
  const auto at = options.layers.find(name);
  if (at == options.layers.end()) return result;
  const auto take = [](auto& field, const auto& given) {
    if (given) field = given;
  };
  if (at->second.faithful) {
    result.form.reset();
    result.faithful = true;
  }
  take(result.form, at->second.form);
  take(result.planes, at->second.planes);
  take(result.pe, at->second.pe);
  take(result.row_lanes, at->second.row_lanes);
  take(result.adc_lanes, at->second.adc_lanes);
  take(result.requant, at->second.requant);
  take(result.dsp, at->second.dsp);
  take(result.lines, at->second.lines);
  return result;
}

}  // namespace crosstwin::hwgen
