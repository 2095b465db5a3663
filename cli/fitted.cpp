// OUT/fitted.json, written by `adapt` and read by the verbs that would draw another chip.
// SPDX-License-Identifier: Apache-2.0
#include "cli/fitted.hpp"

#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"

namespace crosstwin::cli {

namespace {

std::filesystem::path mark_of(const Run& run) { return run.dir() / "fitted.json"; }

}  // namespace

void mark_fitted(const Run& run, const ir::Design& design, const ir::Design& mapped,
                 const ir::Chip& chip) {
  if (ir::design_hash(design) == ir::design_hash(mapped)) {
    std::filesystem::remove(mark_of(run));
    return;
  }
  const nlohmann::ordered_json mark = {{"schema_version", 1},
                                       {"design_hash", ir::design_hash(design)},
                                       {"seed", std::to_string(chip.seed)},
                                       {"device", chip.device.name}};
  ir::write_file(mark_of(run), mark.dump(2) + "\n");
}

void refuse_fitted(const Run& run, const ir::Design& design) {
  if (!std::filesystem::exists(mark_of(run))) return;
  const nlohmann::json document = ir::read_json(mark_of(run));
  const ir::JsonReader json(document, mark_of(run).string());
  json.only({"schema_version", "design_hash", "seed", "device"});
  (void)json.at("schema_version").integer(1, 1);
  if (json.at("design_hash").string() != ir::design_hash(design)) return;
  throw ir::Error({run.design().string(), "is fitted to one chip", "a design as `map` makes it",
                   "the design that `adapt` fitted to the chip of seed " +
                       json.at("seed").string() + " of " + json.at("device").string(),
                   "use the run that was adapted, with --seed for another chip; or run `map` here, "
                   "which makes the design as mapped"});
}

}  // namespace crosstwin::cli
