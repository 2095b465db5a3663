// Where the tool's own data lies: RTL templates, co-simulation sources, boards.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/data_dir.hpp"

#include <cstdlib>

#include "compress/ir/error.hpp"

namespace crosstwin::ir {

std::filesystem::path data_dir() {
  const char* set = std::getenv("CROSSTWIN_DATA_DIR");
  const std::filesystem::path dir = set != nullptr && *set != '\0' ? set : CROSSTWIN_DATA_DIR;
  if (!std::filesystem::is_directory(dir / "rtl_templates")) {
    throw Error({dir.string(), "the tool's data are not there", "a folder with rtl_templates/",
                 "none",
                 "set CROSSTWIN_DATA_DIR to the source tree or the installed share folder"});
  }
  return dir;
}

}  // namespace crosstwin::ir
