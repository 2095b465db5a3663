// Where the weights of a chip are placed, as the configuration asks for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "adapt/remap.hpp"
#include "cli/config/config.hpp"

namespace crosstwin::cli {

// In order unless chip.remap asks for more; `images` and errors as adapt::remap().
adapt::Remapped place(const Config& config, const ir::Design& design, const ir::Device& device,
                      uint64_t seed, std::span<const uint8_t> images);

}  // namespace crosstwin::cli
