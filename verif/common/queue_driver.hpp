// Driver shared by the stream stages that pass beats on unchanged: skid and FIFO.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "verif/common/stream_bench.hpp"

namespace crosstwin::verif {

struct QueueEntry {
  const char* bug;
  int width;
  int depth = 2;  // with one place a beat enters only after the one before has left
};

// Beats come out as they went in; without stalls one every cycle, with one place every second.
template <typename Model, size_t N>
int run_queue(const QueueEntry (&entries)[N], int argc, char** argv) {
  constexpr int kBeats = 400;
  const uint64_t seed = seed_of(argc, argv);
  std::vector<Case> cases;
  for (const QueueEntry& e : entries) {
    const bool bug = *e.bug != '\0';
    Random random = case_random(seed, cases.size());
    Case c{bug ? e.bug : "case " + std::to_string(cases.size()), {}, {}, bug};
    for (int i = 0; i < kBeats; ++i) {
      c.in.push_back({random.next() & mask(e.width), false});
      c.out.push_back(c.in.back());
    }
    cases.push_back(c);
  }
  return bench<Model>(cases, seed, [&](const std::vector<Result>& results) {
    int wrong = 0;
    for (size_t i = 0; i < cases.size(); ++i) {
      if (cases[i].bug) continue;
      const uint64_t got = results[i].cycles.back() - results[i].cycles.front();
      if (got != uint64_t{kBeats - 1} * (entries[i].depth == 1 ? 2 : 1)) {
        std::printf("FAILED %s: %llu cycles for %d beats\n", cases[i].name.c_str(),
                    static_cast<unsigned long long>(got + 1), kBeats);
        ++wrong;
      }
    }
    return wrong;
  });
}

}  // namespace crosstwin::verif
