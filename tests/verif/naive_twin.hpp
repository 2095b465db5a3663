// The numeric contract written as plain loops: what RTL and twin are both held against.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "twin/simulator.hpp"

namespace crosstwin::test {

// Every ADC code and layer output of one uint8 image [c][h][w]. A chain of stages only.
twin::Trace naive_trace(const ir::Design& design, const ir::Chip& chip,
                        std::span<const uint8_t> image, uint32_t number = 0);

}  // namespace crosstwin::test
