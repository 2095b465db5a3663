// Files that may be compressed: plain, .gz or .xz, and members of a tar archive of any of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace crosstwin::data {

// `dir/name`, `dir/name.gz` or `dir/name.xz`, the first that exists.
std::optional<std::filesystem::path> find_packed(const std::filesystem::path& dir,
                                                 const std::string& name);

// The whole content, unpacked when the name ends in .gz or .xz. Throws ir::Error when the file is
// missing, truncated, fails its checksum or has bytes behind the packed data.
std::string read_packed(const std::filesystem::path& file);

// Calls `visit(name, content)` for each plain file of a tar archive, packed or not, in its order.
// `wanted(name)` picks by the name without folders; others are skipped unread.
void read_tar(const std::filesystem::path& file,
              const std::function<bool(const std::string&)>& wanted,
              const std::function<void(const std::string&, const std::string&)>& visit);

}  // namespace crosstwin::data
