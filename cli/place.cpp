// chip.remap and chip.spare_columns to a placement.
// SPDX-License-Identifier: Apache-2.0
#include "cli/place.hpp"

namespace crosstwin::cli {

adapt::Remapped place(const Config& config, const ir::Design& design, const ir::Device& device,
                      uint64_t seed, std::span<const uint8_t> images) {
  if (config.remap == RemapSetting::off) {
    return {adapt::in_order(design, config.spare_columns), {}};
  }
  return adapt::remap(
      design, device, seed, images,
      {config.remap == RemapSetting::cells ? adapt::Known::kCells : adapt::Known::kFaults,
       config.spare_columns});
}

}  // namespace crosstwin::cli
