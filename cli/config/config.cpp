// Reading, resolving and writing the configuration.
// SPDX-License-Identifier: Apache-2.0
#include "cli/config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/config/sections.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/names.hpp"
#include "twin/sweep.hpp"

namespace crosstwin::cli {
using nlohmann::json;
using nlohmann::ordered_json;

namespace {

// A document and its name in messages. Later ones override earlier ones.
struct Document {
  std::string file;
  json content;
};

// "a.b.c=value" as {"a": {"b": {"c": value}}}.
Document parse_override(const std::string& text) {
  const std::string where = "--set " + text;
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw ir::Error({where, "not an override", "section.key=value", "\"" + text + "\""});
  }
  const std::string word = text.substr(equals + 1);
  json value = json::accept(word) ? ir::parse_json(word, where, ir::kCorrectThere) : json(word);
  std::string path = text.substr(0, equals);
  for (size_t dot = path.rfind('.'); true; dot = path.rfind('.')) {
    const std::string key = dot == std::string::npos ? path : path.substr(dot + 1);
    if (key.empty()) throw ir::Error({where, "an empty key", "section.key=value", text});
    value = json{{key, value}};
    if (dot == std::string::npos) return {where, value};
    path = path.substr(0, dot);
  }
}

bool is_matrix(const LayerSpec& layer) {
  return layer.kind == LayerKind::conv || layer.kind == LayerKind::dense;
}

const char* kind_key(LayerKind kind) { return kind == LayerKind::conv ? "conv" : "dense"; }

std::vector<std::string> matrix_names(const Config& config) {
  std::vector<std::string> names;
  for (const LayerSpec& layer : config.network) {
    if (is_matrix(layer)) names.push_back(layer.name);
  }
  return names;
}

// One scope for the layers that `take` accepts. `decay` is null in the scope of single layers.
template <class Take>
void read_scope(const ir::JsonReader& scope, Config& config, Take&& take, float* decay) {
  float ignored = 0;
  const Fields kind = kind_fields(decay != nullptr ? *decay : ignored);
  LayerSettings unused;
  std::vector<std::string> known = layer_fields(unused).keys();
  for (const std::string& key : kind.keys()) {
    if (decay != nullptr) {
      known.push_back(key);
    } else if (scope.has(key)) {
      scope.at(key).fail("cannot differ per layer", "in \"defaults\" or \"kinds\"", "",
                         "move it to $.kinds");
    }
  }
  scope.only(known);
  for (const LayerSpec& layer : config.network) {
    if (!is_matrix(layer) || !take(layer)) continue;
    const Fields fields = layer_fields(config.layers[layer.name]);
    for (const Field& field : fields.list()) {
      if (scope.has(field.key)) field.read(scope.at(field.key));
    }
  }
  for (const Field& field : kind.list()) {
    if (scope.has(field.key)) field.read(scope.at(field.key));
  }
}

// One document's "defaults", then its "kinds", then its "layers".
void read_scopes(const Document& document, Config& config) {
  const ir::JsonReader root(document.content, document.file);
  if (root.has("defaults")) {
    float decay = config.train.weight_decay_conv;
    read_scope(
        root.at("defaults"), config, [](const LayerSpec&) { return true; }, &decay);
    if (root.at("defaults").has("weight_decay")) {
      config.train.weight_decay_conv = config.train.weight_decay_dense = decay;
    }
  }
  if (root.has("kinds")) {
    const ir::JsonReader kinds = root.at("kinds");
    kinds.only({"conv", "dense"});
    for (const LayerKind kind : {LayerKind::conv, LayerKind::dense}) {
      if (!kinds.has(kind_key(kind))) continue;
      float& decay = kind == LayerKind::conv ? config.train.weight_decay_conv
                                             : config.train.weight_decay_dense;
      read_scope(
          kinds.at(kind_key(kind)), config,
          [kind](const LayerSpec& layer) { return layer.kind == kind; }, &decay);
    }
  }
  if (root.has("layers")) {
    const ir::JsonReader layers = root.at("layers");
    layers.only(matrix_names(config));
    for (const std::string& name : layers.keys()) {
      read_scope(
          layers.at(name), config, [&name](const LayerSpec& layer) { return layer.name == name; },
          nullptr);
    }
  }
}

// A later document wins over an earlier one whatever their scopes: --set defaults.KEY has to reach
// the layers of a resolved configuration, where each is spelled out.
void read_scopes(const std::vector<Document>& documents, Config& config) {
  config.layers.clear();
  for (const LayerSpec& layer : config.network) {
    if (is_matrix(layer)) config.layers[layer.name] = {};
  }
  for (const Document& document : documents) read_scopes(document, config);
}

// The sections of one document that take their defaults from `train`, or those that do not.
void read_document(const Document& document, Config& config, bool as_train) {
  const ir::JsonReader root(document.content, document.file);
  const std::vector<Section> list = sections(config);
  std::vector<std::string> known = {"network", "defaults", "kinds", "layers"};
  for (const Section& section : list) {
    if (section.name.empty()) {
      for (const std::string& key : section.fields.keys()) known.push_back(key);
    } else {
      known.push_back(section.name);
    }
  }
  root.only(known);
  for (const Section& section : list) {
    if (section.as_train != as_train) continue;
    if (section.name.empty()) {
      for (const Field& field : section.fields.list()) {
        if (root.has(field.key)) field.read(root.at(field.key));
      }
    } else if (root.has(section.name)) {
      section.fields.read(root.at(section.name));
    }
  }
  if (root.has("network")) config.network = read_architecture(root.at("network"));
}

void check_config(const Config& config, const std::string& where) {
  ir::check_name(config.name, where + ": $.name");
  ir::check_layout(config.layout, (where + ": $.layout").c_str());
  (void)twin::parse_axes(config.simulate.sweep);
  const std::string& depth = config.verify.depth;
  if (depth != "outputs" && depth != "layers" && depth != "codes") {
    throw ir::Error({where + ": $.verify.depth", "unknown word",
                     "\"outputs\", \"layers\" or \"codes\"", "\"" + depth + "\""});
  }
  if (!config.verify.waves.empty() && config.verify.waves != "vcd" &&
      config.verify.waves != "fst") {
    throw ir::Error({where + ": $.verify.waves", "unknown word", "\"\", \"vcd\" or \"fst\"",
                     "\"" + config.verify.waves + "\""});
  }
}

}  // namespace

Config::Config() : network(builtin_architecture("lenet5", "")) {
  simulate.variation = ir::load_device("reram");
  read_scopes(std::vector<Document>(), *this);
}

Config load_config(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  std::vector<Document> documents;
  if (!file.empty()) documents.push_back({file.string(), ir::read_json(file, ir::kCorrectThere)});
  for (const std::string& text : overrides) documents.push_back(parse_override(text));

  Config config;
  for (const Document& document : documents) read_document(document, config, false);
  config.compress.retrain = config.train;
  for (const Document& document : documents) read_document(document, config, true);
  read_scopes(documents, config);
  check_config(config, file.empty() ? "configuration" : file.string());
  return config;
}

ordered_json to_json(const Config& config) {
  Config copy = config;  // fields bind to what they may also write
  ordered_json document = ordered_json::object();
  for (const Section& section : sections(copy)) {
    if (section.name.empty()) {
      document.update(section.fields.write());
      document["network"] = write_architecture(config.network);
      continue;
    }
    document[section.name] = section.fields.write();
  }
  for (const LayerKind kind : {LayerKind::conv, LayerKind::dense}) {
    float& decay =
        kind == LayerKind::conv ? copy.train.weight_decay_conv : copy.train.weight_decay_dense;
    document["kinds"][kind_key(kind)] = kind_fields(decay).write();
  }
  document["layers"] = ordered_json::object();
  for (const std::string& name : matrix_names(config)) {
    document["layers"][name] = layer_fields(copy.layers.at(name)).write();
  }
  return document;
}

std::string describe(const Config& config) {
  Config copy = config;
  std::string text;
  const auto lines = [&text](const std::string& prefix, const Fields& fields) {
    for (const Field& field : fields.list()) {
      std::string value = field.write().dump();
      if (value.size() > 40) value = value.substr(0, 37) + "...";
      text += fmt::format("{:<36} {} ({})\n", prefix + field.key + "=" + value, field.explanation,
                          field.type);
    }
  };
  for (const Section& section : sections(copy)) {
    text += fmt::format("\n# {}{}\n", section.name.empty() ? "" : section.name + ": ",
                        section.explanation);
    lines(section.name.empty() ? "" : section.name + ".", section.fields);
    if (section.name.empty()) {
      text +=
          "\n# network: what is trained; {\"builtin\": \"lenet5\" or \"demo\"}, or {\"layers\": "
          "[...]},\n# each layer {\"name\", \"kind\"} and, by kind: conv filters, kernel, stride, "
          "pad; dense filters;\n# max_pool and avg_pool kernel, stride; relu; batch_norm; "
          "flatten\n";
    }
  }
  text +=
      "\n# what may differ per layer: defaults.KEY, then kinds.conv.KEY and kinds.dense.KEY, "
      "then\n# layers.NAME.KEY; the later wins; --set of any of them wins over the file\n";
  for (const std::string& name : matrix_names(config)) {
    lines("layers." + name + ".", layer_fields(copy.layers.at(name)));
  }
  lines("kinds.conv.", kind_fields(copy.train.weight_decay_conv));
  lines("kinds.dense.", kind_fields(copy.train.weight_decay_dense));
  return text.substr(1);
}

}  // namespace crosstwin::cli
