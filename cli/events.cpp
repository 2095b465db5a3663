// Counting and tabulating.
// SPDX-License-Identifier: Apache-2.0
#include "cli/events.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/table.hpp"
#include "twin/events.hpp"

namespace crosstwin::cli {
using nlohmann::ordered_json;

namespace {

ordered_json stage_json(const twin::StageEvents& events, const ir::Device& device, int64_t images) {
  ordered_json json = {{"layer", events.stage},
                       {"positions", events.positions},
                       {"conversions", events.conversions},
                       {"row_activations", events.row_activations},
                       {"cell_reads", events.cell_reads},
                       {"conductance", events.conductance},
                       {"shift_adds", events.shift_adds},
                       {"tile_adds", events.tile_adds},
                       {"requantizations", events.requantizations},
                       {"window_writes", events.window_writes},
                       {"window_reads", events.window_reads}};
  if (device.read_seconds > 0) {
    json["read_joules_an_image"] = twin::read_joules(device, events) / static_cast<double>(images);
  }
  return json;
}

}  // namespace

ordered_json count_events(const twin::Simulator& simulator, const data::Dataset& images) {
  const std::vector<twin::StageEvents> stages = twin::count_events(simulator, images.images);
  const ir::Device& device = simulator.chip().device;
  ordered_json layers = ordered_json::array();
  for (const twin::StageEvents& stage : stages) {
    layers.push_back(stage_json(stage, device, images.size()));
  }
  return {{"images", images.size()},
          {"layers", layers},
          {"total", stage_json(twin::total_events(stages), device, images.size())}};
}

std::string events_table(const ordered_json& events) {
  const auto images = events["images"].get<double>();
  const bool energy = events["total"].contains("read_joules_an_image");
  std::vector<std::string> header = {"events an image", "conversions", "rows driven", "cells read",
                                     "G driven",        "shift-adds",  "tile adds",   "requant.",
                                     "window writes",   "window reads"};
  if (energy) header.push_back("read, nJ");
  Table table(header);
  const auto add = [&](const ordered_json& of) {
    std::vector<std::string> row = {of["layer"].get<std::string>()};
    for (const char* count :
         {"conversions", "row_activations", "cell_reads", "conductance", "shift_adds", "tile_adds",
          "requantizations", "window_writes", "window_reads"}) {
      row.push_back(grouped(std::llround(of[count].get<double>() / images)));
    }
    if (energy)
      row.push_back(fmt::format("{:.3f}", 1e9 * of["read_joules_an_image"].get<double>()));
    table.add(row);
  };
  for (const ordered_json& layer : events["layers"]) add(layer);
  add(events["total"]);
  return table.text();
}

}  // namespace crosstwin::cli
