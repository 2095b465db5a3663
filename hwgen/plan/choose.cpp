// How parallel a crossbar layer is built: columns a pass, converters, lines of its window.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/choose.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compress/ir/error.hpp"

namespace crosstwin::hwgen {
namespace {

// Activations that a block RAM of every supported part holds at 8 bits (iCE40: 512 x 8).
constexpr int64_t kBlockWords = 512;

std::string layer(const ir::Stage& stage) { return fmt::format("layer {}", stage.name); }

LayerOptions merged(const std::string& name, const PlanOptions& options) {
  LayerOptions result = options.defaults;
  if (const auto at = options.layers.find(name); at != options.layers.end()) {
    if (at->second.pe) result.pe = at->second.pe;
    if (at->second.adc_lanes) result.adc_lanes = at->second.adc_lanes;
    if (at->second.lines) result.lines = at->second.lines;
  }
  return result;
}

// xb_layer's converters: 1, 2 or 4, dividing the conversions of a column and plane.
std::vector<int32_t> possible_lanes(int32_t slices) {
  std::vector<int32_t> lanes;
  for (const int32_t count : {1, 2, 4}) {
    if (2 * slices % count == 0) lanes.push_back(count);
  }
  return lanes;
}

Choice choose_lines(const ir::Stage& stage, const ir::Crossbar& crossbar,
                    const LayerOptions& asked) {
  const int32_t kernel = crossbar.kernel_h;
  if (asked.lines) {
    if (*asked.lines < kernel || *asked.lines > 2 * (stage.in.h + kernel)) {
      throw ir::Error({layer(stage), "option lines out of range",
                       fmt::format("{}..{}", kernel, 2 * (stage.in.h + kernel)),
                       fmt::format("{}", *asked.lines), "leave it out to have it derived"});
    }
    return {"lines", fmt::format("{}", *asked.lines), "asked for"};
  }
  if (stage.out.h == 1) {
    return {"lines", fmt::format("{}", 2 * stage.in.h),
            "two maps: the next image loads while this one computes"};
  }
  const int64_t fit = kBlockWords / (int64_t{stage.in.w} * stage.in.c);
  const int64_t least = kernel + crossbar.stride;
  const int64_t lines = std::max(least, std::min(int64_t{2} * kernel, fit));
  return {"lines", fmt::format("{}", lines),
          lines == least ? "the kernel and the lines of the next step"
                         : "as many as one block RAM holds, so that the next image loads early"};
}

}  // namespace

Parallelism choose_parallelism(const ir::Stage& stage, const ir::Crossbar& crossbar,
                               LayerTiming timing, const PlanOptions& options) {
  const LayerOptions asked = merged(stage.name, options);
  const std::vector<int32_t> lanes = possible_lanes(timing.slices);
  if (asked.pe && (*asked.pe < 1 || *asked.pe > timing.cols)) {
    throw ir::Error({layer(stage), "option pe out of range", fmt::format("1..{}", timing.cols),
                     fmt::format("{}", *asked.pe), "no more columns a pass than the layer has"});
  }
  if (asked.adc_lanes && std::find(lanes.begin(), lanes.end(), *asked.adc_lanes) == lanes.end()) {
    throw ir::Error({layer(stage), "option adc_lanes is not possible",
                     fmt::format("one of {}", fmt::join(lanes, ", ")),
                     fmt::format("{}", *asked.adc_lanes),
                     "converters are 1, 2 or 4 and divide 2 * slices"});
  }

  Parallelism result;
  const Choice lines = choose_lines(stage, crossbar, asked);
  timing.lines = result.lines = std::stoi(lines.value);
  std::string reason = "the smallest";
  result.pe = asked.pe.value_or(1);
  result.adc_lanes = asked.adc_lanes.value_or(1);
  if (options.target_fps) {
    // A column a pass costs accumulators (about 950 logic cells), a converter a tenth of that:
    // fewest columns first.
    const auto budget = static_cast<int64_t>(options.clock_mhz * 1e6 / *options.target_fps);
    int64_t best = INT64_MAX;
    bool met = false;
    const int32_t first_pe = asked.pe.value_or(1);
    const int32_t last_pe = asked.pe.value_or(timing.cols);
    for (int32_t pe = first_pe; pe <= last_pe && !met; ++pe) {
      for (const int32_t count : lanes) {
        if (asked.adc_lanes && count != *asked.adc_lanes) continue;
        timing.pe = pe;
        timing.adc_lanes = count;
        // The tile alone is quickly followed; most of what is too slow is so already.
        int64_t cycles = tile_cycles(timing);
        if (cycles <= budget) cycles = layer_cycles(timing);
        best = std::min(best, cycles);
        if (cycles > budget) continue;
        result.pe = pe;
        result.adc_lanes = count;
        reason = fmt::format("the smallest within {} cycles an image", budget);
        met = true;
        break;
      }
    }
    if (!met) {
      throw ir::Error({layer(stage), "the target rate is out of reach",
                       fmt::format("at most {} cycles an image for {} images/s at {} MHz", budget,
                                   *options.target_fps, options.clock_mhz),
                       fmt::format("{} at best", best),
                       fmt::format("ask for at most {:.0f} images/s, or prune further",
                                   options.clock_mhz * 1e6 / static_cast<double>(best))});
    }
  }
  result.choices = {
      {"pe", fmt::format("{}", result.pe), asked.pe ? "asked for" : reason},
      {"adc_lanes", fmt::format("{}", result.adc_lanes), asked.adc_lanes ? "asked for" : reason},
      lines};
  return result;
}

}  // namespace crosstwin::hwgen
