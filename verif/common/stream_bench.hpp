// Drives the cases of one Verilated testbench: random idle and back-pressure, every beat compared.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <verilated.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "verif/common/record.hpp"

namespace crosstwin::verif {

// SplitMix64: small, seeded, the same on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // Uniform in [low, high].
  int64_t range(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(next() % static_cast<uint64_t>(high - low + 1));
  }
  bool percent(int chance) { return range(0, 99) < chance; }

 private:
  uint64_t state_;
};

// The generator of one case, from its parameters and not from its place in the list: the same data
// alone as among others.
inline Random case_random(uint64_t seed, size_t index, uint64_t purpose = 0) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : std::string(kRows[index])) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return Random(Random(hash ^ seed).next() + purpose);
}

inline uint64_t mask(int bits) { return bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1; }

// Cycles `bits` wide two's complement to a signed number.
inline int64_t sign_extend(uint64_t value, int bits) {
  const uint64_t top = uint64_t{1} << (bits - 1);
  return static_cast<int64_t>((value & mask(bits)) ^ top) - static_cast<int64_t>(top);
}

// A $readmemh image: one word a line, given as its fields' bits, least significant field first.
class HexImage {
 public:
  explicit HexImage(const std::string& path) : out_(path) {}
  HexImage& field(uint64_t value, int bits) {
    for (int i = 0; i < bits; ++i) bits_.push_back((value >> i & 1) != 0);
    return *this;
  }
  void end_word() {
    std::string text;
    for (size_t i = 0; i < bits_.size(); i += 4) {
      int digit = 0;
      for (size_t b = 0; b < 4 && i + b < bits_.size(); ++b) digit |= (bits_[i + b] ? 1 : 0) << b;
      text.insert(text.begin(), "0123456789abcdef"[digit]);
    }
    out_ << text << '\n';
    bits_.clear();
  }

 private:
  std::ofstream out_;
  std::vector<bool> bits_;
};

struct Beat {
  uint64_t data = 0;
  bool last = false;
};

// One instance of the testbench, found there under the same index.
struct Case {
  std::string name;
  std::vector<Beat> in;
  std::vector<Beat> out;
  bool bug = false;  // a seeded bug: some run must fail
  Seen seen;         // events that its data and its model cause
};

struct Result {
  std::string error;             // empty: every beat was as expected
  std::vector<uint64_t> cycles;  // when each output beat was accepted
  std::set<std::string> bench;   // none, idle, stall or both; in, out: images without a gap between
};

struct Stalls {
  int idle = 0;   // percent of cycles without an input beat
  int stall = 0;  // percent of cycles without an output accepted
  int burst = 1;  // cycles that a decision lasts at most
};

// Neither, input only, output only, both, and both in bursts, which fill and drain every queue.
inline constexpr Stalls kPatterns[] = {{0, 0}, {70, 0}, {0, 90}, {30, 30}, {40, 60, 40}};

// One side's decisions, cycle by cycle: the percentage holds on average.
class Gate {
 public:
  bool closed(int percent, int burst, Random& random) {
    if (left_ == 0) {
      closed_ = random.percent(percent);
      left_ = burst == 1 ? 1 : random.range(1, burst);
    }
    --left_;
    return closed_;
  }

 private:
  int64_t left_ = 0;
  bool closed_ = false;
};

// Runs all cases with bug == `bugs` at once on a fresh model. Testbench ports: vectors of one bit a
// case clk_i, in_valid_i, in_last_i, in_ready_o, out_valid_o, out_last_o, out_ready_i, and arrays
// of 64-bit words in_data_i, out_data_o.
template <typename Model>
std::vector<Result> run_cases(const std::vector<Case>& cases, bool bugs, Stalls stalls,
                              uint64_t seed) {
  constexpr uint64_t kQuiet = 20000;  // cycles without a beat: the case hangs
  constexpr uint64_t kReset = 1;      // cycles in reset, from random registers
  constexpr uint64_t kAfter = 300;    // cycles after the last beat in which none may follow
  VerilatedContext context;
  context.assertOn(!bugs);
  context.randReset(2);
  context.randSeed(static_cast<int>(seed % 1000000) + 1);
  Model model(&context);
  struct State {
    Random random;
    Gate idle_gate, stall_gate;
    size_t sent = 0, received = 0;
    uint64_t quiet = 0;  // cycles since the last beat
    bool valid = false;
    bool idled = false, stalled = false;       // the module was kept waiting
    bool in_ended = false, out_ended = false;  // the beat a cycle ago ended an image
  };
  std::vector<State> state;
  for (size_t i = 0; i < cases.size(); ++i) {
    state.push_back(
        {case_random(seed, i, static_cast<uint64_t>(stalls.idle * 100 + stalls.stall) + 1)});
  }
  std::vector<Result> results(cases.size());
  uint64_t running = 0;
  for (size_t i = 0; i < cases.size(); ++i) running |= uint64_t{cases[i].bug == bugs} << i;
  const auto runs = [&](size_t i) { return (running >> i & 1) != 0; };

  model.clk_i = 0;
  model.in_valid_i = 0;
  model.out_ready_i = 0;
  model.rst_ni = 0;
  for (uint64_t cycle = 0; running != 0; ++cycle) {
    model.rst_ni = cycle >= kReset;
    uint64_t in_valid = 0, in_last = 0, out_ready = 0;
    for (size_t i = 0; i < cases.size(); ++i) {
      if (!runs(i)) continue;
      State& s = state[i];
      Random& random = s.random;
      const bool idle = s.idle_gate.closed(stalls.idle, stalls.burst, random);
      if (cycle >= kReset && !s.valid && s.sent < cases[i].in.size() && !idle) s.valid = true;
      // Between beats the data is noise, so that a design that looks at it is caught.
      model.in_data_i[i] = s.valid ? cases[i].in[s.sent].data : random.next();
      if (s.valid) in_valid |= uint64_t{1} << i;
      if (s.valid ? cases[i].in[s.sent].last : random.percent(50)) in_last |= uint64_t{1} << i;
      if (!s.stall_gate.closed(stalls.stall, stalls.burst, random)) out_ready |= uint64_t{1} << i;
    }
    model.in_valid_i = in_valid;
    model.in_last_i = in_last;
    model.out_ready_i = out_ready;
    model.eval();
    const uint64_t in_ready = model.in_ready_o, out_valid = model.out_valid_o;
    const uint64_t out_last = model.out_last_o;
    for (size_t i = 0; i < cases.size() && cycle >= kReset; ++i) {
      if (!runs(i)) continue;
      State& s = state[i];
      const Case& c = cases[i];
      ++s.quiet;
      const bool takes = (in_ready >> i & 1) != 0, gives = (out_valid >> i & 1) != 0;
      s.idled = s.idled || (takes && !s.valid && s.sent < c.in.size());
      s.stalled = s.stalled || (gives && (out_ready >> i & 1) == 0);
      const bool in_ended = s.in_ended, out_ended = s.out_ended;
      s.in_ended = s.out_ended = false;
      if (s.valid && takes) {
        if (in_ended) results[i].bench.insert("in");
        s.in_ended = c.in[s.sent].last;
        s.valid = false;
        ++s.sent;
        s.quiet = 0;
      }
      if (gives && (out_ready >> i & 1) != 0) {
        s.quiet = 0;
        const uint64_t data = model.out_data_o[i];
        const bool last = (out_last >> i & 1) != 0;
        if (s.received == c.out.size()) {
          results[i].error = "beat " + std::to_string(s.received) + ": more beats than expected";
        } else if (data != c.out[s.received].data || last != c.out[s.received].last) {
          results[i].error = "beat " + std::to_string(s.received) + ": expected " +
                             std::to_string(c.out[s.received].data) + " last " +
                             std::to_string(c.out[s.received].last) + ", got " +
                             std::to_string(data) + " last " + std::to_string(last);
        } else {
          if (out_ended) results[i].bench.insert("out");
          s.out_ended = last;
          results[i].cycles.push_back(cycle);
          ++s.received;
        }
      }
      const bool done = s.received == c.out.size() && s.sent == c.in.size();
      if (!done && s.quiet > kQuiet) {
        results[i].error = "stuck after " + std::to_string(s.sent) + " beats in, " +
                           std::to_string(s.received) + " of " + std::to_string(c.out.size()) +
                           " out";
      }
      if ((done && s.quiet > kAfter) || !results[i].error.empty()) running &= ~(uint64_t{1} << i);
    }
    model.clk_i = running;
    model.eval();
    model.clk_i = 0;
  }
  model.final();
  for (size_t i = 0; i < cases.size(); ++i) {
    results[i].bench.insert(state[i].idled     ? state[i].stalled ? "both" : "idle"
                            : state[i].stalled ? "stall"
                                               : "none");
  }
  return results;
}

// Good cases must pass every run and each seeded bug must fail one. `check_free` looks at the run
// without stalls (throughput) and returns the number of complaints. Returns the exit code.
template <typename Model, typename CheckFree>
int bench(const std::vector<Case>& cases, uint64_t seed, CheckFree check_free) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  if (cases.size() > 64) {
    std::printf("FAILED: more than 64 cases\n");
    return 1;
  }
  int failures = 0;
  std::vector<CaseRecord> records(cases.size());
  for (const Stalls stalls : kPatterns) {
    for (const bool bugs : {false, true}) {
      const std::vector<Result> results = run_cases<Model>(cases, bugs, stalls, seed);
      for (size_t i = 0; i < cases.size(); ++i) {
        if (cases[i].bug != bugs) continue;
        records[i].bench.insert(results[i].bench.begin(), results[i].bench.end());
        if (results[i].error.empty()) continue;
        if (records[i].error.empty()) records[i].error = results[i].error;
        if (bugs) continue;
        std::printf("FAILED %s (%s; idle %d%%, stall %d%%): %s\n", cases[i].name.c_str(), kRows[i],
                    stalls.idle, stalls.stall, results[i].error.c_str());
        ++failures;
      }
      if (!bugs && failures == 0 && stalls.idle == 0 && stalls.stall == 0) {
        failures += check_free(results);
      }
    }
  }
  size_t good = 0, bad = 0, beats = 0;
  for (size_t i = 0; i < cases.size(); ++i) {
    (cases[i].bug ? bad : good) += 1;
    beats += cases[i].bug ? 0 : cases[i].out.size();
    records[i].bug = cases[i].bug;
    records[i].seen = cases[i].seen;
    if (cases[i].bug && records[i].error.empty()) {
      std::printf("FAILED: the seeded bug %s was not caught\n", cases[i].name.c_str());
      ++failures;
    }
  }
  write_record(records, seed, failures == 0);
  std::printf("%zu cases, %zu output beats in each of %zu runs, %zu seeded bugs: %s\n", good, beats,
              std::size(kPatterns), bad, failures == 0 ? "all as expected" : "FAILED");
  return failures == 0 ? 0 : 1;
}

inline int no_check(const std::vector<Result>&) { return 0; }

// The free run of every case gives one beat a cycle, without a gap. Returns the number of failures.
inline int one_beat_a_cycle(const std::vector<Case>& cases, const std::vector<Result>& results) {
  int wrong = 0;
  for (size_t i = 0; i < cases.size(); ++i) {
    if (cases[i].bug) continue;
    const uint64_t got = results[i].cycles.back() - results[i].cycles.front() + 1;
    if (got == cases[i].out.size()) continue;
    std::printf("FAILED %s: %llu cycles for %zu beats\n", cases[i].name.c_str(),
                static_cast<unsigned long long>(got), cases[i].out.size());
    ++wrong;
  }
  return wrong;
}

// The seed is the first argument; 1 unless given.
inline uint64_t seed_of(int argc, char** argv) {
  return argc > 1 ? std::strtoull(argv[1], nullptr, 0) : 1;
}

}  // namespace crosstwin::verif

double sc_time_stamp() { return 0; }
