// Checks xb_requant near every rounding boundary, and its cycles against the catalogue's formula.
// SPDX-License-Identifier: Apache-2.0
#include "Vtb.h"
#include "verif/common/requant_model.hpp"
#include "verif/common/stream_bench.hpp"

namespace {

using namespace crosstwin::verif;

constexpr int kPositions = 150;

struct Entry {
  const char* bug;
  RequantShape shape;
};

#define BUG(index, name, ...) {#name, {__VA_ARGS__}},
#define CASE(index, ...) {"", {__VA_ARGS__}},
const Entry kEntries[] = {
#include "cases.inc"
};

}  // namespace

int main(int argc, char** argv) {
  const uint64_t seed = seed_of(argc, argv);
  std::vector<Case> cases;
  std::vector<RequantModel> models;
  for (const Entry& entry : kEntries) {
    const std::string number = std::to_string(cases.size());
    const bool bug = *entry.bug != '\0';
    Random random = case_random(seed, cases.size());
    // Every other case has the small shifts that the product may overflow with.
    models.emplace_back(entry.shape, random, 1, random.percent(50) ? 8 : 31);
    const RequantModel& model = models.back();
    model.write_image("write_" + number + ".hex");
    model.write_image("requant_" + number + ".hex", entry.shape.writable != 0 ? 0x5555 : 0);
    Case c{bug ? entry.bug : "case " + number, {}, {}, bug};
    for (int position = 0; position < kPositions; ++position) {
      for (int col = 0; col < entry.shape.cols; ++col) {
        const int64_t y = model.interesting_y(col, random);
        model.see(y, col, c.seen);
        const bool last = position % 3 == 2 && col == entry.shape.cols - 1;
        c.in.push_back({static_cast<uint64_t>(y), last});
        c.out.push_back({model.apply(y, col), last});
      }
    }
    cases.push_back(c);
  }
  return bench<Vtb>(cases, seed, [&](const std::vector<Result>& results) {
    int wrong = 0;
    for (size_t i = 0; i < cases.size(); ++i) {
      if (cases[i].bug) continue;
      const int cols = kEntries[i].shape.cols;
      // From one output to the next passes the time of the later column.
      int64_t formula = 0;
      for (int col = 0; col < cols; ++col) formula += models[i].cycles(col);
      const auto n = static_cast<size_t>(cols);
      const uint64_t got = results[i].cycles[9 * n] - results[i].cycles[8 * n];
      if (got != static_cast<uint64_t>(formula)) {
        std::printf("FAILED %s: %llu cycles a position, the formula says %lld\n",
                    cases[i].name.c_str(), static_cast<unsigned long long>(got),
                    static_cast<long long>(formula));
        ++wrong;
      }
    }
    return wrong;
  });
}
