// What co-simulation reads of a generated design's manifest.
// SPDX-License-Identifier: Apache-2.0
#include "verif/cosim/design_info.hpp"

#include <nlohmann/json.hpp>

#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"

namespace crosstwin::verif {
namespace {

std::vector<std::string> strings(const ir::JsonReader& list) {
  std::vector<std::string> result;
  for (const ir::JsonReader& item : list.items()) result.push_back(item.string());
  return result;
}

}  // namespace

DesignInfo read_design_info(const std::filesystem::path& design_dir) {
  const std::filesystem::path file = design_dir / "manifest.json";
  if (!std::filesystem::is_regular_file(file)) {
    throw ir::Error({file.string(), "is missing", "a folder that `crosstwin generate` wrote", "",
                     "run crosstwin generate first"});
  }
  const nlohmann::json document = ir::read_json(file);
  const ir::JsonReader json(document, file.string());
  json.at("schema").integer(1, 1);
  DesignInfo info;
  info.dir = design_dir;
  info.name = json.at("name").string();
  info.top = json.at("top").string();
  info.sources = strings(json.at("sources"));
  info.headers = strings(json.at("headers"));
  info.include_dirs = strings(json.at("include_dirs"));
  const auto count = [](const ir::JsonReader& value) {
    return static_cast<uint32_t>(value.integer(1, 1 << 20));
  };
  const ir::JsonReader input = json.at("input");
  input.at("bits").integer(8, 8);
  info.channels = count(input.at("c"));
  info.height = count(input.at("h"));
  info.width = count(input.at("w"));
  info.outputs = count(json.at("outputs"));
  info.cycles_per_image = json.at("cycles_per_image").integer(1, INT64_MAX);
  for (const ir::JsonReader& layer : json.at("layers").items()) {
    const std::string name = layer.at("name").string();
    info.layers.push_back(name);
    info.layer_of[layer.at("instance").string()] = name;
  }
  return info;
}

}  // namespace crosstwin::verif
