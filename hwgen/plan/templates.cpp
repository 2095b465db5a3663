// The folder of static RTL: where it is, and which of its files a set of modules needs.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/templates.hpp"

#include <algorithm>
#include <map>
#include <regex>
#include <sstream>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/data_dir.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::hwgen {
namespace {

struct TemplateFile {
  std::string defines;             // module or package
  std::set<std::string> mentions;  // identifiers xb_*
  std::set<std::string> includes;  // of `include
};

TemplateFile scan(const std::string& text) {
  static const std::regex kComment(R"(//[^\n]*|/\*[\s\S]*?\*/)");
  static const std::regex kDefinition(R"((?:^|\n)\s*(?:module|package)\s+(\w+))");
  static const std::regex kMention(R"(\bxb_\w+)");
  static const std::regex kInclude("`include\\s+\"([^\"]+)\"");
  const std::string code = std::regex_replace(text, kComment, "");
  TemplateFile file;
  std::smatch found;
  if (std::regex_search(code, found, kDefinition)) file.defines = found[1];
  for (std::sregex_iterator at(code.begin(), code.end(), kMention), end; at != end; ++at) {
    file.mentions.insert(at->str());
  }
  for (std::sregex_iterator at(code.begin(), code.end(), kInclude), end; at != end; ++at) {
    file.includes.insert((*at)[1]);
  }
  return file;
}

}  // namespace

TemplateFiles template_files(const std::set<std::string>& modules) {
  const std::filesystem::path root = ir::data_dir() / "rtl_templates";
  std::vector<std::string> order;
  std::istringstream listing(ir::read_file(root / "sources.txt"));
  for (std::string line; std::getline(listing, line);) {
    if (!line.empty() && line[0] != '#') order.push_back(line);
  }

  std::map<std::string, TemplateFile> files;   // by path
  std::map<std::string, std::string> definer;  // module -> path
  for (const std::string& path : order) {
    files[path] = scan(ir::read_file(root / path));
    definer[files[path].defines] = path;
  }

  std::set<std::string> needed;
  std::set<std::string> include_files;
  std::vector<std::string> pending(modules.begin(), modules.end());
  while (!pending.empty()) {
    const std::string name = pending.back();
    pending.pop_back();
    const auto at = definer.find(name);
    if (at == definer.end()) {
      ir::check(!modules.contains(name), ("no template defines " + name).c_str());
      continue;  // an instance or signal name that looks like a module's
    }
    if (!needed.insert(at->second).second) continue;
    const TemplateFile& file = files[at->second];
    pending.insert(pending.end(), file.mentions.begin(), file.mentions.end());
    for (const std::string& include : file.includes) {
      include_files.insert("pkg/" + include);
    }
  }

  TemplateFiles result;
  std::copy_if(order.begin(), order.end(), std::back_inserter(result.sources),
               [&](const std::string& path) { return needed.contains(path); });
  result.include_files.assign(include_files.begin(), include_files.end());
  return result;
}

}  // namespace crosstwin::hwgen
