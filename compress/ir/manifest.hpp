// What a generated design's manifest.json says to the tools that read the design.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace crosstwin::ir {

struct Manifest {
  static constexpr int32_t kSchemaVersion = 1;
  std::filesystem::path dir;  // that it was read from
  std::string name;
  std::string top;                        // module
  std::string design_hash;                // of the design it was generated from
  std::string chip_hash;                  // and of the chip, chip_hash()
  std::vector<std::string> sources;       // relative to dir, in dependency order
  std::vector<std::string> include_dirs;  // where `include looks for headers
  std::vector<std::string> headers;       // what sources include
  std::vector<std::string> memories;      // images that $readmemh loads, named relative to dir
  uint32_t channels = 0;                  // input image, one byte a channel
  uint32_t height = 0;
  uint32_t width = 0;
  uint32_t outputs = 0;                         // logits
  int64_t cycles_per_image = 0;                 // by the plan's cycle model
  std::vector<std::string> layers;              // of the design, in order
  std::map<std::string, std::string> layer_of;  // instance in the top -> layer
  std::set<std::string> collapsed;              // layers of integer products: no converters
  bool noise = false;                           // read noise: the top has a port first_image_i
  bool writable = false;                        // memories: the top has a stream s_cfg

  size_t image_bytes() const { return size_t{channels} * height * width; }
};

// Throws Error naming the file and the place in it when a member is missing, unknown or out of
// range, a path leaves the folder or holds what a tool's script cannot take, or a file is missing.
Manifest read_manifest(const std::filesystem::path& design_dir);

}  // namespace crosstwin::ir
