// Programs, data, threads and write access.
// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/doctor.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "cli/tools.hpp"
#include "compress/ir/data_dir.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::cli {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

namespace {

struct Finding {
  std::string name;
  bool ok = false;
  bool required = true;
  std::string found;
  std::string purpose;
  std::string install;
};

Finding examine_data() {
  Finding finding{"data",
                  false,
                  true,
                  "",
                  "RTL templates, boards, examples",
                  "set CROSSTWIN_DATA_DIR to the source tree"};
  // A finding here, not an end: the other checks are wanted too.
  try {
    finding.found = ir::data_dir().string();
    finding.ok = true;
  } catch (const ir::Error& error) {
    finding.found = error.what();
  }
  return finding;
}

// The nearest folder that exists decides whether `out` can be made.
Finding examine_out(const fs::path& out) {
  fs::path dir = fs::absolute(out);
  while (!fs::exists(dir) && dir.has_relative_path()) dir = dir.parent_path();
  return {"write access", fs::is_directory(dir) && ::access(dir.c_str(), W_OK) == 0,
          true,           dir.string(),
          "--out",        "choose another --out"};
}

}  // namespace

ordered_json examine(const Options& options) {
  std::vector<Finding> findings;
  for (const Tool& tool : known_tools()) {
    const Located located = locate(tool);
    findings.push_back(
        {tool.name, located.ok, tool.required, located.text, tool.purpose, tool.install});
  }
  findings.push_back(examine_data());
  findings.push_back(examine_out(options.out));
  const unsigned threads = std::thread::hardware_concurrency();
  findings.push_back({"threads", threads > 0, false, std::to_string(threads),
                      "training, simulation, place and route", ""});
  if (!options.config.empty()) {
    const Config config = load_config(options.config, options.overrides);
    findings.push_back({"configuration", true, true, options.config.string(), "is readable", ""});
    findings.push_back({"data set", true, true, data::load(config.dataset).source, "loads", ""});
  }
  ordered_json checks = ordered_json::array();
  bool all = true;
  for (const Finding& finding : findings) {
    all = all && (finding.ok || !finding.required);
    checks.push_back({{"name", finding.name},
                      {"ok", finding.ok},
                      {"required", finding.required},
                      {"found", finding.found},
                      {"purpose", finding.purpose},
                      {"install", finding.install}});
  }
  return {{"ok", all}, {"checks", checks}};
}

std::string doctor_text(const ordered_json& findings) {
  std::string text;
  for (const ordered_json& check : findings["checks"]) {
    const bool ok = check["ok"].get<bool>();
    const char* state = ok ? "ok" : check["required"].get<bool>() ? "MISSING" : "missing";
    text += fmt::format("{:<8} {:<14} {:<40} ", state, check["name"].get<std::string>(),
                        check["purpose"].get<std::string>());
    text += check["found"].get<std::string>() +
            (ok ? "" : "; install: " + check["install"].get<std::string>());
    text += "\n";
  }
  return text + (findings["ok"].get<bool>() ? "Everything the flow needs is here.\n"
                                            : "Something the flow needs is missing.\n");
}

}  // namespace crosstwin::cli
