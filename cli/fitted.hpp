// The mark of a run whose design is fitted to one chip.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/run.hpp"
#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"

namespace crosstwin::cli {

// OUT/fitted.json: {"schema_version", "design_hash", "seed", "device"} of the chip that the design
// of this run is fitted to. It holds as long as the design is the one of that hash: `map` ends it.
// None is written, and one that is there removed, where `design` is as `map` makes it, `mapped`.
void mark_fitted(const Run& run, const ir::Design& design, const ir::Design& mapped,
                 const ir::Chip& chip);

// Error where the run's design is fitted to one chip. A folder without the mark is taken as mapped.
void refuse_fitted(const Run& run, const ir::Design& design);

}  // namespace crosstwin::cli
