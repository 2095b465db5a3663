// chip.remap and chip.spare_columns to a placement.
// SPDX-License-Identifier: Apache-2.0
#include "cli/place.hpp"

#include <string>

#include "compress/ir/error.hpp"

namespace crosstwin::cli {

void check_spare_columns(int32_t spare_columns, const ir::Layout& layout) {
  if (spare_columns <= layout.tile_cols) return;
  throw ir::Error({"chip.spare_columns", "more spare columns than a tile has columns",
                   "0.." + std::to_string(layout.tile_cols) + " (layout.tile_cols)",
                   std::to_string(spare_columns),
                   "a remap needs few: about as many as columns have stuck cells that harm"});
}

adapt::Remapped place(const Config& config, const ir::Design& design, const ir::Device& device,
                      uint64_t seed, std::span<const uint8_t> images) {
  check_spare_columns(config.spare_columns, design.layout);
  if (config.remap == RemapSetting::off) {
    return {adapt::in_order(design, config.spare_columns), {}};
  }
  return adapt::remap(
      design, device, seed, images,
      {config.remap == RemapSetting::cells ? adapt::Known::kCells : adapt::Known::kFaults,
       config.spare_columns});
}

}  // namespace crosstwin::cli
