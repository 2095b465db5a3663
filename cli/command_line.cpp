// Parsing with CLI11, whose header stays in this file.
// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/verbs/adapt.hpp"
#include "cli/verbs/load.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::cli {
namespace {

constexpr const char* kExitCodes =
    "\nExit codes: 0 done; 1 the input is wrong, and the message says what and where;\n"
    "2 a bug of ours; 3 a check did not hold, such as RTL and twin differing.";

std::string footer(const std::string& reads, const std::string& writes,
                   const std::string& example) {
  std::string text;
  if (!reads.empty()) text += "\nReads:   " + reads;
  if (!writes.empty()) text += "\nWrites:  " + writes;
  return text + "\nExample: " + example + "\n" + kExitCodes;
}

std::string override_text(const Shortcut& shortcut, const std::string& value) {
  nlohmann::json json = value;
  switch (shortcut.form) {
    case Shortcut::Form::json:
      return shortcut.key + "=" + value;
    case Shortcut::Form::each:
    case Shortcut::Form::text:
      break;
    case Shortcut::Form::list:
      json = CLI::detail::split(value, ',');
      break;
  }
  return shortcut.key + "=" + json.dump();
}

// What stands for a whole goes before its members: --set simulate.variation.time=5 --device X is X
// at that time, wherever the two stand. An object without a name changes members, in its place.
std::vector<std::string> objects_first(const std::vector<std::string>& overrides) {
  std::vector<std::string> ordered;
  for (const std::string& text : overrides) {
    const size_t sign = text.find('=');
    const std::string member = text.substr(0, sign) + ".";
    const auto value = nlohmann::json::parse(sign == std::string::npos ? "" : text.substr(sign + 1),
                                             nullptr, false);
    const bool patch = value.is_object() && !value.contains("name");
    const auto at = std::find_if(ordered.begin(), ordered.end(), [&](const std::string& other) {
      return !patch && other.starts_with(member);
    });
    ordered.insert(at, text);
  }
  return ordered;
}

void add_common(CLI::App& verb, CommandLine& line) {
  verb.add_option("config", line.options.config,
                  "configuration, a JSON file; without it OUT/config.json of an earlier step")
      ->type_name("CONFIG");
  verb.add_option("--out", line.options.out, "folder of the run")->type_name("DIR");
  verb.add_option_function<std::string>(
          "--seed",
          [&line](const std::string& seed) {
            line.options.overrides.push_back("seed=\"" + seed + "\"");
          },
          "of weights, training order and the chip's cells")
      ->type_name("N");
  verb.add_option("--threads", line.options.threads, "0 = all cores; no result depends on it")
      ->check(CLI::Range(0, 1024))
      ->type_name("N");
  verb.add_option_function<std::vector<std::string>>(
          "--set",
          [&line](const std::vector<std::string>& texts) {
            line.options.overrides.insert(line.options.overrides.end(), texts.begin(), texts.end());
          },
          "override a key of the configuration; see `crosstwin build --print-config`")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  verb.add_option("--tools", line.tools, "folder of the FPGA tools, instead of .venv/bin and PATH")
      ->type_name("DIR");
  verb.add_flag("--dry-run", line.options.dry_run, "say what would be done, write nothing");
  verb.add_flag("--json", line.options.json, "results as JSON on standard output");
}

void add_resume(CLI::App& verb, CommandLine& line, const char* help) {
  verb.add_flag("--resume", line.options.resume, help);
}

void add_step(CLI::App& app, const Step& step, CommandLine& line) {
  CLI::App& verb = *app.add_subcommand(step.name, step.summary);
  add_common(verb, line);
  for (const Shortcut& shortcut : step.shortcuts) {
    const std::string help = fmt::format("{} ({})", shortcut.help, shortcut.key);
    if (shortcut.form == Shortcut::Form::each) {
      verb.add_option_function<std::vector<std::string>>(
              shortcut.flag,
              [&line, shortcut](const std::vector<std::string>& values) {
                line.options.overrides.push_back(shortcut.key + "=" +
                                                 nlohmann::json(values).dump());
              },
              help)
          ->type_name("X")
          ->allow_extra_args(false);
    } else if (shortcut.value.empty()) {
      verb.add_option_function<std::string>(
              shortcut.flag,
              [&line, shortcut](const std::string& value) {
                line.options.overrides.push_back(override_text(shortcut, value));
              },
              help)
          ->type_name("X");
    } else {
      verb.add_flag_function(
          shortcut.flag,
          [&line, shortcut](int64_t times) {
            const bool off = times <= 0;  // --flag=false
            if (off && shortcut.value != "true") {
              throw ir::Error({shortcut.flag, "takes no value", "the flag alone", "false"});
            }
            line.options.overrides.push_back(
                override_text(shortcut, off ? "false" : shortcut.value));
          },
          help);
    }
  }
  if (step.name == "train" || step.name == "compress" || step.name == "adapt") {
    add_resume(verb, line, "go on from the checkpoints of an interrupted run");
  }
  if (step.name == "simulate") {
    verb.add_option("--explain", line.options.explain,
                    "print one column's conversions of an image of the test split; no simulation")
        ->type_name("LAYER,COLUMN,IMAGE[,POSITION]");
  }
  verb.footer(footer(step.reads, step.writes, step.example));
}

void add_build(CLI::App& app, CommandLine& line) {
  std::vector<std::string> names;
  for (const Step& step : all_steps()) names.push_back(step.name);
  CLI::App& verb = *app.add_subcommand("build", "all steps in order, from training to the report");
  add_common(verb, line);
  verb.add_option("--start-step", line.build.start, "first step; the ones before must have run")
      ->check(CLI::IsMember(names));
  verb.add_option("--stop-step", line.build.stop, "last step")->check(CLI::IsMember(names));
  add_resume(verb, line, "leave out steps whose inputs are as they were, go on from checkpoints");
  verb.add_flag("--print-config", line.print_config,
                "print every key with its value, range and meaning, and stop; with --json the\n"
                "resolved configuration itself");
  verb.add_option_function<std::string>(
          "--data",
          [&line](const std::string& path) {
            line.options.overrides.push_back("dataset.path=" + nlohmann::json(path).dump());
          },
          "folder of MNIST or CIFAR-10, or an NPZ file (dataset.path)")
      ->type_name("PATH");
  verb.footer(footer("CONFIG and the data set",
                     "OUT/config.json (resolved), and what every step writes",
                     "crosstwin build examples/lenet5_mnist.json --data mnist/ --out out/lenet5"));
}

void add_others(CLI::App& app, CommandLine& line) {
  CLI::App& demo = *app.add_subcommand("demo", "the whole flow on built-in digits, in minutes");
  add_common(demo, line);
  add_resume(demo, line, "leave out steps whose inputs are as they were");
  demo.footer(footer("examples/demo.json (or CONFIG)",
                     "OUT, by default out/demo; steps whose programs are missing are skipped",
                     "crosstwin demo"));
  CLI::App& doctor = *app.add_subcommand("doctor", "whether this machine has what the flow needs");
  add_common(doctor, line);
  doctor.footer(
      footer("the machine; with CONFIG also the data set", "", "crosstwin doctor --json") +
      "\nHere 1 also says that something is missing.");
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app("Crosstwin: from a trained network to verified memristor-crossbar hardware.\n",
               "crosstwin");
  app.require_subcommand(1);
  add_others(app, line);
  add_build(app, line);
  for (const Step& step : all_steps()) add_step(app, step, line);
  add_step(app, adapt_step(), line);
  add_step(app, load_step(), line);
  app.footer(
      "\n`crosstwin VERB --help` says what a verb reads and writes.\n"
      "Start with `crosstwin doctor`, then `crosstwin demo`.\n" +
      std::string(kExitCodes));
  // CLI11 reports by exceptions of its own; they become ours here.
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    line.help = chosen.empty() ? app.help() : chosen.front()->help("crosstwin");
    return line;
  } catch (const CLI::ParseError& error) {
    std::vector<std::string> verbs = {"demo", "doctor", "build"};
    for (const Step& step : all_steps()) verbs.push_back(step.name);
    const std::string word = argc > 1 ? argv[1] : "";
    const std::string near = ir::nearest(word, verbs);
    const bool known = near == word;
    throw ir::Error({"command line", error.what(), "", "",
                     known                          ? "see crosstwin " + word + " --help"
                     : near.empty() || word.empty() ? "see crosstwin --help"
                                                    : "did you mean \"" + near + "\"?"});
  }
  line.options.overrides = objects_first(line.options.overrides);
  line.verb = app.get_subcommands().front()->get_name();
  if (line.verb == "demo") {
    line.build.skip_missing = true;
    if (line.options.config.empty()) line.options.config = demo_config();
    if (app.get_subcommand("demo")->count("--out") == 0) line.options.out = "out/demo";
  }
  return line;
}

}  // namespace crosstwin::cli
