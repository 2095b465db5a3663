// The Yosys script of each family.
// SPDX-License-Identifier: Apache-2.0
#include "fpga/flow/build.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"

using namespace crosstwin::fpga;
namespace ir = crosstwin::ir;
using crosstwin::tests::contains;
using crosstwin::tests::message_of;

TEST_CASE("the script reads sources in order and sets the board's parameters") {
  ir::Manifest manifest = ir::read_manifest(CROSSTWIN_TINY_DESIGN);
  manifest.sources = {"rtl/a.sv", "rtl/xb_uart_tx.sv", "rtl/tiny_top.sv"};
  manifest.include_dirs = {"rtl/pkg"};
  manifest.channels = 3;
  const std::string script = synthesis_script(manifest, load_board("ulx3s-25f"));
  const size_t a = script.find("read_verilog -sv -Irtl/pkg -Iboard rtl/a.sv\n");
  const size_t top = script.find("read_verilog -sv -Irtl/pkg -Iboard rtl/tiny_top.sv\n");
  REQUIRE(a != std::string::npos);
  REQUIRE(top != std::string::npos);
  CHECK(a < top);
  CHECK_THAT(script, contains("rename tiny_top xb_design\n"));
  // The design brings its own transmitter: it is not read twice.
  CHECK_THAT(script, contains("board/xb_uart_rx.sv") && !contains("board/xb_uart_tx.sv"));
  CHECK_THAT(script, contains("-chparam ClksPerBit 25 -chparam PixelBytes 3 -chparam Pixels 16 "
                              "-chparam Taken 0 -chparam Outputs 1\n"));
  CHECK_THAT(script, contains("synth_ecp5 -top top"));
}

TEST_CASE("only the UP5K has multipliers to use among the iCE40 parts") {
  const ir::Manifest manifest = ir::read_manifest(CROSSTWIN_TINY_DESIGN);
  CHECK_THAT(synthesis_script(manifest, load_board("icebreaker")), contains("-device u -dsp"));
  const std::string hx8k = synthesis_script(manifest, load_board("hx8k"));
  CHECK_THAT(hx8k, contains("-device hx") && !contains("-dsp"));
}

TEST_CASE("a design with more classes than the host link can name is refused") {
  ir::Manifest manifest = ir::read_manifest(CROSSTWIN_TINY_DESIGN);
  manifest.outputs = 256;
  CHECK_THAT(synthesis_script(manifest, load_board("hx8k")), contains("-chparam Outputs 256\n"));
  manifest.outputs = 257;
  CHECK_THAT(message_of([&] { synthesis_script(manifest, load_board("hx8k")); }),
             contains("$.outputs: too many classes for the host link") && contains("257"));
}

TEST_CASE("a design with read noise gets the number of its first image") {
  ir::Manifest manifest = ir::read_manifest(CROSSTWIN_TINY_DESIGN);
  const std::string board = "read_verilog -sv -Iboard";
  CHECK_THAT(synthesis_script(manifest, load_board("hx8k")), !contains("XB_NOISE"));
  manifest.include_dirs.clear();
  manifest.noise = true;
  CHECK_THAT(synthesis_script(manifest, load_board("hx8k")),
             contains(board + " -DXB_NOISE board/xb_board.sv\n"));
}

TEST_CASE("a writable design is refused: the host link cannot write memories") {
  ir::Manifest manifest = ir::read_manifest(CROSSTWIN_TINY_DESIGN);
  manifest.writable = true;
  CHECK_THAT(message_of([&] { synthesis_script(manifest, load_board("hx8k")); }),
             contains("$.writable: the host link has no way") && contains("without --writable"));
}
