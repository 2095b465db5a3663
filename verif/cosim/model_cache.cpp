// Compiled simulators that all runs of a user share, by content.
// SPDX-License-Identifier: Apache-2.0
#include "verif/cosim/model_cache.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::verif {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLock = ".lock";

fs::path lock_file(const fs::path& dir) { return fs::path(dir) += kLock; }

// A lock on a file that others may remove while we wait for it.
class FileLock {
 public:
  explicit FileLock(fs::path file) : file_(std::move(file)) {}
  ~FileLock() { release(); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // LOCK_SH or LOCK_EX, with LOCK_NB: false when another process, or part of ours, has it.
  bool take(int how) {
    while (true) {
      release();
      descriptor_ = open(file_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
      if (descriptor_ < 0) {
        throw ir::Error({file_.string(), "cannot be written", "a folder for compiled simulators",
                         "", "let CROSSTWIN_CACHE_DIR name one that you may write"});
      }
      if (flock(descriptor_, how) != 0) {
        if (errno == EINTR) continue;
        const int why = errno;
        release();
        if (why == EWOULDBLOCK) return false;
        throw ir::Error({file_.string(), "cannot be locked", "a file system that locks files",
                         std::strerror(why), "let CROSSTWIN_CACHE_DIR name a folder on another"});
      }
      struct stat ours = {};
      struct stat named = {};
      if (fstat(descriptor_, &ours) == 0 && stat(file_.c_str(), &named) == 0 &&
          ours.st_ino == named.st_ino) {
        return true;
      }
    }
  }
  void release() {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
  }

 private:
  fs::path file_;
  int descriptor_ = -1;
};

struct Entry {
  fs::path dir;
  fs::file_time_type used;
  int64_t bytes = 0;
};

// Others may add and remove what we look at.
std::vector<Entry> entries(const fs::path& cache) {
  std::vector<Entry> list;
  std::error_code gone;
  for (const fs::directory_entry& item : fs::directory_iterator(cache)) {
    const std::string name = item.path().filename().string();
    if (name.starts_with(".") || !item.is_directory(gone)) continue;
    Entry entry = {item.path(), item.last_write_time(gone)};
    for (auto at = fs::recursive_directory_iterator(item.path(), gone); at != fs::end(at);
         at.increment(gone)) {
      if (at->is_regular_file(gone)) entry.bytes += static_cast<int64_t>(at->file_size(gone));
      if (gone) break;
    }
    list.push_back(entry);
  }
  std::sort(list.begin(), list.end(),
            [](const Entry& a, const Entry& b) { return a.used < b.used; });
  return list;
}

// What a process left behind that was ended while it filled or removed a folder.
void sweep(const fs::path& cache) {
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(24);
  std::error_code gone;
  for (const fs::directory_entry& item : fs::directory_iterator(cache)) {
    if (!item.path().filename().string().starts_with(".")) continue;
    if (item.is_directory(gone) && item.last_write_time(gone) < old && !gone) {
      fs::remove_all(item.path(), gone);
    }
  }
}

void trim(const fs::path& cache, int64_t max_bytes) {
  const std::vector<Entry> list = entries(cache);
  int64_t bytes = 0;
  for (const Entry& entry : list) bytes += entry.bytes;
  for (const Entry& entry : list) {
    if (bytes <= max_bytes) return;
    FileLock lock(lock_file(entry.dir));
    if (!lock.take(LOCK_EX | LOCK_NB)) continue;  // in use
    // Out of the way in one step: half a folder must never be found.
    const fs::path away = cache / ("." + entry.dir.filename().string() + ".removed");
    std::error_code ignored;
    fs::remove_all(away, ignored);
    fs::rename(entry.dir, away, ignored);
    fs::remove_all(away, ignored);
    fs::remove(lock_file(entry.dir), ignored);
    bytes -= entry.bytes;
  }
}

}  // namespace

fs::path user_cache_dir() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value != nullptr ? value : "");
  };
  if (const fs::path dir = variable("CROSSTWIN_CACHE_DIR"); !dir.empty()) return dir;
  if (const fs::path dir = variable("XDG_CACHE_HOME"); dir.is_absolute()) return dir / "crosstwin";
  if (const fs::path dir = variable("HOME"); !dir.empty()) return dir / ".cache" / "crosstwin";
  throw ir::Error({"CROSSTWIN_CACHE_DIR", "no place for compiled simulators",
                   "CROSSTWIN_CACHE_DIR, XDG_CACHE_HOME or HOME", "none of them",
                   "let CROSSTWIN_CACHE_DIR name a folder"});
}

Cached cached(const fs::path& cache, const std::string& key, int64_t max_bytes,
              const std::function<void(const fs::path&)>& fill) {
  const fs::path dir = fs::absolute(cache) / key;
  std::error_code error;
  fs::create_directories(dir.parent_path(), error);  // the lock says what is wrong
  const auto lock = std::make_shared<FileLock>(lock_file(dir));
  bool filled = false;
  while (true) {
    lock->take(LOCK_SH);
    if (fs::exists(dir)) break;
    lock->take(LOCK_EX);
    if (fs::exists(dir)) continue;
    try {
      ir::write_dir(dir, fill);
    } catch (...) {
      fs::remove(lock_file(dir), error);
      throw;
    }
    filled = true;
  }
  fs::last_write_time(dir, fs::file_time_type::clock::now(), error);
  if (filled) {
    sweep(dir.parent_path());
    trim(dir.parent_path(), max_bytes);
  }
  return {dir, filled, lock};
}

}  // namespace crosstwin::verif
