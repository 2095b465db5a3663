// Plain text tables: the first column left, the others right, as wide as their content.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace crosstwin::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> header) { add(std::move(header)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;  // header, a rule, rows; every line ends in '\n'

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string percent(double fraction);  // "98.75%"
std::string grouped(int64_t number);   // "25,500"

}  // namespace crosstwin::cli
