// Checks xb_window: every kept row of every position, and the cycle of every beat.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "Vtb.h"
#include "verif/common/stream_bench.hpp"
#include "verif/common/window_model.hpp"

namespace {

using namespace crosstwin::verif;

constexpr int kImages = 6;
constexpr uint64_t kStart = 1;  // the first cycle out of reset

struct Entry {
  const char* bug;
  int writable;
  WindowShape shape;
};

#define BUG(index, name, writable, ...) {#name, writable, {__VA_ARGS__}},
#define CASE(index, writable, ...) {"", writable, {__VA_ARGS__}},
const Entry kEntries[] = {
#include "cases.inc"
};

// A seeded bug of which only the cycles tell.
bool is_late(const Entry& entry) { return std::string(entry.bug) == "late"; }

}  // namespace

int main(int argc, char** argv) {
  const uint64_t seed = seed_of(argc, argv);
  std::vector<Case> cases;
  std::vector<WindowModel> models;
  for (const Entry& entry : kEntries) {
    const std::string number = std::to_string(cases.size());
    const WindowShape& shape = entry.shape;
    Random random = case_random(seed, cases.size());
    const WindowModel model(shape, random);
    model.write_image("rows_" + number + ".hex");
    if (entry.writable != 0) WindowModel(shape, random).write_image("other_" + number + ".hex");
    const bool bug = *entry.bug != '\0' && !is_late(entry);
    Case c{bug ? entry.bug : "case " + number, {}, {}, bug};
    for (int image = 0; image < kImages; ++image) {
      const std::vector<uint64_t> map = model.random_map(random);
      for (size_t i = 0; i < map.size(); ++i) c.in.push_back({map[i], i + 1 == map.size()});
      for (int oy = 0; oy < shape.out_h(); ++oy) {
        for (int ox = 0; ox < shape.out_w(); ++ox) {
          if (model.pads(oy, ox)) ++c.seen["padding"];
          if (shape.groups > 1) ++c.seen["repeated"];
          const std::vector<uint64_t> x = model.gather_beats(map, oy, ox);
          for (int group = 0; group < shape.groups; ++group) {
            for (const uint64_t value : x) c.out.push_back({value, false});
          }
        }
      }
      c.out.back().last = true;
    }
    if (model.skips()) ++c.seen["unused"];
    cases.push_back(c);
    models.push_back(model);
  }
  return bench<Vtb>(cases, seed, [&](const std::vector<Result>& results) {
    int wrong = 0, gapless = 0;
    for (size_t i = 0; i < cases.size(); ++i) {
      if (cases[i].bug) continue;
      const std::vector<uint64_t>& got = results[i].cycles;
      const uint64_t load = kEntries[i].writable != 0 ? 16 * models[i].beats().size() : 0;
      const std::vector<uint64_t> expected = models[i].free_cycles(kImages, kStart + load);
      size_t at = 0;
      while (at < got.size() && got[at] == expected[at]) ++at;
      if (is_late(kEntries[i])) {
        if (at == got.size()) std::printf("FAILED: the seeded bug late was not caught\n");
        wrong += at == got.size() ? 1 : 0;
        continue;
      }
      if (at < got.size()) {
        std::printf("FAILED %s: beat %zu in cycle %llu instead of %llu\n", cases[i].name.c_str(),
                    at, static_cast<unsigned long long>(got[at]),
                    static_cast<unsigned long long>(expected[at]));
        ++wrong;
      }
      // From the second image on one beat every cycle, over positions, groups, rows and images.
      if (!models[i].gapless()) continue;
      ++gapless;
      const size_t second = got.size() / kImages;
      if (got.back() - got[second] != got.size() - 1 - second) {
        std::printf("FAILED %s: cycles are lost\n", cases[i].name.c_str());
        ++wrong;
      }
    }
    std::printf("%d cases lose no cycle\n", gapless);
    // Of the fixed sample; random corners need not have them.
    const bool fixed = std::any_of(cases.begin(), cases.end(), [](const Case& c) { return c.bug; });
    if (fixed && gapless < 4) {
      std::printf("FAILED: too few cases have the lines for it\n");
      ++wrong;
    }
    return wrong;
  });
}
