// Plain text tables, as wide as their content.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace crosstwin::cli {

class Table {
 public:
  enum class Align { left, right };  // of all columns but the first, which is always left
  explicit Table(std::vector<std::string> header, Align align = Align::right) : align_(align) {
    add(std::move(header));
  }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;  // header, a rule, rows; every line ends in '\n'

 private:
  Align align_;
  std::vector<std::vector<std::string>> rows_;
};

std::string percent(double fraction);  // "98.75%"
std::string grouped(int64_t number);   // "25,500"
// "+- 0.12", percentage points, of a mean accuracy; "-" where no accuracy is outside of it.
std::string interval_text(double mean, double half_width);

}  // namespace crosstwin::cli
