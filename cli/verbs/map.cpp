// `crosstwin map`: a quantized network to integers on crossbar tiles.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/table.hpp"
#include "cli/verbs/verbs.hpp"
#include "compress/layout/map.hpp"
#include "compress/layout/report.hpp"

namespace crosstwin::cli {
using nlohmann::ordered_json;

namespace {

ordered_json run(Context& context) {
  const ir::Network quantized = ir::load_network(context.run.compressed());
  const ir::Design design = layout::map(quantized, context.config.layout);
  const ir::Shape logits = ir::infer_shapes(quantized, "OUT/compressed: ").back();
  const ir::Network unpruned = build_network(context.config.name, context.config.network,
                                             std::get<ir::Input>(quantized.nodes.front().kind),
                                             static_cast<int32_t>(logits.size()));
  const layout::Report report = layout::report(design, layout::full_shapes(unpruned));
  ir::save_design(design, context.run.design());
  ordered_json result = ordered_json::parse(layout::to_json(report));
  result["text"] = layout::to_text(report);
  return result;
}

std::string line(const ordered_json& result) {
  const ordered_json& after = result["total"]["after"];
  const ordered_json& before = result["total"]["before"];
  const auto pair = [&](const char* key, const char* title) {
    return fmt::format("{} {} (unpruned {})", grouped(after[key].get<int64_t>()), title,
                       grouped(before[key].get<int64_t>()));
  };
  return fmt::format("{}, {}, {}", pair("tiles", "tiles"), pair("arrays", "arrays"),
                     pair("adcs", "ADCs"));
}

std::string text(const ordered_json& result) { return result["text"].get<std::string>(); }

}  // namespace

Step map_step() {
  return {.name = "map",
          .summary = "map the compressed network onto crossbar tiles",
          .reads = "OUT/compressed/, the configuration (network, layout)",
          .writes = "OUT/design/: weights, biases, requantizers and tiles, integers only",
          .example = "crosstwin map --out out/lenet5 --tile-rows 64 --adc-bits 9",
          .shortcuts = {{"--tile-rows", "layout.tile_rows", "rows of a physical array"},
                        {"--tile-cols", "layout.tile_cols", "columns of a physical array"},
                        {"--adc-bits", "layout.adc_bits", "width of the converters"}},
          .sections = {"name", "network", "layout"},
          .uses_data = false,
          .inputs = {{"compressed", "compress"}},
          .outputs = {"design"},
          .run = run,
          .line = line,
          .text = text};
}

}  // namespace crosstwin::cli
