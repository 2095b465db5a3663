// `crosstwin fpga`: the generated RTL to a bitstream, with Yosys and nextpnr.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/log.hpp"
#include "cli/table.hpp"
#include "cli/verbs/verbs.hpp"
#include "compress/ir/error.hpp"
#include "fpga/flow/build.hpp"

namespace crosstwin::cli {
using nlohmann::ordered_json;

namespace {

// An image, by a verification of this RTL that passed; 0 without one.
int64_t measured_cycles(const Run& run) {
  const ordered_json verified = run.read_results("verify");
  if (!verified.is_object() || !passed(verified) || run.stale(verified)) return 0;
  return static_cast<int64_t>(verified["result"]["plain"]["measured_cycles"].get<double>() + 0.5);
}

ordered_json run(Context& context) {
  const FpgaSettings& settings = context.config.fpga;
  // All names before the first long run.
  std::vector<fpga::Board> boards;
  for (const std::string& name : settings.boards) boards.push_back(fpga::load_board(name));

  fpga::Options options;
  options.seeds = settings.seeds;
  options.target_mhz = settings.target_mhz;
  options.threads = context.options.threads;
  options.cycles_per_image = measured_cycles(context.run);
  ordered_json list = ordered_json::array();
  for (const fpga::Board& board : boards) {
    options.progress = [&board](const std::string& what) {
      info("fpga " + board.name + ": " + what);
    };
    list.push_back(ordered_json(fpga::to_json(
        fpga::build(context.run.rtl(), board, context.run.fpga(board.name), options))));
    list.back()["folder"] = context.run.fpga(board.name).string();
  }
  return {{"boards", list}};
}

// "-" where neither the generator nor `verify` has said how many cycles an image takes.
std::string throughput(const ordered_json& board) {
  if (!board.contains("images_per_second")) return "-";
  return fmt::format("{:.0f}", board["images_per_second"].get<double>());
}

std::string line(const ordered_json& result) {
  std::string all;
  for (const ordered_json& board : result["boards"]) {
    all += fmt::format("{}{}: {} logic cells, {} block RAMs, {:.1f} MHz, {} images/s",
                       all.empty() ? "" : "; ", board["board"].get<std::string>(),
                       grouped(board["lc"]["used"].get<int64_t>()),
                       board["bram"]["used"].get<int64_t>(), board["fmax_mhz"]["max"].get<double>(),
                       throughput(board));
  }
  return all;
}

std::string text(const ordered_json& result) {
  Table table({"board", "LUT", "FF", "logic cells", "block RAM", "DSP", "Fmax min/median/max",
               "images/s", "bitstream"});
  const auto used = [](const ordered_json& usage) {
    return fmt::format("{}/{}", usage["used"].get<int64_t>(), usage["available"].get<int64_t>());
  };
  for (const ordered_json& board : result["boards"]) {
    const ordered_json& fmax = board["fmax_mhz"];
    table.add(
        {board["board"].get<std::string>(), grouped(board["lut"].get<int64_t>()),
         grouped(board["ff"].get<int64_t>()), used(board["lc"]), used(board["bram"]),
         used(board["dsp"]),
         fmt::format("{:.1f}/{:.1f}/{:.1f}", fmax["min"].get<double>(),
                     fmax["median"].get<double>(), fmax["max"].get<double>()),
         throughput(board),
         board["folder"].get<std::string>() + "/" + board["bitstream"]["file"].get<std::string>()});
  }
  return table.text();
}

}  // namespace

Step fpga_step() {
  return {.name = "fpga",
          .summary = "synthesize, place and route for FPGA boards, to a bitstream",
          .reads = "OUT/rtl/; cycles per image from OUT/results/verify.json when there",
          .writes = "OUT/fpga/BOARD/: netlist, reports, logs, bitstream",
          .example = "crosstwin fpga --out out/lenet5 --board hx8k,ulx3s-25f --seeds 5",
          .shortcuts = {{"--board", "fpga.boards",
                         "hx8k, icebreaker, ulx3s-25f, ulx3s-85f; comma between", "",
                         Shortcut::Form::list},
                        {"--seeds", "fpga.seeds", "place-and-route runs; the fastest is kept"}},
          .sections = {"fpga"},
          .uses_data = false,
          .inputs = {{"rtl", "generate"}},
          .outputs = {"fpga"},
          .tool_data = {"rtl_templates", "fpga/boards"},
          .also = [](const Context& of) { return std::to_string(measured_cycles(of.run)); },
          .run = run,
          .line = line,
          .text = text};
}

}  // namespace crosstwin::cli
