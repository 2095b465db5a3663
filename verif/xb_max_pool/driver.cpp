// Checks xb_max_pool against the plain maximum over every window, and its cycles.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "Vtb.h"
#include "hwgen/plan/cycles.hpp"
#include "verif/common/stream_bench.hpp"

namespace {

using namespace crosstwin::verif;

constexpr int kImages = 8;

struct Entry {
  const char* bug;
  int in_h, in_w, in_c, kernel, stride, bits, is_signed;
};

#define BUG(index, name, ...) {#name, __VA_ARGS__},
#define CASE(index, ...) {"", __VA_ARGS__},
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
    for (int image = 0; image < kImages; ++image) {
      std::vector<uint64_t> map;
      const bool narrow = random.percent(30);  // few values, many ties
      for (int i = 0; i < e.in_h * e.in_w * e.in_c; ++i) {
        map.push_back(narrow ? static_cast<uint64_t>(random.range(-1, 1)) & mask(e.bits)
                             : random.next() & mask(e.bits));
      }
      for (size_t i = 0; i < map.size(); ++i) c.in.push_back({map[i], i + 1 == map.size()});
      // Of two beats of `bits` wide, signed ones ordered by their flipped sign.
      const uint64_t flip = e.is_signed != 0 ? uint64_t{1} << (e.bits - 1) : 0;
      for (int oy = 0; oy + e.kernel <= e.in_h; oy += e.stride) {
        for (int ox = 0; ox + e.kernel <= e.in_w; ox += e.stride) {
          for (int ch = 0; ch < e.in_c; ++ch) {
            std::vector<uint64_t> window;
            for (int k = 0; k < e.kernel * e.kernel; ++k) {
              const int y = oy + k / e.kernel, x = ox + k % e.kernel;
              window.push_back(map[(y * e.in_w + x) * e.in_c + ch] ^ flip);
            }
            const auto best = std::max_element(window.begin(), window.end());
            if (std::count(window.begin(), window.end(), *best) > 1) ++c.seen["tie"];
            if (best == window.begin()) ++c.seen["first"];
            if (best == window.end() - 1) ++c.seen["final"];
            if (*best < flip) ++c.seen["all negative"];
            c.out.push_back({*best ^ flip, false});
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
      if (cases[i].bug) continue;
      const Entry& e = kEntries[i];
      const size_t beats = cases[i].out.size() / kImages;
      const uint64_t got = results[i].cycles[8 * beats - 1] - results[i].cycles[7 * beats - 1];
      const int64_t formula =
          crosstwin::hwgen::pool_cycles(e.in_h, e.in_w, e.in_c, e.kernel, e.stride);
      if (got == static_cast<uint64_t>(formula)) continue;
      std::printf("FAILED %s: %llu cycles an image, the plan says %lld\n", cases[i].name.c_str(),
                  static_cast<unsigned long long>(got), static_cast<long long>(formula));
      ++wrong;
    }
    return wrong;
  });
}
