// The cache of compiled simulators: filled once, held, limited.
// SPDX-License-Identifier: Apache-2.0
#include "verif/cosim/model_cache.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "compress/ir/atomic_write.hpp"
#include "tests/temporary_dir.hpp"
#include "tests/verif/fixture.hpp"

using namespace crosstwin;
using tests::TemporaryDir;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kLarge = 1 << 20;

// Fills a folder with a file of `bytes`.
auto fill(size_t bytes) {
  return [bytes](const fs::path& dir) { ir::write_file(dir / "file", std::string(bytes, 'x')); };
}

std::vector<std::string> names(const fs::path& dir) {
  std::vector<std::string> list;
  for (const fs::directory_entry& entry : fs::directory_iterator(dir)) {
    list.push_back(entry.path().filename().string());
  }
  std::sort(list.begin(), list.end());
  return list;
}

// A variable of the environment, put back at the end.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    if (value != nullptr) {
      ::setenv(name, value, 1);
    } else {
      ::unsetenv(name);
    }
  }
  ~Variable() {
    if (old_.empty()) {
      ::unsetenv(name_);
    } else {
      ::setenv(name_, old_.c_str(), 1);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::string old_;
};

}  // namespace

TEST_CASE("A folder of the cache is filled once, and found by the next") {
  const TemporaryDir dir;
  const verif::Cached first = verif::cached(dir / "cache", "key", kLarge, fill(3));
  CHECK(first.filled);
  CHECK(ir::read_file(first.dir / "file") == std::string(3, 'x'));
  const verif::Cached second = verif::cached(dir / "cache", "key", kLarge, fill(4));
  CHECK_FALSE(second.filled);
  CHECK(second.dir == first.dir);
  CHECK(ir::read_file(second.dir / "file") == std::string(3, 'x'));
  CHECK(verif::cached(dir / "cache", "other", kLarge, fill(4)).filled);
  CHECK(names(dir / "cache") == std::vector<std::string>{"key", "key.lock", "other", "other.lock"});
}

TEST_CASE("Of many that ask for one folder at a time one fills it") {
  const TemporaryDir dir;
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> fills = 0;
    std::atomic<int> right = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        const auto slow = [&](const fs::path& at) {
          ++fills;
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
          fill(5)(at);
        };
        const verif::Cached found = verif::cached(dir.path(), std::to_string(round), kLarge, slow);
        right += ir::read_file(found.dir / "file") == "xxxxx" ? 1 : 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(fills == 1);
    CHECK(right == 8);
  }
}

TEST_CASE("Folders are removed and filled by many at a time, never while held") {
  const TemporaryDir dir;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int at = 0; at < 100; ++at) {
        // Room for two of three.
        const std::string key = std::to_string((i + at) % 3);
        const verif::Cached found = verif::cached(dir.path(), key, 250, fill(100));
        std::this_thread::yield();
        wrong += fs::exists(found.dir / "file") ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("What was not asked for longest goes first when the cache is full, unless it is held") {
  const TemporaryDir dir;
  const auto ask = [&](const std::string& key) {
    verif::Cached found = verif::cached(dir.path(), key, 350, fill(100));
    // File times are coarse.
    static auto now = fs::file_time_type::clock::now();
    now += std::chrono::seconds(1);
    fs::last_write_time(found.dir, now);
    return found;
  };
  std::optional<verif::Cached> held = ask("a");
  ask("b");
  ask("c");
  CHECK_FALSE(ask("b").filled);  // now c is older
  ask("d");
  CHECK(names(dir.path()) == std::vector<std::string>{"a", "a.lock", "b", "b.lock", "d", "d.lock"});
  held.reset();
  ask("e");
  CHECK(names(dir.path()) == std::vector<std::string>{"b", "b.lock", "d", "d.lock", "e", "e.lock"});
  // One that is too large alone is kept while it is used.
  CHECK(fs::exists(verif::cached(dir.path(), "large", 350, fill(1000)).dir / "file"));
  CHECK(names(dir.path()) == std::vector<std::string>{"large", "large.lock"});
}

TEST_CASE("A folder that could not be filled leaves nothing in the cache") {
  const TemporaryDir dir;
  const auto fail = [](const fs::path& at) {
    fill(3)(at);
    throw ir::CheckFailed("does not compile");
  };
  CHECK_THROWS_AS(verif::cached(dir.path(), "key", kLarge, fail), ir::CheckFailed);
  CHECK(names(dir.path()).empty());
  CHECK(verif::cached(dir.path(), "key", kLarge, fill(3)).filled);
}

TEST_CASE("What a process left behind that was ended goes after a day") {
  const TemporaryDir dir;
  const auto day = std::chrono::hours(25);
  for (const char* name : {".old.tmp1_0", ".new.tmp1_0"}) {
    fs::create_directory(dir / name);
    ir::write_file((dir / name) / "file", "x");
  }
  fs::last_write_time(dir / ".old.tmp1_0", fs::file_time_type::clock::now() - day);
  verif::cached(dir.path(), "key", kLarge, fill(3));
  CHECK(names(dir.path()) == std::vector<std::string>{".new.tmp1_0", "key", "key.lock"});
}

TEST_CASE("The cache's place is named by the first of three variables") {
  const Variable own("CROSSTWIN_CACHE_DIR", "/somewhere");
  const Variable xdg("XDG_CACHE_HOME", "/xdg");
  const Variable home("HOME", "/home/user");
  CHECK(verif::user_cache_dir() == "/somewhere");
  const Variable no_own("CROSSTWIN_CACHE_DIR", nullptr);
  CHECK(verif::user_cache_dir() == "/xdg/crosstwin");
  const Variable relative("XDG_CACHE_HOME", "xdg");  // to be ignored, its specification says
  CHECK(verif::user_cache_dir() == "/home/user/.cache/crosstwin");
  const Variable no_home("HOME", nullptr);
  CHECK_THAT(tests::message_of([] { verif::user_cache_dir(); }),
             tests::contains("CROSSTWIN_CACHE_DIR"));
}

TEST_CASE("A place that cannot be written is named, with the variable that moves it") {
  const TemporaryDir dir;
  ir::write_file(dir / "file", "x");
  CHECK_THAT(tests::message_of([&] { verif::cached(dir / "file", "key", kLarge, fill(3)); }),
             tests::contains("file/key.lock: cannot be written") &&
                 tests::contains("CROSSTWIN_CACHE_DIR"));
}

TEST_CASE("Two chips of one RTL text share a simulator") {
  test::Fixture fixture("shared", 4, {}, 2);
  const std::string text = ir::read_file(fixture.dir / "rtl/rtl/sample_top.sv");
  verif::Options options;
  options.cache_dir = fixture.dir / "cache";
  CHECK(fixture.verify(options).built);
  fixture.chip = test::sample_chip(fixture.design, 2, 2);
  const std::vector<int32_t> before = fixture.logits;
  fixture.renew(4);
  CHECK(fixture.logits != before);
  REQUIRE(ir::read_file(fixture.dir / "rtl/rtl/sample_top.sv") == text);
  const verif::Report report = fixture.verify(options);
  CHECK(report.passed());
  CHECK_FALSE(report.built);
  // Another text, another simulator.
  ir::write_file(fixture.dir / "rtl/rtl/sample_top.sv", text + "\n");
  CHECK(fixture.verify(options).built);
}
