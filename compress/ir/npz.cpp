// NPZ through libarchive: the zip container is the library's, the .npy header is ours.
// SPDX-License-Identifier: Apache-2.0
//
// Format: NumPy enhancement proposal 1 ("A simple file format for NumPy arrays"), versions 1 to 3.
#include "compress/ir/npz.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <bit>
#include <cstring>
#include <limits>
#include <memory>
#include <type_traits>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::ir {

static_assert(std::endian::native == std::endian::little, "NPZ members are little endian");

int64_t element_count(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t extent : shape) {
    check(extent >= 0, "an array has no negative extent");
    check(extent == 0 || count <= std::numeric_limits<int64_t>::max() / extent, "array too large");
    count *= extent;
  }
  return count;
}

namespace {

constexpr std::string_view kMagic{"\x93NUMPY", 6};

template <class T>
const char* type_code() {
  if constexpr (std::is_same_v<T, float>) return "<f4";
  if constexpr (std::is_same_v<T, double>) return "<f8";
  if constexpr (std::is_same_v<T, int8_t>) return "|i1";
  if constexpr (std::is_same_v<T, uint8_t>) return "|u1";
  if constexpr (std::is_same_v<T, int16_t>) return "<i2";
  if constexpr (std::is_same_v<T, uint16_t>) return "<u2";
  if constexpr (std::is_same_v<T, int32_t>) return "<i4";
  if constexpr (std::is_same_v<T, uint32_t>) return "<u4";
  if constexpr (std::is_same_v<T, int64_t>) return "<i8";
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (const int64_t extent : shape) text += (extent < 0 ? "*" : std::to_string(extent)) + ",";
  if (shape.size() > 1) text.pop_back();
  return text + ")";
}

// The value behind 'key': in the header's Python dictionary, up to `stop` (inclusive).
std::string header_value(const std::string& header, const std::string& key, char open, char stop,
                         const std::string& where) {
  const size_t found = header.find("'" + key + "'");
  const size_t begin =
      found == std::string::npos ? found : header.find(open, found + key.size() + 2);
  const size_t end = begin == std::string::npos ? begin : header.find(stop, begin + 1);
  if (end == std::string::npos) {
    throw Error({where, "damaged .npy header", "'" + key + "'", header.substr(0, 60), ""});
  }
  return header.substr(begin + 1, end - begin - 1);
}

std::vector<int64_t> parse_shape(const std::string& text, const std::string& where) {
  std::vector<int64_t> shape;
  int64_t count = 1;
  size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ' ' || text[at] == ',') {
      ++at;
      continue;
    }
    int64_t extent = 0;
    const size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - begin < 18) {
      extent = extent * 10 + (text[at++] - '0');
    }
    if (at == begin || (extent != 0 && count > (int64_t{1} << 40) / extent)) {
      throw Error({where, "damaged .npy header", "a shape of sizes", "(" + text + ")", ""});
    }
    count *= extent;
    shape.push_back(extent);
  }
  return shape;
}

AnyArray empty_of(const std::string& code, const std::string& where) {
  const AnyArray candidates[] = {Array<float>{},   Array<double>{},   Array<int8_t>{},
                                 Array<uint8_t>{}, Array<int16_t>{},  Array<uint16_t>{},
                                 Array<int32_t>{}, Array<uint32_t>{}, Array<int64_t>{}};
  for (const AnyArray& candidate : candidates) {
    const bool same = std::visit(
        [&](const auto& array) {
          return code == type_code<typename std::decay_t<decltype(array.data)>::value_type>();
        },
        candidate);
    if (same) return candidate;
  }
  throw Error({where, "unsupported element type", "<f4, <f8, |i1, |u1, <i2, <u2, <i4, <u4 or <i8",
               code, "convert it with NumPy"});
}

AnyArray parse_npy(const std::string& bytes, const std::string& where) {
  if (bytes.size() < 12 || bytes.compare(0, 6, kMagic) != 0) {
    throw Error({where, "not a .npy member", "the magic \\x93NUMPY", "", ""});
  }
  const bool long_header = bytes[6] > 1;
  size_t header_size = 0;
  for (size_t i = 0; i < (long_header ? 4U : 2U); ++i) {
    header_size |= static_cast<size_t>(static_cast<uint8_t>(bytes[8 + i])) << (8 * i);
  }
  const size_t start = (long_header ? 12U : 10U) + header_size;
  if (start > bytes.size()) throw Error({where, "truncated .npy header", "", "", ""});
  const std::string header = bytes.substr(long_header ? 12 : 10, header_size);
  if (header_value(header, "fortran_order", ':', ',', where).find("False") == std::string::npos) {
    throw Error({where, "Fortran order", "C order", "", "save with numpy.ascontiguousarray"});
  }
  AnyArray array = empty_of(header_value(header, "descr", '\'', '\'', where), where);
  std::visit(
      [&](auto& a) {
        using T = typename std::decay_t<decltype(a.data)>::value_type;
        a.shape = parse_shape(header_value(header, "shape", '(', ')', where), where);
        const auto count = static_cast<size_t>(element_count(a.shape));
        if (bytes.size() - start != count * sizeof(T)) {
          throw Error({where, "wrong size", std::to_string(count * sizeof(T)) + " bytes of data",
                       std::to_string(bytes.size() - start),
                       "the file is damaged: write it again"});
        }
        a.data.resize(count);
        if (count != 0) std::memcpy(a.data.data(), bytes.data() + start, count * sizeof(T));
      },
      array);
  return array;
}

template <class T>
std::string format_npy(const Array<T>& array) {
  check(element_count(array.shape) == static_cast<int64_t>(array.data.size()),
        "an array's shape and data agree");
  std::string header = "{'descr': '" + std::string(type_code<T>()) +
                       "', 'fortran_order': False, 'shape': " +
                       (array.shape.empty() ? "()" : shape_text(array.shape)) + ", }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string bytes(kMagic);
  bytes += {'\x01', '\x00', static_cast<char>(header.size() & 0xFF),
            static_cast<char>(header.size() >> 8)};
  bytes += header;
  const size_t start = bytes.size();
  bytes.resize(start + array.data.size() * sizeof(T));
  if (!array.data.empty()) {
    std::memcpy(bytes.data() + start, array.data.data(), array.data.size() * sizeof(T));
  }
  return bytes;
}

struct ArchiveReadFree {
  void operator()(archive* a) const { archive_read_free(a); }
};
struct ArchiveWriteFree {
  void operator()(archive* a) const { archive_write_free(a); }
};
struct EntryFree {
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};

[[noreturn]] void fail_archive(const std::filesystem::path& file, archive* a) {
  const char* reason = archive_error_string(a);
  throw Error({file.string(), "not a readable NPZ file", "a zip of .npy members",
               reason == nullptr ? "" : reason, "the file is damaged or of another kind"});
}

la_ssize_t append(archive* /*a*/, void* out, const void* data, size_t size) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

}  // namespace

Npz read_npz(const std::filesystem::path& file) {
  const std::string content = read_file(file);
  const std::unique_ptr<archive, ArchiveReadFree> reader(archive_read_new());
  archive_read_support_format_zip_seekable(reader.get());
  if (archive_read_open_memory(reader.get(), content.data(), content.size()) != ARCHIVE_OK) {
    fail_archive(file, reader.get());
  }
  Npz arrays;
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK) {
    const char* path = archive_entry_pathname(entry);
    std::string name = path == nullptr ? "" : path;
    const std::string where = file.string() + ": " + name;
    if (name.size() < 5 || name.substr(name.size() - 4) != ".npy") {
      throw Error({where, "not an NPZ member", "a name ending in .npy", name, ""});
    }
    name.resize(name.size() - 4);
    std::string bytes;
    char block[1 << 14];
    la_ssize_t got = 0;
    while ((got = archive_read_data(reader.get(), block, sizeof block)) > 0) {
      bytes.append(block, static_cast<size_t>(got));
    }
    if (got < 0) fail_archive(file, reader.get());
    if (!arrays.emplace(name, parse_npy(bytes, where)).second) {
      throw Error({where, "two members of one name"});
    }
  }
  if (status != ARCHIVE_EOF) fail_archive(file, reader.get());
  return arrays;
}

void write_npz(const std::filesystem::path& file, const Npz& arrays) {
  std::string content;
  {
    const std::unique_ptr<archive, ArchiveWriteFree> writer(archive_write_new());
    check(archive_write_set_format_zip(writer.get()) == ARCHIVE_OK &&
              archive_write_set_options(writer.get(), "zip:compression=store,zip:!zip64") ==
                  ARCHIVE_OK &&
              archive_write_set_bytes_in_last_block(writer.get(), 1) == ARCHIVE_OK &&
              archive_write_open2(writer.get(), &content, nullptr, append, nullptr, nullptr) ==
                  ARCHIVE_OK,
          "libarchive writes zip");
    for (const auto& [name, any] : arrays) {
      const std::string bytes =
          std::visit([](const auto& array) { return format_npy(array); }, any);
      const std::unique_ptr<archive_entry, EntryFree> entry(archive_entry_new());
      archive_entry_set_pathname(entry.get(), (name + ".npy").c_str());
      archive_entry_set_filetype(entry.get(), AE_IFREG);
      archive_entry_set_perm(entry.get(), 0644);
      archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
      check(archive_write_header(writer.get(), entry.get()) == ARCHIVE_OK &&
                archive_write_data(writer.get(), bytes.data(), bytes.size()) ==
                    static_cast<la_ssize_t>(bytes.size()),
            "libarchive writes to memory");
    }
    check(archive_write_close(writer.get()) == ARCHIVE_OK, "libarchive closes the zip");
  }
  write_file(file, content);
}

template <class T>
const Array<T>& npz_member(const Npz& npz, const std::string& name,
                           std::initializer_list<int64_t> shape,
                           const std::filesystem::path& file) {
  const std::string where = file.string() + ": " + name;
  const auto member = npz.find(name);
  if (member == npz.end()) throw Error({where, "missing member"});
  const auto* array = std::get_if<Array<T>>(&member->second);
  if (array == nullptr) {
    const char* got = std::visit(
        [](const auto& a) {
          return type_code<typename std::decay_t<decltype(a.data)>::value_type>();
        },
        member->second);
    throw Error({where, "wrong element type", type_code<T>(), got, ""});
  }
  const std::vector<int64_t> wanted(shape);
  bool same = wanted.size() == array->shape.size();
  for (size_t i = 0; same && i < wanted.size(); ++i) {
    same = wanted[i] == -1 || wanted[i] == array->shape[i];
  }
  if (!same) throw Error({where, "wrong shape", shape_text(wanted), shape_text(array->shape), ""});
  return *array;
}

#define CROSSTWIN_NPZ_MEMBER(T)                                          \
  template const Array<T>& npz_member<T>(const Npz&, const std::string&, \
                                         std::initializer_list<int64_t>, \
                                         const std::filesystem::path&);
CROSSTWIN_NPZ_MEMBER(float)
CROSSTWIN_NPZ_MEMBER(double)
CROSSTWIN_NPZ_MEMBER(int8_t)
CROSSTWIN_NPZ_MEMBER(uint8_t)
CROSSTWIN_NPZ_MEMBER(int16_t)
CROSSTWIN_NPZ_MEMBER(uint16_t)
CROSSTWIN_NPZ_MEMBER(int32_t)
CROSSTWIN_NPZ_MEMBER(uint32_t)
CROSSTWIN_NPZ_MEMBER(int64_t)
#undef CROSSTWIN_NPZ_MEMBER

}  // namespace crosstwin::ir
