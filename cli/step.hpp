// A step of the flow: what it reads, does and says. One a file in verbs/.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/config/config.hpp"
#include "cli/run.hpp"
#include "compress/data/dataset.hpp"
#include "compress/ir/design.hpp"

namespace crosstwin::cli {

// What every verb takes.
struct Options {
  std::filesystem::path config;  // [CONFIG]
  std::filesystem::path out = "out/run";
  std::vector<std::string> overrides;  // --set, and the shortcuts of the verb, in order
  int32_t threads = 0;                 // 0 = all cores
  bool dry_run = false;
  bool json = false;
  bool resume = false;
  std::string explain;  // simulate: LAYER,COLUMN,IMAGE[,POSITION]
};

// What a step works with.
class Context {
 public:
  Context(Config of, Run into, Options chosen)
      : config(std::move(of)), run(std::move(into)), options(std::move(chosen)) {}

  Config config;
  Run run;
  Options options;

  // The data set, loaded at first use.
  const data::Splits& data();

 private:
  std::optional<data::Splits> data_;
};

// An option of one verb that stands for a configuration key.
struct Shortcut {
  std::string flag;  // "--images"
  std::string key;   // "simulate.images"
  std::string help;
  std::string value = {};  // set by a flag that takes no value
  // list: strings with a comma between; each: strings, the flag once for each.
  enum class Form { json, text, list, each } form = Form::json;
  bool once = false;  // of this call only: not kept in OUT/config.json
};

struct Step {
  std::string name;
  std::string summary;  // one line
  std::string reads;    // for people
  std::string writes;
  std::string example;
  std::vector<Shortcut> shortcuts;
  std::vector<std::string> sections;  // of the configuration that the result depends on
  bool uses_data = false;
  // Folders of the run it needs, each with the step that makes it.
  std::vector<std::pair<std::string, std::string>> inputs;
  std::vector<std::string> outputs;               // folders of the run it makes
  std::vector<std::string> optional_inputs = {};  // folders of the run it reads when they are there
  std::vector<std::string> tool_data = {};        // folders of ir::data_dir() it reads
  // A section whose settings hold for this call alone: folders that this step does not make were
  // made with those that stay in OUT/config.json.
  std::string lends = {};
  // What else its result depends on, as text.
  std::string (*also)(const Context& context) = nullptr;

  // A result with "passed": false is recorded, then thrown as CheckFailed with its "failure".
  nlohmann::ordered_json (*run)(Context& context) = nullptr;
  // What run() would find, for --dry-run; writes nothing. Only where that is quick.
  nlohmann::ordered_json (*preview)(Context& context) = nullptr;
  std::string (*line)(const nlohmann::ordered_json& result) = nullptr;  // for `build`
  std::string (*text)(const nlohmann::ordered_json& result) = nullptr;  // for people
};

// All steps in the order of `build`.
const std::vector<Step>& all_steps();
const Step& find_step(const std::string& name);

// This call sets the key or a member of it, by --set or a shortcut.
bool is_set(const Options& options, const std::string& key);

// OUT/design/. Throws ir::Error when the configuration's layout is not what it was mapped with.
ir::Design load_mapped(const Context& context);

// Loads CONFIG, or what an earlier step wrote to OUT/config.json; Error when there is neither.
Config resolve_config(const Options& options);

// Error naming the step to run first when an input is missing.
void require_inputs(const Step& step, const Run& run);

// What decides whether a step need not run again: its sections, data, folders and the rest.
std::string input_hash(const Step& step, Context& context);

// False when the step is a check that did not hold.
bool passed(const nlohmann::ordered_json& record);

// Removes the step's earlier record, runs it and records its result; returns the record.
// Writes OUT/config.json when it went well: a failed step leaves the settings of those before, and
// so do shortcuts that are for once.
nlohmann::ordered_json run_step(const Step& step, Context& context);

}  // namespace crosstwin::cli
