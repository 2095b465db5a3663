// `simulate --chips` and `--sweep`: chips of a device, recorded as they come.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/step.hpp"
#include "compress/ir/design.hpp"
#include "twin/monte_carlo.hpp"
#include "twin/sweep.hpp"

namespace crosstwin::cli {

// What all chips of one `simulate` share. The arguments outlive it.
class Chips {
 public:
  Chips(Context& context, const data::Dataset& test, const ir::Design& design)
      : context_(context), test_(test), design_(design) {}

  // Sets up every point of the sweep and programs its first chip, so that no value is refused once
  // chips are simulated. Throws ir::Error: twin/sweep.hpp.
  void prepare();

  // The chips of the device `simulate.variation`: mean accuracy and its interval.
  nlohmann::ordered_json of_device();
  // Those at every point of the sweep, also written to OUT/results/sweep.*; needs prepare().
  nlohmann::ordered_json of_sweep();

  int64_t simulated() const { return simulated_; }  // chips that were in no record
  double seconds() const { return seconds_; }       // that those took

 private:
  ir::Chip program(const ir::Design& design, const ir::Device& device, const twin::AdcOptions& adc,
                   uint64_t seed) const;
  nlohmann::ordered_json run(const ir::Design& design, const ir::Device& device,
                             const twin::AdcOptions& adc, const std::string& title);
  nlohmann::ordered_json settings() const;

  Context& context_;
  const data::Dataset& test_;
  const ir::Design& design_;
  std::vector<twin::SweepAxis> axes_;
  std::vector<twin::SweepPoint> points_;
  double seconds_ = 0;
  int64_t simulated_ = 0;
};

// What of an asked half-width was not reached, of `entries` that have "reached"; "" when all was.
std::string reached_text(double asked, const nlohmann::ordered_json& entries);

}  // namespace crosstwin::cli
