// Compiled simulators that all runs of a user share, by content.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace crosstwin::verif {

// $CROSSTWIN_CACHE_DIR, else $XDG_CACHE_HOME/crosstwin, else $HOME/.cache/crosstwin. Throws
// ir::Error when none of them is set.
std::filesystem::path user_cache_dir();

// Bytes that a cache may hold when a simulator is added: hundreds of them.
inline constexpr int64_t kCacheBytes = int64_t{1} << 30;

// A folder of the cache. As long as a copy of this lives, no process removes it.
struct Cached {
  std::filesystem::path dir;
  bool filled = false;               // now; false: it was there
  std::shared_ptr<const void> held;  // a shared lock on CACHE/KEY.lock
};

// CACHE/KEY, which `fill` fills in a temporary folder beside it unless it is there. Processes that
// ask for one key wait for the first of them. Filling a folder removes those not asked for longest,
// unless held, until the cache has at most `max_bytes`. Throws ir::Error when CACHE cannot be
// written.
Cached cached(const std::filesystem::path& cache, const std::string& key, int64_t max_bytes,
              const std::function<void(const std::filesystem::path&)>& fill);

}  // namespace crosstwin::verif
