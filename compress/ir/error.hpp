// Errors as values that say where, what was expected, what was got and how to mend it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace crosstwin::ir {

// What a bad input looks like to the person who must mend it. `where` is a file and the place in it
// (`design.json: $.stages[2].rows`), a layer, or an option; empty parts are left out of the
// message.
struct Diagnosis {
  std::string where;
  std::string what;
  std::string expected = {};
  std::string got = {};
  std::string fix = {};
};

// One line, e.g. "design.json: $.layout.tile_rows: out of range (expected 1..1024, got 0); set
// ...".
std::string to_string(const Diagnosis& diagnosis);

// The user's input is wrong; exit code 1. Only main() catches.
class Error : public std::runtime_error {
 public:
  explicit Error(Diagnosis diagnosis);
  const Diagnosis& diagnosis() const { return diagnosis_; }

 private:
  Diagnosis diagnosis_;
};

// A broken invariant of ours; exit code 2.
class Bug : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// A check did not hold, such as RTL and twin differing; exit code 3.
class CheckFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws Bug with the message unless the condition holds. Always on.
void check(bool condition, const char* message);

}  // namespace crosstwin::ir
