// What co-simulation reads of a generated design's manifest.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace crosstwin::verif {

struct DesignInfo {
  std::filesystem::path dir;
  std::string name;
  std::string top;
  std::vector<std::string> sources;  // dependency order, relative to dir
  std::vector<std::string> headers;
  std::vector<std::string> include_dirs;
  uint32_t channels = 0;
  uint32_t height = 0;
  uint32_t width = 0;
  uint32_t outputs = 0;
  int64_t cycles_per_image = 0;
  std::map<std::string, std::string> layer_of;  // instance in the top -> layer of the design
  std::vector<std::string> layers;              // in order

  size_t image_bytes() const { return size_t{channels} * height * width; }
};

// Throws ir::Error naming the manifest and the place in it.
DesignInfo read_design_info(const std::filesystem::path& design_dir);

}  // namespace crosstwin::verif
