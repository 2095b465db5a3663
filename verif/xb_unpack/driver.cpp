// Checks xb_unpack: channel order, the image's end, one activation a cycle.
// SPDX-License-Identifier: Apache-2.0
#include "Vtb.h"
#include "verif/common/stream_bench.hpp"

namespace {

using namespace crosstwin::verif;

struct Entry {
  const char* bug;
  int channels, bits;
};

#define BUG(index, name, channels, bits) {#name, channels, bits},
#define CASE(index, channels, bits) {"", channels, bits},
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
    for (int pixel = 0; pixel < 100; ++pixel) {
      const bool last = pixel % 7 == 6;
      const uint64_t data = random.next() & mask(e.channels * e.bits);
      c.in.push_back({data, last});
      for (int ch = 0; ch < e.channels; ++ch) {
        c.out.push_back({data >> (ch * e.bits) & mask(e.bits), last && ch == e.channels - 1});
      }
    }
    cases.push_back(c);
  }
  return bench<Vtb>(cases, seed, [&](const std::vector<Result>& results) {
    return one_beat_a_cycle(cases, results);
  });
}
