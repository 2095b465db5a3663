// What the tool says while it works: lines on standard error.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace crosstwin::cli {

void set_up_log();
// From here on also into this file, which starts empty; a file given before is closed.
void log_to(const std::filesystem::path& file);
void info(const std::string& line);
void warn(const std::string& line);
void error(const std::string& line);

}  // namespace crosstwin::cli
