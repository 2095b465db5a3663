// plan.json: every decision of the plan with its reason; the memories without their words.
// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "hwgen/plan/plan.hpp"

namespace crosstwin::hwgen {
namespace {

using nlohmann::ordered_json;

ordered_json shape(const ir::Shape& s) { return {{"c", s.c}, {"h", s.h}, {"w", s.w}}; }

ordered_json choices(const std::vector<Choice>& list) {
  ordered_json json = ordered_json::array();
  for (const Choice& choice : list) {
    json.push_back({{"what", choice.what}, {"value", choice.value}, {"reason", choice.reason}});
  }
  return json;
}

ordered_json bindings(const std::vector<Binding>& list) {
  ordered_json json = ordered_json::object();
  for (const Binding& binding : list) json[binding.name] = binding.value;
  return json;
}

ordered_json layer_json(const Layer& layer) {
  ordered_json json = {
      {"name", layer.name},    {"instance", layer.instance}, {"kind", to_string(layer.kind)},
      {"in", shape(layer.in)}, {"out", shape(layer.out)},    {"cycles", layer.cycles}};
  if (layer.kind != LayerKind::kMaxPool) {
    json["rows"] = layer.rows;
    json["cols"] = layer.cols;
    json["row_tiles"] = layer.row_tiles;
    json["pe"] = layer.pe;
    json["adc_lanes"] = layer.adc_lanes;
    json["lines"] = layer.lines;
    json["weight_bits"] = layer.weight_bits;
    json["choices"] = choices(layer.choices);
  }
  return json;
}

}  // namespace

std::string to_json(const Plan& plan) {
  ordered_json json = {{"schema_version", Plan::kSchemaVersion},
                       {"name", plan.name},
                       {"top", plan.top},
                       {"design", plan.design_name},
                       {"design_hash", plan.design_hash},
                       {"chip_hash", plan.chip_hash},
                       {"input", shape(plan.input)},
                       {"input_bits", plan.input_bits},
                       {"outputs", plan.outputs},
                       {"cycles_per_image", plan.cycles_per_image},
                       {"bottleneck", plan.bottleneck},
                       {"choices", choices(plan.choices)}};
  json["layers"] = ordered_json::array();
  for (const Layer& layer : plan.layers) json["layers"].push_back(layer_json(layer));
  json["instances"] = ordered_json::array();
  for (const Instance& instance : plan.instances) {
    json["instances"].push_back({{"module", instance.module},
                                 {"name", instance.name},
                                 {"parameters", bindings(instance.parameters)},
                                 {"ports", bindings(instance.ports)}});
  }
  json["memories"] = ordered_json::array();
  for (const Memory& memory : plan.memories) {
    json["memories"].push_back({{"file", memory.file},
                                {"layer", memory.layer},
                                {"holds", memory.holds},
                                {"width", memory.width},
                                {"words", memory.words.size()}});
  }
  json["sources"] = plan.sources;
  json["include_files"] = plan.include_files;
  return json.dump(2) + "\n";
}

}  // namespace crosstwin::hwgen
