// What the templates can be built from: a chain of layers whose edges fit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "hwgen/plan/plan_options.hpp"

namespace crosstwin::hwgen {

inline constexpr int32_t kPixelBits = 8;  // uint8 images enter raw

// Throws ir::Error naming the layer or the option: a chip of another design, a branch, an edge that
// does not fit, padding as large as the kernel, overlapping pools, options for no layer.
void check_inputs(const ir::Design& design, const ir::Chip& chip, const PlanOptions& options);

}  // namespace crosstwin::hwgen
