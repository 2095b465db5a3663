// Compiles a generated design with Verilator, once for each content of its sources.
// SPDX-License-Identifier: Apache-2.0
#include "verif/cosim/simulator_build.hpp"

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <sys/utsname.h>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/data_dir.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/process.hpp"

namespace crosstwin::verif {
namespace {

namespace fs = std::filesystem;

// Everything the executable depends on. Memory images are not in it: they are read at run time.
std::string source_hash(const ir::Manifest& design, const std::vector<fs::path>& ours,
                        const std::vector<std::string>& flags, const std::string& version) {
  std::string text;
  const auto add = [&text](const std::string& part) {
    text += std::to_string(part.size()) + ' ' + part;
  };
  // A cache on a shared home serves machines that cannot run each other's programs.
  struct utsname machine = {};
  uname(&machine);
  add(machine.machine);
  add(gnu_get_libc_version());
  add(version);
  for (const auto* list : {&flags, &design.include_dirs}) {
    for (const std::string& word : *list) add(word);
  }
  for (const auto* list : {&design.sources, &design.headers}) {
    for (const std::string& path : *list) {
      add(path);
      add(ir::read_file(design.dir / path));
    }
  }
  for (const fs::path& path : ours) add(ir::read_file(path));
  return ir::content_hash(text);
}

}  // namespace

Executable build_simulator(const ir::Manifest& design, const fs::path& cache_dir,
                           const Build& build) {
  const auto verilator = ir::find_program("verilator", ir::path_dirs());
  if (!verilator) {
    throw ir::Error({"verilator", "is not installed", "verilator 5.006 or newer on PATH", "",
                     "apt-get install verilator"});
  }
  const fs::path cosim = ir::data_dir() / "verif" / "cosim";
  std::vector<fs::path> ours = {cosim / "main.cpp"};
  std::vector<std::string> flags = {"--cc",       "--exe",    "--build",    "-j",
                                    "2",          "--prefix", "Vdut",       "-O3",
                                    "--x-assign", "fast",     "-Wno-fatal", "--top-module",
                                    design.top,   "-CFLAGS",  "-std=c++17"};
  const auto add = [&](std::initializer_list<const char*> more) {
    flags.insert(flags.end(), more.begin(), more.end());
  };
  add({build.assertions ? "--assert" : "--noassert"});
  if (build.probe) {
    ours.push_back(cosim / "xb_probe.sv");
    add({"-CFLAGS", "-DXB_PROBE"});
  }
  if (build.waves == Build::Waves::kFst) add({"--trace-fst"});
  if (build.waves == Build::Waves::kVcd) add({"--trace"});
  if (build.waves != Build::Waves::kNone) add({"-CFLAGS", "-DXB_WAVES"});
  if (design.noise) add({"-CFLAGS", "-DXB_NOISE"});
  if (design.writable) add({"-CFLAGS", "-DXB_WRITABLE"});
  if (build.quick) {
    // One file: Verilator's headers, read once, cost a second, as much as the design.
    add({"-MAKEFLAGS", "VM_PARALLEL_BUILDS=0", "-MAKEFLAGS", "OPT_FAST=-O1"});
  } else {
    // Smaller C++ functions: an eighth less time to run, half as much again to compile.
    add({"--output-split", "2000", "-MAKEFLAGS", "OPT_FAST=-O3", "-MAKEFLAGS", "OPT_SLOW=-O1"});
  }

  std::vector<fs::path> hashed = ours;
  hashed.push_back(cosim / "protocol.hpp");
  hashed.push_back(cosim / "watch.hpp");
  const std::string version = ir::run({{verilator->string(), "--version"}}).output;
  double seconds = 0;
  const auto compile = [&](const fs::path& temporary) {
    const fs::path model = fs::absolute(temporary) / "model";
    ir::Command command;
    command.argv = flags;
    command.argv.insert(command.argv.begin(), verilator->string());
    command.argv.insert(command.argv.end(), {"-Mdir", model.string()});
    for (const std::string& dir : design.include_dirs) command.argv.push_back("+incdir+" + dir);
    command.argv.insert(command.argv.end(), design.sources.begin(), design.sources.end());
    for (auto path = ours.rbegin(); path != ours.rend(); ++path) {
      command.argv.push_back(path->string());
    }
    command.cwd = design.dir;
    command.log = fs::absolute(temporary) / "build.log";
    if (ir::find_program("ccache", ir::path_dirs()))
      command.env = {{"OBJCACHE", "ccache"}, {"CCACHE_DEPEND", "1"}};
    const ir::Finished finished = ir::run(command);
    if (finished.status != 0) {
      throw ir::CheckFailed(fmt::format("{}: the RTL does not compile ({}):\n{}", design.top,
                                        ir::to_string(command),
                                        ir::last_lines(finished.output, 20)));
    }
    seconds = finished.seconds;
    fs::rename(model / "Vdut", temporary / "Vdut");
    fs::remove_all(model);
  };
  Cached home =
      cached(cache_dir, source_hash(design, hashed, flags, version), kCacheBytes, compile);
  return {home.dir / "Vdut", home.filled, seconds, std::move(home.held)};
}

}  // namespace crosstwin::verif
