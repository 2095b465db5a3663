// Built-in architectures, lists of layers, and the networks they become.
// SPDX-License-Identifier: Apache-2.0
#include "cli/config/architecture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "compress/ir/error.hpp"
#include "compress/ir/names.hpp"

namespace crosstwin::cli {
using nlohmann::ordered_json;

namespace {

struct KindInfo {
  const char* name;
  LayerKind kind;
  std::vector<std::string> keys;  // beside name and kind
};

const std::array<KindInfo, 7>& kinds() {
  static const std::array<KindInfo, 7> table = {{
      {"conv", LayerKind::conv, {"filters", "kernel", "stride", "pad"}},
      {"dense", LayerKind::dense, {"filters"}},
      {"max_pool", LayerKind::max_pool, {"kernel", "stride"}},
      {"avg_pool", LayerKind::avg_pool, {"kernel", "stride"}},
      {"relu", LayerKind::relu, {}},
      {"batch_norm", LayerKind::batch_norm, {}},
      {"flatten", LayerKind::flatten, {}},
  }};
  return table;
}

const KindInfo& info(LayerKind kind) {
  return *std::find_if(kinds().begin(), kinds().end(),
                       [kind](const KindInfo& entry) { return entry.kind == kind; });
}

// The order conv, pool, batch-norm, relu folds exactly, and trains better than the textbook's.
// `hidden` 0 leaves the hidden dense layer out.
std::vector<LayerSpec> lenet(int32_t first, int32_t second, int32_t hidden) {
  std::vector<LayerSpec> layers = {{"conv1", LayerKind::conv, first, 5, 1, 0},
                                   {"pool1", LayerKind::max_pool, 0, 2, 2, 0},
                                   {"norm1", LayerKind::batch_norm},
                                   {"relu1", LayerKind::relu},
                                   {"conv2", LayerKind::conv, second, 5, 1, 0},
                                   {"pool2", LayerKind::max_pool, 0, 2, 2, 0},
                                   {"norm2", LayerKind::batch_norm},
                                   {"relu2", LayerKind::relu},
                                   {"flatten", LayerKind::flatten}};
  if (hidden > 0) {
    layers.push_back({"fc1", LayerKind::dense, hidden});
    layers.push_back({"norm3", LayerKind::batch_norm});
    layers.push_back({"relu3", LayerKind::relu});
  }
  layers.push_back({hidden > 0 ? "fc2" : "fc1", LayerKind::dense, 0});
  return layers;
}

LayerSpec read_layer(const ir::JsonReader& json) {
  const ir::JsonReader kind_json = json.at("kind");
  const std::string word = kind_json.string();
  std::vector<std::string> names;
  const KindInfo* found = nullptr;
  for (const KindInfo& entry : kinds()) {
    names.emplace_back(entry.name);
    if (word == entry.name) found = &entry;
  }
  if (found == nullptr) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    const std::string near = ir::nearest(word, names);
    kind_json.fail("unknown kind of layer", "one of " + list, "\"" + word + "\"",
                   near.empty() ? "" : "did you mean \"" + near + "\"?");
  }
  std::vector<std::string> known = {"name", "kind"};
  known.insert(known.end(), found->keys.begin(), found->keys.end());
  json.only(known);

  LayerSpec layer;
  layer.kind = found->kind;
  layer.name = json.at("name").string();
  ir::check_name(layer.name, json.at("name").where());
  const bool pool = layer.kind == LayerKind::max_pool || layer.kind == LayerKind::avg_pool;
  const auto integer = [&](const char* key, int32_t& field, int64_t low, int64_t high) {
    if (json.has(key)) field = static_cast<int32_t>(json.at(key).integer(low, high));
  };
  if (layer.kind == LayerKind::conv) {
    layer.filters = static_cast<int32_t>(json.at("filters").integer(1, 1 << 16));
    layer.kernel = static_cast<int32_t>(json.at("kernel").integer(1, 64));
  }
  if (layer.kind == LayerKind::dense) integer("filters", layer.filters, 0, 1 << 20);
  if (pool) integer("kernel", layer.kernel, 1, 64);
  if (pool) layer.stride = layer.kernel;
  integer("stride", layer.stride, 1, 64);
  integer("pad", layer.pad, 0, 63);
  return layer;
}

}  // namespace

std::vector<LayerSpec> builtin_architecture(const std::string& name, const std::string& where) {
  if (name == "lenet5") return lenet(20, 50, 500);
  if (name == "demo") return lenet(6, 12, 0);
  throw ir::Error({where, "unknown built-in network", "lenet5 or demo", "\"" + name + "\"",
                   "or give the layers themselves as \"layers\""});
}

std::vector<LayerSpec> read_architecture(const ir::JsonReader& json) {
  json.only({"builtin", "layers"});
  if (json.has("builtin") == json.has("layers")) {
    json.fail("exactly one of \"builtin\" and \"layers\" says what the network is");
  }
  if (json.has("builtin")) {
    return builtin_architecture(json.at("builtin").string(), json.at("builtin").where());
  }
  std::vector<LayerSpec> layers;
  for (const ir::JsonReader& item : json.at("layers").items()) {
    const LayerSpec layer = read_layer(item);
    for (const LayerSpec& earlier : layers) {
      if (earlier.name == layer.name) {
        item.fail("two layers have one name", "names of their own", layer.name);
      }
    }
    layers.push_back(layer);
  }
  const bool has_dense = std::any_of(layers.begin(), layers.end(), [](const LayerSpec& layer) {
    return layer.kind == LayerKind::dense || layer.kind == LayerKind::conv;
  });
  if (!has_dense) json.at("layers").fail("a network needs a conv or a dense layer");
  return layers;
}

ordered_json write_architecture(const std::vector<LayerSpec>& layers) {
  ordered_json list = ordered_json::array();
  for (const LayerSpec& layer : layers) {
    const KindInfo& kind = info(layer.kind);
    ordered_json item = {{"name", layer.name}, {"kind", kind.name}};
    for (const std::string& key : kind.keys) {
      item[key] = key == "filters"  ? layer.filters
                  : key == "kernel" ? layer.kernel
                  : key == "stride" ? layer.stride
                                    : layer.pad;
    }
    list.push_back(item);
  }
  return {{"layers", list}};
}

ir::Input measured_input(const data::Dataset& train) {
  ir::Input input;
  input.shape = train.shape;
  const auto channels = static_cast<size_t>(train.shape.c);
  const auto plane = static_cast<size_t>(train.shape.h) * static_cast<size_t>(train.shape.w);
  std::vector<uint64_t> sum(channels);
  uint64_t square = 0;
  for (size_t i = 0; i < train.images.size(); ++i) {
    const uint64_t value = train.images[i];
    sum[i / plane % channels] += value;
    square += value * value;
  }
  const auto values = static_cast<double>(train.images.size());
  double mean = 0;
  for (const uint64_t channel : sum) {
    const double level = static_cast<double>(channel) / (values / static_cast<double>(channels));
    input.zero.push_back(static_cast<int32_t>(std::lround(level)));
    mean += level / static_cast<double>(channels);
  }
  const double variance = std::max(static_cast<double>(square) / values - mean * mean, 1.0);
  input.stddev.assign(channels, static_cast<float>(std::sqrt(variance) / 255));
  return input;
}

ir::Network build_network(const std::string& name, const std::vector<LayerSpec>& layers,
                          const ir::Input& input, int32_t classes) {
  ir::Network network;
  network.name = name;
  network.nodes.push_back({"input", {}, input});
  ir::Shape shape = input.shape;
  for (const LayerSpec& layer : layers) {
    ir::Node node{layer.name, {network.nodes.back().name}, ir::Relu{}};
    switch (layer.kind) {
      case LayerKind::conv: {
        ir::Conv conv;
        conv.out_channels = layer.filters;
        conv.kernel_h = conv.kernel_w = layer.kernel;
        conv.stride = layer.stride;
        conv.pad = layer.pad;
        conv.rows.resize(static_cast<size_t>(shape.c) * layer.kernel * layer.kernel);
        std::iota(conv.rows.begin(), conv.rows.end(), 0);
        conv.weight.resize(conv.rows.size() * static_cast<size_t>(layer.filters));
        conv.bias.resize(static_cast<size_t>(layer.filters));
        node.kind = std::move(conv);
        break;
      }
      case LayerKind::dense: {
        ir::Dense dense;
        dense.out_features = layer.filters > 0 ? layer.filters : classes;
        dense.rows.resize(static_cast<size_t>(shape.size()));
        std::iota(dense.rows.begin(), dense.rows.end(), 0);
        dense.weight.resize(dense.rows.size() * static_cast<size_t>(dense.out_features));
        dense.bias.resize(static_cast<size_t>(dense.out_features));
        node.kind = std::move(dense);
        break;
      }
      case LayerKind::max_pool:
        node.kind = ir::MaxPool{layer.kernel, layer.stride};
        break;
      case LayerKind::avg_pool:
        node.kind = ir::AvgPool{layer.kernel, layer.stride};
        break;
      case LayerKind::relu:
        node.kind = ir::Relu{};
        break;
      case LayerKind::flatten:
        node.kind = ir::Flatten{};
        break;
      case LayerKind::batch_norm: {
        const auto channels = static_cast<size_t>(shape.c);
        ir::BatchNorm norm;
        norm.gamma.assign(channels, 1);
        norm.beta.assign(channels, 0);
        norm.mean.assign(channels, 0);
        norm.variance.assign(channels, 1);
        node.kind = std::move(norm);
        break;
      }
    }
    network.nodes.push_back(std::move(node));
    shape = ir::infer_shapes(network, "network: ").back();
  }
  if (shape.size() != classes) {
    throw ir::Error({"network: " + layers.back().name, "the last layer must give one logit a class",
                     std::to_string(classes), std::to_string(shape.size()),
                     "set its filters to the number of classes"});
  }
  return network;
}

}  // namespace crosstwin::cli
