// Where the tool's own data lies: RTL templates, co-simulation sources, boards.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace crosstwin::ir {

// The folder that holds rtl_templates/, verif/ and fpga/: the environment variable
// CROSSTWIN_DATA_DIR, else what the build was configured with (the source tree). Throws Error when
// it is not there.
std::filesystem::path data_dir();

}  // namespace crosstwin::ir
