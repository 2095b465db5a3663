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

// Estimates are off by a few percent, and tools give up a little below a full part.
constexpr double kFill = 0.9;
// Points of a Pareto front are at least so far apart in cycles.
constexpr double kApart = 1.02;

// Look-up tables that a block RAM and a multiplier count for.
struct Weights {
  double bram, dsp;
};
// To fit a board every one is tried, since any of its resources may be the scarce one.
constexpr Weights kWeights[] = {{100, 100}, {20, 20}, {600, 100}, {20, 600}, {600, 600}};

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
      : layers_(layers), around_(around), family_(family) {
    for (LayerSpace& layer : layers_) all_.push_back(layer.candidates(family, dsp));
  }

  // Chooses by these weights from here on.
  void weigh(const Weights& weights) {
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

  // By the cycle model: the places move on where the bound was too low. Throws when out of reach.
  std::vector<size_t> exactly(int64_t cycles, const PlanOptions& options) {
    std::vector<size_t> places = at(cycles);
    for (size_t i = 0; i < places.size(); ++i) {
      while (places[i] < fronts_[i].size() &&
             layers_[i].cycles(fronts_[i][places[i]].build) > cycles) {
        ++places[i];
      }
      if (places[i] == fronts_[i].size()) out_of_reach(i, cycles, options);
    }
    return places;
  }

  Resources total(const std::vector<size_t>& places, bool with_host) const {
    Resources sum = estimate(around_.structure, family_);
    if (with_host) sum += estimate(around_.host, family_);
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
  std::vector<std::vector<Candidate>> all_;
  std::vector<std::vector<Candidate>> fronts_;
};

Choice choice(const char* what, std::string value, bool asked, const std::string& reason) {
  return {what, std::move(value), asked ? "asked for" : reason};
}

// Of a layer that is built as `build`; `reason` where it was not asked for.
Chosen chosen(LayerSpace& layer, const Build& build, const std::string& reason) {
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
  return result;
}

// What was tried for a layer within `cycles`, and what it came to.
std::string reason_of(LayerSpace& layer, const Chooser& chooser, size_t i, size_t place,
                      int64_t cycles) {
  const std::vector<Candidate>& front = chooser.front(i);
  const Candidate& taken = front[place];
  std::string text = fmt::format(
      "the cheapest of {} ways within {} cycles an image: about {:.0f} "
      "LUT, bound by its {}",
      chooser.ways(i), cycles, taken.resources.lut, layer.bound_by(taken.build));
  if (place > 0) {
    const Candidate& before = front[place - 1];
    text += fmt::format("; the next cheaper ({}) takes {} cycles", to_string(before.build),
                        before.bound);
  }
  return text;
}

std::vector<Chosen> results(std::vector<LayerSpace>& layers, const Chooser& chooser,
                            const std::vector<size_t>& places, int64_t cycles) {
  std::vector<Chosen> list;
  for (size_t i = 0; i < layers.size(); ++i) {
    list.push_back(chosen(layers[i], chooser.front(i)[places[i]].build,
                          reason_of(layers[i], chooser, i, places[i], cycles)));
  }
  return list;
}

struct Fit {
  int64_t cycles = INT64_MAX;
  Weights weights{};
};

// The fewest cycles at which the part holds the design, over all weights.
std::optional<Fit> fastest_fit(Chooser& chooser, const Limits& limits) {
  std::optional<Fit> best;
  for (const Weights& weights : kWeights) {
    chooser.weigh(weights);
    for (const int64_t cycles : chooser.steps()) {
      if (best && cycles >= best->cycles) break;
      if (!fits(chooser.total(chooser.at(cycles), true), limits)) continue;
      best = {cycles, weights};
      break;
    }
  }
  return best;
}

int64_t budget_of(const PlanOptions& options) {
  return static_cast<int64_t>(options.clock_mhz * 1e6 / *options.target_fps);
}

// Whether the part holds the design, at the target rate where there is one.
std::optional<Fit> fit(Chooser& chooser, const Limits& limits, const PlanOptions& options) {
  if (!options.target_fps) return fastest_fit(chooser, limits);
  const int64_t budget = budget_of(options);
  for (const Weights& weights : kWeights) {
    chooser.weigh(weights);
    if (fits(chooser.total(chooser.exactly(budget, options), true), limits)) {
      return Fit{budget, weights};
    }
  }
  return {};
}

// The smallest other board that holds the design.
std::string larger_board(std::vector<LayerSpace>& layers, const Surroundings& around,
                         const PlanOptions& options, const Board& tried) {
  for (const Board& board : options.boards) {
    if (board.name == tried.name) continue;
    Chooser chooser(layers, around, board.part.family, board.part.dsp > 0);
    if (fit(chooser, limits_of(board.part), options)) return board.name;
  }
  return {};
}

[[noreturn]] void no_form_fits(std::vector<LayerSpace>& layers, const Surroundings& around,
                               const PlanOptions& options, const Board& board, Chooser& chooser) {
  const Limits limits = limits_of(board.part);
  Resources nearest;
  double least = -1;
  for (const Weights& weights : kWeights) {
    chooser.weigh(weights);
    const std::vector<size_t> places = options.target_fps
                                           ? chooser.exactly(budget_of(options), options)
                                           : chooser.at(chooser.steps().back());
    const Resources total = chooser.total(places, true);
    if (least >= 0 && excess(total, limits) >= least) continue;
    least = excess(total, limits);
    nearest = total;
  }
  const std::string other = larger_board(layers, around, options, board);
  throw ir::Error(
      {"generate options, board " + board.name,
       options.target_fps ? "no form of this design fits at this rate"
                          : "no form of this design fits",
       fmt::format("at most {:.0f} LUT ({:.0f}% of the {}'s {}), {} block RAMs, {} multipliers",
                   limits.lut, 100 * kFill, board.part.title, board.part.lut, limits.bram,
                   limits.dsp),
       fmt::format("{:.0f} LUT, {} block RAMs, {} multipliers at the least: {} short", nearest.lut,
                   nearest.bram, nearest.dsp, shortage(nearest, limits)),
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

std::vector<Chosen> choose(std::vector<LayerSpace>& layers, const Surroundings& around,
                           const PlanOptions& options) {
  if (const Board* board = find_board(options)) {
    Chooser chooser(layers, around, board->part.family, board->part.dsp > 0);
    const std::optional<Fit> found = fit(chooser, limits_of(board->part), options);
    if (!found) no_form_fits(layers, around, options, *board, chooser);
    chooser.weigh(found->weights);
    return results(
        layers, chooser,
        options.target_fps ? chooser.exactly(found->cycles, options) : chooser.at(found->cycles),
        found->cycles);
  }
  if (options.target_fps) {
    Chooser chooser(layers, around, ir::PartFamily::kEcp5, false);
    chooser.weigh(kWeights[0]);
    const int64_t budget = budget_of(options);
    return results(layers, chooser, chooser.exactly(budget, options), budget);
  }
  std::vector<Chosen> list;
  for (LayerSpace& layer : layers) {
    list.push_back(chosen(layer, layer.plain(),
                          "the plain choice, as neither a rate nor a board was asked for"));
  }
  return list;
}

std::vector<ParetoPoint> pareto_front(std::vector<LayerSpace>& layers, const Surroundings& around,
                                      const PlanOptions& options) {
  const Board* board = find_board(options);
  const ir::PartFamily family = board ? board->part.family : ir::PartFamily::kEcp5;
  Chooser chooser(layers, around, family, board && board->part.dsp > 0);
  chooser.weigh(kWeights[0]);
  std::vector<ParetoPoint> points;
  double last = 0;
  for (const int64_t cycles : chooser.steps()) {
    if (static_cast<double>(cycles) < last * kApart) continue;
    const std::vector<size_t> places = chooser.at(cycles);
    ParetoPoint point;
    point.resources = chooser.total(places, board != nullptr);
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
    point.fits = board && fits(point.resources, limits_of(board->part));
    points.push_back(std::move(point));
  }
  return points;
}

}  // namespace crosstwin::hwgen
