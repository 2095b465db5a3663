// Write to a temporary, then rename.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/atomic_write.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <fstream>
#include <iterator>

#include "compress/ir/error.hpp"

namespace crosstwin::ir {
namespace fs = std::filesystem;

namespace {

// A name beside `target` that no other process uses.
fs::path temporary_beside(const fs::path& target) {
  static std::atomic<int> counter = 0;
  return target.parent_path() / ("." + target.filename().string() + ".tmp" +
                                 std::to_string(::getpid()) + "_" + std::to_string(counter++));
}

void make_parent(const fs::path& target) {
  std::error_code error;
  if (target.has_parent_path()) fs::create_directories(target.parent_path(), error);
  if (error) {
    throw Error({target.string(), "cannot make the parent folder", "", error.message(),
                 "choose an output place that you may write"});
  }
}

// `dir` without a trailing slash, absolute, so that it has a parent and a name.
fs::path plain(const fs::path& dir) {
  fs::path path = fs::absolute(dir).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

// A folder that we did not write is someone's work: it is never replaced. Ours is known by a file
// that the new one has too.
void require_ours(const fs::path& old, const fs::path& fresh, const fs::path& shown) {
  if (fs::is_empty(old)) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(fresh)) {
    if (entry.is_regular_file() && fs::is_regular_file(old / entry.path().filename())) return;
  }
  throw Error({shown.string(), "has other files than an earlier result, and would be lost",
               "no such folder, an empty one, or an earlier result", "a folder of other files",
               "choose another output folder, or move this one away"});
}

}  // namespace

void write_file(const fs::path& file, std::string_view content) {
  const fs::path target = plain(file);
  make_parent(target);
  const fs::path temporary = temporary_beside(target);
  std::error_code ignored;
  {
    std::ofstream out(temporary, std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.flush();
    if (!out) {
      out.close();
      fs::remove(temporary, ignored);
      throw Error({file.string(), "cannot be written", "", "", "check space and permissions"});
    }
  }
  std::error_code error;
  fs::rename(temporary, target, error);
  if (error) {
    fs::remove(temporary, ignored);
    throw Error({file.string(), "cannot be put in place", "", error.message(), ""});
  }
}

void write_dir(const fs::path& dir, const std::function<void(const fs::path&)>& fill) {
  const fs::path target = plain(dir);
  make_parent(target);
  if (fs::exists(target) && !fs::is_directory(target)) {
    throw Error({dir.string(), "is not a folder", "a folder or nothing", "a file", "move it away"});
  }
  const fs::path temporary = temporary_beside(target);
  const fs::path old = temporary_beside(target);
  std::error_code ignored;
  std::error_code error;
  if (!fs::create_directory(temporary, error)) {
    throw Error({dir.string(), "cannot be written", "", error.message(),
                 "choose an output place that you may write"});
  }
  const auto move = [&dir](const fs::path& from, const fs::path& to) {
    std::error_code failed;
    fs::rename(from, to, failed);
    if (failed) {
      throw Error({dir.string(), "cannot be put in place", "", failed.message(),
                   "check the permissions of the folder and of the one it is in"});
    }
  };
  try {
    fill(temporary);
    if (fs::exists(target)) {
      require_ours(target, temporary, dir);
      move(target, old);
    }
    move(temporary, target);
  } catch (...) {
    if (!fs::exists(target) && fs::exists(old)) fs::rename(old, target, ignored);
    fs::remove_all(temporary, ignored);
    throw;
  }
  fs::remove_all(old, ignored);
}

std::string read_file(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error)) throw Error({file.string(), "no such file"});
  std::ifstream in(file, std::ios::binary);
  std::string content;
  if (in && !fs::is_directory(file, error)) {
    content.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  } else {
    in.setstate(std::ios::failbit);
  }
  if (!in.eof() && in.fail()) throw Error({file.string(), "cannot be read"});
  return content;
}

std::string content_hash(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001b3U;
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (size_t i = 0; i < 16; ++i) text[i] = kDigits[(hash >> (60 - 4 * i)) & 15];
  return text;
}

}  // namespace crosstwin::ir
