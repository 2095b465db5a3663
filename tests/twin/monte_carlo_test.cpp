// Chips in numbers: threads, resuming, stopping, and intervals that hold what they say.
// SPDX-License-Identifier: Apache-2.0
#include "twin/monte_carlo.hpp"

#include <oneapi/tbb/global_control.h>

#include <atomic>
#include <cmath>
#include <functional>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/rng.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"
#include "tests/twin/random_design.hpp"
#include "tests/twin/statistics.hpp"
#include "twin/integer_model.hpp"

namespace crosstwin::tests {
namespace {

using twin::Accuracy;
using twin::ChipRecord;
using twin::ChipRun;
using twin::StopRule;

// Chips of a known distribution: of 10,000 images 9,000 +- 100 right.
Accuracy synthetic(uint64_t seed) {
  const double right = 9000 + 100 * ir::Rng(seed, 5).normal();
  return {std::lround(right), 10000};
}

ChipRun run(const std::function<Accuracy(uint64_t)>& chip, uint64_t seed, const StopRule& rule,
            size_t threads, ChipRecord& record) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  return twin::run_chips(chip, seed, rule, record, [](const auto&) {});
}

ChipRun run(const StopRule& rule, size_t threads, uint64_t seed = 1) {
  ChipRecord record;
  return run(synthetic, seed, rule, threads, record);
}

// A small design, its images, and as labels what the integers answer.
struct Sample {
  ir::Design design = test::random_design(4);
  ir::Device device;
  twin::AdcOptions adc;
  std::vector<uint8_t> images = test::random_images(design, 40, 4);
  std::vector<uint8_t> labels;

  Sample() {
    device.sigma = 0.2;
    for (const int32_t answer : twin::classes(twin::integer_logits(design, images), 4)) {
      labels.push_back(static_cast<uint8_t>(answer));
    }
  }
  twin::Trial trial() const { return {design, device, adc, images, images, labels}; }
};

TEST_CASE("student's t has the values of the tables") {
  for (const auto& [freedom, t] : std::vector<std::pair<int64_t, double>>{{1, 12.7062},
                                                                          {2, 4.3027},
                                                                          {3, 3.1824},
                                                                          {4, 2.7764},
                                                                          {9, 2.2622},
                                                                          {10, 2.2281},
                                                                          {30, 2.0423},
                                                                          {199, 1.9720},
                                                                          {1000, 1.9623}}) {
    INFO(freedom);
    CHECK(std::abs(twin::student_t(freedom) - t) < 5.1e-5);  // tables have four digits
  }
  CHECK(std::abs(twin::student_t(1000) - twin::student_t(1001)) < 1e-5);
}

TEST_CASE("mean, deviation and interval of three chips are those of the formulas") {
  const twin::ChipStatistics of = twin::chip_statistics(std::vector<double>{0.9, 0.8, 0.85});
  CHECK(of.mean == Approx(0.85));
  CHECK(of.sigma == Approx(0.05));
  CHECK(*of.half_width == Approx(4.302653 * 0.05 / std::sqrt(3.0)));
  CHECK(of.worst == 0.8);
  CHECK(of.best == 0.9);
  CHECK(!twin::chip_statistics(std::vector<double>{0.9}).half_width);
  CHECK(*twin::chip_statistics(std::vector<double>(7, 0.1)).half_width == 0);
}

TEST_CASE("the 95% interval holds the mean in 95% of runs") {
  for (const int64_t chips : {2, 5, 20}) {
    INFO(chips);
    const int64_t runs = 2000;
    int64_t held = 0;
    int64_t held_by_normal = 0;
    for (int64_t i = 0; i < runs; ++i) {
      const auto of = run({chips, 0}, 1, static_cast<uint64_t>(1 + 100 * i)).statistics;
      const double error = std::abs(of.mean - 0.9);
      held += error <= *of.half_width ? 1 : 0;
      held_by_normal += error <= 1.96 * of.sigma / std::sqrt(static_cast<double>(chips)) ? 1 : 0;
    }
    CHECK(test::has_rate(held, runs, 0.95));
    // The check can fail: without Student's t the interval of few chips is too narrow.
    if (chips <= 5) CHECK_FALSE(test::has_rate(held_by_normal, runs, 0.95));
  }
}

TEST_CASE("where a half-width stops, the interval still holds the mean in nine runs of ten") {
  const auto normal = [](ir::Rng& rng) { return 0.9 + 0.01 * rng.normal(); };
  // A loss that is exponential: most chips are good, few are bad.
  const auto skewed = [](ir::Rng& rng) {
    return 0.99 + 0.01 * std::log((rng.next_u32() + 0.5) / 4294967296.0);
  };
  struct Law {
    std::function<double(ir::Rng&)> draw;
    double mean;
    double least;  // share of runs
  };
  const int64_t most = 200;
  std::vector<double> t = {0, 0};
  for (int64_t n = 2; n <= most; ++n) t.push_back(twin::student_t(n - 1));
  // The share of the runs whose interval holds the mean, with a least number of chips.
  const auto share = [&](const Law& law, double half_width, int64_t least) {
    const int runs = 2000;
    int held = 0;
    for (int run = 0; run < runs; ++run) {
      ir::Rng rng(static_cast<uint64_t>(run), 77);
      double sum = 0;
      double squares = 0;
      for (int64_t n = 1;; ++n) {
        const double of = law.draw(rng) - law.mean;
        sum += of;
        squares += of * of;
        if (n < least) continue;
        const auto chips = static_cast<double>(n);
        const double variance = (squares - sum * sum / chips) / (chips - 1);
        const double width = t[static_cast<size_t>(n)] * std::sqrt(variance / chips);
        if (width > half_width && n < most) continue;
        held += std::abs(sum / chips) <= width ? 1 : 0;
        break;
      }
    }
    return held / static_cast<double>(runs);
  };
  // Measured: 0.942 and more, 0.91 and more; at widths that take 50 chips and up to 100.
  for (const Law& law : {Law{normal, 0.9, 0.935}, Law{skewed, 0.98, 0.905}}) {
    for (const double half_width : {0.002, 0.0025, 0.003, 0.004}) {
      INFO(law.mean << ", " << half_width);
      CHECK(share(law, half_width, twin::kLeastChips) >= law.least);
    }
  }
  // Too early a first look shows.
  CHECK(share({skewed, 0.98, 0}, 0.003, 10) < 0.88);
  // The rule is the one measured here.
  ir::Rng rng(3, 77);
  std::vector<double> chips;
  for (int64_t n = 0; n < most; ++n) chips.push_back(normal(rng));
  const int64_t stop = *twin::stops_at(chips, {most, 0.0025});
  CHECK(stop >= twin::kLeastChips);
  CHECK(*twin::chip_statistics(std::span(chips).first(static_cast<size_t>(stop))).half_width <=
        0.0025);
}

TEST_CASE("a half-width stops at the same chip on any number of threads") {
  // sigma 0.01, so that about 4 + 1.96^2 (0.01 / 0.002)^2 = 100 chips are needed.
  const StopRule rule{500, 0.002};
  const ChipRun one = run(rule, 1);
  CHECK(one.statistics.chips > 60);
  CHECK(one.statistics.chips < 150);
  CHECK(*one.statistics.half_width <= 0.002);
  const auto before = std::span(one.accuracies).first(one.accuracies.size() - 1);
  CHECK(*twin::chip_statistics(before).half_width > 0.002);
  for (const size_t threads : {2, 3}) CHECK(run(rule, threads).accuracies == one.accuracies);
  CHECK(run({30, 0.002}, 2).statistics.chips == 30);  // at most
}

TEST_CASE("equal chips stop at the least number, not at two") {
  ChipRecord record;
  const auto same = [](uint64_t) { return Accuracy{7, 10}; };
  CHECK(run(same, 1, {100, 0.01}, 1, record).statistics.chips == twin::kLeastChips);
}

TEST_CASE("a run that was stopped goes on where it was, with the same answer") {
  const TemporaryDir dir;
  const std::vector<double> whole = run({20, 0}, 1).accuracies;
  std::atomic<int> calls = 0;
  const auto counted = [&](uint64_t seed) {
    // As if it were stopped in the eighth chip.
    if (++calls == 8) throw std::runtime_error("stopped");
    return synthetic(seed);
  };
  {
    ChipRecord record(dir / "r.jsonl", "key");
    CHECK_THROWS(run(counted, 1, {20, 0}, 1, record));
  }
  ChipRecord record(dir / "r.jsonl", "key");
  CHECK(record.find(7));
  CHECK(!record.find(8));
  const ChipRun resumed = run(counted, 1, {20, 0}, 3, record);
  CHECK(resumed.accuracies == whole);
  CHECK(resumed.simulated == 13);
  CHECK(calls == 8 + 13);
  // More chips of the same trial, and others of it that overlap, simulate only what is new.
  ChipRecord again(dir / "r.jsonl", "key");
  CHECK(run(synthetic, 11, {15, 0}, 2, again).simulated == 5);
}

TEST_CASE("records of another trial, or that are damaged, are named with the line") {
  const TemporaryDir dir;
  ChipRecord(dir / "r.jsonl", "key").add(3, {5, 10});
  const auto refusal = [&](const std::string& key) {
    return message_of([&] { ChipRecord(dir / "r.jsonl", key); });
  };
  CHECK(refusal("key").empty());
  CHECK_THAT(refusal("other"), contains("r.jsonl, line 1") && contains("another trial"));
  const std::string good = ir::read_file(dir / "r.jsonl");
  ir::write_file(dir / "r.jsonl", good + "{\"seed\": \"4\", \"right\": 11, \"images\": 10}\n");
  CHECK_THAT(refusal("key"), contains("line 3") && contains("right") && contains("0..10"));
  ir::write_file(dir / "r.jsonl", good + "{\"seed\"");
  CHECK_THAT(refusal("key"),
             contains("r.jsonl:3:8: not valid JSON (expected ':', got the end of the text); remove "
                      "this file, its chips are drawn again"));
  ir::write_file(dir / "r.jsonl", good + "{\"seed\": \"4\"}\n");
  CHECK_THAT(refusal("key"), contains("line 3: $: missing member") && contains("remove this file"));
}

TEST_CASE("real chips are the same on one thread, on three, and one at a time") {
  const Sample sample;
  const twin::Trial trial = sample.trial();
  const auto chip = [&](uint64_t seed) { return twin::chip_accuracy(trial, seed); };
  ChipRecord none;
  ChipRecord other;
  const std::vector<double> one = run(chip, 5, {6, 0}, 1, none).accuracies;
  CHECK(run(chip, 5, {6, 0}, 3, other).accuracies == one);
  for (size_t i = 0; i < one.size(); ++i) CHECK(chip(5 + i).fraction() == one[i]);
  CHECK(twin::chip_statistics(one).sigma > 0);
}

TEST_CASE("all that a chip's accuracy depends on is in the trial's key") {
  const Sample base;
  const std::string key = twin::trial_key(base.trial());
  CHECK(twin::trial_key(Sample().trial()) == key);
  const auto changed = [&](const std::function<void(Sample&)>& change) {
    Sample other;
    change(other);
    return twin::trial_key(other.trial()) != key;
  };
  CHECK(changed([](Sample& s) { s.design.layout.adc_bits = 7; }));
  CHECK(changed([](Sample& s) { s.device.sigma = 0.1; }));
  CHECK(changed([](Sample& s) { s.device.wires.row_ohm = 1; }));
  CHECK(changed([](Sample& s) { s.adc.range = twin::AdcRange::kMse; }));
  CHECK(changed([](Sample& s) { s.adc.percentile = 0.9; }));
  CHECK(changed([](Sample& s) { s.images[0] ^= 1; }));
  CHECK(changed([](Sample& s) { s.labels[0] ^= 1; }));
}

}  // namespace
}  // namespace crosstwin::tests
