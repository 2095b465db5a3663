// Reads manifest.json with every path checked: the tools get these names in a script.
// SPDX-License-Identifier: Apache-2.0
#include "fpga/flow/manifest.hpp"

#include <nlohmann/json.hpp>

#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"

namespace crosstwin::fpga {
namespace {

constexpr const char* kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

std::string identifier(const ir::JsonReader& reader) {
  const std::string name = reader.string();
  if (name.empty() || name.find_first_not_of(kNameCharacters) != std::string::npos) {
    reader.fail("not a plain identifier", "letters, digits and _", name);
  }
  return name;
}

std::string inside(const ir::JsonReader& reader) {
  const std::string name = reader.string();
  const std::filesystem::path path(name);
  bool good = !name.empty() && path.is_relative();
  for (const auto& part : path) good = good && part != "..";
  if (!good) reader.fail("not a path inside the design", "a relative path", name);
  if (name.find_first_not_of(std::string(kNameCharacters) + "./-") != std::string::npos) {
    reader.fail("a character that tool scripts cannot take", "letters, digits, _ . / -", name);
  }
  return name;
}

std::vector<std::string> files(const ir::JsonReader& reader, const std::filesystem::path& dir) {
  std::vector<std::string> names;
  for (const ir::JsonReader& item : reader.items()) {
    const std::string name = inside(item);
    if (!std::filesystem::is_regular_file(dir / name)) {
      item.fail("names a file that is missing", {}, name, "generate the design again");
    }
    names.push_back(name);
  }
  return names;
}

}  // namespace

Manifest read_manifest(const std::filesystem::path& design_dir) {
  const std::filesystem::path file = design_dir / "manifest.json";
  if (!std::filesystem::is_regular_file(file)) {
    throw ir::Error({.where = file.string(),
                     .what = "is missing",
                     .expected = "a folder that `crosstwin generate` wrote",
                     .fix = "run crosstwin generate first"});
  }
  const nlohmann::json json = ir::read_json(file);
  const ir::JsonReader reader(json, file.string());
  reader.at("schema").integer(1, 1);
  Manifest manifest;
  manifest.name = identifier(reader.at("name"));
  manifest.top = identifier(reader.at("top"));
  manifest.sources = files(reader.at("sources"), design_dir);
  manifest.memories = files(reader.at("memories"), design_dir);
  if (reader.has("headers")) manifest.headers = files(reader.at("headers"), design_dir);
  if (reader.has("include_dirs")) {
    for (const ir::JsonReader& dir : reader.at("include_dirs").items()) {
      manifest.include_dirs.push_back(inside(dir));
    }
  }
  const ir::JsonReader input = reader.at("input");
  manifest.channels = input.at("c").integer(1, 1024);
  manifest.height = input.at("h").integer(1, 65536);
  manifest.width = input.at("w").integer(1, 65536);
  // The host link carries one byte a channel.
  input.at("bits").integer(8, 8);
  manifest.outputs = reader.at("outputs").integer(1, 65536);
  if (reader.has("cycles_per_image")) {
    manifest.cycles_per_image = reader.at("cycles_per_image").integer(1, INT64_MAX);
  }
  return manifest;
}

}  // namespace crosstwin::fpga
