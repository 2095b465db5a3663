// Reading the request, and the numbers of twin/explain.hpp as JSON.
// SPDX-License-Identifier: Apache-2.0
#include "cli/explain.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/analog.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"
#include "twin/explain.hpp"
#include "twin/stages.hpp"

namespace crosstwin::cli {
using nlohmann::ordered_json;

namespace {

constexpr const char* kForm = "LAYER,COLUMN,IMAGE[,POSITION], such as conv1,3,7";

struct Request {
  std::string layer;
  int64_t column = 0;
  int64_t image = 0;
  std::optional<int64_t> position;
};

int64_t number(const std::string& text, const char* what) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stopped == end && !text.empty()) return value;
  throw ir::Error({"--explain", std::string(what) + " is no number", kForm, "\"" + text + "\""});
}

Request parse(const std::string& text) {
  std::vector<std::string> parts = {""};
  for (const char letter : text) {
    if (letter == ',') {
      parts.emplace_back();
    } else {
      parts.back() += letter;
    }
  }
  if (parts.size() < 3 || parts.size() > 4) {
    throw ir::Error({"--explain", "not three or four parts", kForm, "\"" + text + "\""});
  }
  Request request{parts[0], number(parts[1], "COLUMN"), number(parts[2], "IMAGE"), {}};
  if (parts.size() == 4) request.position = number(parts[3], "POSITION");
  return request;
}

const ir::Stage& find_layer(const ir::Design& design, const std::string& name) {
  std::vector<std::string> layers;
  for (const ir::Stage& stage : design.stages) {
    const bool crossbar = std::holds_alternative<ir::Crossbar>(stage.kind);
    if (stage.name == name && !crossbar) {
      throw ir::Error({"--explain", "layer " + name + " has no crossbar", "a conv or dense layer",
                       "a max pool"});
    }
    if (!crossbar) continue;
    if (stage.name == name) return stage;
    layers.push_back(stage.name);
  }
  std::string all;
  for (const std::string& layer : layers) all += (all.empty() ? "" : ", ") + layer;
  const std::string near = ir::nearest(name, layers);
  throw ir::Error({"--explain", "no such layer in " + design.name, "one of " + all,
                   "\"" + name + "\"", near.empty() ? "" : "did you mean \"" + near + "\"?"});
}

void check_range(int64_t value, int64_t count, const std::string& what) {
  if (value >= 0 && value < count) return;
  throw ir::Error({"--explain", what + " out of range", "0.." + std::to_string(count - 1),
                   std::to_string(value)});
}

ordered_json rows_json(const twin::Explanation& of) {
  ordered_json rows = ordered_json::array();
  for (size_t r = 0; r < of.rows.size(); ++r) {
    const twin::ExplainedRow& row = of.rows[r];
    ordered_json cells = ordered_json::array();
    for (const auto& pair : row.cells) {
      const auto cell = [](const twin::ExplainedCell& c) {
        return ordered_json{{"level", c.level}, {"g", c.g}, {"analog_g", c.analog}};
      };
      cells.push_back({{"positive", cell(pair[0])}, {"negative", cell(pair[1])}});
    }
    rows.push_back({{"row", r},
                    {"row_tile", row.row_tile},
                    {"channel", row.channel},
                    {"kernel", {row.kernel_y, row.kernel_x}},
                    {"padding", row.padding},
                    {"x", row.x},
                    {"bits", row.bits},
                    {"weight", row.weight},
                    {"slices", std::move(cells)}});
  }
  return rows;
}

ordered_json converters_json(const twin::Explanation& of) {
  ordered_json converters = ordered_json::array();
  for (const twin::ExplainedConverter& converter : of.converters) {
    converters.push_back({{"mult", converter.mult},
                          {"shift", converter.shift},
                          {"offset", converter.offset},
                          {"clip", converter.clip},
                          {"lsb", converter.lsb},
                          {"analog_gain", converter.gain},
                          {"analog_offset", converter.analog_offset}});
  }
  return converters;
}

ordered_json code_json(const twin::ExplainedCode& code, const ir::Device& device) {
  ordered_json json = {{"current", code.current},
                       {"noise", code.noise},
                       {"raw", code.raw},
                       {"clipped", code.clipped},
                       {"code", code.code},
                       {"analog_current", code.analog_current},
                       {"analog_value", code.analog_value},
                       {"analog_code", code.analog_code},
                       {"within", {code.low, code.high}}};
  if (device.read_volt > 0) {
    json["analog_microamperes"] =
        1e6 * device.read_volt * device.siemens_per_unit * code.analog_current;
  }
  return json;
}

ordered_json conversions_json(const twin::Explanation& of, const ir::Device& device) {
  ordered_json conversions = ordered_json::array();
  for (const twin::ExplainedPair& pair : of.pairs) {
    conversions.push_back({{"row_tile", pair.row_tile},
                           {"plane", pair.plane},
                           {"slice", pair.slice},
                           {"driven", pair.driven},
                           {"positive", code_json(pair.code[0], device)},
                           {"negative", code_json(pair.code[1], device)},
                           {"weight", pair.weight},
                           {"share", pair.share}});
  }
  return conversions;
}

}  // namespace

ordered_json explain(Context& context) {
  const Request request = parse(context.options.explain);
  refuse_other_chips(context, "--explain");
  Step needs;
  needs.name = "simulate --explain";
  needs.inputs = {{"design", "map"}, {"chip", "program"}};
  require_inputs(needs, context.run);
  const ir::Design design = load_mapped(context);
  const ir::Stage& stage = find_layer(design, request.layer);
  const int32_t positions = stage.out.h * stage.out.w;
  check_range(request.column, stage.out.c, "COLUMN of " + stage.name);
  if (request.position) check_range(*request.position, positions, "POSITION of " + stage.name);
  const data::Dataset& test = context.data().test;
  (void)twin::image_count(design, test.images);
  check_range(request.image, test.size(), "IMAGE of the test split");

  const ir::Chip chip = ir::load_chip(context.run.chip(), design);
  const twin::Simulator simulator(design, chip);
  std::optional<int32_t> position;
  if (request.position) position = static_cast<int32_t>(*request.position);
  const int64_t pixels = design.input.size();
  const twin::Explanation of = twin::explain(
      simulator, reference_of(design, chip, context.config), stage.name,
      static_cast<int32_t>(request.column),
      std::span(test.images).subspan(static_cast<size_t>(request.image * pixels), pixels),
      static_cast<uint32_t>(request.image), position);

  const ir::Device& device = chip.device;
  const size_t ordinal = static_cast<size_t>(
      std::find_if(chip.crossbars.begin(), chip.crossbars.end(),
                   [&](const ir::CrossbarChip& each) { return each.stage == stage.name; }) -
      chip.crossbars.begin());
  ordered_json json = {{"layer", of.layer},
                       {"column", of.column},
                       {"columns", of.columns},
                       {"image", of.image},
                       {"label", test.labels[static_cast<size_t>(request.image)]},
                       {"position", of.position},
                       {"positions", of.positions},
                       {"place", {of.y, of.x}},
                       {"planes", of.planes},
                       {"signed", of.is_signed},
                       {"cell_bits", of.cell_bits},
                       {"adc_bits", design.layout.adc_bits},
                       {"row_tiles", of.row_tiles},
                       {"device", device.name},
                       {"seed", std::to_string(chip.seed)},
                       {"siemens_per_unit", device.siemens_per_unit}};
  if (device.read_volt > 0) json["read_volt"] = device.read_volt;
  json["rows"] = rows_json(of);
  json["converters"] = converters_json(of);
  json["inl"] = chip.crossbars[ordinal].inl;
  json["conversions"] = conversions_json(of, device);
  json["sum"] = of.sum;
  json["analog_sum"] = of.analog_sum;
  json["sum_bound"] = of.sum_bound;
  json["bias"] = of.bias;
  json["v"] = of.v;
  if (!of.logits) {
    json["requantizer"] = {
        {"mult", of.mult}, {"shift", of.shift}, {"low", of.low}, {"high", of.high}};
  }
  json["output"] = of.output;
  return json;
}

}  // namespace crosstwin::cli
