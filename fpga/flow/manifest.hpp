// What a generated design's manifest.json tells the FPGA flow.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace crosstwin::fpga {

struct Manifest {
  std::string name;
  std::string top;                    // module
  std::vector<std::string> sources;   // relative to the manifest, in dependency order
  std::vector<std::string> memories;  // images that $readmemh loads, named relative to it as well
  std::vector<std::string> headers;   // what sources include
  std::vector<std::string> include_dirs;        // where `include looks for them
  int64_t channels = 0, height = 0, width = 0;  // input image, one byte a channel
  int64_t outputs = 0;                          // logits
  int64_t cycles_per_image = 0;                 // by the plan's cycle model; 0 = not said
};

// Error when the file is damaged, a path leaves the folder, or a file it names is missing.
Manifest read_manifest(const std::filesystem::path& design_dir);

}  // namespace crosstwin::fpga
