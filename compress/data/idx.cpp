// MNIST's IDX files.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <iomanip>
#include <sstream>
#include <string_view>

#include "compress/data/packed_file.hpp"
#include "compress/data/readers.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::data {
namespace {

constexpr uint32_t kImagesMagic = 0x00000803;  // unsigned bytes, three extents
constexpr uint32_t kLabelsMagic = 0x00000801;  // unsigned bytes, one extent
constexpr uint32_t kMaxImages = 1U << 24;
constexpr uint32_t kMaxSide = 4096;
constexpr int32_t kClasses = 10;
constexpr const char* kDamaged = "the file is damaged or cut short: download or write it again";

std::string at_byte(const std::filesystem::path& file, size_t offset) {
  return file.string() + ": byte " + std::to_string(offset);
}

std::string hex(uint32_t value) {
  std::ostringstream text;
  text << "0x" << std::hex << std::setw(8) << std::setfill('0') << value;
  return text.str();
}

uint32_t big_endian(std::string_view content, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(content[offset + i]);
  return value;
}

struct Idx {
  std::vector<uint32_t> extents;
  std::string_view data;
};

Idx parse(const std::string& content, const std::filesystem::path& file, uint32_t magic) {
  const size_t rank = magic & 0xFF;
  const size_t header = 4 + 4 * rank;
  if (content.size() < header) {
    throw ir::Error({at_byte(file, content.size()), "ends within its header",
                     std::to_string(header) + " bytes of header",
                     std::to_string(content.size()) + " bytes", kDamaged});
  }
  if (big_endian(content, 0) != magic) {
    const bool swapped = big_endian(content, 0) == (magic ^ kImagesMagic ^ kLabelsMagic);
    throw ir::Error({at_byte(file, 0), "wrong magic number",
                     hex(magic) + (magic == kImagesMagic ? " (images)" : " (labels)"),
                     hex(big_endian(content, 0)),
                     swapped ? "images and labels are exchanged: rename the files"
                             : "give an IDX file of unsigned bytes"});
  }
  Idx idx;
  uint64_t size = 1;
  for (size_t i = 0; i < rank; ++i) {
    const uint32_t extent = big_endian(content, 4 + 4 * i);
    const uint32_t limit = i == 0 ? kMaxImages : kMaxSide;
    if (extent == 0 || extent > limit) {
      throw ir::Error({at_byte(file, 4 + 4 * i),
                       i == 0 ? "count out of range" : "side out of range",
                       "1.." + std::to_string(limit), std::to_string(extent), kDamaged});
    }
    idx.extents.push_back(extent);
    size *= extent;  // below 2^24 * 2^12 * 2^12
  }
  idx.data = std::string_view(content).substr(header);
  if (idx.data.size() != size) {
    const bool cut = idx.data.size() < size;
    throw ir::Error({at_byte(file, header + std::min<uint64_t>(size, idx.data.size())),
                     cut ? "data cut short" : "bytes behind the data",
                     std::to_string(size) + " bytes after the header",
                     std::to_string(idx.data.size()), kDamaged});
  }
  return idx;
}

struct Names {
  const char* images;
  const char* labels;
};
constexpr Names kTrain{"train-images-idx3-ubyte", "train-labels-idx1-ubyte"};
constexpr Names kTest{"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

std::filesystem::path require(const std::filesystem::path& dir, const std::string& name) {
  if (const auto file = find_packed(dir, name)) return *file;
  throw ir::Error({dir.string(), "MNIST file missing", name + ", " + name + ".gz or .xz",
                   "no such file",
                   "put the four IDX files of MNIST there, or leave the data out for the built-in "
                   "digits"});
}

}  // namespace

Dataset read_idx(const std::filesystem::path& images, const std::filesystem::path& labels) {
  const std::string image_bytes = read_packed(images);
  const Idx pixels = parse(image_bytes, images, kImagesMagic);
  const std::string label_bytes = read_packed(labels);
  const Idx classes = parse(label_bytes, labels, kLabelsMagic);
  if (pixels.extents[0] != classes.extents[0]) {
    throw ir::Error({at_byte(labels, 4), "as many labels as images are needed",
                     std::to_string(pixels.extents[0]) + " as in " + images.string(),
                     std::to_string(classes.extents[0]), "take both files from the same set"});
  }
  for (size_t i = 0; i < classes.data.size(); ++i) {
    const auto label = static_cast<uint8_t>(classes.data[i]);
    if (label >= kClasses) {
      throw ir::Error({at_byte(labels, 8 + i), "label out of range", "0..9", std::to_string(label),
                       "give data of more classes as NPZ"});
    }
  }
  return {{1, static_cast<int32_t>(pixels.extents[1]), static_cast<int32_t>(pixels.extents[2])},
          {pixels.data.begin(), pixels.data.end()},
          {classes.data.begin(), classes.data.end()},
          kClasses};
}

TrainTest read_mnist(const std::filesystem::path& dir) {
  // All four names first: a missing file is told before seconds of reading.
  const std::array files{require(dir, kTrain.images), require(dir, kTrain.labels),
                         require(dir, kTest.images), require(dir, kTest.labels)};
  return {read_idx(files[0], files[1]), read_idx(files[2], files[3])};
}

bool is_mnist(const std::filesystem::path& dir) {
  return find_packed(dir, kTrain.images) || find_packed(dir, kTest.images);
}

}  // namespace crosstwin::data
