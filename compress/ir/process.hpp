// Runs other programs: no shell, output captured, time measured.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace crosstwin::ir {

struct Command {
  std::vector<std::string> argv;   // argv[0] is a path, or a name looked up on PATH
  std::filesystem::path cwd = {};  // where it runs; empty: where we are
  std::filesystem::path log = {};  // its output goes here as it comes; empty: only to the result
  std::vector<std::pair<std::string, std::string>> env = {};  // added to our environment
};

struct Finished {
  int status = 0;      // exit status; 128 + N when signal N ended it, as a shell says
  double seconds = 0;  // wall clock
  std::string output;  // standard output and standard error, in the order written
};

// Runs the command to its end, with no standard input. May be called from several threads at once.
// Error when the program cannot be started; a status other than 0 is for the caller to judge.
Finished run(const Command& command);

// The command as one would type it, for logs and messages.
std::string to_string(const Command& command);

// The program called `name` in the first of `dirs` that has it.
std::optional<std::filesystem::path> find_program(const std::string& name,
                                                  const std::vector<std::filesystem::path>& dirs);

// The folders of PATH, in order.
std::vector<std::filesystem::path> path_dirs();

// The last lines of a text, to show why a program failed.
std::string last_lines(const std::string& text, int count);

}  // namespace crosstwin::ir
