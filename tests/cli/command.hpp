// Runs the crosstwin program as a user would.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace crosstwin::tests {

struct Outcome {
  int status = 0;
  std::string out;  // standard output
  std::string err;  // standard error
};

Outcome crosstwin(std::vector<std::string> arguments);

// Every file below a folder with the hash of its content, sorted; equal text, equal folder.
std::string snapshot(const std::filesystem::path& dir);

// Standard output as JSON; fails the test when it is none.
nlohmann::ordered_json parse(const Outcome& outcome);

}  // namespace crosstwin::tests
