// Sets the converters of one programmed layer.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "compress/ir/device.hpp"
#include "twin/adc.hpp"
#include "twin/tile.hpp"
#include "twin/window.hpp"

namespace crosstwin::twin {

// Fills the converter fields of `chip`, whose conductances are set: per slice, or per slice and
// column by options.per, one lsb by options.range, or those of options.given for the stage, and
// their transfers (find_transfers); offsets 0, clips at the top code, no non-linearity. `maps` are
// the layer's inputs, [n][h][w][c], read where options.measured(). kMse measures on the first
// kMseImages of them. Throws ir::Error when kLossless is asked for and does not fit adc_bits.
void calibrate(const ir::Design& design, const ir::Stage& stage, const ir::Device& device,
               const AdcOptions& options, std::span<const int32_t> maps, const Window& window,
               ir::CrossbarChip& chip);

inline constexpr int64_t kMseImages = 128;

// [S][C], the largest current of a physical column: all rows of a tile driven.
std::vector<int64_t> worst_currents(const TileShape& shape, const ir::CrossbarChip& chip);

}  // namespace crosstwin::twin
