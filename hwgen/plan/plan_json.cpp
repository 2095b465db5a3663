// plan.json: every decision of the plan with its reason; the memories without their words.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <nlohmann/json.hpp>

#include "compress/ir/error.hpp"
#include "hwgen/plan/load.hpp"
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

ordered_json resources(const Resources& r) {
  return {
      {"lut", std::llround(r.lut)}, {"ff", std::llround(r.ff)}, {"bram", r.bram}, {"dsp", r.dsp}};
}

ordered_json estimates(const Estimates& all) {
  ordered_json json;
  for (size_t family = 0; family < all.size(); ++family) {
    json[ir::to_string(static_cast<ir::PartFamily>(family))] = resources(all[family]);
  }
  return json;
}

ordered_json build_json(const Build& build) {
  ordered_json json = {{"form", to_string(build.form)},
                       {"planes", build.planes},
                       {"pe", build.pe},
                       {"row_lanes", build.row_lanes}};
  if (build.form != Form::kCollapsed) json["adc_lanes"] = build.adc_lanes;
  json["requant"] = to_string(build.requant);
  json["dsp"] = build.dsp;
  json["lines"] = build.lines;
  return json;
}

ordered_json proof_json(const Proof& proof) {
  ordered_json json = {{"exact", proof.exact}};
  if (!proof.exact) {
    json["failure"] = proof.failure;
    return json;
  }
  json["physical_columns"] = proof.physical_columns;
  json["tried_inputs"] = proof.tried_inputs;
  if (proof.where.empty()) return json;
  json["worst"] = {{"where", proof.where},     {"rows", proof.rows},
                   {"sum", proof.sum},         {"current", proof.current},
                   {"code", proof.code},       {"full_scale", proof.full_scale},
                   {"margin", proof.margin()}, {"rounding_margin", proof.rounding_margin}};
  return json;
}

ordered_json layer_json(const Layer& layer) {
  ordered_json json = {
      {"name", layer.name},    {"instance", layer.instance}, {"kind", to_string(layer.kind)},
      {"in", shape(layer.in)}, {"out", shape(layer.out)},    {"cycles", layer.cycles}};
  json["fifo_depth"] = layer.fifo_depth;
  json["estimates"] = estimates(layer.estimates);
  if (layer.kind != LayerKind::kMaxPool) {
    json["rows"] = layer.rows;
    json["cols"] = layer.cols;
    json["row_tiles"] = layer.row_tiles;
    json.update(build_json(layer.build));
    json["bound_by"] = layer.bound_by;
    json["weight_bits"] = layer.weight_bits;
    if (layer.proof) json["lossless"] = proof_json(*layer.proof);
    json["choices"] = choices(layer.choices);
  }
  return json;
}

}  // namespace

const char* to_string(LayerKind kind) {
  switch (kind) {
    case LayerKind::kConv:
      return "conv";
    case LayerKind::kDense:
      return "dense";
    case LayerKind::kMaxPool:
      return "max_pool";
  }
  throw ir::Bug("unknown layer kind");
}

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
                       {"first_answer", plan.first_answer},
                       {"bottleneck", plan.bottleneck},
                       {"writable", plan.writable},
                       {"noise", plan.noise},
                       {"estimates", estimates(plan.estimates)},
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
                                {"style", static_cast<int>(memory.style)},
                                {"width", memory.image.width()},
                                {"words", memory.image.words()}});
  }
  if (plan.writable) {
    json["memory_map"] = ordered_json::array();
    for (const WritableMemory& memory : writable_memories(plan)) {
      const ir::LoadRecord& record = memory.record;
      json["memory_map"].push_back({{"layer", record.layer},
                                    {"number", record.number},
                                    {"memory", record.memory},
                                    {"holds", record.holds},
                                    {"words", record.words},
                                    {"bits", memory.bits},
                                    {"chunks", record.chunks}});
    }
  }
  json["sources"] = plan.sources;
  json["include_files"] = plan.include_files;
  return json.dump(2) + "\n";
}

}  // namespace crosstwin::hwgen
