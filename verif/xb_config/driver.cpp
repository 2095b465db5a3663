// Checks xb_config: records of every kind, cut short anywhere, one write for each data beat.
// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "Vtb.h"
#include "verif/common/stream_bench.hpp"

namespace {

using namespace crosstwin::verif;

constexpr int kRecords = 400;

struct Entry {
  const char* bug;
  int layers;
};

#define BUG(index, name, layers) {#name, layers},
#define CASE(index, layers) {"", layers},
const Entry kEntries[] = {
#include "cases.inc"
};

// One record, whole or cut short, and the writes that it gives.
void add_record(Case& c, int layers, Random& random) {
  const auto draw = [&random](int64_t low, int64_t high) {
    return static_cast<uint64_t>(random.range(low, high));
  };
  const uint64_t layer = random.percent(90) ? draw(0, layers - 1) : draw(layers, 255);
  const uint64_t mem = random.percent(90) ? draw(0, 7) : draw(8, 255);
  const uint64_t chunks = random.percent(2) ? draw(255, 258) : draw(0, 5);
  const uint64_t words = random.percent(5) ? draw(0, 70) : draw(0, 6);
  // Now and then one that counts over a carry, or that is too large.
  const uint64_t address = random.percent(5)    ? draw(1 << 24, 0xffffffff)
                           : random.percent(50) ? (draw(1, 255) << 16) - draw(0, 3)
                                                : draw(0, 0xffff00);
  const bool dropped =
      layer >= static_cast<uint64_t>(layers) || mem > 7 || chunks > 256 || address >= 1 << 24;
  const uint64_t data_beats = words * chunks;
  if (layer >= static_cast<uint64_t>(layers)) ++c.seen["no layer"];
  if (mem > 7) ++c.seen["no memory"];
  if (chunks > 256) ++c.seen["too many chunks"];
  if (address >= 1 << 24) ++c.seen["no address"];
  if (data_beats == 0) ++c.seen["empty"];
  if (!dropped && chunks == 256 && words > 0) ++c.seen["most chunks"];
  const uint64_t beats =
      random.percent(20) ? draw(1, static_cast<int64_t>(3 + data_beats)) : 3 + data_beats;
  if (beats < 3) ++c.seen["cut head"];
  if (beats >= 3 && beats < 3 + data_beats) ++c.seen["cut data"];
  const std::array<uint64_t, 3> head = {layer << 24 | mem << 16 | chunks, address, words};
  for (uint64_t beat = 0; beat < beats; ++beat) {
    const uint64_t data = beat < 3 ? head[beat] : random.next() & mask(32);
    c.in.push_back({data, false});
    if (beat < 3 || dropped) continue;
    const uint64_t word = (beat - 3) / chunks, chunk = (beat - 3) % chunks;
    c.out.push_back({layer << 60 | mem << 57 | (address + word) << 33 | chunk << 25 |
                         ((data ^ data >> 25) & mask(25)),
                     false});
  }
  c.in.back().last = beats < 3 + data_beats || random.percent(30);
  ++c.seen[c.in.back().last ? "load ends" : "record follows"];
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t seed = seed_of(argc, argv);
  std::vector<Case> cases;
  for (const Entry& entry : kEntries) {
    Case c{*entry.bug != '\0' ? entry.bug : "case " + std::to_string(cases.size()),
           {},
           {},
           *entry.bug != '\0'};
    Random random = case_random(seed, cases.size());
    for (int i = 0; i < kRecords; ++i) add_record(c, entry.layers, random);
    cases.push_back(c);
  }
  return bench<Vtb>(cases, seed, no_check);
}
