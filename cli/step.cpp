// Running one step: configuration, inputs, record.
// SPDX-License-Identifier: Apache-2.0
#include "cli/step.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/log.hpp"
#include "compress/ir/atomic_write.hpp"
#include "compress/ir/data_dir.hpp"
#include "compress/ir/device_arrays.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::cli {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

const data::Splits& Context::data() {
  if (!data_) data_ = data::load(config.dataset);
  return *data_;
}

bool is_set(const Options& options, const std::string& key) {
  return std::any_of(options.overrides.begin(), options.overrides.end(),
                     [&key](const std::string& text) {
                       return text.starts_with(key + "=") || text.starts_with(key + ".");
                     });
}

ir::Design load_mapped(const Context& context) {
  ir::Design design = ir::load_design(context.run.design());
  Config as_mapped = context.config;
  as_mapped.layout = design.layout;
  const ordered_json asked = to_json(context.config)["layout"];
  const ordered_json mapped = to_json(as_mapped)["layout"];
  for (const auto& [key, value] : asked.items()) {
    if (value == mapped[key]) continue;
    throw ir::Error({"layout." + key, "the design was mapped with another value",
                     mapped[key].dump(), value.dump(),
                     "run `crosstwin map` again, or --set layout." + key + "=" +
                         mapped[key].dump() +
                         (key == "adc_bits" ? "; `simulate --sweep adc_bits=" + value.dump() +
                                                  "` takes other converters alone"
                                            : "")});
  }
  return design;
}

Config resolve_config(const Options& options) {
  const fs::path written = Run(options.out).config();
  if (!options.config.empty()) return load_config(options.config, options.overrides);
  if (fs::exists(written)) return load_config(written, options.overrides);
  throw ir::Error({"CONFIG", "no configuration was given, and there is no " + written.string(),
                   "a JSON file", "none",
                   "give one, such as examples/demo.json, or the --out of an earlier run"});
}

void require_inputs(const Step& step, const Run& run) {
  for (const auto& [folder, maker] : step.inputs) {
    if (fs::exists(run.dir() / folder)) continue;
    throw ir::Error({(run.dir() / folder).string(), "`" + step.name + "` reads this folder", "",
                     "no such folder", "run `crosstwin " + maker + "` with the same --out first"});
  }
}

std::string input_hash(const Step& step, Context& context) {
  const ordered_json config = to_json(context.config);
  std::string all = step.name + "\n";
  for (const std::string& section : step.sections) all += section + config[section].dump() + "\n";
  for (const auto& [folder, maker] : step.inputs) {
    all += folder + " " + context.run.hash(folder) + "\n";
  }
  for (const std::string& folder : step.optional_inputs) {
    all += folder + " " + context.run.hash(folder) + "\n";
  }
  for (const std::string& folder : step.tool_data) {
    all += "tool " + folder + " " + hash_files(ir::data_dir() / folder) + "\n";
  }
  if (step.also != nullptr) all += step.also(context) + "\n";
  for (const std::string& section : step.sections) {
    if (section == "chip") all += ir::device_files_hash(context.config.device) + "\n";
    if (section == "simulate")
      all += ir::device_files_hash(context.config.simulate.variation) + "\n";
  }
  if (step.uses_data) {
    const data::Splits& data = context.data();
    for (const data::Dataset* split : {&data.train, &data.validation, &data.test}) {
      const auto view = [](const std::vector<uint8_t>& bytes) {
        return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      };
      all += ir::content_hash(view(split->images)) + ir::content_hash(view(split->labels)) + "\n";
    }
  }
  return ir::content_hash(all);
}

bool passed(const ordered_json& record) { return record["result"].value("passed", true); }

ordered_json run_step(const Step& step, Context& context) {
  require_inputs(step, context.run);
  const std::string inputs = input_hash(step, context);  // reads the data: nothing written yet
  ordered_json folders = ordered_json::object();
  for (const auto& [folder, maker] : step.inputs) folders[folder] = context.run.hash(folder);
  for (const std::string& folder : step.optional_inputs) {
    folders[folder] = context.run.hash(folder);
  }
  // What an earlier run found must not stand for this one, however it ends.
  fs::remove(context.run.results(step.name));
  log_to(context.run.logs() / (step.name + ".log"));
  const auto start = std::chrono::steady_clock::now();
  ordered_json result = step.run(context);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  ordered_json record = {{"step", step.name},
                         {"inputs", inputs},
                         {"folders", std::move(folders)},
                         {"seconds", seconds.count()},
                         {"result", std::move(result)}};
  context.run.write_results(step.name, record);
  if (!passed(record)) throw ir::CheckFailed(record["result"]["failure"].get<std::string>());
  Options kept = context.options;
  for (const Shortcut& shortcut : step.shortcuts) {
    std::erase_if(kept.overrides, [&shortcut](const std::string& text) {
      return shortcut.once && text.starts_with(shortcut.key + "=");
    });
    if (shortcut.once) kept.overrides.push_back(shortcut.key + "=0");
  }
  std::erase_if(kept.overrides, [&step](const std::string& text) {
    return !step.lends.empty() && text.starts_with(step.lends + ".");
  });
  const bool all = kept.overrides == context.options.overrides;
  ir::write_file(context.run.config(),
                 to_json(all ? context.config : resolve_config(kept)).dump(2) + "\n");
  return record;
}

}  // namespace crosstwin::cli
