// Programs that are not ours: which a step needs, where they are, how to get them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/config/config.hpp"
#include "fpga/flow/board.hpp"

namespace crosstwin::cli {

struct Tool {
  std::string name;
  std::vector<std::string> programs;  // any of them will do
  std::string purpose;
  std::string install;   // command
  bool required = true;  // of the whole flow; false: only nicer or faster with it
  // FPGA tools count as a set, by the one rule of fpga::find_tools(); others are looked for on
  // PATH.
  std::optional<fpga::Family> family = {};
};

// Everything `doctor` looks for.
const std::vector<Tool>& known_tools();

// Where it is, or why it cannot be used.
struct Located {
  bool ok = false;
  std::string text;
};
Located locate(const Tool& tool);

// What a step cannot run without and this machine lacks.
std::vector<Tool> missing_tools(const std::string& step, const Config& config);

// One line naming the tools and the commands that install them.
std::string describe_missing(const std::vector<Tool>& tools);

}  // namespace crosstwin::cli
