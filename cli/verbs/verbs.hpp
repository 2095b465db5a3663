// The steps of the flow, one function and one file each.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/step.hpp"

namespace crosstwin::cli {

Step train_step();
Step compress_step();
Step map_step();
Step program_step();
Step simulate_step();
Step generate_step();
Step verify_step();
Step fpga_step();
Step report_step();

}  // namespace crosstwin::cli
