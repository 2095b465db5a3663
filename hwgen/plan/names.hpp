// Names of the generated text: legal in SystemVerilog, each given once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

namespace crosstwin::hwgen {

class Namer {
 public:
  // `wanted` ([a-z][a-z0-9_]*) itself, or with a number behind it when it is taken or a keyword.
  std::string take(const std::string& wanted);

 private:
  std::set<std::string> taken_;
};

}  // namespace crosstwin::hwgen
