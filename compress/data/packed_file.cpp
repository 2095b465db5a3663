// Unpacking through libarchive; the gzip trailer, which libarchive does not check, is checked here.
// SPDX-License-Identifier: Apache-2.0
#include "compress/data/packed_file.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <memory>
#include <string_view>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::data {
namespace {

struct ArchiveFree {
  void operator()(archive* a) const { archive_read_free(a); }
};
using Reader = std::unique_ptr<archive, ArchiveFree>;

[[noreturn]] void fail(archive* reader, const std::filesystem::path& file,
                       const std::string& expected) {
  const char* reason = archive_error_string(reader);
  throw ir::Error({file.string(), "cannot be unpacked", expected,
                   reason == nullptr ? "damaged data" : reason,
                   "the file is damaged or cut short: download or write it again"});
}

std::string read_entry(archive* reader, const std::filesystem::path& file,
                       const std::string& expected) {
  std::string content;
  std::array<char, 1 << 16> block;
  while (true) {
    const la_ssize_t got = archive_read_data(reader, block.data(), block.size());
    if (got < 0) fail(reader, file, expected);
    if (got == 0) return content;
    content.append(block.data(), static_cast<size_t>(got));
  }
}

// CRC-32 of RFC 1952, reflected polynomial 0xEDB88320.
uint32_t crc32(std::string_view bytes) {
  static const auto table = [] {
    std::array<uint32_t, 256> entries{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = (c & 1U) != 0 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
      entries[i] = c;
    }
    return entries;
  }();
  uint32_t crc = ~0U;
  for (const char byte : bytes) crc = table[(crc ^ static_cast<uint8_t>(byte)) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

uint32_t little_endian(std::string_view four) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value |= uint32_t{static_cast<uint8_t>(four[i])} << (8 * i);
  return value;
}

// The last eight bytes of a gzip member: CRC-32 and length of the content.
void check_gzip_trailer(const std::string& packed, const std::string& content,
                        const std::filesystem::path& file) {
  const std::string_view trailer = std::string_view(packed).substr(packed.size() - 8);
  const uint32_t length = little_endian(trailer.substr(4));
  const char* fix =
      "the file is damaged, has bytes behind its end or is of several gzip members: write it again "
      "as one";
  const std::string where =
      file.string() + ": byte " + std::to_string(packed.size() - 8) + " (gzip trailer)";
  if (length != static_cast<uint32_t>(content.size())) {
    throw ir::Error({where, "wrong length", std::to_string(content.size()) + " bytes",
                     std::to_string(length), fix});
  }
  const uint32_t crc = crc32(content);
  if (little_endian(trailer) != crc) {
    throw ir::Error({where, "wrong checksum", std::to_string(crc),
                     std::to_string(little_endian(trailer)), fix});
  }
}

}  // namespace

std::optional<std::filesystem::path> find_packed(const std::filesystem::path& dir,
                                                 const std::string& name) {
  for (const char* ending : {"", ".gz", ".xz"}) {
    std::filesystem::path file = dir / (name + ending);
    if (std::filesystem::is_regular_file(file)) return file;
  }
  return {};
}

std::string read_packed(const std::filesystem::path& file) {
  std::string packed = ir::read_file(file);
  const std::string ending = file.extension().string();
  if (ending != ".gz" && ending != ".xz") return packed;
  const bool gzip = ending == ".gz";
  const std::string expected = gzip ? "gzip data" : "xz data";
  // Twelve and eighteen bytes: an xz header, and a gzip header with its trailer.
  const std::string_view magic = gzip ? std::string_view("\x1F\x8B")
                                      : "\xFD"
                                        "7zXZ";
  if (packed.size() < (gzip ? 18U : 12U) || packed.compare(0, magic.size(), magic) != 0) {
    throw ir::Error({file.string() + ": byte 0", "not " + expected,
                     "a file packed as its name says",
                     std::to_string(packed.size()) + " bytes of another kind",
                     "rename it without " + ending + " if it is not packed"});
  }
  const Reader reader(archive_read_new());
  if (gzip) {
    archive_read_support_filter_gzip(reader.get());
  } else {
    archive_read_support_filter_xz(reader.get());
  }
  archive_read_support_format_raw(reader.get());
  if (archive_read_open_memory(reader.get(), packed.data(), packed.size()) != ARCHIVE_OK) {
    fail(reader.get(), file, expected);
  }
  archive_entry* entry = nullptr;
  const int status = archive_read_next_header(reader.get(), &entry);
  if (status != ARCHIVE_OK && status != ARCHIVE_EOF) fail(reader.get(), file, expected);
  std::string content =
      status == ARCHIVE_EOF ? std::string() : read_entry(reader.get(), file, expected);
  if (gzip) check_gzip_trailer(packed, content, file);
  return content;
}

void read_tar(const std::filesystem::path& file,
              const std::function<bool(const std::string&)>& wanted,
              const std::function<void(const std::string&, const std::string&)>& visit) {
  const std::string packed = ir::read_file(file);
  const std::string expected = "a tar archive, plain, .gz or .xz";
  const Reader reader(archive_read_new());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_xz(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), packed.data(), packed.size()) != ARCHIVE_OK) {
    fail(reader.get(), file, expected);
  }
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK) {
    const char* path = archive_entry_pathname(entry);
    const std::string name = std::filesystem::path(path == nullptr ? "" : path).filename().string();
    if (archive_entry_filetype(entry) != AE_IFREG || !wanted(name)) continue;
    visit(name, read_entry(reader.get(), file, expected));
  }
  if (status != ARCHIVE_EOF) fail(reader.get(), file, expected);
}

}  // namespace crosstwin::data
