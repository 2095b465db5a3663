// The log on standard error; results alone go to standard output.
// SPDX-License-Identifier: Apache-2.0
#include "cli/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace crosstwin::cli {

void set_up_log() {
  spdlog::set_default_logger(spdlog::stderr_color_mt("crosstwin"));
  spdlog::set_pattern("%^%v%$");
}

void info(const std::string& line) { spdlog::default_logger_raw()->info(line); }
void warn(const std::string& line) { spdlog::default_logger_raw()->warn("warning: {}", line); }
void error(const std::string& line) { spdlog::default_logger_raw()->error("error: {}", line); }

}  // namespace crosstwin::cli
