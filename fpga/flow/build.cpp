// The steps of the FPGA flow, each a program run in one self-contained folder.
// SPDX-License-Identifier: Apache-2.0
#include "fpga/flow/build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/data_dir.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/process.hpp"
#include "fpga/flow/tools.hpp"

namespace crosstwin::fpga {
namespace {

namespace fs = std::filesystem;

// What xb_board.sv needs of rtl_templates; a design has some of them among its own sources.
constexpr const char* kLink[] = {"pkg/xb_pkg.sv",      "prim/xb_prim_ram.sv", "stream/xb_skid.sv",
                                 "stream/xb_fifo.sv",  "soc/xb_uart_rx.sv",   "soc/xb_uart_tx.sv",
                                 "soc/xb_uart_link.sv"};
constexpr uint32_t kLinkClasses = 256;
constexpr const char* kLinkHeader = "pkg/xb_assert.svh";

struct Flow {
  const Board& board;
  const Options& options;
  const Tools tools;
  const ir::Manifest manifest;
  fs::path dir = {};      // where everything is written
  fs::path failed_log;    // where the log of a step that failed is kept
  std::mutex mutex = {};  // of the members below, and of options.progress
  std::vector<Step> steps = {};

  void say(const std::string& text) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (options.progress) options.progress(text);
  }

  // Runs one tool in `dir`. The wheels see no absolute path below /tmp, so all names are relative.
  ir::Finished run(const std::string& name, const std::vector<std::string>& argv) {
    const std::string log = "logs/" + name + ".log";
    const ir::Command command{.argv = argv, .cwd = dir, .log = dir / log};
    ir::Finished finished = ir::run(command);
    // Program names without folders: the report says the same on every machine.
    std::vector<std::string> words = argv;
    words[0] = fs::path(words[0]).filename().string();
    const std::lock_guard<std::mutex> lock(mutex);
    steps.push_back({.name = name,
                     .command = ir::to_string({.argv = words}),
                     .log = log,
                     .seconds = finished.seconds});
    return finished;
  }

  // Keeps the log that says why there is no result; it goes when there is one after all.
  void keep(const std::string& log) {
    const std::lock_guard<std::mutex> lock(mutex);
    ir::write_file(failed_log, log);
  }

  std::string kept() const { return "; the whole log is " + failed_log.string(); }

  [[noreturn]] void fail(const std::string& name, const ir::Finished& finished) {
    keep(finished.output);
    throw ir::Error({.where = manifest.name + " on " + board.name + ", " + name,
                     .what = fmt::format("the tool ended with status {}", finished.status),
                     .got = ir::last_lines(finished.output, 5),
                     .fix = "its whole log is " + failed_log.string()});
  }
};

// The files of kLink that the design does not bring itself: no module may be read twice.
std::vector<std::string> link_files(const ir::Manifest& manifest) {
  std::vector<std::string> files;
  for (const fs::path file : kLink) {
    const bool there = std::any_of(
        manifest.sources.begin(), manifest.sources.end(),
        [&](const std::string& source) { return fs::path(source).filename() == file.filename(); });
    if (!there) files.push_back(file.string());
  }
  return files;
}

void copy_into(const fs::path& from, const fs::path& to) {
  if (!fs::is_regular_file(from)) {
    throw ir::Error({.where = from.string(), .what = "is missing", .fix = "is the tree complete?"});
  }
  fs::create_directories(to.parent_path());
  fs::copy_file(from, to, fs::copy_options::overwrite_existing);
}

void gather(Flow& flow, const fs::path& design_dir) {
  for (const auto* list : {&flow.manifest.sources, &flow.manifest.headers}) {
    for (const std::string& file : *list) copy_into(design_dir / file, flow.dir / file);
  }
  for (const ir::MemoryImage& image : flow.manifest.memories) {
    copy_into(design_dir / image.file, flow.dir / image.file);
  }
  const fs::path templates = ir::data_dir() / "rtl_templates";
  for (const std::string& file : link_files(flow.manifest)) {
    copy_into(templates / file, flow.dir / "board" / fs::path(file).filename());
  }
  copy_into(templates / kLinkHeader, flow.dir / "board" / fs::path(kLinkHeader).filename());
  copy_into(flow.board.dir.parent_path() / "xb_board.sv", flow.dir / "board" / "xb_board.sv");
  copy_into(flow.board.dir / "top.sv", flow.dir / "board" / "top.sv");
  copy_into(flow.board.dir / flow.board.pins, flow.dir / "board" / flow.board.pins);
}

void synthesize(Flow& flow) {
  flow.say("synthesis with " + flow.tools.synthesis_version);
  ir::write_file(flow.dir / "synth.ys", synthesis_script(flow.manifest, flow.board));
  const ir::Finished finished =
      flow.run("synthesis", {flow.tools.synthesis.string(), "-s", "synth.ys"});
  if (finished.status != 0) flow.fail("synthesis", finished);
}

std::string layout_file(Family family, int seed) {
  return fmt::format("seed{}.{}", seed, family == Family::kIce40 ? "asc" : "config");
}

std::vector<std::string> place_route_command(const Flow& flow, int seed, double target_mhz) {
  const Board& board = flow.board;
  const bool ice40 = board.family == Family::kIce40;
  std::vector<std::string> argv = {flow.tools.place_route.string(), "--" + board.device,
                                   "--package", board.package};
  if (!ice40) argv.insert(argv.end(), {"--speed", "6"});
  argv.insert(argv.end(),
              {"--json", "netlist.json", ice40 ? "--pcf" : "--lpf", "board/" + board.pins,
               ice40 ? "--asc" : "--textcfg", layout_file(board.family, seed), "--report",
               fmt::format("seed{}.json", seed), "--seed", std::to_string(seed), "--freq",
               fmt::format("{:g}", target_mhz), "--timing-allow-fail"});
  return argv;
}

SeedResult place_route(Flow& flow, int seed, double target_mhz) {
  const ir::Finished finished =
      flow.run(fmt::format("seed{}", seed), place_route_command(flow, seed, target_mhz));
  SeedResult result{.seed = seed, .seconds = finished.seconds};
  if (finished.status == 0) {
    result.fmax_mhz = read_routed(flow.dir / fmt::format("seed{}.json", seed)).fmax_mhz;
    flow.say(fmt::format("seed {}: {:.1f} MHz", seed, result.fmax_mhz));
    return result;
  }
  flow.keep(finished.output);
  const std::map<std::string, Usage> cells = utilisation(finished.output);
  check_fits(cells, flow.board);
  // One seed may fail to route where another does not; without a utilisation it did not even pack.
  if (cells.empty() || flow.options.seeds == 1) flow.fail(fmt::format("seed{}", seed), finished);
  flow.say(fmt::format("seed {}: did not place or route", seed));
  return result;
}

std::vector<SeedResult> place_route_all(Flow& flow, double target_mhz) {
  const int count = flow.options.seeds;
  const auto cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const int workers = std::min(count, flow.options.threads > 0 ? flow.options.threads : cores);
  flow.say(fmt::format("place and route with {}, seeds 1 to {} for {:g} MHz",
                       flow.tools.place_route_version, count, target_mhz));
  std::vector<SeedResult> results(static_cast<size_t>(count));
  std::vector<std::exception_ptr> faults(results.size());
  std::atomic<size_t> next = 0;
  std::atomic<bool> stop = false;
  const auto work = [&] {
    for (size_t i = next++; i < results.size() && !stop; i = next++) {
      try {
        results[i] = place_route(flow, static_cast<int>(i) + 1, target_mhz);
      } catch (...) {
        faults[i] = std::current_exception();
        stop = true;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < workers; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& fault : faults) {
    if (fault) std::rethrow_exception(fault);
  }
  return results;
}

void check_routed(const Flow& flow, const Report& report) {
  if (std::none_of(report.seeds.begin(), report.seeds.end(),
                   [](const SeedResult& seed) { return seed.fmax_mhz > 0; })) {
    throw ir::Error(
        {.where = flow.manifest.name + " on " + flow.board.name,
         .what = "fits, but no seed placed and routed",
         .got = fmt::format("{} seeds tried", report.seeds.size()),
         .fix = "try more seeds (--seeds), a larger board, or fewer PEs" + flow.kept()});
  }
}

void pack(Flow& flow, Report& report) {
  const bool ice40 = flow.board.family == Family::kIce40;
  const std::string layout = layout_file(flow.board.family, report.best_seed);
  report.bitstream = flow.manifest.name + (ice40 ? ".bin" : ".bit");
  flow.say("packing " + report.bitstream);
  std::vector<std::string> argv = {flow.tools.pack.string()};
  if (!ice40) argv.emplace_back("--compress");
  argv.insert(argv.end(), {layout, report.bitstream});
  const ir::Finished finished = flow.run("pack", argv);
  if (finished.status != 0) flow.fail("pack", finished);
  report.bitstream_bytes = static_cast<int64_t>(fs::file_size(flow.dir / report.bitstream));
  // The text form of the other seeds is large, and made again by its command.
  for (const SeedResult& seed : report.seeds) {
    if (seed.seed != report.best_seed) {
      fs::remove(flow.dir / layout_file(flow.board.family, seed.seed));
    }
  }
}

void count_cells(const Flow& flow, Report& report) {
  const bool ice40 = flow.board.family == Family::kIce40;
  for (const auto& [type, count] : read_cells(flow.dir / "stat.json")) {
    if (type == (ice40 ? "SB_LUT4" : "LUT4")) report.lut += count;
    if (type.rfind(ice40 ? "SB_DFF" : "TRELLIS_FF", 0) == 0) report.ff += count;
  }
  const Routed routed = read_routed(flow.dir / fmt::format("seed{}.json", report.best_seed));
  const auto usage = [&routed](const std::string& type) {
    const auto cell = routed.cells.find(type);
    return cell == routed.cells.end() ? Usage{} : cell->second;
  };
  const CellNames names = cell_names(flow.board.family);
  report.logic = usage(names.logic);
  report.bram = usage(names.memory);
  report.dsp = usage(names.dsp);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

}  // namespace

std::string synthesis_script(const ir::Manifest& manifest, const Board& board) {
  if (manifest.outputs > kLinkClasses) {
    throw ir::Error({.where = (manifest.dir / "manifest.json").string() + ": $.outputs",
                     .what = "too many classes for the host link, which sends one in a byte",
                     .expected = fmt::format("at most {}", kLinkClasses),
                     .got = std::to_string(manifest.outputs)});
  }
  if (manifest.writable) {
    throw ir::Error({.where = (manifest.dir / "manifest.json").string() + ": $.writable",
                     .what = "the host link has no way to write the memories of a design",
                     .expected = "false",
                     .got = "true",
                     .fix = "generate without --writable for a board"});
  }
  std::string read = "read_verilog -sv";
  for (const std::string& dir : manifest.include_dirs) read += " -I" + dir;
  read += " -Iboard";
  std::string script = "# " + manifest.name + " on " + board.name + "\n";
  for (const std::string& source : manifest.sources) script += read + " " + source + "\n";
  script += "rename " + manifest.top + " xb_design\n";
  for (const std::string& file : link_files(manifest)) {
    script += read + " board/" + fs::path(file).filename().string() + "\n";
  }
  const char* const noise = manifest.noise ? " -DXB_NOISE" : "";
  script += read + noise + " board/xb_board.sv\n" + read + " board/top.sv\n";
  script += fmt::format(
      "hierarchy -check -top top -chparam ClksPerBit {} -chparam PixelBytes {} "
      "-chparam Pixels {} -chparam Taken {} -chparam Outputs {}\n",
      (board.clock_hz + board.baud / 2) / board.baud, manifest.channels,
      uint64_t{manifest.height} * manifest.width, manifest.pixels_taken, manifest.outputs);
  if (board.family == Family::kEcp5) {
    script += "synth_ecp5 -top top -abc9 -json netlist.json\n";
  } else if (board.device == "up5k") {
    script += "synth_ice40 -top top -device u -dsp -abc9 -json netlist.json\n";
  } else {
    script += "synth_ice40 -top top -device hx -abc9 -json netlist.json\n";
  }
  return script + "tee -q -o stat.json stat -json\n";
}

void check_fits(const std::map<std::string, Usage>& cells, const Board& board) {
  const CellNames names = cell_names(board.family);
  std::string shortage;
  for (const auto& [type, usage] : cells) {
    if (usage.used <= usage.available) continue;
    const char* kind = type == names.logic    ? "logic cells"
                       : type == names.memory ? "block RAM"
                       : type == names.dsp    ? "DSP"
                                              : type.c_str();
    shortage +=
        fmt::format("{}{}: needs {}, the part has {} ({} short)", shortage.empty() ? "" : "; ",
                    kind, usage.used, usage.available, usage.used - usage.available);
  }
  if (shortage.empty()) return;
  throw ir::Error({.where = board.name,
                   .what = "the design does not fit",
                   .got = shortage,
                   .fix = "take a larger board, fewer PEs or a lower --target-fps, or prune more"});
}

Report build(const fs::path& design_dir, const Board& board, const fs::path& out_dir,
             const Options& options) {
  if (options.seeds < 1 || options.seeds > 1000) {
    throw ir::Error({.where = "--seeds",
                     .what = "out of range",
                     .expected = "1..1000",
                     .got = std::to_string(options.seeds)});
  }
  const fs::path out = fs::absolute(out_dir).lexically_normal();
  fs::path failed_log = out.has_filename() ? out : out.parent_path();
  failed_log += ".failed.log";
  // Before the tools are looked for: what is wrong with the design can be said without them.
  ir::Manifest manifest = ir::read_manifest(design_dir);
  Flow flow{.board = board,
            .options = options,
            .tools = find_tools(board.family, options.tools),
            .manifest = std::move(manifest),
            .failed_log = failed_log};
  const double target_mhz = options.target_mhz > 0 ? options.target_mhz : board.target_mhz;

  Report report;
  report.design = flow.manifest.name;
  report.board = board.name;
  report.title = board.title;
  report.part = fmt::format("{} {} {}", board.family == Family::kIce40 ? "ice40" : "ecp5",
                            board.device, board.package);
  report.synthesis_version = flow.tools.synthesis_version;
  report.place_route_version = flow.tools.place_route_version;
  report.target_mhz = target_mhz;
  report.clock_mhz = static_cast<double>(board.clock_hz) / 1e6;
  report.cycles_per_image =
      options.cycles_per_image > 0 ? options.cycles_per_image : flow.manifest.cycles_per_image;

  ir::write_dir(out, [&](const fs::path& dir) {
    flow.dir = dir;
    fs::create_directories(dir / "logs");
    gather(flow, design_dir);
    synthesize(flow);
    report.seeds = place_route_all(flow, target_mhz);
    check_routed(flow, report);
    summarize_seeds(report);
    if (report.fmax_max_mhz < report.clock_mhz) {
      flow.keep(ir::read_file(dir / fmt::format("logs/seed{}.log", report.best_seed)));
      throw ir::Error({.where = flow.manifest.name + " on " + board.name,
                       .what = "slower than the board's clock, so its bitstream would not work",
                       .expected = fmt::format("at least {:g} MHz", report.clock_mhz),
                       .got = fmt::format("{:.1f} MHz", report.fmax_max_mhz),
                       .fix = "try more seeds (--seeds) or a faster part" + flow.kept()});
    }
    count_cells(flow, report);
    pack(flow, report);
    report.load = replaced(board.load, "{bitstream}", report.bitstream);
    std::sort(flow.steps.begin(), flow.steps.end(),
              [](const Step& a, const Step& b) { return a.log < b.log; });
    report.steps = flow.steps;
    ir::write_file(dir / "report.json", to_json(report).dump(2) + "\n");
  });
  fs::remove(failed_log);
  return report;
}

}  // namespace crosstwin::fpga
