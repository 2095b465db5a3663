// Calls of the program with its two outputs kept apart.
// SPDX-License-Identifier: Apache-2.0
#include "tests/cli/command.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/process.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"

namespace crosstwin::tests {
namespace fs = std::filesystem;

Outcome crosstwin(std::vector<std::string> arguments) {
  const TemporaryDir dir;
  ir::Command command;
  command.argv = {"sh", "-c", "exec \"$@\" 2>\"$0\"", dir / "stderr", CROSSTWIN_PROGRAM};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  // Compiled simulators are kept beside the tests, not among the user's.
  command.env = {{"CROSSTWIN_CACHE_DIR", (fs::current_path() / "cache").string()}};
  const ir::Finished finished = ir::run(command);
  return {finished.status, finished.output, ir::read_file(dir / "stderr")};
}

std::string snapshot(const fs::path& dir) {
  if (!fs::exists(dir)) return "none";
  std::vector<std::string> lines;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(dir)) {
    std::string line = entry.path().lexically_relative(dir).string();
    if (entry.is_regular_file()) line += " " + ir::content_hash(ir::read_file(entry.path()));
    lines.push_back(line + "\n");
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

nlohmann::ordered_json parse(const Outcome& outcome) {
  auto json = nlohmann::ordered_json::parse(outcome.out, nullptr, false);
  INFO(outcome.out << outcome.err);
  REQUIRE(!json.is_discarded());
  return json;
}

}  // namespace crosstwin::tests
