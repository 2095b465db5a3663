// Records of a run, and hashes of its folders.
// SPDX-License-Identifier: Apache-2.0
#include "cli/run.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::cli {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

ordered_json Run::read_results(const std::string& step) const {
  const fs::path file = results(step);
  if (!fs::exists(file)) return nullptr;
  ordered_json record = ordered_json::parse(ir::read_file(file), nullptr, false);
  if (!record.is_object() || !record.contains("result") || !record.contains("folders")) {
    throw ir::Error(
        {file.string(), "not a record of crosstwin", "", "", "run `crosstwin " + step + "` again"});
  }
  return record;
}

void Run::write_results(const std::string& step, const ordered_json& record) const {
  ir::write_file(results(step), record.dump(2) + "\n");
}

bool Run::stale(const ordered_json& record) const {
  for (const auto& [folder, was] : record["folders"].items()) {
    if (was != hash(folder)) return true;
  }
  return false;
}

std::string hash_files(const fs::path& root) {
  if (!fs::is_directory(root)) return "";
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::string all;
  for (const fs::path& file : files) {
    all +=
        file.lexically_relative(root).string() + " " + ir::content_hash(ir::read_file(file)) + "\n";
  }
  return ir::content_hash(all);
}

}  // namespace crosstwin::cli
