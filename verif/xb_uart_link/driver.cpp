// Checks xb_uart_link from the host's side: bytes of images in, class and logits out.
// SPDX-License-Identifier: Apache-2.0
#include "Vtb.h"
#include "verif/common/stream_bench.hpp"

namespace {

using namespace crosstwin::verif;

constexpr int kImages = 4;

struct Entry {
  const char* bug;
  int clks_per_bit, pixel_bytes, pixels, taken, outputs, host_bit16;
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
      // What tb.sv's design answers: every byte weighs its place, so order matters.
      uint32_t sum = 0;
      const uint32_t bytes = static_cast<uint32_t>(e.pixel_bytes * e.pixels);
      for (uint32_t i = 0; i < bytes; ++i) {
        const uint32_t value = static_cast<uint32_t>(random.range(0, 255));
        c.in.push_back({value, i + 1 == bytes});
        sum += value * (i + 1);
      }
      const uint32_t outputs = static_cast<uint32_t>(e.outputs);
      c.out.push_back({sum % outputs, false});
      for (uint32_t k = 0; k < outputs; ++k) {
        const uint32_t logit = (k + 1) * sum + 16777259U * k;
        for (int part = 0; part < 4; ++part) c.out.push_back({logit >> (8 * part) & 255, false});
      }
      c.out.back().last = true;
    }
    cases.push_back(c);
  }
  return bench<Vtb>(cases, seed, no_check);
}
