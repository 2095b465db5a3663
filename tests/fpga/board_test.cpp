// Boards as data, and the manifest of a generated design.
// SPDX-License-Identifier: Apache-2.0
#include "fpga/flow/board.hpp"

#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/json_reader.hpp"
#include "compress/ir/manifest.hpp"
#include "tests/accept_images.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"

using namespace crosstwin::fpga;
using crosstwin::tests::contains;
using crosstwin::tests::message_of;
using crosstwin::tests::TemporaryDir;
namespace ir = crosstwin::ir;

TEST_CASE("every board is complete, and constrains every port of its top") {
  REQUIRE(board_names() ==
          std::vector<std::string>{"hx8k", "icebreaker", "ulx3s-25f", "ulx3s-85f"});
  for (const std::string& name : board_names()) {
    CAPTURE(name);
    const Board board = load_board(name);
    CHECK_FALSE(board.title.empty());
    // 8N1 over 10 bits drifts: the rounded bit must be within 2% of the baud rate.
    const auto clocks = static_cast<double>((board.clock_hz + board.baud / 2) / board.baud);
    CHECK(clocks * static_cast<double>(board.baud) ==
          Approx(static_cast<double>(board.clock_hz)).epsilon(0.02));
    const std::string pins = ir::read_file(board.dir / board.pins);
    const std::string top = ir::read_file(board.dir / "top.sv");
    for (const char* port : {"clk_i", "uart_rx_i", "uart_tx_o", "led_o"}) {
      CHECK_THAT(pins, contains(port));
      CHECK_THAT(top, contains(port));
    }
  }
}

TEST_CASE("an unknown board offers the nearest and lists all") {
  const std::string message = message_of([] { load_board("hx4k"); });
  CHECK_THAT(message, contains("--board: unknown board"));
  CHECK_THAT(message, contains("hx8k, icebreaker, ulx3s-25f, ulx3s-85f"));
  CHECK_THAT(message, contains("did you mean hx8k?"));
}

namespace {

// The message that reading a manifest with one member replaced gives.
std::string broken(const std::string& pointer, const nlohmann::json& value) {
  const TemporaryDir dir;
  nlohmann::json json = ir::read_json(CROSSTWIN_TINY_DESIGN "/manifest.json");
  json[nlohmann::json::json_pointer(pointer)] = value;
  std::filesystem::copy(CROSSTWIN_TINY_DESIGN, dir / "d", std::filesystem::copy_options::recursive);
  ir::write_file(dir / "d/manifest.json", json.dump());
  return message_of([&] { ir::read_manifest(dir / "d"); });
}

}  // namespace

TEST_CASE("a manifest is read whole") {
  const ir::Manifest manifest = ir::read_manifest(CROSSTWIN_TINY_DESIGN);
  CHECK(manifest.name == "tiny");
  CHECK(manifest.top == "tiny_top");
  CHECK(manifest.sources == std::vector<std::string>{"tiny_top.sv"});
  REQUIRE(manifest.memories.size() == 1);
  CHECK(manifest.memories[0].file == "mem/table.hex");
  CHECK(manifest.memories[0].layer == "tiny");
  CHECK(manifest.memories[0].holds == "table");
  CHECK(manifest.channels * manifest.height * manifest.width == 16);
  CHECK(manifest.outputs == 1);
  CHECK(manifest.cycles_per_image == 20);
  CHECK(broken("/name", "tiny").empty());
}

TEST_CASE("a damaged manifest is refused with its place") {
  CHECK_THAT(broken("/schema_version", 1), contains("$.schema_version: RTL of another version") &&
                                               contains("crosstwin generate"));
  CHECK_THAT(broken("/top", "a; exec rm"), contains("$.top: not a plain identifier"));
  CHECK_THAT(broken("/sources/0", "../tiny_top.sv"), contains("$.sources[0]: not a path inside"));
  CHECK_THAT(broken("/sources/0", "/etc/passwd"), contains("not a path inside the design"));
  CHECK_THAT(broken("/sources/0", "a;b.sv"), contains("cannot take"));
  CHECK_THAT(broken("/memories/0/file", "mem/gone.hex"),
             contains("$.memories[0].file: names a file"));
  CHECK_THAT(broken("/memories/0/file", "../table.hex"), contains("not a path inside"));
  CHECK_THAT(broken("/include_dirs", {"../up"}), contains("$.include_dirs[0]: not a path inside"));
  CHECK_THAT(broken("/headers", {"gone.svh"}), contains("$.headers[0]: names a file"));
  CHECK_THAT(broken("/input/bits", 4), contains("$.input.bits"));
  CHECK_THAT(broken("/outputs", 0), contains("$.outputs"));
  CHECK_THAT(broken("/output", 1), contains("did you mean \"outputs\""));
}

TEST_CASE("a memory image edited by hand is refused by name, layer and memory") {
  const TemporaryDir dir;
  std::filesystem::copy(CROSSTWIN_TINY_DESIGN, dir / "d", std::filesystem::copy_options::recursive);
  const std::filesystem::path image = dir / "d/mem/table.hex";
  const std::string text = ir::read_file(image);
  const std::string was = ir::content_hash(text);
  // Every digit counts, and so does what $readmemh would pass over.
  for (size_t at = 0; at < text.size(); ++at) {
    std::string edited = text;
    edited[at] = edited[at] == '0' ? '1' : '0';
    ir::write_file(image, edited);
    const std::string message = message_of([&] { ir::read_manifest(dir / "d"); });
    CHECK_THAT(message, contains("d/mem/table.hex: layer tiny, memory table") && contains(was) &&
                            contains(ir::content_hash(edited)) &&
                            contains("run `crosstwin generate` again"));
  }
  ir::write_file(image, text + "\n");
  CHECK_THAT(message_of([&] { ir::read_manifest(dir / "d"); }),
             contains("not as it was generated"));
  crosstwin::tests::accept_images(dir / "d");
  CHECK(message_of([&] { ir::read_manifest(dir / "d"); }).empty());
}

TEST_CASE("a folder without a manifest names the command that makes one") {
  const TemporaryDir dir;
  CHECK_THAT(message_of([&] { ir::read_manifest(dir.path()); }),
             contains("manifest.json: is missing") && contains("crosstwin generate"));
}
