// Names of layers: what files, messages and RTL identifiers share.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace crosstwin::ir {

// [a-z][a-z0-9_]*, at most 64 characters; throws Error naming `where` otherwise.
void check_name(const std::string& name, const std::string& where);

}  // namespace crosstwin::ir
