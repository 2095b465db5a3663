// Where the weights of a chip are placed, as the configuration asks for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "adapt/remap.hpp"
#include "cli/config/config.hpp"

namespace crosstwin::cli {

// Error for more spare columns than a tile has columns: a physical array is at most twice as wide
// as the tiles of its layout, in wires, converters and area.
void check_spare_columns(int32_t spare_columns, const ir::Layout& layout);

// In order unless chip.remap asks for more; `images` and errors as adapt::remap() and
// check_spare_columns().
adapt::Remapped place(const Config& config, const ir::Design& design, const ir::Device& device,
                      uint64_t seed, std::span<const uint8_t> images);

}  // namespace crosstwin::cli
