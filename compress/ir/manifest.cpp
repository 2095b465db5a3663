// Reads manifest.json with every path checked: tools get these names in a script.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/manifest.hpp"

#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"

namespace crosstwin::ir {
namespace {

constexpr const char* kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

std::string identifier(const JsonReader& reader) {
  const std::string name = reader.string();
  if (name.empty() || name.find_first_not_of(kNameCharacters) != std::string::npos) {
    reader.fail("not a plain identifier", "letters, digits and _", name);
  }
  return name;
}

std::string inside(const JsonReader& reader) {
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

constexpr const char* kAgain = "run `crosstwin generate` again";

std::string existing(const JsonReader& reader, const std::filesystem::path& dir) {
  const std::string name = inside(reader);
  if (!std::filesystem::is_regular_file(dir / name)) {
    reader.fail("names a file that is missing", {}, name, kAgain);
  }
  return name;
}

std::vector<std::string> files(const JsonReader& reader, const std::filesystem::path& dir) {
  std::vector<std::string> names;
  for (const JsonReader& item : reader.items()) names.push_back(existing(item, dir));
  return names;
}

std::vector<MemoryImage> images(const JsonReader& reader, const std::filesystem::path& dir) {
  std::vector<MemoryImage> list;
  for (const JsonReader& item : reader.items()) {
    item.only({"file", "layer", "holds", "hash"});
    const MemoryImage image = {existing(item.at("file"), dir), item.at("layer").string(),
                               item.at("holds").string(), item.at("hash").string()};
    const std::string hash = content_hash(read_file(dir / image.file));
    if (hash != image.hash) {
      throw Error({(dir / image.file).string(),
                   "layer " + image.layer + ", memory " + image.holds +
                       ": the image is not as it was generated",
                   image.hash, hash, kAgain});
    }
    list.push_back(image);
  }
  return list;
}

uint32_t count(const JsonReader& reader, int64_t high) {
  return static_cast<uint32_t>(reader.integer(1, high));
}

}  // namespace

Manifest read_manifest(const std::filesystem::path& design_dir) {
  const std::filesystem::path file = design_dir / "manifest.json";
  if (!std::filesystem::is_regular_file(file)) {
    throw Error({.where = file.string(),
                 .what = "is missing",
                 .expected = "a folder that `crosstwin generate` wrote",
                 .fix = "run crosstwin generate first"});
  }
  const nlohmann::json document = read_json(file);
  const JsonReader json(document, file.string());
  const JsonReader version = json.at("schema_version");
  if (version.integer(0, INT32_MAX) != Manifest::kSchemaVersion) {
    version.fail("RTL of another version of the format", std::to_string(Manifest::kSchemaVersion),
                 std::to_string(version.integer(0, INT32_MAX)), kAgain);
  }
  json.only({"schema_version", "name", "top", "design_hash", "chip_hash", "sources", "include_dirs",
             "headers", "memories", "clock", "reset", "input", "outputs", "cycles_per_image",
             "noise", "writable", "netlist", "layers", "pixels_taken"});
  Manifest manifest;
  manifest.dir = design_dir;
  manifest.name = identifier(json.at("name"));
  manifest.top = identifier(json.at("top"));
  manifest.design_hash = json.at("design_hash").string();
  manifest.chip_hash = json.at("chip_hash").string();
  manifest.sources = files(json.at("sources"), design_dir);
  manifest.headers = files(json.at("headers"), design_dir);
  manifest.memories = images(json.at("memories"), design_dir);
  for (const JsonReader& dir : json.at("include_dirs").items()) {
    manifest.include_dirs.push_back(inside(dir));
  }
  const JsonReader input = json.at("input");
  manifest.channels = count(input.at("c"), 65536);
  manifest.height = count(input.at("h"), 65536);
  manifest.width = count(input.at("w"), 65536);
  // Co-simulation and the host link carry one byte a channel.
  input.at("bits").integer(8, 8);
  if (json.has("pixels_taken")) {
    manifest.pixels_taken = static_cast<uint32_t>(
        json.at("pixels_taken").integer(0, int64_t{manifest.height} * manifest.width));
  }
  manifest.outputs = count(json.at("outputs"), 65536);
  manifest.cycles_per_image = json.at("cycles_per_image").integer(1, INT64_MAX);
  for (const JsonReader& layer : json.at("layers").items()) {
    const std::string name = layer.at("name").string();
    manifest.layers.push_back(name);
    manifest.layer_of[identifier(layer.at("instance"))] = name;
    if (layer.has("form") && layer.at("form").string() == "collapsed") {
      manifest.collapsed.insert(name);
    }
  }
  manifest.noise = json.at("noise").boolean();
  if (json.has("writable")) manifest.writable = json.at("writable").boolean();
  if (json.has("netlist")) manifest.netlist = json.at("netlist").boolean();
  return manifest;
}

}  // namespace crosstwin::ir
