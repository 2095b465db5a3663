// `crosstwin load`: a step beside those of `build`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "cli/step.hpp"

namespace crosstwin::cli {

const Step& load_step();

// OUT/load, where load_step() writes.
std::filesystem::path load_dir(const Run& run);

}  // namespace crosstwin::cli
