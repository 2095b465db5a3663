// Counting, and the two forms of the report.
// SPDX-License-Identifier: Apache-2.0
#include "compress/layout/report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "compress/ir/error.hpp"

namespace crosstwin::layout {

namespace {

using nlohmann::ordered_json;

Use use_of(const ir::Layout& layout, int64_t rows, int64_t cols) {
  return {rows, cols, rows * cols, ir::count_tiles(layout, rows, cols)};
}

void add(Use& total, const Use& layer) {
  total.weights += layer.weights;
  total.tiles.row_tiles += layer.tiles.row_tiles;
  total.tiles.col_tiles += layer.tiles.col_tiles;
  total.tiles.tiles += layer.tiles.tiles;
  total.tiles.arrays += layer.tiles.arrays;
  total.tiles.cells += layer.tiles.cells;
  total.tiles.adcs += layer.tiles.adcs;
}

ordered_json json_of(const Use& use, bool with_extent) {
  ordered_json json;
  if (with_extent) {
    json["rows"] = use.rows;
    json["cols"] = use.cols;
  }
  json["weights"] = use.weights;
  json["tiles"] = use.tiles.tiles;
  json["arrays"] = use.tiles.arrays;
  json["cells"] = use.tiles.cells;
  json["adcs"] = use.tiles.adcs;
  return json;
}

std::string factor(int64_t before, int64_t after) {
  return fmt::format("{:.1f}x", static_cast<double>(before) / static_cast<double>(after));
}

}  // namespace

std::vector<FullShape> full_shapes(const ir::Network& unpruned) {
  const std::vector<ir::Shape> shapes = ir::infer_shapes(unpruned);
  std::vector<FullShape> full;
  for (size_t i = 1; i < unpruned.nodes.size(); ++i) {
    const ir::Node& node = unpruned.nodes[i];
    if (!std::holds_alternative<ir::Conv>(node.kind) &&
        !std::holds_alternative<ir::Dense>(node.kind)) {
      continue;
    }
    const auto source = static_cast<size_t>(ir::node_index(unpruned, node.inputs[0]));
    full.push_back({ir::full_rows(shapes[source], node), shapes[i].c});
  }
  return full;
}

Report report(const ir::Design& design, const std::vector<FullShape>& full) {
  Report result;
  result.layout = design.layout;
  result.total.name = "total";
  for (const ir::Stage& stage : design.stages) {
    const auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind);
    if (crossbar == nullptr) continue;
    const size_t index = result.layers.size();
    if (index >= full.size()) break;
    const auto rows = static_cast<int64_t>(crossbar->rows.size());
    if (full[index].rows < rows || full[index].cols < stage.out.c) {
      throw ir::Error({"layer " + stage.name, "is larger than before pruning",
                       fmt::format("at most {} x {}", full[index].rows, full[index].cols),
                       fmt::format("{} x {}", rows, stage.out.c),
                       "give the unpruned network that this design was made from"});
    }
    result.layers.push_back({stage.name, use_of(design.layout, full[index].rows, full[index].cols),
                             use_of(design.layout, rows, stage.out.c)});
    add(result.total.before, result.layers.back().before);
    add(result.total.after, result.layers.back().after);
  }
  size_t crossbars = 0;
  for (const ir::Stage& stage : design.stages) {
    crossbars += std::holds_alternative<ir::Crossbar>(stage.kind) ? 1 : 0;
  }
  if (full.size() != crossbars) {
    throw ir::Error({"report", "the unpruned network has another number of weight layers",
                     std::to_string(crossbars), std::to_string(full.size()),
                     "give the unpruned network that this design was made from"});
  }
  return result;
}

std::string to_json(const Report& report) {
  ordered_json json;
  json["layout"] = {{"tile_rows", report.layout.tile_rows},
                    {"tile_cols", report.layout.tile_cols},
                    {"cell_bits", report.layout.cell_bits},
                    {"slices", report.layout.slices},
                    {"adc_bits", report.layout.adc_bits}};
  json["layers"] = ordered_json::array();
  for (const LayerReport& layer : report.layers) {
    json["layers"].push_back({{"name", layer.name},
                              {"before", json_of(layer.before, true)},
                              {"after", json_of(layer.after, true)}});
  }
  json["total"] = {{"before", json_of(report.total.before, false)},
                   {"after", json_of(report.total.after, false)}};
  return json.dump(2) + "\n";
}

std::string to_text(const Report& report) {
  constexpr const char* kLine = "{:<16} {:>11} {:>11} {:>17} {:>8} {:>11} {:>13} {:>19} {:>15}\n";
  const auto pair = [](int64_t before, int64_t after) {
    return fmt::format("{} > {}", before, after);
  };
  const auto extent = [](const Use& use) {
    return use.rows == 0 ? std::string("-") : fmt::format("{} x {}", use.rows, use.cols);
  };
  std::string text = fmt::format(
      "Tiles of {} x {}, {} slices of {} bits in differential pairs, {}-bit ADCs; before > after "
      "pruning\n",
      report.layout.tile_rows, report.layout.tile_cols, report.layout.slices,
      report.layout.cell_bits, report.layout.adc_bits);
  text += fmt::format(kLine, "layer", "before", "after", "weights", "rate", "tiles", "arrays",
                      "cells", "ADCs");
  const auto line = [&](const LayerReport& layer) {
    const Use& a = layer.before;
    const Use& b = layer.after;
    text += fmt::format(kLine, layer.name, extent(a), extent(b), pair(a.weights, b.weights),
                        factor(a.weights, b.weights), pair(a.tiles.tiles, b.tiles.tiles),
                        pair(a.tiles.arrays, b.tiles.arrays), pair(a.tiles.cells, b.tiles.cells),
                        pair(a.tiles.adcs, b.tiles.adcs));
  };
  for (const LayerReport& layer : report.layers) line(layer);
  line(report.total);
  return text;
}

}  // namespace crosstwin::layout
