// Programs that are not ours: which a step needs, where they are, how to get them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/config/config.hpp"

namespace crosstwin::cli {

struct Tool {
  std::string name;
  std::vector<std::string> programs;  // any of them will do
  std::string purpose;
  std::string install;   // command
  bool required = true;  // of the whole flow; false: only nicer or faster with it
  // Looked for in CROSSTWIN_TOOLS (which --tools sets) alone when that is set, else in a .venv/bin
  // above this program, then on PATH; others on PATH only.
  bool pinned = false;
};

// Everything `doctor` looks for.
const std::vector<Tool>& known_tools();

std::optional<std::filesystem::path> locate(const Tool& tool);

// What a step cannot run without and this machine lacks.
std::vector<Tool> missing_tools(const std::string& step, const Config& config);

// One line naming the tools and the commands that install them.
std::string describe_missing(const std::vector<Tool>& tools);

}  // namespace crosstwin::cli
