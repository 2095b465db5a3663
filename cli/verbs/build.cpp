// All steps in order, and the demonstration made of them.
// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/build.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "cli/log.hpp"
#include "cli/tools.hpp"
#include "compress/ir/data_dir.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::cli {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

namespace {

bool up_to_date(const Step& step, Context& context) {
  const ordered_json record = context.run.read_results(step.name);
  if (!record.is_object() || !passed(record)) return false;
  for (const std::string& folder : step.outputs) {
    if (!fs::exists(context.run.dir() / folder)) return false;
  }
  return record["inputs"] == input_hash(step, context);
}

}  // namespace

std::vector<std::string> step_range(const BuildOptions& build) {
  std::vector<std::string> names;
  bool inside = false;
  bool stopped = false;
  for (const Step& step : all_steps()) {
    inside = inside || step.name == build.start;
    if (inside && !stopped) names.push_back(step.name);
    stopped = stopped || (inside && step.name == build.stop);
  }
  if (!stopped) {
    throw ir::Error({"--start-step " + build.start + " --stop-step " + build.stop,
                     "the steps are in the wrong order", "a stop at or after the start"});
  }
  return names;
}

ordered_json build(const Options& options, const BuildOptions& build) {
  Context context(resolve_config(options), Run(options.out), options);
  const std::vector<std::string> names = step_range(build);
  std::map<std::string, std::vector<Tool>> lacking;  // by step
  for (const std::string& name : names) {
    const std::vector<Tool>& missing = lacking[name] = missing_tools(name, context.config);
    if (missing.empty() || build.skip_missing) continue;
    throw ir::Error({name, "a program is missing", "", describe_missing(missing),
                     "install it, or stop before this step with --stop-step"});
  }
  require_inputs(find_step(names.front()), context.run);
  if (build.start == "train") static_cast<void>(context.data());  // before anything is written

  ordered_json steps = ordered_json::array();
  for (size_t i = 0; i < names.size(); ++i) {
    const Step& step = find_step(names[i]);
    const std::string head = fmt::format("[{}/{}] {:<9}", i + 1, names.size(), step.name);
    if (const std::vector<Tool>& missing = lacking[step.name]; !missing.empty()) {
      const std::string why = "missing " + describe_missing(missing);
      warn(head + " skipped: " + why);
      steps.push_back({{"step", step.name}, {"state", "skipped"}, {"why", why}});
      continue;
    }
    const bool fresh = options.resume && up_to_date(step, context);
    if (!fresh) info(fmt::format("{} {}", head, step.summary));
    const ordered_json record =
        fresh ? context.run.read_results(step.name) : run_step(step, context);
    const auto seconds = record["seconds"].get<double>();
    info(fmt::format("{} {} {}", head, fresh ? "up to date:" : fmt::format("{:.1f} s:", seconds),
                     step.line(record["result"])));
    steps.push_back({{"step", step.name},
                     {"state", fresh ? "up to date" : "done"},
                     {"seconds", seconds},
                     {"result", record["result"]}});
  }
  return {{"out", options.out.string()}, {"steps", steps}};
}

std::string build_text(const ordered_json& built) {
  std::string text;
  for (const ordered_json& step : built["steps"]) {
    const std::string name = step["step"].get<std::string>();
    if (step["state"] == "skipped") {
      text += name + " was skipped: " + step["why"].get<std::string>() + "\n";
    } else if (name == "report") {
      text += find_step(name).text(step["result"]);
    }
  }
  return text;
}

fs::path demo_config() { return ir::data_dir() / "examples" / "demo.json"; }

std::string demo_text(const ordered_json& built) {
  const std::string out = built["out"].get<std::string>();
  return build_text(built) +
         fmt::format(
             "Look next at\n"
             "  {0}/rtl/README.md            the generated design\n"
             "  {0}/report/conv2_tiles.svg   a layer on its tiles, and what was pruned\n"
             "  {0}/config.json              every setting; change one and run\n"
             "      crosstwin build {0}/config.json --out out/mine --set layers.fc1.pe=2\n",
             out);
}

}  // namespace crosstwin::cli
