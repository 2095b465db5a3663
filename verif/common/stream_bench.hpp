// Drives the cases of one Verilated testbench: random idle and back-pressure, every beat compared.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <verilated.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

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
};

struct Result {
  std::string error;             // empty: every beat was as expected
  std::vector<uint64_t> cycles;  // when each output beat was accepted
};

struct Stalls {
  int idle = 0;   // percent of cycles without an input beat
  int stall = 0;  // percent of cycles without an output accepted
};

// Runs all cases with bug == `bugs` at once on a fresh model. Testbench ports: vectors of one bit a
// case in_valid_i, in_last_i, in_ready_o, out_valid_o, out_last_o, out_ready_i, and arrays of
// 64-bit words in_data_i, out_data_o.
template <typename Model>
std::vector<Result> run_cases(const std::vector<Case>& cases, bool bugs, Stalls stalls,
                              uint64_t seed) {
  constexpr uint64_t kQuiet = 20000;  // cycles without any beat: the design hangs
  constexpr uint64_t kReset = 1;      // cycles in reset, from random registers
  constexpr uint64_t kAfter = 300;    // cycles after the last beat in which none may follow
  VerilatedContext context;
  context.assertOn(!bugs);
  context.randReset(2);
  context.randSeed(static_cast<int>(seed % 1000000) + 1);
  Model model(&context);
  Random random(seed);
  struct State {
    size_t sent = 0, received = 0;
    bool valid = false;
  };
  std::vector<State> state(cases.size());
  std::vector<Result> results(cases.size());
  const auto active = [&](size_t i) { return cases[i].bug == bugs && results[i].error.empty(); };

  model.in_valid_i = 0;
  model.out_ready_i = 0;
  model.rst_ni = 0;
  uint64_t quiet = 0;
  for (uint64_t cycle = 0;; ++cycle) {
    model.clk_i = 0;
    model.rst_ni = cycle >= kReset;
    uint64_t in_valid = 0, in_last = 0, out_ready = 0;
    for (size_t i = 0; i < cases.size(); ++i) {
      if (!active(i)) {
        out_ready |= uint64_t{1} << i;
        continue;
      }
      State& s = state[i];
      if (cycle >= kReset && !s.valid && s.sent < cases[i].in.size() &&
          !random.percent(stalls.idle)) {
        s.valid = true;
      }
      // Between beats the data is noise, so that a design that looks at it is caught.
      model.in_data_i[i] = s.valid ? cases[i].in[s.sent].data : random.next();
      if (s.valid) in_valid |= uint64_t{1} << i;
      if (s.valid ? cases[i].in[s.sent].last : random.percent(50)) in_last |= uint64_t{1} << i;
      if (!random.percent(stalls.stall)) out_ready |= uint64_t{1} << i;
    }
    model.in_valid_i = in_valid;
    model.in_last_i = in_last;
    model.out_ready_i = out_ready;
    model.eval();
    const uint64_t in_ready = model.in_ready_o, out_valid = model.out_valid_o;
    const uint64_t out_last = model.out_last_o;
    bool beat = false, open = false;
    for (size_t i = 0; i < cases.size() && cycle >= kReset; ++i) {
      if (!active(i)) continue;
      State& s = state[i];
      const Case& c = cases[i];
      if (s.valid && (in_ready >> i & 1) != 0) {
        s.valid = false;
        ++s.sent;
        beat = true;
      }
      if ((out_valid & out_ready) >> i & 1) {
        beat = true;
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
          results[i].cycles.push_back(cycle);
          ++s.received;
        }
      }
      open = open || s.received < c.out.size() || s.sent < c.in.size();
    }
    model.clk_i = 1;
    model.eval();
    quiet = beat ? 0 : quiet + 1;
    if (!open && cycle > kReset && quiet > kAfter) break;
    if (quiet > kQuiet) {
      for (size_t i = 0; i < cases.size(); ++i) {
        if (!active(i) ||
            (state[i].received == cases[i].out.size() && state[i].sent == cases[i].in.size()))
          continue;
        results[i].error = "stuck after " + std::to_string(state[i].sent) + " beats in, " +
                           std::to_string(state[i].received) + " of " +
                           std::to_string(cases[i].out.size()) + " out";
      }
      break;
    }
  }
  model.final();
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
  std::vector<bool> caught(cases.size(), false);
  for (const Stalls stalls : {Stalls{0, 0}, Stalls{30, 30}, Stalls{70, 5}, Stalls{5, 90}}) {
    for (const bool bugs : {false, true}) {
      const std::vector<Result> results = run_cases<Model>(cases, bugs, stalls, seed);
      for (size_t i = 0; i < cases.size(); ++i) {
        if (cases[i].bug != bugs) continue;
        if (bugs) {
          if (!results[i].error.empty()) caught[i] = true;
        } else if (!results[i].error.empty()) {
          std::printf("FAILED %s (idle %d%%, stall %d%%): %s\n", cases[i].name.c_str(), stalls.idle,
                      stalls.stall, results[i].error.c_str());
          ++failures;
        }
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
    if (cases[i].bug && !caught[i]) {
      std::printf("FAILED: the seeded bug %s was not caught\n", cases[i].name.c_str());
      ++failures;
    }
  }
  std::printf("%zu cases, %zu output beats in each of 4 runs, %zu seeded bugs: %s\n", good, beats,
              bad, failures == 0 ? "all as expected" : "FAILED");
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
