// What the tool says while it works: lines on standard error.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace crosstwin::cli {

void set_up_log();
void info(const std::string& line);
void warn(const std::string& line);
void error(const std::string& line);

}  // namespace crosstwin::cli
