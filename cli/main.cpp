// crosstwin: chooses the verb, prints its result, and turns errors into exit codes.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <oneapi/tbb/global_control.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/command_line.hpp"
#include "cli/explain.hpp"
#include "cli/log.hpp"
#include "cli/verbs/build.hpp"
#include "cli/verbs/doctor.hpp"
#include "compress/ir/error.hpp"

namespace {
namespace cli = crosstwin::cli;
namespace ir = crosstwin::ir;
using nlohmann::ordered_json;

enum ExitCode { kOk = 0, kInput = 1, kBug = 2, kCheckFailed = 3 };

void print(const cli::CommandLine& line, const ordered_json& json, const std::string& text) {
  fmt::print("{}", line.options.json ? json.dump(2) + "\n" : text);
  if (!line.options.json && !text.empty() && text.back() != '\n') fmt::print("\n");
}

// Inputs are checked, nothing is written.
int dry_run(const cli::CommandLine& line, const std::vector<std::string>& names) {
  cli::Config config = cli::resolve_config(line.options);
  cli::require_inputs(cli::find_step(names.front()), cli::Run(line.options.out));
  ordered_json steps = ordered_json::array();
  std::string text;
  for (const std::string& name : names) {
    const cli::Step& step = cli::find_step(name);
    steps.push_back({{"step", name}, {"reads", step.reads}, {"writes", step.writes}});
    text += fmt::format("{:<9} {}\n          reads   {}\n          writes  {}\n", name,
                        step.summary, step.reads, step.writes);
  }
  text += "OUT is " + line.options.out.string() + "\n";
  ordered_json all = {{"out", line.options.out.string()}, {"steps", steps}};
  const cli::Step& only = cli::find_step(names.front());
  if (names.size() == 1 && only.preview != nullptr) {
    cli::Context context(std::move(config), cli::Run(line.options.out), line.options);
    all["result"] = only.preview(context);
    text += only.text(all["result"]);
  }
  print(line, all, text);
  return kOk;
}

int run_all(const cli::CommandLine& line) {
  if (line.print_config) {
    const bool written = std::filesystem::exists(cli::Run(line.options.out).config());
    const cli::Config config = line.options.config.empty() && !written
                                   ? cli::load_config({}, line.options.overrides)
                                   : cli::resolve_config(line.options);
    print(line, cli::to_json(config), cli::describe(config));
    return kOk;
  }
  if (line.options.dry_run) return dry_run(line, cli::step_range(line.build));
  const ordered_json built = cli::build(line.options, line.build);
  print(line, built, line.verb == "demo" ? cli::demo_text(built) : cli::build_text(built));
  return kOk;
}

int run(const cli::CommandLine& line) {
  if (line.help) {
    fmt::print("{}", *line.help);
    return kOk;
  }
  if (!line.tools.empty()) ::setenv("CROSSTWIN_TOOLS", line.tools.c_str(), 1);
  std::optional<tbb::global_control> threads;
  if (line.options.threads > 0) {
    threads.emplace(tbb::global_control::max_allowed_parallelism,
                    static_cast<size_t>(line.options.threads));
  }
  if (line.verb == "doctor") {
    const ordered_json findings = cli::examine(line.options);
    print(line, findings, cli::doctor_text(findings));
    return findings["ok"].get<bool>() ? kOk : kInput;
  }
  if (line.verb == "build" || line.verb == "demo") return run_all(line);
  if (line.options.dry_run) return dry_run(line, {line.verb});
  const cli::Step& step = cli::find_step(line.verb);
  cli::Context context(cli::resolve_config(line.options), cli::Run(line.options.out), line.options);
  if (!line.options.explain.empty()) {
    const ordered_json explained = cli::explain(context);
    print(line, explained, cli::explain_text(explained));
    return kOk;
  }
  const ordered_json record = cli::run_step(step, context);
  print(line, record, step.text(record["result"]));
  return kOk;
}

// With --json whoever reads standard output gets the error there too.
int fail(bool json, ExitCode code, const std::string& message, const ir::Diagnosis& diagnosis) {
  cli::error(message);
  if (json) {
    const ordered_json error = {{"where", diagnosis.where},       {"what", diagnosis.what},
                                {"expected", diagnosis.expected}, {"got", diagnosis.got},
                                {"fix", diagnosis.fix},           {"exit", static_cast<int>(code)}};
    fmt::print("{}\n", ordered_json{{"error", error}}.dump(2));
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_up_log();
  const bool json = std::any_of(
      argv, argv + argc, [](const char* word) { return std::string_view(word) == "--json"; });
  const auto what = [](const std::exception& error) { return ir::Diagnosis{"", error.what()}; };
  try {
    return run(cli::parse_command_line(argc, argv));
  } catch (const ir::Error& error) {
    return fail(json, kInput, error.what(), error.diagnosis());
  } catch (const ir::CheckFailed& failed) {
    return fail(json, kCheckFailed, failed.what(), what(failed));
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(json, kInput, error.what(), what(error));
  } catch (const std::exception& bug) {
    return fail(json, kBug, fmt::format("a bug of crosstwin: {}", bug.what()), what(bug));
  }
}
