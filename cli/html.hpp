// Results as one page that needs no other file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace crosstwin::cli {

std::string html_escape(const std::string& text);

// A table of rows (label, value), then SVG pictures (file name, content), inlined below a heading.
std::string html_page(const std::string& title, const std::vector<std::vector<std::string>>& rows,
                      const std::string& heading,
                      const std::vector<std::pair<std::string, std::string>>& pictures);

}  // namespace crosstwin::cli
