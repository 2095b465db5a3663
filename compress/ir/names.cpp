// The rule for layer names.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/names.hpp"

#include <algorithm>

#include "compress/ir/error.hpp"

namespace crosstwin::ir {

void check_name(const std::string& name, const std::string& where) {
  const auto small = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto rest = [&](char c) { return small(c) || (c >= '0' && c <= '9') || c == '_'; };
  if (!name.empty() && name.size() <= 64 && small(name[0]) &&
      std::all_of(name.begin(), name.end(), rest)) {
    return;
  }
  throw Error({where, "not a usable name", "[a-z][a-z0-9_]*, at most 64 characters",
               "\"" + name.substr(0, 70) + "\"", "rename it"});
}

}  // namespace crosstwin::ir
