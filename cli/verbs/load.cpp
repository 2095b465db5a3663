// `crosstwin load`: the beats that turn writable RTL into this chip.
// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/load.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/table.hpp"
#include "hwgen/plan/load.hpp"

namespace crosstwin::cli {
using nlohmann::ordered_json;

namespace {

ordered_json run(Context& context) {
  const ir::Design design = ir::load_design(context.run.design());
  const ir::Chip chip = ir::load_chip(context.run.chip(), design);
  const ir::Load load = hwgen::load(design, chip, context.run.rtl());
  ir::save_load(load, load_dir(context.run));
  ordered_json records = ordered_json::array();
  for (const ir::LoadRecord& record : load.records) {
    records.push_back({{"layer", record.layer},
                       {"holds", record.holds},
                       {"words", record.words},
                       {"chunks", record.chunks}});
  }
  return {{"beats", load.beats.size()}, {"chip_hash", load.chip_hash}, {"records", records}};
}

std::string line(const ordered_json& result) {
  return fmt::format("{} beats in {} records make the RTL chip {}",
                     grouped(result["beats"].get<int64_t>()), result["records"].size(),
                     result["chip_hash"].get<std::string>());
}

std::string text(const ordered_json& result) {
  Table table({"layer", "memory", "words", "beats a word"});
  for (const ordered_json& record : result["records"]) {
    table.add({record["layer"].get<std::string>(), record["holds"].get<std::string>(),
               grouped(record["words"].get<int64_t>()), grouped(record["chunks"].get<int64_t>())});
  }
  return table.text() + line(result) + "\n";
}

}  // namespace

std::filesystem::path load_dir(const Run& run) { return run.dir() / "load"; }

const Step& load_step() {
  static const Step step = {
      .name = "load",
      .summary = "write this chip as a stream for writable RTL, without synthesis",
      .reads =
          "OUT/design/ and OUT/chip/; OUT/rtl/ as `generate --writable` wrote it, for this or\n"
          "         another chip of the same shape",
      .writes = "OUT/load/: load.hex (the beats of s_cfg, a 32-bit word a line), load.json",
      .example =
          "crosstwin load --out out/lenet5\n"
          "\nAnother seed of the device, other faults, or another network of the same layers and\n"
          "sizes: run `program` (or `map` and `program`) again with the same --out, then `load`,\n"
          "then `verify`, which writes the load before the first image. What synthesis has fixed\n"
          "must agree: kept rows and columns, shared table or one conductance a cell, the shifts\n"
          "and LSBs of the converters (`program --ranges-of`), non-linearity and read noise being\n"
          "there. The message names the first that does not.",
      .shortcuts = {},
      .sections = {},
      .uses_data = false,
      .inputs = {{"design", "map"}, {"chip", "program"}, {"rtl", "generate"}},
      .outputs = {"load"},
      .tool_data = {},
      .run = run,
      .line = line,
      .text = text};
  return step;
}

}  // namespace crosstwin::cli
