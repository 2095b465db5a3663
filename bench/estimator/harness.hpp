// The RTL of a measured design.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "bench/estimator/subjects.hpp"

namespace crosstwin::bench {

// A whole design as `generate` writes it; or a module as top.sv with its memory images: its inputs
// come from a shift register, its outputs go to a parity, so that nothing is left out of it.
void emit_subject(const Subject& subject, const std::filesystem::path& dir);

}  // namespace crosstwin::bench
