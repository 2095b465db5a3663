// `crosstwin report`: the whole run in one table, as JSON, and as a page with pictures of tiles.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/html.hpp"
#include "cli/table.hpp"
#include "cli/verbs/verbs.hpp"
#include "compress/ir/atomic_write.hpp"
#include "compress/layout/picture.hpp"

namespace crosstwin::cli {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

namespace {

// The results of all steps that have run, by step; those of other inputs than today's only by name.
ordered_json collect(const Run& run, std::vector<std::string>& stale) {
  ordered_json steps = ordered_json::object();
  for (const Step& step : all_steps()) {
    if (step.name == "report") continue;
    const ordered_json record = run.read_results(step.name);
    if (!record.is_object()) continue;
    if (run.stale(record)) {
      stale.push_back(step.name);
    } else {
      steps[step.name] = record;
    }
  }
  return steps;
}

std::string before_after(int64_t before, int64_t after) {
  return fmt::format(
      "{} -> {} ({:.1f}x)", grouped(before), grouped(after),
      static_cast<double>(before) / static_cast<double>(std::max<int64_t>(after, 1)));
}

using Rows = std::vector<std::vector<std::string>>;

void compress_rows(const ordered_json& result, Rows& rows) {
  for (const char* key : {"weights", "conv_weights"}) {
    rows.push_back({std::string(key) == "weights" ? "weights, all" : "weights, conv",
                    before_after(result[std::string(key) + "_before"].get<int64_t>(),
                                 result[key].get<int64_t>())});
  }
}

void map_rows(const ordered_json& result, Rows& rows) {
  for (const auto& [key, title] : {std::pair{"tiles", "crossbar tiles"},
                                   {"arrays", "physical arrays"},
                                   {"cells", "cells"},
                                   {"adcs", "columns to convert (ADCs)"}}) {
    rows.push_back({title, before_after(result["total"]["before"][key].get<int64_t>(),
                                        result["total"]["after"][key].get<int64_t>())});
  }
}

void simulate_rows(const ordered_json& result, Rows& rows) {
  for (const ordered_json& entry : result["accuracy"]) {
    std::string value = percent(entry["accuracy"].get<double>());
    if (entry.contains("worst")) value += ", worst chip " + percent(entry["worst"].get<double>());
    rows.push_back({"accuracy: " + entry["model"].get<std::string>(), value});
  }
  rows.push_back({"  measured on", grouped(result["images"].get<int64_t>()) + " test images"});
}

void verify_rows(const ordered_json& result, Rows& rows) {
  if (!result["passed"].get<bool>()) {
    const std::string why = result["failure"].get<std::string>();
    rows.push_back({"RTL = twin", "FAILED: " + why.substr(0, why.find('\n'))});
    return;
  }
  for (const char* part : {"plain", "stalls"}) {
    if (!result.contains(part)) continue;
    const ordered_json& compared = result[part];
    rows.push_back(
        {std::string("RTL = twin") + (std::string(part) == "stalls" ? ", random stalls" : ""),
         fmt::format("all {} logits of {} images equal",
                     grouped(compared["logits_equal"].get<int64_t>()),
                     grouped(compared["images"].get<int64_t>()))});
  }
  const ordered_json& plain = result["plain"];
  rows.push_back({"cycles an image, planned", grouped(plain["planned_cycles"].get<int64_t>())});
  rows.push_back(
      {"cycles an image, measured", fmt::format("{:.1f}", plain["measured_cycles"].get<double>())});
}

void fpga_rows(const ordered_json& result, Rows& rows) {
  for (const ordered_json& board : result["boards"]) {
    const std::string name = board["board"].get<std::string>();
    rows.push_back({name + ": LUT, FF", grouped(board["lut"].get<int64_t>()) + ", " +
                                            grouped(board["ff"].get<int64_t>())});
    const auto used = [&board](const char* key) {
      return fmt::format("{} of {}", board[key]["used"].get<int64_t>(),
                         board[key]["available"].get<int64_t>());
    };
    rows.push_back({name + ": logic cells, block RAM, DSP",
                    used("lc") + ", " + used("bram") + ", " + used("dsp")});
    std::string speed = fmt::format("{:.1f} MHz", board["fmax_mhz"]["max"].get<double>());
    if (board.contains("images_per_second")) {
      speed += fmt::format(", {:.0f} images/s", board["images_per_second"].get<double>());
    }
    rows.push_back({name + ": Fmax, throughput", speed});
    rows.push_back({name + ": bitstream", board["folder"].get<std::string>() + "/" +
                                              board["bitstream"]["file"].get<std::string>()});
  }
}

Rows table_rows(const ordered_json& steps) {
  Rows rows;
  if (steps.contains("train")) {
    rows.push_back({"data", steps["train"]["result"]["data"].get<std::string>()});
  }
  const auto add = [&](const char* step, void (*make)(const ordered_json&, Rows&)) {
    if (steps.contains(step)) make(steps[step]["result"], rows);
  };
  add("compress", compress_rows);
  add("map", map_rows);
  add("simulate", simulate_rows);
  add("verify", verify_rows);
  add("fpga", fpga_rows);
  double seconds = 0;
  std::string times;
  for (const auto& [name, record] : steps.items()) {
    seconds += record["seconds"].get<double>();
    times += fmt::format("{}{} {:.0f}", times.empty() ? "" : ", ", name,
                         record["seconds"].get<double>());
  }
  rows.push_back({"time", fmt::format("{:.0f} s ({})", seconds, times)});
  return rows;
}

// One picture a crossbar layer, by file name.
std::vector<std::pair<std::string, std::string>> draw(const ir::Design& design,
                                                      const ordered_json& map) {
  std::vector<std::pair<std::string, std::string>> pictures;
  for (const ordered_json& layer : map["layers"]) {
    const std::string name = layer["name"].get<std::string>();
    const auto stage = std::find_if(design.stages.begin(), design.stages.end(),
                                    [&name](const ir::Stage& entry) { return entry.name == name; });
    if (stage == design.stages.end()) continue;
    const layout::Origin origin = layout::assumed_origin(
        *stage, layer["before"]["rows"].get<int32_t>(), layer["before"]["cols"].get<int32_t>());
    pictures.emplace_back(name + "_tiles.svg", layout::picture(design, *stage, origin));
  }
  return pictures;
}

ordered_json run(Context& context) {
  const ir::Design design = ir::load_design(context.run.design());
  std::vector<std::string> stale;
  const ordered_json steps = collect(context.run, stale);
  Rows rows = table_rows(steps);
  for (const std::string& step : stale) {
    rows.push_back({step, "out of date, its inputs have changed: run it again"});
  }
  std::vector<std::pair<std::string, std::string>> pictures;
  if (steps.contains("map")) pictures = draw(design, steps["map"]["result"]);

  Table table({context.config.name, fmt::format("seed {}", context.config.seed)},
              Table::Align::left);
  for (const auto& row : rows) table.add(row);
  ir::write_dir(context.run.report(), [&](const fs::path& dir) {
    for (const auto& [file, svg] : pictures) ir::write_file(dir / file, svg);
    ir::write_file(dir / "report.json", steps.dump(2) + "\n");
    ir::write_file(dir / "report.txt", table.text());
    ir::write_file(dir / "report.html", html_page(context.config.name, rows,
                                                  "Crossbar tiles, and what was pruned", pictures));
  });
  return {{"folder", context.run.report().string()},
          {"steps", steps},
          {"stale", stale},
          {"text", table.text()}};
}

std::string text(const ordered_json& result) {
  return result["text"].get<std::string>() +
         "\nWith pictures of the tiles: " + result["folder"].get<std::string>() + "/report.html\n";
}

std::string line(const ordered_json& result) {
  return result["folder"].get<std::string>() + "/report.html";
}

}  // namespace

Step report_step() {
  return {.name = "report",
          .summary = "the whole run in one table, and as a page with pictures",
          .reads = "OUT/design/, OUT/results/*.json",
          .writes = "OUT/report/: report.txt, report.json, report.html, LAYER_tiles.svg",
          .example = "crosstwin report --out out/lenet5 --json",
          .shortcuts = {},
          .sections = {"name", "seed"},
          .uses_data = false,
          .inputs = {{"design", "map"}, {"results", "train"}},
          .outputs = {"report"},
          .run = run,
          .line = line,
          .text = text};
}

}  // namespace crosstwin::cli
