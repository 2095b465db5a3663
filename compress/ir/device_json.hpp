// A device as JSON: the device file, and the record inside a chip.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "compress/ir/device.hpp"
#include "compress/ir/json_reader.hpp"

namespace crosstwin::ir {

// Checked; a missing member other than the name keeps its default; unknown members are errors.
// Paths stay as they are written.
Device read_device(const JsonReader& json);
// The same of a chip's record, whose g_min, g_step, drift.nu and drift.nu_sigma may stand, without
// effect, beside the lists by level that override them: the record keeps what was given.
Device read_device_record(const JsonReader& json);

// The members of `patch` in place of the device's own, objects member by member; checked.
Device patch_device(const Device& device, const JsonReader& patch);

// set_device_member() of any member that is not an object; `where` begins its messages.
void set_device_member(Device& device, std::string_view path, nlohmann::json value,
                       const std::string& where);

// Makes the paths absolute that are relative to the folder of `file`, or, where that is no file, to
// the working folder.
void resolve_paths(Device& device, const std::string& file);

// Members behind read_noise are left out where they are at their default.
nlohmann::ordered_json device_json(const Device& device);

}  // namespace crosstwin::ir
