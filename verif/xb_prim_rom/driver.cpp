// Checks xb_prim_rom: the image, reads held by a stall, and chunks written in between.
// SPDX-License-Identifier: Apache-2.0
#include "Vtb.h"
#include "verif/common/stream_bench.hpp"

namespace {

using namespace crosstwin::verif;

constexpr int kCommands = 4000;

struct Entry {
  const char* bug;
  int width, depth, style, writable;
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
    const std::string number = std::to_string(cases.size());
    Case c{*e.bug != '\0' ? e.bug : "case " + number, {}, {}, *e.bug != '\0'};
    Random random = case_random(seed, cases.size());
    std::vector<uint64_t> words;
    HexImage image("words_" + number + ".hex");
    for (int i = 0; i < e.depth; ++i) {
      words.push_back(random.next() & mask(e.width));
      image.field(words.back(), e.width).end_word();
    }
    // First the whole image, then reads and writes mixed; a write is tried on every memory, and
    // its chunk may be one that the word does not have.
    for (int i = 0; i < e.depth + kCommands; ++i) {
      const bool write = i >= e.depth && random.percent(50);
      const auto at = static_cast<size_t>(i < e.depth ? i : random.range(0, e.depth - 1));
      const auto chunk = random.percent(90) ? static_cast<uint64_t>(random.range(0, e.width / 32))
                                            : static_cast<uint64_t>(random.range(0, 255));
      const uint64_t data = random.next() & mask(32);
      c.in.push_back(
          {uint64_t{write} << 63 | static_cast<uint64_t>(at) << 40 | chunk << 32 | data, false});
      if (!write) {
        c.out.push_back({words[at], false});
      } else if (e.writable == 0) {
        ++c.seen["read only"];
      } else if (static_cast<int>(chunk) * 32 >= e.width) {
        ++c.seen["beyond"];
      } else {
        ++c.seen["write"];
        const uint64_t part = mask(32) << (32 * chunk) & mask(e.width);
        words[at] = (words[at] & ~part) | (data << (32 * chunk) & part);
      }
    }
    cases.push_back(c);
  }
  return bench<Vtb>(cases, seed, no_check);
}
