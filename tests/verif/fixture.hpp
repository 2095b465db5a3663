// A generated sample design with random images and what the naive twin says about them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compress/ir/process.hpp"
#include "compress/ir/rng.hpp"
#include "hwgen/emit/emit.hpp"
#include "tests/catch.hpp"
#include "tests/hwgen/sample_design.hpp"
#include "tests/verif/naive_twin.hpp"
#include "verif/cosim/verify.hpp"

namespace crosstwin::test {

struct Fixture {
  ir::Design design;
  ir::Chip chip;
  std::vector<uint8_t> images;
  std::vector<int32_t> logits;
  std::filesystem::path dir;  // of this test alone, made anew; simulators are shared by all
  hwgen::Plan plan;

  Fixture(const std::string& name, int32_t count, const SampleOptions& sample = {},
          int32_t spread = 0, const hwgen::PlanOptions& options = {})
      : design(sample_design(sample)), chip(sample_chip(design, 1, spread)) {
    if (!ir::find_program("verilator", ir::path_dirs()))
      CROSSTWIN_SKIP("verilator is not installed");
    ir::Rng rng(sample.seed, 99);
    const auto bytes = static_cast<size_t>(design.input.size());
    for (size_t at = 0; at < bytes * static_cast<size_t>(count); ++at) {
      images.push_back(static_cast<uint8_t>(rng.below(256)));
    }
    dir = std::filesystem::current_path() / "verif" / name;
    std::filesystem::remove_all(dir);
    renew(count, options);
  }

  // After a change of the chip: what the twin says of it, and its RTL.
  void renew(int32_t count, const hwgen::PlanOptions& options = {}) {
    logits.clear();
    for (int32_t image = 0; image < count; ++image) {
      const twin::Trace inner = trace(image);
      const std::vector<int32_t>& last = inner.stages.back().output;
      logits.insert(logits.end(), last.begin(), last.end());
    }
    plan = hwgen::plan(design, chip, options);
    hwgen::emit(plan, dir / "rtl");
  }

  twin::Trace trace(int64_t image) const {
    const auto bytes = static_cast<size_t>(design.input.size());
    return naive_trace(design, chip,
                       std::span(images).subspan(static_cast<size_t>(image) * bytes, bytes),
                       static_cast<uint32_t>(image));
  }

  verif::Report verify(verif::Options options = {}) const {
    options.progress = false;
    if (options.cache_dir.empty()) options.cache_dir = dir.parent_path() / "simulators";
    return verif::verify(dir / "rtl",
                         {.images = images,
                          .logits = logits,
                          .trace = [this](int64_t image) { return trace(image); },
                          .chip_hash = ir::chip_hash(chip)},
                         options);
  }
};

}  // namespace crosstwin::test
