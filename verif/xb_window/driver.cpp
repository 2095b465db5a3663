// Checks xb_window: every kept row of every position, and one beat a cycle once its lines are in.
// SPDX-License-Identifier: Apache-2.0
#include "Vtb.h"
#include "verif/common/stream_bench.hpp"
#include "verif/common/window_model.hpp"

namespace {

using namespace crosstwin::verif;

constexpr int kImages = 6;

struct Entry {
  const char* bug;
  WindowShape shape;
};

#define BUG(index, name, ...) {#name, {__VA_ARGS__}},
#define CASE(index, ...) {"", {__VA_ARGS__}},
const Entry kEntries[] = {
#include "cases.inc"
};

}  // namespace

int main(int argc, char** argv) {
  const uint64_t seed = seed_of(argc, argv);
  Random random(seed);
  std::vector<Case> cases;
  for (const Entry& entry : kEntries) {
    const std::string number = std::to_string(cases.size());
    const WindowShape& shape = entry.shape;
    const WindowModel model(shape, random);
    model.write_image("rows_" + number + ".hex");
    Case c{*entry.bug != '\0' ? entry.bug : "case " + number, {}, {}, *entry.bug != '\0'};
    for (int image = 0; image < kImages; ++image) {
      const std::vector<uint64_t> map = model.random_map(random);
      for (size_t i = 0; i < map.size(); ++i) c.in.push_back({map[i], i + 1 == map.size()});
      for (int oy = 0; oy < shape.out_h(); ++oy) {
        for (int ox = 0; ox < shape.out_w(); ++ox) {
          const std::vector<uint64_t> x = model.gather(map, oy, ox);
          for (int group = 0; group < shape.groups; ++group) {
            for (const uint64_t value : x) c.out.push_back({value, false});
          }
        }
      }
      c.out.back().last = true;
    }
    cases.push_back(c);
  }
  return bench<Vtb>(cases, seed, [&](const std::vector<Result>& results) {
    int wrong = 0;
    for (size_t i = 0; i < cases.size(); ++i) {
      const WindowShape& s = kEntries[i].shape;
      const size_t beats = cases[i].out.size() / kImages;
      const size_t input = cases[i].in.size() / kImages;
      // Reading bound, and the next image loads meanwhile: a dense layer streams without a gap.
      if (cases[i].bug || s.out_h() != 1 || s.lines != 0 || beats < input + 8) continue;
      const uint64_t got = results[i].cycles[5 * beats - 1] - results[i].cycles[4 * beats - 1];
      if (got != beats) {
        std::printf("FAILED %s: %llu cycles for %zu beats\n", cases[i].name.c_str(),
                    static_cast<unsigned long long>(got), beats);
        ++wrong;
      }
    }
    return wrong;
  });
}
