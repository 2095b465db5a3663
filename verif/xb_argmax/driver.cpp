// Checks xb_argmax: logits unchanged, the class with the last one, one beat a cycle.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

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
  std::vector<Case> cases;
  for (const Entry& e : kEntries) {
    const bool bug = *e.bug != '\0';
    Random random = case_random(seed, cases.size());
    Case c{bug ? e.bug : "case " + std::to_string(cases.size()), {}, {}, bug};
    const int64_t limit = int64_t{1} << (e.bits - 1);
    const int images = std::max(8, 800 / e.outputs);
    for (int image = 0; image < images; ++image) {
      const bool narrow = random.percent(50);  // many ties
      const bool negative = random.percent(20);
      std::vector<int64_t> logits;
      for (int i = 0; i < e.outputs; ++i) {
        int64_t value = narrow ? random.range(-2, std::min<int64_t>(2, limit - 1))
                               : sign_extend(random.next(), e.bits);
        if (!narrow && random.percent(10)) value = random.percent(50) ? -limit : limit - 1;
        logits.push_back(negative && value >= 0 ? -1 - value : value);
      }
      const auto best = std::max_element(logits.begin(), logits.end());  // the first of them
      const auto ties = std::count(logits.begin(), logits.end(), *best);
      if (ties > 1) ++c.seen["tie"];
      if (best == logits.begin()) ++c.seen["first"];
      if (e.outputs > 1 && best == logits.end() - 1) ++c.seen["final"];
      if (*best < 0) ++c.seen["all negative"];
      if (std::count(logits.begin(), logits.end(), -limit) > 0) ++c.seen["lowest"];
      if (*best == limit - 1) ++c.seen["highest"];
      for (const int64_t& value : logits) {
        const uint64_t raw = static_cast<uint64_t>(value) & mask(e.bits);
        const bool last = &value == &logits.back();
        const auto index = static_cast<uint64_t>(best - logits.begin());
        c.in.push_back({raw, last});
        c.out.push_back({(last ? index << 32 : 0) | raw, last});
      }
    }
    cases.push_back(c);
  }
  return bench<Vtb>(cases, seed, [&](const std::vector<Result>& results) {
    return one_beat_a_cycle(cases, results);
  });
}
