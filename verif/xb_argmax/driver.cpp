// Checks xb_argmax: logits unchanged, the class with the last one, one beat a cycle.
// SPDX-License-Identifier: Apache-2.0
#include "Vtb.h"
#include "verif/common/stream_bench.hpp"

namespace {

using namespace crosstwin::verif;

struct Entry {
  const char* bug;
  int outputs, bits;
};

#define BUG(index, name, outputs, bits) {#name, outputs, bits},
#define CASE(index, outputs, bits) {"", outputs, bits},
const Entry kEntries[] = {
#include "cases.inc"
};

}  // namespace

int main(int argc, char** argv) {
  const uint64_t seed = seed_of(argc, argv);
  Random random(seed);
  std::vector<Case> cases;
  for (const Entry& e : kEntries) {
    const bool bug = *e.bug != '\0';
    Case c{bug ? e.bug : "case " + std::to_string(cases.size()), {}, {}, bug};
    for (int image = 0; image < 60; ++image) {
      uint64_t best_index = 0;
      int64_t best = 0;
      const bool narrow = random.percent(50);  // many ties
      for (int i = 0; i < e.outputs; ++i) {
        const int64_t value = narrow ? random.range(-2, 2) : sign_extend(random.next(), e.bits);
        if (i == 0 || value > best) {
          best = value;
          best_index = static_cast<uint64_t>(i);
        }
        const uint64_t raw = static_cast<uint64_t>(value) & mask(e.bits);
        const bool last = i == e.outputs - 1;
        c.in.push_back({raw, last});
        c.out.push_back({(last ? best_index << 32 : 0) | raw, last});
      }
    }
    cases.push_back(c);
  }
  return bench<Vtb>(cases, seed, [&](const std::vector<Result>& results) {
    return one_beat_a_cycle(cases, results);
  });
}
