// A load: the beats that turn writable hardware into another chip of the same shape.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace crosstwin::ir {

// One memory of one layer, from its first word to its last.
struct LoadRecord {
  std::string layer;   // name in the design
  std::string holds;   // rows | weights | table | requant | adc | inl | noise_keys | noise
  int32_t number = 0;  // of the layer among the crossbar layers
  int32_t memory = 0;  // of the layer, rtl_templates/README.md
  int32_t words = 0;
  int32_t chunks = 0;  // beats a word

  int64_t beats() const { return 3 + int64_t{words} * chunks; }
  uint32_t head() const {
    return uint32_t(number) << 24 | uint32_t(memory) << 16 | uint32_t(chunks);
  }
};

struct Load {
  static constexpr int32_t kSchemaVersion = 1;
  std::string rtl_hash;     // of the hardware it is for, rtl_hash()
  std::string design_hash;  // of what the hardware becomes
  std::string chip_hash;
  int64_t cycles_per_image = 0;  // then: a requantizer's cycles depend on its shifts
  std::vector<LoadRecord> records;
  std::vector<uint32_t> beats;  // the data of s_cfg, record by record
};

// Names the hardware that `generate` wrote into the folder: content hash of its plan.json.
std::string rtl_hash(const std::filesystem::path& rtl_dir);

// A folder with load.hex, a beat a line, and load.json (docs/artifact.md). Written atomically.
void save_load(const Load& load, const std::filesystem::path& dir);
// Throws Error naming the file when a member is missing or the beats are not those of the records.
Load read_load(const std::filesystem::path& dir);

// Throws Error naming the record unless the load has exactly the memories of the RTL in `rtl_dir`,
// each from its first word to its last: the hardware wraps an address beyond a memory.
void check_records(const Load& load, const std::filesystem::path& rtl_dir);

}  // namespace crosstwin::ir
