// The design artifact: design.json and tensors.npz.
// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/design.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"
#include "compress/ir/npz.hpp"

namespace crosstwin::ir {
using nlohmann::ordered_json;

namespace {

constexpr int64_t kMaxExtent = 1 << 20;

int32_t int_at(const JsonReader& json, const char* key, int64_t low, int64_t high) {
  return static_cast<int32_t>(json.at(key).integer(low, high));
}

ordered_json shape_json(const Shape& shape) { return {shape.c, shape.h, shape.w}; }

Shape shape_at(const JsonReader& json, const char* key) {
  const auto extents = json.at(key).items();
  if (extents.size() != 3) json.at(key).fail("wrong length", "[c, h, w]");
  return {static_cast<int32_t>(extents[0].integer(1, kMaxExtent)),
          static_cast<int32_t>(extents[1].integer(1, kMaxExtent)),
          static_cast<int32_t>(extents[2].integer(1, kMaxExtent))};
}

struct Document {
  ordered_json json;
  Npz tensors;
};

Document to_document(const Design& design) {
  Document out;
  out.json["schema_version"] = Design::kSchemaVersion;
  out.json["kind"] = "crosstwin-design";
  out.json["name"] = design.name;
  out.json["input"] = shape_json(design.input);
  const Layout& layout = design.layout;
  out.json["layout"] = {{"tile_rows", layout.tile_rows},       {"tile_cols", layout.tile_cols},
                        {"cell_bits", layout.cell_bits},       {"slices", layout.slices},
                        {"weight_range", layout.weight_range}, {"adc_bits", layout.adc_bits}};
  out.json["stages"] = ordered_json::array();
  for (const Stage& stage : design.stages) {
    ordered_json entry;
    const auto* crossbar = std::get_if<Crossbar>(&stage.kind);
    entry["name"] = stage.name;
    entry["kind"] = crossbar != nullptr ? "crossbar" : "max_pool";
    entry["inputs"] = stage.inputs;
    entry["in"] = shape_json(stage.in);
    entry["out"] = shape_json(stage.out);
    entry["in_bits"] = stage.in_bits;
    entry["in_signed"] = stage.in_signed;
    if (crossbar != nullptr) {
      const auto rows = static_cast<int64_t>(crossbar->rows.size());
      const int64_t cols = stage.out.c;
      entry["kernel"] = {crossbar->kernel_h, crossbar->kernel_w};
      entry["stride"] = crossbar->stride;
      entry["pad"] = crossbar->pad;
      entry["logits"] = crossbar->logits;
      const auto tensor = [&](const char* field, auto array) {
        out.tensors[stage.name + "." + field] = std::move(array);
      };
      tensor("rows", Array<int32_t>{{rows}, crossbar->rows});
      tensor("pad_value", Array<int32_t>{{stage.in.c}, crossbar->pad_value});
      tensor("weight", Array<int16_t>{{rows, cols}, crossbar->weight});
      tensor("bias", Array<int32_t>{{cols}, crossbar->bias});
      if (!crossbar->logits) {
        entry["low"] = crossbar->low;
        entry["high"] = crossbar->high;
        tensor("mult", Array<uint16_t>{{cols}, crossbar->mult});
        tensor("shift", Array<uint8_t>{{cols}, crossbar->shift});
      }
    } else {
      const auto& pool = std::get<PoolMax>(stage.kind);
      entry["kernel"] = pool.kernel;
      entry["stride"] = pool.stride;
    }
    out.json["stages"].push_back(std::move(entry));
  }
  return out;
}

StageKind read_kind(const JsonReader& json, const Stage& stage, const Npz& tensors,
                    const std::filesystem::path& file) {
  std::vector<std::string> keys = {"name",    "kind",      "inputs", "in",    "out",
                                   "in_bits", "in_signed", "kernel", "stride"};
  const std::string kind = json.at("kind").string();
  if (kind == "max_pool") {
    json.only(keys);
    return PoolMax{int_at(json, "kernel", 1, kMaxExtent), int_at(json, "stride", 1, kMaxExtent)};
  }
  if (kind != "crossbar") {
    json.at("kind").fail("unknown stage kind", "crossbar or max_pool", "\"" + kind + "\"");
  }
  Crossbar layer;
  layer.logits = json.at("logits").boolean();
  keys.insert(keys.end(), {"pad", "logits"});
  if (!layer.logits) keys.insert(keys.end(), {"low", "high"});
  json.only(keys);
  const auto kernel = json.at("kernel").items();
  if (kernel.size() != 2) json.at("kernel").fail("wrong length", "[height, width]");
  layer.kernel_h = static_cast<int32_t>(kernel[0].integer(1, kMaxExtent));
  layer.kernel_w = static_cast<int32_t>(kernel[1].integer(1, kMaxExtent));
  layer.stride = int_at(json, "stride", 1, kMaxExtent);
  layer.pad = int_at(json, "pad", 0, 255);
  const int64_t cols = stage.out.c;
  const auto name = [&](const char* field) { return stage.name + "." + field; };
  layer.rows = npz_member<int32_t>(tensors, name("rows"), {-1}, file).data;
  layer.pad_value = npz_member<int32_t>(tensors, name("pad_value"), {stage.in.c}, file).data;
  const auto rows = static_cast<int64_t>(layer.rows.size());
  layer.weight = npz_member<int16_t>(tensors, name("weight"), {rows, cols}, file).data;
  layer.bias = npz_member<int32_t>(tensors, name("bias"), {cols}, file).data;
  if (!layer.logits) {
    layer.low = int_at(json, "low", -32768, 65535);
    layer.high = int_at(json, "high", -32768, 65535);
    layer.mult = npz_member<uint16_t>(tensors, name("mult"), {cols}, file).data;
    layer.shift = npz_member<uint8_t>(tensors, name("shift"), {cols}, file).data;
  }
  return layer;
}

}  // namespace

void save_design(const Design& design, const std::filesystem::path& dir) {
  check_design(design, "design " + design.name);
  const Document document = to_document(design);
  write_dir(dir, [&](const std::filesystem::path& temporary) {
    write_npz(temporary / "tensors.npz", document.tensors);
    write_file(temporary / "design.json", document.json.dump(2) + "\n");
  });
}

Design load_design(const std::filesystem::path& dir) {
  const std::filesystem::path file = dir / "design.json";
  const std::filesystem::path tensor_file = dir / "tensors.npz";
  const nlohmann::json document = read_json(file);
  const JsonReader json(document, file.string());
  if (json.at("kind").string() != "crosstwin-design") {
    json.at("kind").fail("not a design", "\"crosstwin-design\"", json.at("kind").string());
  }
  json.at("schema_version").integer(Design::kSchemaVersion, Design::kSchemaVersion);
  json.only({"schema_version", "kind", "name", "input", "layout", "stages"});
  const Npz tensors = read_npz(tensor_file);
  Design design;
  design.name = json.at("name").string();
  design.input = shape_at(json, "input");
  const JsonReader layout = json.at("layout");
  layout.only({"tile_rows", "tile_cols", "cell_bits", "slices", "weight_range", "adc_bits"});
  design.layout = {int_at(layout, "tile_rows", 1, 1024),   int_at(layout, "tile_cols", 1, 1024),
                   int_at(layout, "cell_bits", 1, 8),      int_at(layout, "slices", 1, 8),
                   int_at(layout, "weight_range", 1, 255), int_at(layout, "adc_bits", 1, 16)};
  for (const JsonReader& entry : json.at("stages").items()) {
    Stage stage;
    stage.name = entry.at("name").string();
    for (const JsonReader& input : entry.at("inputs").items()) {
      stage.inputs.push_back(input.string());
    }
    stage.in = shape_at(entry, "in");
    stage.out = shape_at(entry, "out");
    stage.in_bits = int_at(entry, "in_bits", 1, 16);
    stage.in_signed = entry.at("in_signed").boolean();
    stage.kind = read_kind(entry, stage, tensors, tensor_file);
    design.stages.push_back(std::move(stage));
  }
  check_design(design, file.string() + ": $");
  return design;
}

std::string design_hash(const Design& design) {
  const Document document = to_document(design);
  std::string bytes = document.json.dump();
  for (const auto& [name, any] : document.tensors) {
    bytes += name;
    std::visit(
        [&](const auto& array) {
          const auto* data = reinterpret_cast<const char*>(array.data.data());
          bytes.append(data, array.data.size() * sizeof(array.data[0]));
        },
        any);
  }
  return content_hash(bytes);
}

}  // namespace crosstwin::ir
