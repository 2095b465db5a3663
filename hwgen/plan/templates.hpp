// The folder of static RTL: where it is, and which of its files a set of modules needs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

namespace crosstwin::hwgen {

struct TemplateFiles {
  std::vector<std::string> sources;        // dependency order, relative to rtl_templates/
  std::vector<std::string> include_files;  // sorted
};

// The files that define `modules` and, transitively, everything they mention, in the order of
// rtl_templates/sources.txt. Throws ir::Error when the folder or a file is missing, ir::Bug when no
// file defines a module.
TemplateFiles template_files(const std::set<std::string>& modules);

}  // namespace crosstwin::hwgen
