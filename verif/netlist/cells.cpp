// Random vectors for cells.sv and its netlists: the good models never differ, a broken one must.
// SPDX-License-Identifier: Apache-2.0
#include "Vcells_tb.h"
#include "verif/common/stream_bench.hpp"

namespace {

constexpr int kCycles = 60000;

// Low in every address width of cells.sv, so that two of them differ in all memories.
constexpr uint32_t kOther = 1;

}  // namespace

// cells SEED NAME...: the names of bugs.txt, in its order.
int main(int argc, char** argv) {
  using namespace crosstwin::verif;
  Random random(std::strtoull(argv[1], nullptr, 10));
  VerilatedContext context;
  context.randReset(2);
  context.randSeed(1);
  Vcells_tb model(&context);
  std::vector<uint64_t> differ(static_cast<size_t>(argc - 1), 0);
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    // Half of the addresses from a few words, so that what was written is read again.
    uint32_t addr = static_cast<uint32_t>(random.range(0, 299));
    if (random.percent(50)) addr = static_cast<uint32_t>(random.range(0, 7));
    // Now and then from everywhere.
    const bool far = random.percent(30);
    model.addr_i = far ? static_cast<uint32_t>(random.range(0, 16383)) : addr;
    model.other_i = model.addr_i ^ kOther;
    // The first cycle sets every output register.
    model.read_i = cycle == 0 || random.percent(80);
    model.write_i = cycle > 0 && random.percent(40);
    model.clear_i = cycle > 0 && random.percent(10);
    model.enable_i = static_cast<uint32_t>(random.next() & 15);
    for (int word = 0; word < 3; ++word) {
      model.data_i[word] = static_cast<uint32_t>(random.next()) & (word == 2 ? 0xff : ~0u);
    }
    model.clk_i = 0;
    model.eval();
    model.clk_i = 1;
    model.eval();
    // Multipliers are two registers deep.
    if (cycle < 2) continue;
    for (size_t i = 0; i < differ.size(); ++i) differ[i] |= model.differ_o[i];
  }
  model.final();
  int wrong = 0;
  for (size_t i = 0; i < differ.size(); ++i) {
    const bool fails = differ[i] != 0;
    if (fails == (i == 0)) {
      ++wrong;
      std::printf("FAILED %s: cases that differ: %#llx\n", i == 0 ? "the models" : argv[1 + i],
                  static_cast<unsigned long long>(differ[i]));
    }
  }
  std::printf("%d cycles, the models as RTL, %zu of %zu seeded bugs caught\n", kCycles,
              differ.size() - 1 - static_cast<size_t>(wrong - (differ[0] != 0 ? 1 : 0)),
              differ.size() - 1);
  return wrong == 0 ? 0 : 1;
}
