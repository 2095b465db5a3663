// Layers of millions of weights: planned, emitted and linted soon, and their RTL equal to the twin.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/resource.h>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/process.hpp"
#include "compress/ir/rng.hpp"
#include "hwgen/emit/emit.hpp"
#include "tests/catch.hpp"
#include "tests/hwgen/large_design.hpp"
#include "tests/verif/naive_twin.hpp"
#include "verif/cosim/verify.hpp"

using namespace crosstwin;
using test::Large;
namespace fs = std::filesystem;

namespace {

std::string verilator() {
  const auto found = ir::find_program("verilator", ir::path_dirs());
  if (!found) CROSSTWIN_SKIP("verilator is not installed");
  return found->string();
}

// Processor time of this program and of those it ran, in seconds.
double cpu_seconds() {
  double seconds = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
      seconds += static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    }
  }
  return seconds;
}

// The most that this program, or one that it ran, ever took.
double peak_megabytes() {
  int64_t most = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    most = std::max<int64_t>(most, usage.ru_maxrss);
  }
  return static_cast<double>(most) / 1024;
}

// Processor time is counted, so that other work on the machine does not matter.
void check_soon(const std::string& what, const Large& large, const hwgen::PlanOptions& options) {
  const std::string program = verilator();
  const fs::path dir = fs::current_path() / "large" / "lint";
  const double start = cpu_seconds();
  const hwgen::Plan plan = hwgen::plan(large.design, large.chip, options);
  const double planned = cpu_seconds();
  hwgen::emit(plan, dir);
  const double emitted = cpu_seconds();
  const ir::Finished lint =
      ir::run({.argv = {program, "--lint-only", "-Wall", "-f", "design.f"}, .cwd = dir});
  const double linted = cpu_seconds();
  fmt::print("{} ({}): plan {:.2f} s, emit {:.2f} s, lint {:.2f} s, together {:.2f} s; {:.0f} MB\n",
             what, hwgen::short_text(plan.layers[0].build), planned - start, emitted - planned,
             linted - emitted, linted - start, peak_megabytes());
  INFO(lint.output);
  CHECK(lint.status == 0);
  CHECK(linted - start < 5);
  CHECK(peak_megabytes() < 500);
}

struct Exact {
  Large large;
  hwgen::PlanOptions options;
  int32_t images;
};

// Every logit of random images; then again with a bit less in `file`'s counter of weight words.
void check_exact(const std::string& what, const Exact& run, const std::string& file) {
  verilator();
  const fs::path dir = fs::current_path() / "large" / what;
  const hwgen::Plan plan = hwgen::plan(run.large.design, run.large.chip, run.options);
  hwgen::emit(plan, dir / "rtl");
  ir::Rng rng(2);
  const auto bytes = static_cast<size_t>(run.large.design.input.size());
  std::vector<uint8_t> images(bytes * static_cast<size_t>(run.images));
  for (uint8_t& pixel : images) pixel = static_cast<uint8_t>(rng.below(256));
  std::vector<int32_t> logits;
  const auto trace = [&](int64_t image) {
    return test::naive_trace(run.large.design, run.large.chip,
                             std::span(images).subspan(static_cast<size_t>(image) * bytes, bytes),
                             static_cast<uint32_t>(image));
  };
  for (int32_t image = 0; image < run.images; ++image) {
    const std::vector<int32_t> last = trace(image).stages.back().output;
    logits.insert(logits.end(), last.begin(), last.end());
  }
  verif::Options options;
  options.quick = true;
  options.progress = false;
  options.cache_dir = fs::current_path() / "large" / "simulators";
  const verif::Vectors vectors = {.images = images,
                                  .logits = logits,
                                  .trace = trace,
                                  .chip_hash = ir::chip_hash(run.large.chip)};
  const verif::Report report = verif::verify(dir / "rtl", vectors, options);
  fmt::print("{} ({}): {} images, {} logits; cycles an image {} planned, {:.1f} measured; {}\n",
             what, hwgen::short_text(plan.layers[0].build), report.images, logits.size(),
             report.planned_cycles, report.measured_cycles,
             report.passed() ? "all equal" : verif::to_text(*report.first));
  CHECK(report.passed());
  CHECK(report.measured_cycles == static_cast<double>(report.planned_cycles));

  const std::string good = ir::read_file(dir / "rtl" / file);
  const std::string next = "'0 : addr_q + AddrBits'(1);";
  const size_t at = good.find(next);
  REQUIRE(at != std::string::npos);
  ir::write_file(
      dir / "rtl" / file,
      std::string(good).replace(at, next.size(),
                                "'0 : (addr_q + AddrBits'(1)) & {1'b0, {(AddrBits - 1) {1'b1}}};"));
  verif::Vectors one = vectors;
  one.images = std::span(images).first(bytes);
  one.logits = std::span(logits).first(logits.size() / static_cast<size_t>(run.images));
  CHECK_FALSE(verif::verify(dir / "rtl", one, options).passed());
}

hwgen::PlanOptions parallel(hwgen::Form form, int32_t pe, int32_t row_lanes) {
  hwgen::PlanOptions options;
  options.defaults.form = form;
  options.defaults.pe = pe;
  options.defaults.row_lanes = row_lanes;
  if (form == hwgen::Form::kBitPlane) options.defaults.adc_lanes = 2;
  return options;
}

hwgen::PlanOptions faithful() { return parallel(hwgen::Form::kBitPlane, 4, 2); }
hwgen::PlanOptions collapsed() { return parallel(hwgen::Form::kCollapsed, 8, 8); }

test::LargeOptions exact(test::LargeOptions options) {
  options.exact = true;
  return options;
}

constexpr const char* kTileRows = "rtl/crossbar/xb_tile_rows.sv";
constexpr const char* kMac = "rtl/crossbar/xb_mac.sv";

}  // namespace

TEST_CASE("A dense layer of 2048 x 1000 is planned, emitted and linted in 5 s and 500 MB") {
  check_soon("dense 2048 x 1000", Large(test::large_dense()), {});
}

TEST_CASE("A dense layer of 2048 x 1000 at 500 images/s is so too") {
  hwgen::PlanOptions options;
  options.target_fps = 500;
  options.clock_mhz = 100;
  check_soon("dense 2048 x 1000, 500 images/s", Large(test::large_dense()), options);
}

TEST_CASE("A 3 x 3 conv of 512 channels is planned, emitted and linted in 5 s and 500 MB") {
  check_soon("conv 3 x 3, 512 channels", Large(test::large_conv(14, 14)), {});
}

TEST_CASE("A faithful dense layer of 2048 x 1000 equals the twin") {
  check_exact("dense_faithful", {Large(test::large_dense()), faithful(), 4}, kTileRows);
}

TEST_CASE("A collapsed dense layer of 2048 x 1000 equals the twin") {
  check_exact("dense_collapsed", {Large(exact(test::large_dense())), collapsed(), 8}, kMac);
}

// Two positions of the conv, with every row and padding on all sides.
TEST_CASE("A faithful 3 x 3 conv of 512 channels equals the twin") {
  check_exact("conv_faithful", {Large(test::large_conv(2, 1)), faithful(), 2}, kTileRows);
}

TEST_CASE("A collapsed 3 x 3 conv of 512 channels equals the twin") {
  check_exact("conv_collapsed", {Large(exact(test::large_conv(2, 1))), collapsed(), 8}, kMac);
}
