// `crosstwin build` and `crosstwin demo`: all steps in order.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/step.hpp"

namespace crosstwin::cli {

struct BuildOptions {
  std::string start = "train";
  std::string stop = "report";
  bool skip_missing = false;  // a step whose programs are missing is left out, with the reason
};

// {"out", "steps": [{"step", "state": "done" | "up to date" | "skipped", "seconds", "why"?,
// "result"}]}. With --resume a step with the same inputs as its record is not run again. Error
// before the first step when a program is missing, unless skip_missing.
nlohmann::ordered_json build(const Options& options, const BuildOptions& build);

// The names of the steps from start to stop; Error when they are out of order.
std::vector<std::string> step_range(const BuildOptions& build);

// The report's table when it is there, and what was skipped.
std::string build_text(const nlohmann::ordered_json& built);

// examples/demo.json of the tool's data.
std::filesystem::path demo_config();
// What a newcomer looks at next.
std::string demo_text(const nlohmann::ordered_json& built);

}  // namespace crosstwin::cli
