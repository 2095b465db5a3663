// Formatting and raising of errors.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/error.hpp"

#include <utility>

namespace crosstwin::ir {

std::string to_string(const Diagnosis& d) {
  std::string text = d.where;
  if (!text.empty()) text += ": ";
  text += d.what;
  if (!d.expected.empty() || !d.got.empty()) {
    text += " (";
    if (!d.expected.empty()) text += "expected " + d.expected;
    if (!d.expected.empty() && !d.got.empty()) text += ", ";
    if (!d.got.empty()) text += "got " + d.got;
    text += ")";
  }
  if (!d.fix.empty()) text += "; " + d.fix;
  return text;
}

Error::Error(Diagnosis diagnosis)
    : std::runtime_error(to_string(diagnosis)), diagnosis_(std::move(diagnosis)) {}

void check(bool condition, const char* message) {
  if (!condition) throw Bug(message);
}

}  // namespace crosstwin::ir
