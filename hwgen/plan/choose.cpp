// Which of its ways every layer is built in: for a rate, for a board, or the plain one.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/choose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"

namespace crosstwin::hwgen {
namespace {

// Estimates are off by a few percent, and tools give up a little below a full part: 91% was routed.
constexpr double kFill = 0.92;
// Points of a Pareto front are at least so far apart in cycles.
constexpr double kApart = 1.02;

// Look-up tables that a block RAM and a multiplier count for.
struct Weights {
  double bram, dsp;
};
// To fit a board every one is tried, since any of its resources may be the scarce one.
constexpr Weights kWeights[] = {{100, 100}, {100, 70}, {100, 50}, {100, 35}, {20, 20},
                                {600, 100}, {600, 50}, {20, 50},  {20, 600}, {600, 600}};
// Look-up tables that a memory in logic may take for a block RAM, tried in this order while block
// RAMs are what is short. A full one of iCE40 is put at 427: large memories stay where they are.
constexpr int32_t kWorths[] = {kBlockWorth, 80, 160, 320, 400};

double cost(const Resources& r, const Weights& w) {
  return r.lut + 0.1 * r.ff + w.bram * static_cast<double>(r.bram) +
         w.dsp * static_cast<double>(r.dsp);
}

// A layer's ways from the cheapest to the fastest, each faster than all cheaper ones.
std::vector<Candidate> front_of(const std::vector<Candidate>& all, const Weights& weights) {
  std::vector<size_t> order(all.size());
  for (size_t i = 0; i < all.size(); ++i) order[i] = i;
  std::vector<double> costs;
  costs.reserve(all.size());
  for (const Candidate& candidate : all) costs.push_back(cost(candidate.resources, weights));
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (costs[a] != costs[b]) return costs[a] < costs[b];
    return all[a].bound != all[b].bound ? all[a].bound < all[b].bound : a < b;
  });
  std::vector<Candidate> front;
  for (const size_t i : order) {
    if (front.empty() || all[i].bound < front.back().bound) front.push_back(all[i]);
  }
  return front;
}

// The first of the front within `cycles` by its bound; the size of the front when there is none.
size_t within(const std::vector<Candidate>& front, int64_t cycles) {
  const auto at = std::partition_point(front.begin(), front.end(),
                                       [&](const Candidate& each) { return each.bound > cycles; });
  return static_cast<size_t>(at - front.begin());
}

struct Limits {
  double lut, ff;
  int64_t bram, dsp;
};

Limits limits_of(const ir::Part& part) {
  return {kFill * part.lut, kFill * part.ff, part.bram, part.dsp};
}

bool fits(const Resources& r, const Limits& l) {
  return r.lut <= l.lut && r.ff <= l.ff && r.bram <= l.bram && r.dsp <= l.dsp;
}

// "1,204 LUT, 3 block RAMs": by what the design is too large.
std::string shortage(const Resources& r, const Limits& l) {
  std::vector<std::string> list;
  const auto add = [&](double got, double limit, const char* what) {
    if (got > limit) list.push_back(fmt::format("{:.0f} {}", got - limit, what));
  };
  add(r.lut, l.lut, "LUT");
  add(r.ff, l.ff, "flip-flops");
  add(static_cast<double>(r.bram), static_cast<double>(l.bram), "block RAMs");
  add(static_cast<double>(r.dsp), static_cast<double>(l.dsp), "multipliers");
  return fmt::format("{}", fmt::join(list, ", "));
}

// Relative to the part, of the resource that is shortest.
double excess(const Resources& r, const Limits& l) {
  const auto ratio = [](double got, double limit) { return got / std::max(limit, 1.0); };
  return std::max({ratio(r.lut, l.lut), ratio(r.ff, l.ff),
                   ratio(static_cast<double>(r.bram), static_cast<double>(l.bram)),
                   ratio(static_cast<double>(r.dsp), static_cast<double>(l.dsp))});
}

class Chooser {
 public:
  Chooser(std::vector<LayerSpace>& layers, const Surroundings& around, ir::PartFamily family,
          bool dsp)
      : layers_(layers), around_(around), family_(family), dsp_(dsp) {}

  // Chooses by these weights from here on.
  void weigh(const Weights& weights, int32_t block_worth) {
    if (block_worth != block_worth_) {
      all_.clear();
      for (LayerSpace& layer : layers_) {
        all_.push_back(layer.candidates(family_, dsp_, block_worth));
      }
      block_worth_ = block_worth;
    }
    fronts_.clear();
    for (const std::vector<Candidate>& all : all_) fronts_.push_back(front_of(all, weights));
  }

  const std::vector<Candidate>& front(size_t layer) const { return fronts_[layer]; }
  size_t ways(size_t layer) const { return all_[layer].size(); }

  // Every number of cycles at which a layer's choice changes, no less than the surroundings take.
  std::vector<int64_t> steps() const {
    std::vector<int64_t> list;
    int64_t least = around_.cycles;
    for (const auto& front : fronts_) least = std::max(least, front.back().bound);
    for (const auto& front : fronts_) {
      for (const Candidate& each : front) {
        if (each.bound >= least) list.push_back(each.bound);
      }
    }
    list.push_back(least);
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    return list;
  }

  // Places in the fronts, by bounds; `cycles` is one of steps() or above.
  std::vector<size_t> at(int64_t cycles) const {
    std::vector<size_t> places;
    for (const auto& front : fronts_) places.push_back(within(front, cycles));
    return places;
  }

  // By the cycle model: the places move on where the bound was too low. The place behind a front's
  // end stands for a layer that has no way.
  std::vector<size_t> exactly(int64_t cycles) {
    std::vector<size_t> places = at(cycles);
    for (size_t i = 0; i < places.size(); ++i) {
      while (places[i] < fronts_[i].size() &&
             layers_[i].cycles(fronts_[i][places[i]].build) > cycles) {
        ++places[i];
      }
    }
    return places;
  }

  bool reached(const std::vector<size_t>& places) const {
    for (size_t i = 0; i < places.size(); ++i) {
      if (places[i] == fronts_[i].size()) return false;
    }
    return true;
  }

  // Throws for the first layer that has no way.
  void check_reached(const std::vector<size_t>& places, int64_t cycles,
                     const PlanOptions& options) {
    for (size_t i = 0; i < places.size(); ++i) {
      if (places[i] == fronts_[i].size()) out_of_reach(i, cycles, options);
    }
  }

  Resources total(const std::vector<size_t>& places, bool with_host) const {
    Resources sum = estimate(around_.structure, family_);
    if (with_host) {
      sum += estimate(around_.host, family_);
      sum += around_.queues;
    }
    for (size_t i = 0; i < places.size(); ++i) sum += fronts_[i][places[i]].resources;
    return sum;
  }

 private:
  [[noreturn]] void out_of_reach(size_t i, int64_t cycles, const PlanOptions& options) {
    const Candidate& fastest = fronts_[i].back();
    const int64_t best = layers_[i].cycles(fastest.build);
    throw ir::Error({"layer " + layers_[i].stage().name, "the target rate is out of reach",
                     fmt::format("at most {} cycles an image for {} images/s at {} MHz", cycles,
                                 *options.target_fps, options.clock_mhz),
                     fmt::format("{} at best, bound by its {}: {}", best,
                                 layers_[i].bound_by(fastest.build), to_string(fastest.build)),
                     fmt::format("ask for at most {:.0f} images/s, or prune further",
                                 options.clock_mhz * 1e6 / static_cast<double>(best))});
  }

  std::vector<LayerSpace>& layers_;
  const Surroundings& around_;
  ir::PartFamily family_;
  bool dsp_;
  int32_t block_worth_ = 0;
  std::vector<std::vector<Candidate>> all_;
  std::vector<std::vector<Candidate>> fronts_;
};

Choice choice(const char* what, std::string value, bool asked, const std::string& reason) {
  return {what, std::move(value), asked ? "asked for" : reason};
}

// Of a layer that is built as `build`; `reason` where it was not asked for, `worth_reason` for
// where its memories lie.
Chosen chosen(LayerSpace& layer, const Build& build, const std::string& reason,
              const std::string& worth_reason) {
  const LayerOptions& asked = layer.asked();
  Chosen result{build, layer.cycles(build), layer.bound_by(build), {}};
  const auto add = [&](const char* what, std::string value, bool was_asked) {
    result.choices.push_back(choice(what, std::move(value), was_asked, reason));
  };
  add("form", to_string(build.form), asked.form.has_value());
  if (build.form == Form::kBitSerial) {
    add("planes", fmt::format("{}", build.planes), asked.planes.has_value());
  }
  add("pe", fmt::format("{}", build.pe), asked.pe.has_value());
  add("row_lanes", fmt::format("{}", build.row_lanes), asked.row_lanes.has_value());
  if (build.form != Form::kCollapsed) {
    add("adc_lanes", fmt::format("{}", build.adc_lanes), asked.adc_lanes.has_value());
  }
  if (!layer.shape().logits) {
    add("requant", to_string(build.requant), asked.requant.has_value());
  }
  if (build.dsp || asked.dsp) add("dsp", build.dsp ? "yes" : "no", asked.dsp.has_value());
  result.choices.push_back({"lines", fmt::format("{}", layer.lines()), layer.lines_reason()});
  result.choices.push_back(
      {"logic_memories", fmt::format("up to {} LUT a block RAM", build.block_worth), worth_reason});
  return result;
}

constexpr const char* kPlentyOfBlocks = "the usual worth, as block RAMs are not what is short";

// What is taken, and why.
struct Fit {
  int64_t cycles = INT64_MAX;
  Weights weights{};
  int32_t block_worth = kBlockWorth;
  std::string worth_reason = kPlentyOfBlocks;
};

// What was tried for a layer at this fit, and what it came to. `exact`: by the cycle model.
std::string reason_of(LayerSpace& layer, const Chooser& chooser, size_t i, size_t place,
                      const Fit& fit, bool exact) {
  const std::vector<Candidate>& front = chooser.front(i);
  const Candidate& taken = front[place];
  std::string text = fmt::format(
      "the cheapest of {} ways {} {} cycles an image: about {:.0f} LUT, bound by its {}",
      chooser.ways(i), exact ? "within" : "whose slowest part takes at most", fit.cycles,
      taken.resources.lut, layer.bound_by(taken.build));
  if (place > 0) {
    const Candidate& before = front[place - 1];
    text += fmt::format("; the next cheaper ({}) takes {} cycles", to_string(before.build),
                        layer.cycles(before.build));
  }
  return text;
}

std::vector<Chosen> results(std::vector<LayerSpace>& layers, Chooser& chooser, const Fit& fit,
                            bool exact) {
  chooser.weigh(fit.weights, fit.block_worth);
  const std::vector<size_t> places = exact ? chooser.exactly(fit.cycles) : chooser.at(fit.cycles);
  std::vector<Chosen> list;
  for (size_t i = 0; i < layers.size(); ++i) {
    list.push_back(chosen(layers[i], chooser.front(i)[places[i]].build,
                          reason_of(layers[i], chooser, i, places[i], fit, exact),
                          fit.worth_reason));
  }
  return list;
}

// The fewest cycles at which the part holds the design, over all weights.
std::optional<Fit> fastest_fit(Chooser& chooser, const Limits& limits, int32_t block_worth) {
  std::optional<Fit> best;
  for (const Weights& weights : kWeights) {
    chooser.weigh(weights, block_worth);
    for (const int64_t cycles : chooser.steps()) {
      if (best && cycles >= best->cycles) break;
      if (!fits(chooser.total(chooser.at(cycles), true), limits)) continue;
      best = Fit{cycles, weights, block_worth};
      break;
    }
  }
  return best;
}

// Whether the part holds the design within so many cycles, by the cycle model.
std::optional<Fit> fit_within(Chooser& chooser, const Limits& limits, int32_t block_worth,
                              int64_t cycles) {
  for (const Weights& weights : kWeights) {
    chooser.weigh(weights, block_worth);
    const std::vector<size_t> places = chooser.exactly(cycles);
    if (!chooser.reached(places)) continue;
    if (fits(chooser.total(places, true), limits)) return Fit{cycles, weights, block_worth};
  }
  return {};
}

// The least excess that any weights leave, at the slowest or within `cycles`.
Resources nearest(Chooser& chooser, const Limits& limits, int32_t block_worth,
                  std::optional<int64_t> cycles) {
  Resources least;
  for (bool first = true; const Weights& weights : kWeights) {
    chooser.weigh(weights, block_worth);
    const std::vector<size_t> places =
        cycles ? chooser.exactly(*cycles) : chooser.at(chooser.steps().back());
    if (!chooser.reached(places)) continue;
    const Resources total = chooser.total(places, true);
    if (first || excess(total, limits) < excess(least, limits)) least = total;
    first = false;
  }
  return least;
}

// Whether the part holds the design, within `cycles` or as fast as it can be. While more block RAMs
// would hold it, or make it faster, memories move to logic.
std::optional<Fit> fit(Chooser& chooser, const Limits& limits, std::optional<int64_t> cycles) {
  const auto at_worth = [&](const Limits& room, int32_t block_worth) {
    return cycles ? fit_within(chooser, room, block_worth, *cycles)
                  : fastest_fit(chooser, room, block_worth);
  };
  Limits endless = limits;
  endless.bram = INT64_MAX;
  std::optional<Fit> best;
  std::string before;  // what the worth before came to
  for (const int32_t block_worth : kWorths) {
    std::optional<Fit> found = at_worth(limits, block_worth);
    if (found && (!best || found->cycles < best->cycles)) {
      if (!before.empty()) found->worth_reason = "block RAMs are what is short: " + before;
      best = found;
    }
    const std::optional<Fit> unbound = at_worth(endless, block_worth);
    if (!unbound || (best && best->cycles <= unbound->cycles)) break;
    before = fmt::format("at {} LUT a block RAM ", block_worth);
    before += found ? fmt::format("an image takes {} cycles", found->cycles)
                    : fmt::format("the part is {} short",
                                  shortage(nearest(chooser, limits, block_worth, cycles), limits));
  }
  return best;
}

std::optional<int64_t> cycles_asked(const PlanOptions& options) {
  if (!options.target_fps) return {};
  return target_cycles(options);
}

// The smallest other board that holds the design.
std::string larger_board(std::vector<LayerSpace>& layers, const Surroundings& around,
                         const PlanOptions& options, std::optional<int64_t> cycles,
                         const Board& tried) {
  for (const Board& board : options.boards) {
    if (board.name == tried.name) continue;
    Chooser chooser(layers, around, board.part.family, board.part.dsp > 0);
    if (fit(chooser, limits_of(board.part), cycles)) return board.name;
  }
  return {};
}

[[noreturn]] void no_form_fits(std::vector<LayerSpace>& layers, const Surroundings& around,
                               const PlanOptions& options, const Board& board, Chooser& chooser) {
  const Limits limits = limits_of(board.part);
  const std::optional<int64_t> cycles = cycles_asked(options);
  Resources least = nearest(chooser, limits, kWorths[0], cycles);
  for (const int32_t block_worth : kWorths) {
    const Resources total = nearest(chooser, limits, block_worth, cycles);
    if (excess(total, limits) < excess(least, limits)) least = total;
  }
  const std::string other = larger_board(layers, around, options, cycles, board);
  throw ir::Error(
      {"generate options, board " + board.name,
       options.target_fps ? "no form of this design fits at this rate"
                          : "no form of this design fits",
       fmt::format("at most {:.0f} LUT ({:.0f}% of the {}'s {}), {} block RAMs, {} multipliers",
                   limits.lut, 100 * kFill, board.part.title, board.part.lut, limits.bram,
                   limits.dsp),
       fmt::format("{:.0f} LUT, {} block RAMs, {} multipliers at the least: {} short", least.lut,
                   least.bram, least.dsp, shortage(least, limits)),
       other.empty() ? "no board that is known holds it: prune further"
                     : fmt::format("{} holds it; or prune further", other)});
}

}  // namespace

const Board* find_board(const PlanOptions& options) {
  if (!options.fit) return nullptr;
  std::vector<std::string> names;
  for (const Board& board : options.boards) {
    if (board.name == *options.fit) return &board;
    names.push_back(board.name);
  }
  const std::string near = ir::nearest(*options.fit, names);
  throw ir::Error({"generate options", "unknown board to fit",
                   fmt::format("one of {}", fmt::join(names, ", ")), *options.fit,
                   near.empty() ? "" : "did you mean " + near + "?"});
}

int64_t target_cycles(const PlanOptions& options) {
  return static_cast<int64_t>(options.clock_mhz * 1e6 / *options.target_fps);
}

bool holds(const Board& board, const Resources& resources) {
  return fits(resources, limits_of(board.part));
}

std::vector<Chosen> choose(std::vector<LayerSpace>& layers, const Surroundings& around,
                           const PlanOptions& options) {
  const std::optional<int64_t> cycles = cycles_asked(options);
  const Board* board = find_board(options);
  if (!board && !cycles) {
    std::vector<Chosen> list;
    for (LayerSpace& layer : layers) {
      list.push_back(chosen(layer, layer.plain(),
                            "the plain choice, as neither a rate nor a board was asked for",
                            "the usual worth, as no board was asked for"));
    }
    return list;
  }
  Chooser chooser(layers, around, board ? board->part.family : ir::PartFamily::kEcp5,
                  board && board->part.dsp > 0);
  Fit found{cycles.value_or(0), kWeights[0]};
  if (cycles) {
    chooser.weigh(found.weights, found.block_worth);
    chooser.check_reached(chooser.exactly(*cycles), *cycles, options);
  }
  if (board) {
    const std::optional<Fit> held = fit(chooser, limits_of(board->part), cycles);
    if (!held) no_form_fits(layers, around, options, *board, chooser);
    found = *held;
  }
  return results(layers, chooser, found, cycles.has_value());
}

std::optional<std::vector<Chosen>> choose_within(std::vector<LayerSpace>& layers,
                                                 const Surroundings& around,
                                                 const PlanOptions& options, int64_t cycles) {
  const Board* board = find_board(options);
  Chooser chooser(layers, around, board ? board->part.family : ir::PartFamily::kEcp5,
                  board && board->part.dsp > 0);
  Fit found{cycles, kWeights[0]};
  if (board) {
    const std::optional<Fit> held = fit(chooser, limits_of(board->part), cycles);
    if (!held) return {};
    found = *held;
  } else {
    chooser.weigh(found.weights, found.block_worth);
    if (!chooser.reached(chooser.exactly(cycles))) return {};
  }
  return results(layers, chooser, found, true);
}

std::vector<ParetoPoint> pareto_front(std::vector<LayerSpace>& layers, const Surroundings& around,
                                      const PlanOptions& options) {
  const Board* board = find_board(options);
  const ir::PartFamily family = board ? board->part.family : ir::PartFamily::kEcp5;
  Chooser chooser(layers, around, family, board && board->part.dsp > 0);
  chooser.weigh(kWeights[0], kBlockWorth);
  std::vector<ParetoPoint> points;
  double last = 0;
  for (const int64_t cycles : chooser.steps()) {
    if (static_cast<double>(cycles) < last * kApart) continue;
    const std::vector<size_t> places = chooser.at(cycles);
    ParetoPoint point;
    point.resources = chooser.total(places, false);
    if (!points.empty() && point.resources.lut >= points.back().resources.lut) continue;
    last = static_cast<double>(cycles);
    point.cycles = around.cycles;
    point.bottleneck = around.slowest;
    for (size_t i = 0; i < layers.size(); ++i) {
      const Build& build = chooser.front(i)[places[i]].build;
      point.builds.push_back(build);
      const int64_t layer_cycles = layers[i].cycles(build);
      if (layer_cycles <= point.cycles) continue;
      point.cycles = layer_cycles;
      point.bottleneck = layers[i].stage().name;
    }
    points.push_back(std::move(point));
  }
  return points;
}

}  // namespace crosstwin::hwgen
