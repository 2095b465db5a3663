// `crosstwin doctor`: whether this machine has what the flow needs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/step.hpp"

namespace crosstwin::cli {

// {"ok": bool, "checks": [{"name", "ok", "required", "found", "purpose", "install"}, ...]}
nlohmann::ordered_json examine(const Options& options);
std::string doctor_text(const nlohmann::ordered_json& findings);

}  // namespace crosstwin::cli
