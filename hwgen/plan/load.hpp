// Writing a chip into writable hardware: where its memories are, and the beats that fill them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "compress/ir/load.hpp"
#include "hwgen/plan/plan.hpp"

namespace crosstwin::hwgen {

// A memory that the configuration stream writes.
struct WritableMemory {
  ir::LoadRecord record;
  int32_t bits = 0;              // of a word
  const Image* image = nullptr;  // in the plan; none for the keys of the noise
  uint64_t keys = 0;

  uint32_t chunk(int32_t word, int32_t index) const;
};

// What the configuration stream can carry.
inline constexpr int64_t kMostWords = int64_t{1} << 24;
inline constexpr int32_t kMostWordBits = 256 * 32;

// Of a writable plan, by layer and memory; empty for others. They point into the plan.
std::vector<WritableMemory> writable_memories(const Plan& plan);

// The beats that turn the RTL in `rtl_dir`, which emit() wrote, into this chip. Throws ir::Error
// when it is not writable, naming the layer and what differs when it is not of the chip's shape.
ir::Load load(const ir::Design& design, const ir::Chip& chip, const std::filesystem::path& rtl_dir);

}  // namespace crosstwin::hwgen
