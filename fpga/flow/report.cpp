// The report as JSON and as a table.
// SPDX-License-Identifier: Apache-2.0
#include "fpga/flow/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compress/ir/error.hpp"

namespace crosstwin::fpga {
namespace {

double percent(const Usage& usage) {
  return usage.available == 0
             ? 0.0
             : 100.0 * static_cast<double>(usage.used) / static_cast<double>(usage.available);
}

std::string of(const Usage& usage) {
  if (usage.available == 0) return "none on this part";
  return fmt::format("{} of {} ({:.1f}%)", usage.used, usage.available, percent(usage));
}

nlohmann::json json_of(const Usage& usage) {
  return {{"used", usage.used}, {"available", usage.available}};
}

}  // namespace

void summarize_seeds(Report& report) {
  std::vector<double> fmax;
  for (const SeedResult& seed : report.seeds) {
    if (seed.fmax_mhz <= 0) continue;
    if (seed.fmax_mhz > report.fmax_max_mhz) {
      report.fmax_max_mhz = seed.fmax_mhz;
      report.best_seed = seed.seed;
    }
    fmax.push_back(seed.fmax_mhz);
  }
  ir::check(!fmax.empty(), "summarize_seeds: at least one seed has routed");
  std::sort(fmax.begin(), fmax.end());
  report.fmax_min_mhz = fmax.front();
  const size_t half = fmax.size() / 2;
  report.fmax_median_mhz = fmax.size() % 2 == 1 ? fmax[half] : (fmax[half - 1] + fmax[half]) / 2;
  if (report.cycles_per_image > 0) {
    const auto cycles = static_cast<double>(report.cycles_per_image);
    report.images_per_second = report.fmax_max_mhz * 1e6 / cycles;
    report.images_per_second_at_clock = report.clock_mhz * 1e6 / cycles;
  }
}

nlohmann::json to_json(const Report& report) {
  nlohmann::json seeds = nlohmann::json::array();
  for (const SeedResult& seed : report.seeds) {
    nlohmann::json entry = {{"seed", seed.seed}, {"seconds", seed.seconds}};
    entry["fmax_mhz"] = seed.fmax_mhz > 0 ? nlohmann::json(seed.fmax_mhz) : nlohmann::json();
    seeds.push_back(entry);
  }
  nlohmann::json steps = nlohmann::json::array();
  for (const Step& step : report.steps) {
    steps.push_back({{"name", step.name},
                     {"command", step.command},
                     {"log", step.log},
                     {"seconds", step.seconds}});
  }
  nlohmann::json json = {
      {"schema", 1},
      {"design", report.design},
      {"board", report.board},
      {"part", report.part},
      {"tools", {{"yosys", report.synthesis_version}, {"nextpnr", report.place_route_version}}},
      {"lut", report.lut},
      {"ff", report.ff},
      {"lc", json_of(report.logic)},
      {"bram", json_of(report.bram)},
      {"dsp", json_of(report.dsp)},
      {"target_mhz", report.target_mhz},
      {"fmax_mhz",
       {{"min", report.fmax_min_mhz},
        {"median", report.fmax_median_mhz},
        {"max", report.fmax_max_mhz}}},
      {"seeds", seeds},
      {"best_seed", report.best_seed},
      {"clock_mhz", report.clock_mhz},
      {"bitstream", {{"file", report.bitstream}, {"bytes", report.bitstream_bytes}}},
      {"load", report.load},
      {"steps", steps}};
  if (report.cycles_per_image > 0) {
    json["cycles_per_image"] = report.cycles_per_image;
    json["images_per_second"] = report.images_per_second;
    json["images_per_second_at_clock"] = report.images_per_second_at_clock;
  }
  return json;
}

std::string to_text(const Report& report) {
  std::string text;
  const auto line = [&text](const char* name, const std::string& value) {
    text += fmt::format("{:<13} {}\n", name, value);
  };
  line("design", report.design);
  line("board", fmt::format("{}: {}, {}", report.board, report.title, report.part));
  line("LUT, FF", fmt::format("{}, {}", report.lut, report.ff));
  line("logic cells", of(report.logic));
  line("block RAM", of(report.bram));
  line("DSP", of(report.dsp));
  const auto routed = std::count_if(report.seeds.begin(), report.seeds.end(),
                                    [](const SeedResult& seed) { return seed.fmax_mhz > 0; });
  line("Fmax",
       fmt::format("{:.1f} MHz (min {:.1f}, median {:.1f}; {} of {} seeds routed, seed {} kept)",
                   report.fmax_max_mhz, report.fmax_min_mhz, report.fmax_median_mhz, routed,
                   report.seeds.size(), report.best_seed));
  if (report.cycles_per_image > 0) {
    line("cycles/image", fmt::format("{}", report.cycles_per_image));
    line("images/s",
         fmt::format("{:.0f} at Fmax, {:.0f} at the board's {:g} MHz", report.images_per_second,
                     report.images_per_second_at_clock, report.clock_mhz));
  }
  line("bitstream", fmt::format("{} ({} bytes)", report.bitstream, report.bitstream_bytes));
  line("load with", report.load);
  return text;
}

}  // namespace crosstwin::fpga
