// Checks whole layers, gather, tile and requantizer, against their models, and their cycles against
// the plan's.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "Vtb.h"
#include "verif/common/requant_model.hpp"
#include "verif/common/stream_bench.hpp"
#include "verif/common/tile_model.hpp"
#include "verif/common/window_model.hpp"

namespace {

using namespace crosstwin::verif;

constexpr int kImages = 5;

struct Entry {
  const char* bug;
  WindowShape window;
  TileShape tile;
  RequantShape requant;
};

#define BUG(index, name, ih, iw, ic, kh, kw, st, pad, ln, r, ib, tr, c, p, is, pc, al, bb, lg, ob, \
            lo, hi)                                                                                \
  {#name,                                                                                          \
   {ih, iw, ic, kh, kw, st, pad, ln, r, (c + p - 1) / p, ib},                                      \
   {r, tr, c, p, ib, is, 4, 2, pc, 7, 8, 8, al, {40503, 37}, {19, 9}, {-9, 5}, {2, 1}},            \
   {c, 24, bb, lg, ob, lo, hi}},
#define CASE(index, ...) BUG(index, , __VA_ARGS__)
const Entry kEntries[] = {
#include "cases.inc"
};

}  // namespace

int main(int argc, char** argv) {
  const uint64_t seed = seed_of(argc, argv);
  Random random(seed);
  std::vector<Case> cases;
  std::vector<int64_t> formula;
  for (const Entry& e : kEntries) {
    const std::string number = std::to_string(cases.size());
    const bool bug = *e.bug != '\0';
    const WindowModel window(e.window, random);
    const TileModel tile(e.tile, random, false);
    const RequantModel requant(e.requant, random, 22, 26);
    window.write_image("rows_" + number + ".hex");
    tile.write_images("weights_" + number + ".hex", "table_" + number + ".hex");
    requant.write_image("requant_" + number + ".hex");
    Case c{bug ? e.bug : "case " + number, {}, {}, bug};
    for (int image = 0; image < kImages; ++image) {
      const std::vector<uint64_t> map = window.random_map(random);
      for (size_t i = 0; i < map.size(); ++i) c.in.push_back({map[i], i + 1 == map.size()});
      for (int oy = 0; oy < e.window.out_h(); ++oy) {
        for (int ox = 0; ox < e.window.out_w(); ++ox) {
          const std::vector<int64_t> y = tile.apply(window.gather(map, oy, ox));
          for (int col = 0; col < e.tile.cols; ++col) {
            c.out.push_back({requant.apply(y[col], col), false});
          }
        }
      }
      c.out.back().last = true;
    }
    // Outputs that sit at the clamp test nothing.
    const uint64_t low = static_cast<uint64_t>(e.requant.low) & mask(e.requant.out_bits);
    const auto clamped = std::count_if(c.out.begin(), c.out.end(), [&](const Beat& beat) {
      return beat.data == low || beat.data == static_cast<uint64_t>(e.requant.high);
    });
    if (e.requant.logits == 0 && 2 * static_cast<size_t>(clamped) > c.out.size()) {
      std::printf("FAILED %s: %td of %zu outputs sit at the clamp\n", c.name.c_str(), clamped,
                  c.out.size());
      return 1;
    }
    cases.push_back(c);
    std::vector<int32_t> taken;
    for (int col = 0; col < e.tile.cols; ++col) {
      taken.push_back(static_cast<int32_t>(requant.cycles(col)));
    }
    crosstwin::hwgen::LayerTiming timing = tile.timing(taken);
    window.set(timing);
    formula.push_back(crosstwin::hwgen::layer_cycles(timing));
  }
  return bench<Vtb>(cases, seed, [&](const std::vector<Result>& results) {
    int wrong = 0;
    for (size_t i = 0; i < cases.size(); ++i) {
      if (cases[i].bug) continue;
      const size_t beats = cases[i].out.size() / kImages;
      const uint64_t got =
          results[i].cycles[kImages * beats - 1] - results[i].cycles[(kImages - 1) * beats - 1];
      if (got == static_cast<uint64_t>(formula[i])) continue;
      std::printf("FAILED %s: %llu cycles an image, the plan says %lld\n", cases[i].name.c_str(),
                  static_cast<unsigned long long>(got), static_cast<long long>(formula[i]));
      ++wrong;
    }
    return wrong;
  });
}
