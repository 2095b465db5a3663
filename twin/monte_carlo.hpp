// Monte Carlo over chips: mean accuracy with a confidence interval, recorded as it goes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/design.hpp"
#include "compress/ir/device.hpp"
#include "twin/accuracy.hpp"
#include "twin/adc.hpp"
#include "twin/program.hpp"

namespace crosstwin::twin {

// Of accuracies, fractions of 1, one a chip. The images are the same for all chips: the interval is
// over chips only.
struct ChipStatistics {
  int64_t chips = 0;
  double mean = 0;
  double sigma = 0;                  // of a chip, n - 1; 0 for fewer than two
  std::optional<double> half_width;  // of the 95% interval of the mean; none for fewer than two
  double worst = 0;
  double best = 0;
};

// The two-sided 95% point of Student's t, for at least one degree of freedom.
double student_t(int64_t freedom);

ChipStatistics chip_statistics(std::span<const double> accuracies);

// A rule that looks after every chip stops where the chips happen to agree, so that its interval is
// too narrow, the more so the fewer they are and the more skewed their law. From 50 chips on it
// still holds the mean in 94% of runs for normal and 92% for exponential losses (10: 86%).
inline constexpr int64_t kLeastChips = 50;

// Ends at `chips`, or before, at the first chip from kLeastChips on at which the half-width is not
// above `half_width` (a fraction of 1; 0 = never).
struct StopRule {
  int64_t chips = 1;
  double half_width = 0;
};

// How many chips, of those that are there in order, the rule takes; nothing while it asks for more.
std::optional<int64_t> stops_at(std::span<const double> accuracies, const StopRule& rule);

// What one chip's accuracy depends on, but for its seed. The members outlive it.
struct Trial {
  const ir::Design& design;
  const ir::Device& device;
  const AdcOptions& adc;
  CalibrationImages calibration;
  std::span<const uint8_t> images;
  std::span<const uint8_t> labels;
};

// Content hash of all of it.
std::string trial_key(const Trial& trial);
// Programs the chip of this seed, placed so (twin::program), and lets it answer the images.
Accuracy chip_accuracy(const Trial& trial, uint64_t seed,
                       std::span<const ir::Placement> placements = {});

// Results by seed, kept in a file: a line of JSON that names the trial, then one a chip,
//   {"seed": "7", "right": 968, "images": 1000}
// The file is replaced as a whole after every chip, so that what stops the program loses no more
// than the chips in work. Calls may come from several threads.
class ChipRecord {
 public:
  ChipRecord() = default;  // no file
  // Reads what is there. Throws ir::Error naming file and line of what is no such record.
  ChipRecord(std::filesystem::path file, const std::string& key);

  std::optional<Accuracy> find(uint64_t seed) const;
  void add(uint64_t seed, const Accuracy& accuracy);

 private:
  std::filesystem::path file_;
  std::string key_;
  mutable std::mutex mutex_;
  std::map<uint64_t, Accuracy> chips_;
};

struct ChipRun {
  std::vector<double> accuracies;  // of the chips seed, seed + 1, ..
  ChipStatistics statistics;
  int64_t simulated = 0;  // now; the others were in the record
};

// Chips run at once on the calling oneTBB arena, and images inside each. The rule looks at them in
// the order of their seeds, so that neither the threads nor an earlier end change the answer; chips
// beyond the one it stops at may be in the record. `progress` sees those in order so far.
ChipRun run_chips(const std::function<Accuracy(uint64_t)>& chip, uint64_t seed,
                  const StopRule& rule, ChipRecord& record,
                  const std::function<void(const ChipStatistics&)>& progress);

}  // namespace crosstwin::twin
