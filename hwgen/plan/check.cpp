// What the templates can be built from: a chain of layers whose edges fit.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compress/ir/error.hpp"

namespace crosstwin::hwgen {
namespace {

// A stage's input must be the stream of the stage before, in the form that it has there.
void check_edge(const ir::Design& design, const ir::Stage& stage, const std::string& before,
                int32_t bits, bool is_signed) {
  const std::string where = "layer " + stage.name;
  if (stage.inputs[0] != before) {
    throw ir::Error({where, "a branch cannot be built", "its input from " + before, stage.inputs[0],
                     "the RTL is a chain of layers; map a chain"});
  }
  const ir::Stage* producer = nullptr;
  for (const ir::Stage& other : design.stages) {
    if (other.name == before) producer = &other;
  }
  const auto* crossbar = producer ? std::get_if<ir::Crossbar>(&producer->kind) : nullptr;
  if (!crossbar) {
    if (stage.in_bits != bits || stage.in_signed != is_signed) {
      throw ir::Error(
          {where, "its input does not have the form that it is given in",
           fmt::format("{} {} bits", is_signed ? "signed" : "unsigned", bits),
           fmt::format("{} {} bits", stage.in_signed ? "signed" : "unsigned", stage.in_bits),
           "map the network again"});
    }
    return;
  }
  const int64_t top = (int64_t{1} << (stage.in_signed ? stage.in_bits - 1 : stage.in_bits)) - 1;
  const int64_t bottom = stage.in_signed ? -top - 1 : 0;
  if (crossbar->low < bottom || crossbar->high > top) {
    throw ir::Error({where, "the output of " + before + " does not fit its input",
                     fmt::format("{}..{}", bottom, top),
                     fmt::format("{}..{}", crossbar->low, crossbar->high),
                     "map the network again"});
  }
}

void check_crossbar(const ir::Stage& stage, const ir::Crossbar& crossbar) {
  const std::string where = "layer " + stage.name;
  if (crossbar.pad >= std::min(crossbar.kernel_h, crossbar.kernel_w)) {
    throw ir::Error({where, "padding is as large as the kernel",
                     fmt::format("less than {}", std::min(crossbar.kernel_h, crossbar.kernel_w)),
                     fmt::format("{}", crossbar.pad), "such a border sees padding only"});
  }
}

void check_pool(const ir::Stage& stage, const ir::PoolMax& pool) {
  if (pool.stride < pool.kernel) {
    throw ir::Error({"layer " + stage.name, "overlapping pool windows cannot be built",
                     fmt::format("stride >= {}", pool.kernel), fmt::format("{}", pool.stride),
                     "pool with stride = kernel"});
  }
}

}  // namespace

void check_inputs(const ir::Design& design, const ir::Chip& chip, const PlanOptions& options) {
  ir::check_design(design, "design");
  ir::check_chip(chip, design, "chip");
  std::vector<std::string> crossbars;
  for (const ir::Stage& stage : design.stages) {
    if (std::holds_alternative<ir::Crossbar>(stage.kind)) crossbars.push_back(stage.name);
  }
  for (const auto& [name, unused] : options.layers) {
    if (std::find(crossbars.begin(), crossbars.end(), name) == crossbars.end()) {
      throw ir::Error({"generate options", "no crossbar layer of this name",
                       fmt::format("one of {}", fmt::join(crossbars, ", ")), name,
                       "take a name from the design"});
    }
  }
  if (options.target_fps && !(*options.target_fps > 0 && options.clock_mhz > 0)) {
    throw ir::Error({"generate options", "target_fps and clock_mhz must be positive",
                     "numbers above 0",
                     fmt::format("{} and {}", *options.target_fps, options.clock_mhz), ""});
  }
  std::string before = "input";
  int32_t bits = kPixelBits;
  bool is_signed = false;
  for (const ir::Stage& stage : design.stages) {
    check_edge(design, stage, before, bits, is_signed);
    before = stage.name;
    bits = stage.in_bits;
    is_signed = stage.in_signed;
    if (const auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind))
      check_crossbar(stage, *crossbar);
    if (const auto* pool = std::get_if<ir::PoolMax>(&stage.kind)) check_pool(stage, *pool);
  }
}

}  // namespace crosstwin::hwgen
