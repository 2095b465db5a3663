// Devices known by name.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "compress/ir/device.hpp"

namespace crosstwin::ir {

// One of kDevicePresets; nothing for another name.
std::optional<Device> device_preset(const std::string& name);

}  // namespace crosstwin::ir
