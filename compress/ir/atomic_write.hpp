// Files and folders that appear whole or not at all.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace crosstwin::ir {

// Writes to a temporary beside `file`, then renames. Parent folders are made.
void write_file(const std::filesystem::path& file, std::string_view content);

// Calls `fill` with a fresh temporary folder beside `dir`, then puts it in the place of `dir`.
// If `fill` throws, the temporary is removed and an earlier `dir` is untouched. Error, and `dir`
// untouched, when there is an earlier one that is neither empty nor ours: at its top it has no file
// of the same name as one at the top of the new folder.
void write_dir(const std::filesystem::path& dir,
               const std::function<void(const std::filesystem::path&)>& fill);

// The whole file; Error when it cannot be read.
std::string read_file(const std::filesystem::path& file);

// FNV-1a of the bytes as 16 hex digits: names content, not a signature.
std::string content_hash(std::string_view bytes);

}  // namespace crosstwin::ir
