// The log on standard error; results alone go to standard output.
// SPDX-License-Identifier: Apache-2.0
#include "cli/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace crosstwin::cli {

void set_up_log() {
  spdlog::set_default_logger(spdlog::stderr_color_mt("crosstwin"));
  spdlog::set_pattern("%^%v%$");
}

void log_to(const std::filesystem::path& file) {
  std::filesystem::create_directories(file.parent_path());
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string(), true);
  sink->set_pattern("%T %v");
  auto& sinks = spdlog::default_logger_raw()->sinks();
  sinks.resize(1);  // standard error stays
  sinks.push_back(std::move(sink));
}

void info(const std::string& line) { spdlog::default_logger_raw()->info(line); }
void warn(const std::string& line) { spdlog::default_logger_raw()->warn("warning: {}", line); }
void error(const std::string& line) { spdlog::default_logger_raw()->error("error: {}", line); }

}  // namespace crosstwin::cli
