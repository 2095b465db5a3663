// The command line: verbs, their options and their help.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "cli/step.hpp"
#include "cli/verbs/build.hpp"

namespace crosstwin::cli {

struct CommandLine {
  std::string verb;  // a step's name, or build, demo, doctor
  Options options;
  BuildOptions build;
  bool print_config = false;
  std::string tools;                // --tools DIR
  std::optional<std::string> help;  // to print instead of anything else
};

// Throws ir::Error for what is not understood.
CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace crosstwin::cli
