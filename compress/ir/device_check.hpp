// What the members of a device say together.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "compress/ir/device.hpp"

namespace crosstwin::ir {

inline constexpr double kMaxConductance = 65535;

// Members that contradict each other, each within its own range; Error naming one, `where` in
// front.
void check_members(const Device& device, const std::string& where);

// Error for a member that a list by level overrides, unless it is at its default or what g_max has
// left beside the list.
void check_overridden(const Device& device, const std::string& where);

}  // namespace crosstwin::ir
