// Reads fpga/boards/NAME/board.json.
// SPDX-License-Identifier: Apache-2.0
#include "fpga/flow/board.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compress/ir/data_dir.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"

namespace crosstwin::fpga {
namespace {

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

Family family_of(const ir::JsonReader& reader) {
  const std::string family = reader.string();
  if (family == "ice40") return Family::kIce40;
  if (family == "ecp5") return Family::kEcp5;
  reader.fail("unknown family", "ice40 or ecp5", family);
}

}  // namespace

std::vector<std::string> board_names() {
  const std::filesystem::path boards = ir::data_dir() / "fpga" / "boards";
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(boards, error)) {
    if (std::filesystem::exists(entry.path() / "board.json")) {
      names.push_back(entry.path().filename().string());
    }
  }
  if (names.empty()) {
    throw ir::Error({.where = boards.string(),
                     .what = "holds no boards",
                     .fix = "point CROSSTWIN_DATA_DIR at Crosstwin's source tree"});
  }
  std::sort(names.begin(), names.end());
  return names;
}

Board load_board(const std::string& name) {
  const std::vector<std::string> names = board_names();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    const std::string near = ir::nearest(name, names);
    throw ir::Error({.where = "--board",
                     .what = "unknown board",
                     .expected = "one of " + join(names),
                     .got = name,
                     .fix = near.empty() ? "" : "did you mean " + near + "?"});
  }
  Board board;
  board.dir = ir::data_dir() / "fpga" / "boards" / name;
  const std::filesystem::path file = board.dir / "board.json";
  const nlohmann::json json = ir::read_json(file);
  const ir::JsonReader reader(json, file.string());
  reader.only({"schema", "name", "title", "family", "device", "package", "clock_hz", "baud",
               "target_mhz", "pins", "load"});
  reader.at("schema").integer(1, 1);
  board.name = reader.at("name").string();
  if (board.name != name) reader.at("name").fail("differs from its folder", name, board.name);
  board.title = reader.at("title").string();
  board.family = family_of(reader.at("family"));
  board.device = reader.at("device").string();
  board.package = reader.at("package").string();
  board.clock_hz = reader.at("clock_hz").integer(1'000'000, 1'000'000'000);
  board.baud = reader.at("baud").integer(9600, board.clock_hz / 8);
  board.target_mhz = reader.at("target_mhz").number(1, 1000);
  board.pins = reader.at("pins").string();
  board.load = reader.at("load").string();
  return board;
}

}  // namespace crosstwin::fpga
