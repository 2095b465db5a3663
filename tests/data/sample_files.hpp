// Data set files as their formats define them, written by hand for the tests.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "tests/catch.hpp"

namespace crosstwin::tests {

// How a file is packed, by the ending of its name.
enum class Pack { none, gz, xz };
inline const char* ending(Pack pack) {
  return pack == Pack::none ? "" : pack == Pack::gz ? ".gz" : ".xz";
}

struct Member {
  std::string name;
  std::string content;
};

// A tar archive, or without its container one member's bytes, packed.
inline std::string packed(const std::vector<Member>& members, bool tar, Pack pack) {
  std::string bytes(1 << 20, '\0');
  size_t used = 0;
  archive* writer = archive_write_new();
  if (pack == Pack::gz) archive_write_add_filter_gzip(writer);
  if (pack == Pack::xz) archive_write_add_filter_xz(writer);
  if (tar) {
    archive_write_set_format_ustar(writer);
  } else {
    archive_write_set_format_raw(writer);
  }
  archive_write_set_bytes_in_last_block(writer, 1);
  bool good = archive_write_open_memory(writer, bytes.data(), bytes.size(), &used) == ARCHIVE_OK;
  for (const Member& member : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, member.name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(member.content.size()));
    good = good && archive_write_header(writer, entry) == ARCHIVE_OK &&
           archive_write_data(writer, member.content.data(), member.content.size()) ==
               static_cast<la_ssize_t>(member.content.size());
    archive_entry_free(entry);
  }
  good = good && archive_write_close(writer) == ARCHIVE_OK;
  archive_write_free(writer);
  ir::check(good, "the test's archive is written");
  bytes.resize(used);
  return bytes;
}

inline std::string packed(const std::string& content, Pack pack) {
  return pack == Pack::none ? content : packed({{"data", content}}, false, pack);
}

inline void write_packed(const std::filesystem::path& dir, const std::string& name,
                         const std::string& content, Pack pack) {
  ir::write_file(dir / (name + ending(pack)), packed(content, pack));
}

inline std::string idx(uint32_t magic, const std::vector<uint32_t>& extents,
                       const std::vector<uint8_t>& data) {
  std::string bytes;
  const auto append = [&](uint32_t value) {
    for (int bit = 24; bit >= 0; bit -= 8) bytes += static_cast<char>(value >> bit);
  };
  append(magic);
  for (const uint32_t extent : extents) append(extent);
  return bytes.append(data.begin(), data.end());
}

// Bytes that differ from place to place: (first + 7 i) mod 256.
inline std::vector<uint8_t> ramp(size_t count, uint8_t first) {
  std::vector<uint8_t> bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(first + 7 * i);
  return bytes;
}

// MNIST's four files with 12 training and 3 test images of 2 x 3 pixels; labels i mod 10.
inline void write_mnist(const std::filesystem::path& dir, Pack pack) {
  const auto labels = [](uint32_t count) {
    std::vector<uint8_t> values;
    for (uint32_t i = 0; i < count; ++i) values.push_back(static_cast<uint8_t>(i % 10));
    return values;
  };
  write_packed(dir, "train-images-idx3-ubyte", idx(0x803, {12, 2, 3}, ramp(72, 0)), pack);
  write_packed(dir, "train-labels-idx1-ubyte", idx(0x801, {12}, labels(12)), pack);
  write_packed(dir, "t10k-images-idx3-ubyte", idx(0x803, {3, 2, 3}, ramp(18, 5)), pack);
  write_packed(dir, "t10k-labels-idx1-ubyte", idx(0x801, {3}, labels(3)), pack);
}

// Whether a message has all the parts.
inline bool holds(const std::string& message, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    if (message.find(part) == std::string::npos) {
      UNSCOPED_INFO("missing \"" << part << "\" in: " << message);
      return false;
    }
  }
  return true;
}

// One CIFAR-10 record.
inline std::string cifar_record(uint8_t label, uint8_t first) {
  const std::vector<uint8_t> pixels = ramp(3072, first);
  return std::string(1, static_cast<char>(label)).append(pixels.begin(), pixels.end());
}

// CIFAR-10's six files; batch b (0..5, 5 is the test) holds labels b and 9 - b.
inline std::vector<Member> cifar_members(const std::string& folder) {
  std::vector<Member> members;
  for (uint8_t b = 0; b < 6; ++b) {
    const std::string name =
        b < 5 ? "data_batch_" + std::to_string(b + 1) + ".bin" : "test_batch.bin";
    members.push_back({folder + name, cifar_record(b, b) + cifar_record(9 - b, 100)});
  }
  return members;
}

}  // namespace crosstwin::tests
