// Checks xb_mul against the product, extremes included, at one product a cycle.
// SPDX-License-Identifier: Apache-2.0
#include "Vtb.h"
#include "verif/common/stream_bench.hpp"

namespace {

using namespace crosstwin::verif;

constexpr int kBeats = 1500;

struct Entry {
  const char* bug;
  int a_bits, a_signed, b_bits, dsp;
};

#define BUG(index, name, ...) {#name, __VA_ARGS__},
#define CASE(index, ...) {"", __VA_ARGS__},
const Entry kEntries[] = {
#include "cases.inc"
};

// Every extreme often: 0, 1, all ones, the top bit alone, its complement.
uint64_t operand(int bits, Random& random) {
  const uint64_t top = uint64_t{1} << (bits - 1);
  switch (random.range(0, 9)) {
    case 0:
      return 0;
    case 1:
      return 1;
    case 2:
      return mask(bits);
    case 3:
      return top;
    case 4:
      return top - 1;
    default:
      return random.next() & mask(bits);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t seed = seed_of(argc, argv);
  std::vector<Case> cases;
  for (const Entry& e : kEntries) {
    const bool bug = *e.bug != '\0';
    Random random = case_random(seed, cases.size());
    Case c{bug ? e.bug : "case " + std::to_string(cases.size()), {}, {}, bug};
    for (int i = 0; i < kBeats; ++i) {
      const uint64_t a = operand(e.a_bits, random), b = operand(e.b_bits, random);
      const int64_t left = e.a_signed != 0 ? sign_extend(a, e.a_bits) : static_cast<int64_t>(a);
      const int64_t product = left * sign_extend(b, e.b_bits);
      const uint64_t low_a = e.a_signed != 0 ? uint64_t{1} << (e.a_bits - 1) : 0;
      const uint64_t low_b = uint64_t{1} << (e.b_bits - 1);
      if (a == low_a && b == low_b) ++c.seen["most negative"];
      if (a == (mask(e.a_bits) ^ low_a) && b == (mask(e.b_bits) ^ low_b)) ++c.seen["most"];
      if ((a == 0) != (b == 0)) ++c.seen["zero"];
      const bool last = random.percent(20);
      c.in.push_back({b << e.a_bits | a, last});
      c.out.push_back({static_cast<uint64_t>(product), last});
    }
    cases.push_back(c);
  }
  return bench<Vtb>(cases, seed, [&](const std::vector<Result>& results) {
    return one_beat_a_cycle(cases, results);
  });
}
