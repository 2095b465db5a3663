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

// An image that $readmemh loads when a simulation or a synthesis begins.
struct MemoryImage {
  std::string file;   // relative to Manifest::dir
  std::string layer;  // of the design
  std::string holds;  // rows | weights | table | requant | adc | inl
  std::string hash;   // content_hash() of the file as it was generated
};

struct Manifest {
  static constexpr int32_t kSchemaVersion = 2;
  std::filesystem::path dir;  // that it was read from
  std::string name;
  std::string top;                        // module
  std::string design_hash;                // of the design it was generated from
  std::string chip_hash;                  // and of the chip, chip_hash()
  std::vector<std::string> sources;       // relative to dir, in dependency order
  std::vector<std::string> include_dirs;  // where `include looks for headers
  std::vector<std::string> headers;       // what sources include
  std::vector<MemoryImage> memories;
  uint32_t channels = 0;  // input image, one byte a channel
  uint32_t height = 0;
  uint32_t width = 0;
  uint32_t pixels_taken = 0;                    // of an image, however long nothing is computed
  uint32_t outputs = 0;                         // logits
  int64_t cycles_per_image = 0;                 // by the plan's cycle model
  std::vector<std::string> layers;              // of the design, in order
  std::map<std::string, std::string> layer_of;  // instance in the top -> layer
  std::set<std::string> collapsed;              // layers of integer products: no converters
  bool noise = false;                           // read noise: the top has a port first_image_i
  bool writable = false;                        // memories: the top has a stream s_cfg
  bool netlist = false;                         // sources of verif/netlist: no inner values

  size_t image_bytes() const { return size_t{channels} * height * width; }
};

// Throws Error naming the file and the place in it when a member is missing, unknown or out of
// range, a path leaves the folder or holds what a tool's script cannot take, or a file is missing;
// and naming the image, with its layer, when a memory image is not as it was generated. Sources may
// be edited: what they then do is for co-simulation to say.
Manifest read_manifest(const std::filesystem::path& design_dir);

}  // namespace crosstwin::ir
