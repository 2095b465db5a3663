// `crosstwin adapt`: a step beside those of `build`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/step.hpp"

namespace crosstwin::cli {

const Step& adapt_step();

}  // namespace crosstwin::cli
