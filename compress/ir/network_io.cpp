// The network artifact: network.json and tensors.npz.
// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"
#include "compress/ir/network.hpp"
#include "compress/ir/npz.hpp"

namespace crosstwin::ir {
using nlohmann::ordered_json;

namespace {

constexpr int32_t kSchemaVersion = 1;
constexpr int64_t kMaxExtent = 1 << 20;

int32_t small_int(const JsonReader& json, const char* key, int64_t low) {
  return static_cast<int32_t>(json.at(key).integer(low, kMaxExtent));
}

// ---- writing ---------------------------------------------------------------------------------

struct Writer {
  ordered_json& json;
  Npz& tensors;
  const std::string& name;

  template <class T>
  void tensor(const char* field, const std::vector<T>& values, std::vector<int64_t> shape) {
    tensors[name + "." + field] = Array<T>{std::move(shape), values};
  }
  template <class T>
  void tensor(const char* field, const std::vector<T>& values) {
    tensor(field, values, {static_cast<int64_t>(values.size())});
  }
  template <class Layer>
  void matrix(const Layer& layer, int64_t columns) {
    tensor("rows", layer.rows);
    tensor("weight", layer.weight, {columns, static_cast<int64_t>(layer.rows.size())});
    tensor("bias", layer.bias);
    json["quantized"] = !layer.weight_scale.empty();
    if (!layer.weight_scale.empty()) tensor("weight_scale", layer.weight_scale);
  }

  void operator()(const Input& input) {
    json["shape"] = {input.shape.c, input.shape.h, input.shape.w};
    tensor("zero", input.zero);
    tensor("stddev", input.stddev);
  }
  void operator()(const Conv& conv) {
    json["out_channels"] = conv.out_channels;
    json["kernel"] = {conv.kernel_h, conv.kernel_w};
    json["stride"] = conv.stride;
    json["pad"] = conv.pad;
    matrix(conv, conv.out_channels);
  }
  void operator()(const Dense& dense) {
    json["out_features"] = dense.out_features;
    matrix(dense, dense.out_features);
  }
  void operator()(const MaxPool& pool) { window(pool.kernel, pool.stride); }
  void operator()(const AvgPool& pool) { window(pool.kernel, pool.stride); }
  void window(int32_t kernel, int32_t stride) {
    json["kernel"] = kernel;
    json["stride"] = stride;
  }
  void operator()(const BatchNorm& norm) {
    json["epsilon"] = norm.epsilon;
    tensor("gamma", norm.gamma);
    tensor("beta", norm.beta);
    tensor("mean", norm.mean);
    tensor("variance", norm.variance);
  }
  void operator()(const Relu& /*k*/) {}
  void operator()(const Flatten& /*k*/) {}
  void operator()(const Add& /*k*/) {}
  void operator()(const Concat& /*k*/) {}
  void operator()(const Softmax& /*k*/) {}
};

// ---- reading ---------------------------------------------------------------------------------

struct Reader {
  const JsonReader& json;
  const Npz& tensors;
  const std::filesystem::path& file;
  std::string name;

  template <class T>
  std::vector<T> tensor(const char* field, std::initializer_list<int64_t> shape) const {
    return npz_member<T>(tensors, name + "." + field, shape, file).data;
  }
  void keys(std::vector<std::string> own) const {
    own.insert(own.begin(), {"name", "kind", "inputs", "quant"});
    json.only(own);
  }
  template <class Layer>
  void matrix(Layer& layer, int64_t columns) const {
    layer.rows = tensor<int32_t>("rows", {-1});
    layer.weight = tensor<float>("weight", {columns, static_cast<int64_t>(layer.rows.size())});
    layer.bias = tensor<float>("bias", {columns});
    if (json.at("quantized").boolean()) {
      layer.weight_scale = tensor<float>("weight_scale", {columns});
    }
  }

  void operator()(Input& input) const {
    keys({"shape"});
    const auto extents = json.at("shape").items();
    if (extents.size() != 3) json.at("shape").fail("wrong length", "[c, h, w]");
    input.shape = {static_cast<int32_t>(extents[0].integer(1, kMaxExtent)),
                   static_cast<int32_t>(extents[1].integer(1, kMaxExtent)),
                   static_cast<int32_t>(extents[2].integer(1, kMaxExtent))};
    input.zero = tensor<int32_t>("zero", {input.shape.c});
    input.stddev = tensor<float>("stddev", {input.shape.c});
  }
  void operator()(Conv& conv) const {
    keys({"out_channels", "kernel", "stride", "pad", "quantized"});
    conv.out_channels = small_int(json, "out_channels", 1);
    const auto kernel = json.at("kernel").items();
    if (kernel.size() != 2) json.at("kernel").fail("wrong length", "[height, width]");
    conv.kernel_h = static_cast<int32_t>(kernel[0].integer(1, kMaxExtent));
    conv.kernel_w = static_cast<int32_t>(kernel[1].integer(1, kMaxExtent));
    conv.stride = small_int(json, "stride", 1);
    conv.pad = small_int(json, "pad", 0);
    matrix(conv, conv.out_channels);
  }
  void operator()(Dense& dense) const {
    keys({"out_features", "quantized"});
    dense.out_features = small_int(json, "out_features", 1);
    matrix(dense, dense.out_features);
  }
  template <class Pool>
  void window(Pool& pool) const {
    keys({"kernel", "stride"});
    pool.kernel = small_int(json, "kernel", 1);
    pool.stride = small_int(json, "stride", 1);
  }
  void operator()(MaxPool& pool) const { window(pool); }
  void operator()(AvgPool& pool) const { window(pool); }
  void operator()(BatchNorm& norm) const {
    keys({"epsilon"});
    norm.epsilon = static_cast<float>(json.at("epsilon").number(0, 1));
    norm.gamma = tensor<float>("gamma", {-1});
    norm.beta = tensor<float>("beta", {-1});
    norm.mean = tensor<float>("mean", {-1});
    norm.variance = tensor<float>("variance", {-1});
  }
  void operator()(Relu& /*k*/) const { keys({}); }
  void operator()(Flatten& /*k*/) const { keys({}); }
  void operator()(Add& /*k*/) const { keys({}); }
  void operator()(Concat& /*k*/) const { keys({}); }
  void operator()(Softmax& /*k*/) const { keys({}); }
};

template <size_t... I>
Kind kind_of(const std::string& name, const JsonReader& json, std::index_sequence<I...> /*all*/) {
  const Kind kinds[] = {Kind(std::in_place_index<I>)...};
  std::vector<std::string> known;
  for (const Kind& kind : kinds) {
    if (kind_name(kind) == name) return kind;
    known.push_back(kind_name(kind));
  }
  std::string list;
  for (const std::string& each : known) list += (list.empty() ? "" : ", ") + each;
  json.fail("unknown layer kind", "one of " + list, "\"" + name + "\"");
}

}  // namespace

void save_network(const Network& network, const std::filesystem::path& dir) {
  infer_shapes(network);
  ordered_json json;
  Npz tensors;
  json["schema_version"] = kSchemaVersion;
  json["kind"] = "crosstwin-network";
  json["name"] = network.name;
  json["nodes"] = ordered_json::array();
  for (const Node& node : network.nodes) {
    ordered_json entry;
    entry["name"] = node.name;
    entry["kind"] = kind_name(node.kind);
    entry["inputs"] = node.inputs;
    std::visit(Writer{entry, tensors, node.name}, node.kind);
    if (node.quant) {
      entry["quant"] = {{"bits", node.quant->bits}, {"signed", node.quant->is_signed}};
      tensors[node.name + ".scale"] = Array<float>{{}, {node.quant->scale}};
    }
    json["nodes"].push_back(std::move(entry));
  }
  write_dir(dir, [&](const std::filesystem::path& temporary) {
    write_npz(temporary / "tensors.npz", tensors);
    write_file(temporary / "network.json", json.dump(2) + "\n");
  });
}

Network load_network(const std::filesystem::path& dir) {
  const std::filesystem::path file = dir / "network.json";
  const std::filesystem::path tensor_file = dir / "tensors.npz";
  const nlohmann::json document = read_json(file);
  const JsonReader json(document, file.string());
  if (json.at("kind").string() != "crosstwin-network") {
    json.at("kind").fail("not a network", "\"crosstwin-network\"", json.at("kind").string());
  }
  json.at("schema_version").integer(kSchemaVersion, kSchemaVersion);
  json.only({"schema_version", "kind", "name", "nodes"});
  const Npz tensors = read_npz(tensor_file);
  Network network;
  network.name = json.at("name").string();
  for (const JsonReader& entry : json.at("nodes").items()) {
    Node node;
    node.name = entry.at("name").string();
    for (const JsonReader& input : entry.at("inputs").items()) {
      node.inputs.push_back(input.string());
    }
    node.kind = kind_of(entry.at("kind").string(), entry.at("kind"),
                        std::make_index_sequence<std::variant_size_v<Kind>>());
    const Reader reader{entry, tensors, tensor_file, node.name};
    std::visit(reader, node.kind);
    if (entry.has("quant")) {
      const JsonReader quant = entry.at("quant");
      quant.only({"bits", "signed"});
      node.quant =
          ActivationQuant{static_cast<int32_t>(quant.at("bits").integer(1, 16)),
                          quant.at("signed").boolean(), reader.tensor<float>("scale", {}).at(0)};
    }
    network.nodes.push_back(std::move(node));
  }
  infer_shapes(network, file.string() + ": ");
  return network;
}

}  // namespace crosstwin::ir
