// Checks xb_mac against the integer product, and its cycles: none is lost between groups.
// SPDX-License-Identifier: Apache-2.0
#include "Vtb.h"
#include "verif/common/mac_model.hpp"
#include "verif/common/stream_bench.hpp"

namespace {

using namespace crosstwin::verif;

constexpr int kPositions = 12;

struct Entry {
  const char* bug;
  MacShape shape;
  int dsp, writable;
};

#define BUG(index, name, rows, cols, pe, lanes, in_bits, in_signed, weight_bits, dsp, writable) \
  {#name, {rows, cols, pe, lanes, in_bits, in_signed, weight_bits}, dsp, writable},
#define CASE(index, ...) BUG(index, , __VA_ARGS__)
const Entry kEntries[] = {
#include "cases.inc"
};

}  // namespace

int main(int argc, char** argv) {
  const uint64_t seed = seed_of(argc, argv);
  std::vector<Case> cases;
  std::vector<int64_t> cycles;
  for (const Entry& entry : kEntries) {
    const std::string number = std::to_string(cases.size());
    const MacShape& shape = entry.shape;
    Random random = case_random(seed, cases.size());
    // Every fourth case sums the largest products there are.
    const bool extreme = random.percent(25);
    const MacModel model(shape, random, extreme);
    model.write_image("write_" + number + ".hex");
    model.write_image("weights_" + number + ".hex", entry.writable != 0 ? 0x55 : 0);
    cycles.push_back(model.cycles());
    const bool bug = *entry.bug != '\0';
    Case c{bug ? entry.bug : "case " + number, {}, {}, bug};
    for (int position = 0; position < kPositions; ++position) {
      std::vector<uint64_t> x;
      for (int row = 0; row < shape.rows; ++row) {
        // All ones; the top bit alone, which is the most negative; random.
        x.push_back(position == 0   ? mask(shape.in_bits)
                    : position == 1 ? uint64_t{1} << (shape.in_bits - 1)
                                    : random.next() & mask(shape.in_bits));
      }
      const bool last = position % 4 == 3;
      for (int group = 0; group < shape.groups(); ++group) {
        for (int beat = 0; beat < shape.beats(); ++beat) {
          uint64_t data = 0;
          for (int lane = 0; lane < shape.row_lanes; ++lane) {
            const int row = beat * shape.row_lanes + lane;
            // A lane beyond the last row holds noise that must not count.
            const uint64_t value = row < shape.rows ? x[static_cast<size_t>(row)] : random.next();
            data |= (value & mask(shape.in_bits)) << (lane * shape.in_bits);
          }
          c.in.push_back({data, last && group == shape.groups() - 1 && beat == shape.beats() - 1});
        }
      }
      const std::vector<int64_t> y = model.apply(x);
      // The greatest magnitude: the top bit alone when signed, all ones when not.
      if (extreme && position == (shape.in_signed != 0 ? 1 : 0)) ++c.seen["extreme"];
      for (const int64_t sum : y) {
        if (sum <= 0) ++c.seen[sum < 0 ? "negative sum" : "zero sum"];
      }
      for (int col = 0; col < shape.cols; ++col) {
        c.out.push_back(
            {static_cast<uint64_t>(y[static_cast<size_t>(col)]), last && col == shape.cols - 1});
      }
    }
    cases.push_back(c);
  }
  return bench<Vtb>(cases, seed, [&](const std::vector<Result>& results) {
    int wrong = 0;
    for (size_t i = 0; i < cases.size(); ++i) {
      if (cases[i].bug) continue;
      const auto cols = static_cast<size_t>(kEntries[i].shape.cols);
      const uint64_t got = results[i].cycles[12 * cols - 1] - results[i].cycles[8 * cols - 1];
      if (got == static_cast<uint64_t>(4 * cycles[i])) continue;
      std::printf("FAILED %s: %llu cycles for 4 positions, the formula says %lld\n",
                  cases[i].name.c_str(), static_cast<unsigned long long>(got),
                  static_cast<long long>(4 * cycles[i]));
      ++wrong;
    }
    return wrong;
  });
}
