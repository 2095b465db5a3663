// The steps in the order of `build`.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/verbs/adapt.hpp"
#include "cli/verbs/load.hpp"
#include "cli/verbs/verbs.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::cli {

const std::vector<Step>& all_steps() {
  static const std::vector<Step> steps = {train_step(),   compress_step(), map_step(),
                                          program_step(), simulate_step(), generate_step(),
                                          verify_step(),  fpga_step(),     report_step()};
  return steps;
}

const Step& find_step(const std::string& name) {
  for (const Step* step : {&load_step(), &adapt_step()}) {
    if (name == step->name) return *step;
  }
  const auto found = std::find_if(all_steps().begin(), all_steps().end(),
                                  [&name](const Step& step) { return step.name == name; });
  ir::check(found != all_steps().end(), "a step is asked for that does not exist");
  return *found;
}

}  // namespace crosstwin::cli
