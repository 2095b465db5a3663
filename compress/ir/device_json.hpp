// A device as JSON: the device file, and the record inside a chip.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "compress/ir/device.hpp"
#include "compress/ir/json_reader.hpp"

namespace crosstwin::ir {

// Checked; a missing member other than the name keeps its default; unknown members are errors.
Device read_device(const JsonReader& json);
nlohmann::ordered_json device_json(const Device& device);

}  // namespace crosstwin::ir
