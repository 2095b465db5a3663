// The chip artifact: chip.json and tensors.npz, and its checks.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/chip.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/device_json.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"
#include "compress/ir/noise.hpp"
#include "compress/ir/npz.hpp"

namespace crosstwin::ir {
using nlohmann::ordered_json;

namespace {

struct Extent {
  int64_t slices, rows, cols;
};

Extent extent_of(const Design& design, const Stage& stage) {
  return {design.layout.slices, static_cast<int64_t>(std::get<Crossbar>(stage.kind).rows.size()),
          stage.out.c};
}

std::vector<const Stage*> crossbar_stages(const Design& design) {
  std::vector<const Stage*> stages;
  for (const Stage& stage : design.stages) {
    if (std::holds_alternative<Crossbar>(stage.kind)) stages.push_back(&stage);
  }
  return stages;
}

void require_chip(const JsonReader& json) {
  if (json.at("kind").string() != "crosstwin-chip") {
    json.at("kind").fail("not a chip", "\"crosstwin-chip\"", json.at("kind").string());
  }
  const JsonReader version = json.at("schema_version");
  if (version.integer(0, INT32_MAX) != Chip::kSchemaVersion) {
    version.fail("a chip of another version of the format", std::to_string(Chip::kSchemaVersion),
                 std::to_string(version.integer(0, INT32_MAX)), "run `crosstwin program` again");
  }
}

std::vector<int32_t> read_list(const JsonReader& json, int64_t low, int64_t high) {
  std::vector<int32_t> list;
  for (const JsonReader& each : json.items()) {
    list.push_back(static_cast<int32_t>(each.integer(low, high)));
  }
  return list;
}

}  // namespace

bool CrossbarChip::noisy() const {
  return std::any_of(noise_mult.begin(), noise_mult.end(), [](int32_t mult) { return mult != 0; });
}

bool noisy(const Chip& chip) {
  return std::any_of(chip.crossbars.begin(), chip.crossbars.end(),
                     [](const CrossbarChip& crossbar) { return crossbar.noisy(); });
}

std::string chip_hash(const Chip& chip) {
  std::string bytes = chip.design_hash + (chip.shared_table ? " table" : " cells");
  // Every list with its length, so that no value can move from one to the next unseen.
  const auto add = [&bytes](const auto& values) {
    bytes += " " + std::to_string(values.size());
    for (const auto value : values) bytes += "," + std::to_string(value);
  };
  add(chip.table);
  for (const CrossbarChip& crossbar : chip.crossbars) {
    bytes += " " + crossbar.stage;
    add(crossbar.g);
    add(crossbar.adc_mult);
    add(crossbar.adc_shift);
    add(crossbar.adc_offset);
    add(crossbar.lsb);
    add(crossbar.adc_clip);
    add(crossbar.inl);
    add(crossbar.noise_mult);
    bytes += " " + std::to_string(crossbar.noise_shift);
  }
  if (noisy(chip)) bytes += " " + std::to_string(chip.noise_seed);
  return content_hash(bytes);
}

void check_chip(const Chip& chip, const Design& design, const std::string& where) {
  const auto fail = [](const std::string& place, const std::string& what,
                       const std::string& expected, const std::string& got,
                       const std::string& fix = {}) {
    throw Error({place, what, expected, got, fix});
  };
  if (chip.design_hash != design_hash(design)) {
    fail(where + ".design_hash", "this chip was programmed for another design", design_hash(design),
         chip.design_hash, "run `crosstwin program` again");
  }
  if (chip.g_bits < 1 || chip.g_bits > 16) {
    fail(where + ".g_bits", "out of range", "1..16", std::to_string(chip.g_bits));
  }
  const auto stages = crossbar_stages(design);
  if (chip.crossbars.size() != stages.size()) {
    fail(where + ".crossbars", "wrong number", std::to_string(stages.size()),
         std::to_string(chip.crossbars.size()));
  }
  const size_t table_size = chip.shared_table ? size_t{1} << design.layout.cell_bits : 0;
  if (chip.table.size() != table_size) {
    fail(where + ".table", "wrong length", std::to_string(table_size),
         std::to_string(chip.table.size()));
  }
  const auto ranges = [&](const std::string& place, const auto& values, int64_t count, int64_t low,
                          int64_t high) {
    if (static_cast<int64_t>(values.size()) != count) {
      fail(place, "wrong length", std::to_string(count), std::to_string(values.size()));
    }
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] >= low && values[i] <= high) continue;
      fail(place + "[" + std::to_string(i) + "]", "out of range",
           std::to_string(low) + ".." + std::to_string(high), std::to_string(values[i]));
    }
  };
  const int64_t top = (int64_t{1} << chip.g_bits) - 1;
  ranges(where + ".table", chip.table, static_cast<int64_t>(table_size), 0, top);
  for (size_t i = 0; i < stages.size(); ++i) {
    const CrossbarChip& crossbar = chip.crossbars[i];
    const std::string place = where + ".crossbars[" + std::to_string(i) + "]";
    if (crossbar.stage != stages[i]->name) {
      fail(place + ".stage", "not the design's stage", stages[i]->name, crossbar.stage);
    }
    const auto [slices, rows, cols] = extent_of(design, *stages[i]);
    ranges(place + ".g", crossbar.g, 2 * slices * rows * cols, 0, top);
    ranges(place + ".adc_mult", crossbar.adc_mult, slices * cols, 1, 65535);
    ranges(place + ".adc_shift", crossbar.adc_shift, slices, 0, 31);
    ranges(place + ".adc_offset", crossbar.adc_offset, slices * cols, -(1 << 30), 1 << 30);
    const auto large = std::find_if(crossbar.lsb.begin(), crossbar.lsb.end(),
                                    [](int32_t lsb) { return lsb > kMaxLsb; });
    if (large != crossbar.lsb.end()) {
      fail(place + ".lsb[" + std::to_string(large - crossbar.lsb.begin()) + "] of layer " +
               stages[i]->name,
           "an ADC step is too large", "at most " + std::to_string(kMaxLsb) + " level steps",
           std::to_string(*large), "take more ADC bits");
    }
    ranges(place + ".lsb", crossbar.lsb, slices * cols, 1, kMaxLsb);
    const int64_t codes = int64_t{1} << design.layout.adc_bits;
    ranges(place + ".adc_clip", crossbar.adc_clip, slices * cols, 0, codes - 1);
    if (!crossbar.inl.empty()) ranges(place + ".inl", crossbar.inl, codes, 0, codes - 1);
    const int64_t gains = std::min<int64_t>(design.layout.tile_rows, rows) + 1;
    const bool by_count = static_cast<int64_t>(crossbar.noise_mult.size()) > slices;
    ranges(place + ".noise_mult", crossbar.noise_mult, by_count ? slices * gains : slices, 0,
           65535);
    if (crossbar.noise_shift < 0 || crossbar.noise_shift > 31) {
      fail(place + ".noise_shift", "out of range", "0..31", std::to_string(crossbar.noise_shift));
    }
    check_placement(crossbar.placement, rows, cols, design.layout, place + ".placement");
    if (crossbar.noisy()) {
      const int64_t tile_rows = design.layout.tile_rows;
      const int64_t positions = int64_t{stages[i]->out.h} * stages[i]->out.w;
      const int32_t bits = NoiseCounter(positions, (rows + tile_rows - 1) / tile_rows, cols,
                                        stages[i]->in_bits, slices)
                               .bits();
      if (bits > 32) {
        fail(place + ".noise_mult of layer " + stages[i]->name,
             "read noise cannot number the layer's conversions", "32 bits of counter",
             std::to_string(bits),
             "split the layer, or take a device without read_noise and cell_noise");
      }
    }
    if (!chip.shared_table) continue;
    const auto& weight = std::get<Crossbar>(stages[i]->kind).weight;
    for (int32_t polarity = 0, at = 0; polarity < 2; ++polarity) {
      for (int32_t slice = 0; slice < slices; ++slice) {
        for (const int16_t w : weight) {
          const int32_t code = slice_code(w, polarity, slice, design.layout.cell_bits);
          if (crossbar.g[static_cast<size_t>(at++)] == chip.table[static_cast<size_t>(code)])
            continue;
          fail(place + ".g[" + std::to_string(at - 1) + "]", "is not its level's conductance",
               std::to_string(chip.table[static_cast<size_t>(code)]),
               std::to_string(crossbar.g[static_cast<size_t>(at - 1)]));
        }
      }
    }
  }
}

void save_chip(const Chip& chip, const std::filesystem::path& dir) {
  ordered_json json;
  Npz tensors;
  json["schema_version"] = Chip::kSchemaVersion;
  json["kind"] = "crosstwin-chip";
  json["design_hash"] = chip.design_hash;
  json["seed"] = std::to_string(chip.seed);
  json["noise_seed"] = std::to_string(chip.noise_seed);
  json["g_bits"] = chip.g_bits;
  json["shared_table"] = chip.shared_table;
  json["table"] = chip.table;
  json["device"] = device_json(chip.device);
  json["crossbars"] = ordered_json::array();
  for (const CrossbarChip& crossbar : chip.crossbars) {
    const auto slices = static_cast<int64_t>(crossbar.adc_shift.size());
    const auto per_column = static_cast<int64_t>(crossbar.adc_mult.size());
    ordered_json entry = {{"stage", crossbar.stage}, {"adc_shift", crossbar.adc_shift}};
    if (const int64_t gains = crossbar.noise_gains(); gains == 1) {
      entry["noise_mult"] = crossbar.noise_mult;
    } else {
      tensors[crossbar.stage + ".noise_mult"] =
          Array<int32_t>{{slices, gains}, crossbar.noise_mult};
    }
    entry["noise_shift"] = crossbar.noise_shift;
    json["crossbars"].push_back(entry);
    const int64_t cols = per_column / slices;
    const int64_t rows = static_cast<int64_t>(crossbar.g.size()) / (2 * per_column);
    tensors[crossbar.stage + ".g"] = Array<uint16_t>{{2, slices, rows, cols}, crossbar.g};
    tensors[crossbar.stage + ".adc_mult"] = Array<int32_t>{{slices, cols}, crossbar.adc_mult};
    tensors[crossbar.stage + ".adc_offset"] = Array<int32_t>{{slices, cols}, crossbar.adc_offset};
    tensors[crossbar.stage + ".adc_clip"] = Array<int32_t>{{slices, cols}, crossbar.adc_clip};
    tensors[crossbar.stage + ".lsb"] = Array<int32_t>{{slices, cols}, crossbar.lsb};
    if (!crossbar.inl.empty()) {
      tensors[crossbar.stage + ".inl"] =
          Array<uint16_t>{{static_cast<int64_t>(crossbar.inl.size())}, crossbar.inl};
    }
    const Placement& placement = crossbar.placement;
    if (placement.in_order()) continue;
    json["crossbars"].back()["placement"] = {{"spare_columns", placement.spare_columns},
                                             {"makes_up", placement.makes_up}};
    const auto add = [&](const char* field, const auto& list) {
      if (list.empty()) return;
      using Value = typename std::decay_t<decltype(list)>::value_type;
      tensors[crossbar.stage + field] = Array<Value>{{static_cast<int64_t>(list.size())}, list};
    };
    add(".row_of", placement.row_of);
    add(".column_of", placement.column_of);
    add(".swapped", placement.swapped);
  }
  write_dir(dir, [&](const std::filesystem::path& temporary) {
    write_npz(temporary / "tensors.npz", tensors);
    write_file(temporary / "chip.json", json.dump(2) + "\n");
  });
}

Chip load_chip(const std::filesystem::path& dir, const Design& design) {
  const std::filesystem::path file = dir / "chip.json";
  const std::filesystem::path tensor_file = dir / "tensors.npz";
  const nlohmann::json document = read_json(file);
  const JsonReader json(document, file.string());
  require_chip(json);
  json.only({"schema_version", "kind", "design_hash", "seed", "noise_seed", "g_bits",
             "shared_table", "table", "device", "crossbars"});
  Chip chip;
  chip.design_hash = json.at("design_hash").string();
  chip.seed = json.at("seed").seed();
  chip.noise_seed = json.at("noise_seed").seed();
  chip.g_bits = static_cast<int32_t>(json.at("g_bits").integer(1, 16));
  chip.shared_table = json.at("shared_table").boolean();
  for (const JsonReader& level : json.at("table").items()) {
    chip.table.push_back(static_cast<uint16_t>(level.integer(0, 65535)));
  }
  chip.device = read_device_record(json.at("device"));
  const Npz tensors = read_npz(tensor_file);
  const auto stages = crossbar_stages(design);
  const auto entries = json.at("crossbars").items();
  for (size_t i = 0; i < std::min(entries.size(), stages.size()); ++i) {
    entries[i].only({"stage", "adc_shift", "noise_mult", "noise_shift", "placement"});
    CrossbarChip crossbar;
    crossbar.stage = entries[i].at("stage").string();
    crossbar.adc_shift = read_list(entries[i].at("adc_shift"), 0, 31);
    crossbar.noise_shift = static_cast<int32_t>(entries[i].at("noise_shift").integer(0, 31));
    const auto [slices, rows, cols] = extent_of(design, *stages[i]);
    const auto name = [&](const char* field) { return crossbar.stage + "." + field; };
    if (tensors.count(name("noise_mult")) == 0) {
      crossbar.noise_mult = read_list(entries[i].at("noise_mult"), 0, 65535);
    } else {
      const int64_t gains = std::min<int64_t>(design.layout.tile_rows, rows) + 1;
      crossbar.noise_mult =
          npz_member<int32_t>(tensors, name("noise_mult"), {slices, gains}, tensor_file).data;
    }
    crossbar.g =
        npz_member<uint16_t>(tensors, name("g"), {2, slices, rows, cols}, tensor_file).data;
    crossbar.adc_mult =
        npz_member<int32_t>(tensors, name("adc_mult"), {slices, cols}, tensor_file).data;
    crossbar.adc_offset =
        npz_member<int32_t>(tensors, name("adc_offset"), {slices, cols}, tensor_file).data;
    crossbar.adc_clip =
        npz_member<int32_t>(tensors, name("adc_clip"), {slices, cols}, tensor_file).data;
    crossbar.lsb = npz_member<int32_t>(tensors, name("lsb"), {slices, cols}, tensor_file).data;
    if (tensors.count(name("inl")) != 0) {
      const int64_t codes = int64_t{1} << design.layout.adc_bits;
      crossbar.inl = npz_member<uint16_t>(tensors, name("inl"), {codes}, tensor_file).data;
    }
    if (entries[i].has("placement")) {
      const JsonReader json_placement = entries[i].at("placement");
      json_placement.only({"spare_columns", "makes_up"});
      Placement& placement = crossbar.placement;
      placement.spare_columns =
          static_cast<int32_t>(json_placement.at("spare_columns").integer(0, kMaxSpareColumns));
      placement.makes_up = json_placement.at("makes_up").boolean();
      const auto read = [&](const char* field, auto& list, int64_t count) {
        using Value = typename std::decay_t<decltype(list)>::value_type;
        if (tensors.count(name(field)) == 0) return;
        list = npz_member<Value>(tensors, name(field), {count}, tensor_file).data;
      };
      read("row_of", placement.row_of, rows);
      read("column_of", placement.column_of, cols);
      read("swapped", placement.swapped, cols);
    }
    chip.crossbars.push_back(std::move(crossbar));
  }
  check_chip(chip, design, file.string() + ": $");
  return chip;
}

std::vector<ConverterRange> read_ranges(const std::filesystem::path& dir) {
  const bool run = std::filesystem::exists(dir / "chip" / "chip.json");
  const std::filesystem::path file = (run ? dir / "chip" : dir) / "chip.json";
  if (!std::filesystem::exists(file)) {
    throw Error({dir.string(), "has no chip", "the folder of a run, or its folder chip", "",
                 "name one that `crosstwin program` has written"});
  }
  const nlohmann::json document = read_json(file);
  const JsonReader json(document, file.string());
  require_chip(json);
  const std::filesystem::path tensor_file = file.parent_path() / "tensors.npz";
  const Npz tensors = read_npz(tensor_file);
  std::vector<ConverterRange> ranges;
  for (const JsonReader& entry : json.at("crossbars").items()) {
    const std::string stage = entry.at("stage").string();
    const auto& lsb = npz_member<int32_t>(tensors, stage + ".lsb", {-1, -1}, tensor_file).data;
    for (size_t i = 0; i < lsb.size(); ++i) {
      if (lsb[i] >= 1 && lsb[i] <= kMaxLsb) continue;
      throw Error({tensor_file.string() + ": " + stage + ".lsb[" + std::to_string(i) + "]",
                   "out of range", "1.." + std::to_string(kMaxLsb), std::to_string(lsb[i]), ""});
    }
    ranges.push_back({stage, lsb, read_list(entry.at("adc_shift"), 0, 31)});
  }
  return ranges;
}

}  // namespace crosstwin::ir
