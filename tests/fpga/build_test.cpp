// A tiny design through the real tools to a bitstream.
// SPDX-License-Identifier: Apache-2.0
#include "fpga/flow/build.hpp"

#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"
#include "fpga/flow/tools.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"

using namespace crosstwin::fpga;
using crosstwin::tests::contains;
using crosstwin::tests::message_of;
using crosstwin::tests::TemporaryDir;
namespace fs = std::filesystem;
namespace ir = crosstwin::ir;

namespace {

// Skips the test when the board's tools are not on this machine.
Board board_with_tools(const std::string& name) {
  const Board board = load_board(name);
  const std::string missing = message_of([&] { find_tools(board.family); });
  if (!missing.empty()) CROSSTWIN_SKIP(missing.c_str());
  return board;
}

void replace(const fs::path& file, const std::string& from, const std::string& to) {
  std::string text = ir::read_file(file);
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  ir::write_file(file, text.replace(at, from.size(), to));
}

// A copy of the tiny design, to be spoilt.
fs::path copy_of_tiny(const TemporaryDir& dir) {
  fs::copy(CROSSTWIN_TINY_DESIGN, dir / "design", fs::copy_options::recursive);
  return dir / "design";
}

void check_build(const std::string& name, int seeds, const std::string& bitstream) {
  const Board board = board_with_tools(name);
  const TemporaryDir dir;
  std::vector<std::string> said;
  const Report report =
      build(CROSSTWIN_TINY_DESIGN, board, dir / "out",
            {.seeds = seeds, .progress = [&](const std::string& text) { said.push_back(text); }});

  CHECK(report.seeds.size() == static_cast<size_t>(seeds));
  CHECK(report.fmax_min_mhz <= report.fmax_median_mhz);
  CHECK(report.fmax_median_mhz <= report.fmax_max_mhz);
  CHECK(report.fmax_max_mhz > report.clock_mhz);
  CHECK(report.lut > 50);        // the UART link and a 32-bit sum
  CHECK(report.ff > 32);         // at least the sum
  CHECK(report.bram.used >= 1);  // the table
  CHECK(report.logic.used >= report.ff);
  CHECK(report.logic.used < report.logic.available);
  CHECK(report.images_per_second == Approx(report.fmax_max_mhz * 1e6 / 20));

  CHECK(report.bitstream == bitstream);
  CHECK(fs::file_size(dir / "out" / bitstream) == static_cast<uintmax_t>(report.bitstream_bytes));
  CHECK(report.bitstream_bytes > 1000);
  CHECK(ir::read_json(dir / "out/report.json") == to_json(report));
  CHECK(report.steps.size() == static_cast<size_t>(2 + seeds));
  for (const Step& step : report.steps) CHECK(fs::exists(dir / "out" / step.log));
  CHECK(said.size() >= 4);
  // Nothing but the result stands beside it.
  CHECK(std::distance(fs::directory_iterator(dir.path()), {}) == 1);
}

}  // namespace

TEST_CASE("a tiny design becomes an iCE40 HX8K bitstream") { check_build("hx8k", 2, "tiny.bin"); }

TEST_CASE("a tiny design becomes an iCE40 UP5K bitstream") {
  check_build("icebreaker", 1, "tiny.bin");
}

TEST_CASE("a tiny design becomes an ECP5 bitstream") { check_build("ulx3s-25f", 1, "tiny.bit"); }

TEST_CASE("the same design gives the same bitstream on any number of threads") {
  const Board board = board_with_tools("hx8k");
  const TemporaryDir dir;
  for (const int threads : {1, 2}) {
    build(CROSSTWIN_TINY_DESIGN, board, dir / std::to_string(threads),
          {.seeds = 2, .threads = threads});
  }
  for (const char* file : {"tiny.bin", "netlist.json", "seed1.json", "seed2.json", "synth.ys"}) {
    CAPTURE(file);
    CHECK(ir::read_file(dir / "1" / file) == ir::read_file(dir / "2" / file));
  }
}

TEST_CASE("a design with too large a table is short of block RAM, and only the log is kept") {
  const Board board = board_with_tools("hx8k");
  const TemporaryDir dir;
  const fs::path design = copy_of_tiny(dir);
  // 64 K words of 16 bits are 256 blocks of 4 Kbit.
  replace(design / "tiny_top.sv", "table_mem[256]", "table_mem[65536]");
  replace(design / "tiny_top.sv", "[s_axis_tdata]", "[{s_axis_tdata, sum_q[7:0]}]");
  const std::string message = message_of([&] { build(design, board, dir / "out", {.seeds = 1}); });
  CHECK_THAT(message, contains("does not fit") && contains("block RAM: needs ") &&
                          contains("the part has 32 ("));
  CHECK_FALSE(fs::exists(dir / "out"));
  CHECK_THAT(ir::read_file(dir / "out.failed.log"), contains("ICESTORM_RAM"));
  CHECK(std::distance(fs::directory_iterator(dir.path()), {}) == 2);  // the design and the log
}

TEST_CASE("a board clock out of reach keeps the log of the fastest seed") {
  Board board = board_with_tools("hx8k");
  board.clock_hz = 900'000'000;
  const TemporaryDir dir;
  const std::string message =
      message_of([&] { build(CROSSTWIN_TINY_DESIGN, board, dir / "out", {.seeds = 1}); });
  CHECK_THAT(message, contains("slower than the board's clock") && contains("out.failed.log"));
  CHECK_THAT(ir::read_file(dir / "out.failed.log"), contains("Max frequency"));
  CHECK_FALSE(fs::exists(dir / "out"));
}

TEST_CASE("RTL that does not synthesize shows the tool's words and keeps its log") {
  const Board board = board_with_tools("hx8k");
  const TemporaryDir dir;
  const fs::path design = copy_of_tiny(dir);
  replace(design / "tiny_top.sv", "assign s_axis_tready", "assign s_axis_tready = = 1;//");
  const std::string message = message_of([&] { build(design, board, dir / "out", {.seeds = 1}); });
  CHECK_THAT(message, contains("tiny on hx8k, synthesis") && contains("syntax error") &&
                          contains("out.failed.log"));
  CHECK_FALSE(fs::exists(dir / "out"));
  CHECK_THAT(ir::read_file(dir / "out.failed.log"), contains("syntax error"));
}
