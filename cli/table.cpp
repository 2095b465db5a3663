// Layout of text tables.
// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace crosstwin::cli {

std::string Table::text() const {
  std::vector<size_t> width;
  for (const auto& row : rows_) {
    width.resize(std::max(width.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  std::string text;
  for (size_t r = 0; r < rows_.size(); ++r) {
    std::string line;
    for (size_t i = 0; i < rows_[r].size(); ++i) {
      if (i > 0) line += "  ";
      line += i == 0 || align_ == Align::left ? fmt::format("{:<{}}", rows_[r][i], width[i])
                                              : fmt::format("{:>{}}", rows_[r][i], width[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
    if (r > 0) continue;
    for (size_t i = 0; i < width.size(); ++i) {
      text += (i == 0 ? "" : "  ") + std::string(width[i], '-');
    }
    text += "\n";
  }
  return text;
}

std::string percent(double fraction) { return fmt::format("{:.2f}%", 100 * fraction); }

std::string interval_text(double mean, double half_width) {
  if (half_width >= std::max(mean, 1 - mean)) return "-";
  return fmt::format("+- {:.2f}", 100 * half_width);
}

std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

}  // namespace crosstwin::cli
