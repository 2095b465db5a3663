// RTL against the naive twin: every logit, every form, with and without stalls.
// SPDX-License-Identifier: Apache-2.0
#include "verif/cosim/verify.hpp"

#include <set>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "tests/verif/fixture.hpp"
#include "twin/events.hpp"

using namespace crosstwin;
using test::Fixture;

TEST_CASE("RTL equals the naive twin, in the cycles that the plan says") {
  const Fixture fixture("plain", 40);
  const verif::Report report = fixture.verify();
  INFO(verif::to_text(report));
  CHECK(report.passed());
  CHECK(report.images == 40);
  CHECK(report.measured_cycles == static_cast<double>(fixture.plan.cycles_per_image));
  CHECK_NOTHROW(verif::require_passed(report));
  // Images of one answer would show little.
  CHECK(std::set<int32_t>(fixture.logits.begin(), fixture.logits.end()).size() > 100);
}

TEST_CASE("RTL equals the twin's simulator, inner values included") {
  Fixture fixture("simulator", 40, {.seed = 3}, 2);
  const twin::Simulator simulator(fixture.design, fixture.chip);
  CHECK(simulator.logits(fixture.images) == fixture.logits);
  const auto image =
      std::span(fixture.images).first(static_cast<size_t>(fixture.design.input.size()));
  const twin::Trace ours = fixture.trace(0);
  const twin::Trace theirs = simulator.trace(image);
  REQUIRE(theirs.stages.size() == ours.stages.size());
  for (size_t stage = 0; stage < ours.stages.size(); ++stage) {
    CHECK(theirs.stages[stage].stage == ours.stages[stage].stage);
    CHECK(theirs.stages[stage].adc.codes == ours.stages[stage].adc.codes);
    CHECK(theirs.stages[stage].output == ours.stages[stage].output);
  }
  CHECK(fixture.verify().passed());
}

TEST_CASE("RTL equals the naive twin with random stalls on both sides") {
  const Fixture fixture("stalls", 64);  // four parts, one for each kind of stall
  verif::Options options;
  options.stalls = true;
  for (const uint64_t seed : {1, 2, 3}) {
    options.seed = seed;
    const verif::Report report = fixture.verify(options);
    INFO("seed " << seed << "\n" << verif::to_text(report));
    CHECK(report.passed());
    CHECK(report.images == 64);
  }
}

TEST_CASE("RTL of a varied chip with signed activations and two columns a pass equals the twin") {
  test::SampleOptions sample;
  sample.seed = 5;
  sample.signed_middle = true;
  hwgen::PlanOptions plan;
  plan.defaults.pe = 2;
  plan.defaults.adc_lanes = 2;
  const Fixture fixture("varied", 64, sample, 4, plan);
  verif::Options options;
  for (const bool stalls : {false, true}) {
    options.stalls = stalls;
    const verif::Report report = fixture.verify(options);
    INFO(verif::to_text(report));
    CHECK(report.passed());
    if (!stalls) {
      CHECK(report.measured_cycles == static_cast<double>(fixture.plan.cycles_per_image));
    }
  }
}

TEST_CASE("RTL equals the twin to every beat and every code, with and without stalls") {
  const Fixture fixture("depths", 70);
  const twin::Trace trace = fixture.trace(0);
  int64_t codes = 0;
  int64_t beats = 0;
  for (const twin::StageTrace& stage : trace.stages) {
    codes += static_cast<int64_t>(stage.adc.codes.size());
    beats += static_cast<int64_t>(stage.output.size());
  }
  for (const bool stalls : {false, true}) {
    for (const verif::Depth depth : {verif::Depth::kLayers, verif::Depth::kCodes}) {
      verif::Options options;
      options.depth = depth;
      options.stalls = stalls;
      const verif::Report report = fixture.verify(options);
      INFO(verif::to_text(report));
      CHECK(report.passed());
      CHECK(report.images == 70);
      CHECK(report.beats == 70 * beats);
      CHECK(report.codes == (depth == verif::Depth::kCodes ? 70 * codes : 0));
    }
  }
}

TEST_CASE("RTL makes as many conversions as the events count") {
  const Fixture fixture("events", 20);
  const auto events =
      twin::count_events(twin::Simulator(fixture.design, fixture.chip), fixture.images);
  verif::Options options;
  options.depth = verif::Depth::kCodes;
  const verif::Report report = fixture.verify(options);
  INFO(verif::to_text(report));
  // One that is missing, or one too many, is a mismatch.
  CHECK(report.passed());
  CHECK(report.codes > 0);
  CHECK(report.codes == twin::total_events(events).conversions);
}

TEST_CASE("RTL of a chip with every imperfection equals the twin to every code") {
  constexpr int32_t kCount = 40;  // parts of 16 images begin at 0, 16 and 32
  Fixture fixture("imperfect", 0, {}, 4);
  const int32_t top = (1 << fixture.design.layout.adc_bits) - 1;
  for (ir::CrossbarChip& crossbar : fixture.chip.crossbars) {
    crossbar.noise_mult.assign(crossbar.noise_mult.size(), 300);
    crossbar.noise_shift = 8;
    for (int32_t code = 0; code <= top; ++code) {
      crossbar.inl.push_back(static_cast<uint16_t>(std::min(top, code + code % 7 / 5)));
    }
    for (size_t column = 0; column < crossbar.adc_clip.size(); ++column) {
      const auto step = static_cast<int32_t>(column);
      crossbar.adc_clip[column] = top - step;
      crossbar.adc_mult[column] += step;
      crossbar.adc_offset[column] += 3 * step - 5;
      crossbar.lsb[column] = 1 + step % 3;
    }
  }
  // The cells of the last layer have noise of their own.
  ir::CrossbarChip& last = fixture.chip.crossbars.back();
  const auto rows = static_cast<int32_t>(last.g.size() / (2 * last.adc_mult.size()));
  const int32_t gains = std::min(rows, fixture.design.layout.tile_rows) + 1;
  last.noise_mult.assign(static_cast<size_t>(gains * fixture.design.layout.slices), 0);
  for (size_t at = 0; at < last.noise_mult.size(); ++at) {
    last.noise_mult[at] = static_cast<int32_t>(at % static_cast<size_t>(gains)) * 37;
  }
  ir::Rng rng(7, 99);
  for (int64_t at = 0; at < fixture.design.input.size() * kCount; ++at) {
    fixture.images.push_back(static_cast<uint8_t>(rng.below(256)));
  }
  fixture.renew(kCount);
  verif::Options options;
  options.depth = verif::Depth::kCodes;
  const verif::Report report = fixture.verify(options);
  INFO(verif::to_text(report));
  CHECK(report.passed());

  // Without the number of its first image every part but the first draws other noise.
  const auto manifest = fixture.dir / "rtl/manifest.json";
  std::string text = ir::read_file(manifest);
  const std::string noise = "\"noise\": true";
  REQUIRE(text.find(noise) != std::string::npos);
  ir::write_file(manifest, text.replace(text.find(noise), noise.size(), "\"noise\": false"));
  CHECK_FALSE(fixture.verify().passed());
}

TEST_CASE("A depth is one of three words") {
  for (const char* word : {"outputs", "layers", "codes"}) {
    CHECK(verif::to_string(verif::depth_of(word)) == word);
  }
  CHECK_THROWS_WITH(verif::depth_of("code"), tests::contains("\"codes\""));
}

TEST_CASE("A rate bound by the requantizer is predicted to the cycle") {
  test::SampleOptions sample;
  sample.seed = 9;
  hwgen::PlanOptions plan;
  plan.defaults.pe = 3;
  plan.defaults.adc_lanes = 4;
  const Fixture fixture("requant", 32, sample, 0, plan);
  const verif::Report report = fixture.verify();
  INFO(verif::to_text(report));
  CHECK(report.passed());
  CHECK(report.measured_cycles == static_cast<double>(fixture.plan.cycles_per_image));
}

TEST_CASE("A layer named like a keyword is generated and compiled") {
  Fixture fixture("keyword", 2);
  fixture.design.stages[0].name = "reg";
  fixture.design.stages[1].inputs = {"reg"};
  fixture.chip = test::sample_chip(fixture.design);
  hwgen::emit(hwgen::plan(fixture.design, fixture.chip, {}), fixture.dir / "rtl");
  CHECK(fixture.verify().passed());
}

TEST_CASE("The result does not depend on the number of processes") {
  Fixture fixture("jobs", 70);
  fixture.logits[5 * 41 + 2] ^= 1;  // images 41 and 60 will not match
  fixture.logits[5 * 60] ^= 1;
  for (const int32_t jobs : {1, 2, 4}) {
    verif::Options options;
    options.jobs = jobs;
    const verif::Report report = fixture.verify(options);
    REQUIRE(report.first);
    CHECK(report.first->image == 41);
    CHECK(report.first->logit == 2);
    CHECK(report.images == 48);
    CHECK(report.mismatching == 1);
    // The twin's expectation was bent, not the RTL: every inner value is right.
    CHECK_FALSE(report.first->difference);
    CHECK_THROWS_AS(verif::require_passed(report), ir::CheckFailed);
  }
}

TEST_CASE("A simulator is compiled once for sources that stay the same") {
  const Fixture fixture("cached", 2);
  fixture.verify();
  CHECK_FALSE(fixture.verify().built);
}

TEST_CASE("Vectors that do not fit the design are the user's error") {
  Fixture fixture("unfit", 2);
  fixture.images.pop_back();
  CHECK_THROWS_AS(fixture.verify(), ir::Error);
  fixture.images.push_back(0);
  fixture.logits.pop_back();
  CHECK_THROWS_AS(fixture.verify(), ir::Error);
  CHECK_THROWS_AS(verif::verify(fixture.dir / "nowhere", {}, {}), ir::Error);
}

TEST_CASE("RTL that was generated for another chip is refused, naming the verb that mends it") {
  Fixture fixture("chip", 1);
  fixture.chip.crossbars[0].adc_offset[0] += 1;
  CHECK_THROWS_WITH(fixture.verify(), tests::contains("generated for another chip") &&
                                          tests::contains("run `crosstwin generate` again"));
}

TEST_CASE("Waves of the first mismatching image are written") {
  Fixture fixture("waves", 3);
  fixture.logits[5] += 1;
  verif::Options options;
  options.waves = fixture.dir / "waves" / "first.fst";
  const verif::Report report = fixture.verify(options);
  REQUIRE(report.first);
  CHECK(report.first->image == 1);
  CHECK(std::filesystem::file_size(options.waves) > 1000);
  options.waves = "first.waves";
  CHECK_THROWS_AS(fixture.verify(options), ir::Error);
}
