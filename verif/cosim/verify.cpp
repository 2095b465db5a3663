// Runs a generated design in Verilator and holds its values against the twin's.
// SPDX-License-Identifier: Apache-2.0
#include "verif/cosim/verify.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/manifest.hpp"
#include "verif/cosim/model_cache.hpp"
#include "verif/cosim/simulator_build.hpp"
#include "verif/cosim/simulator_run.hpp"
#include "verif/cosim/watch_file.hpp"

namespace crosstwin::verif {
namespace {

namespace fs = std::filesystem;

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// A folder for the files between us and the simulators, gone when we are; so is the one that it is
// in when nothing else is there.
class Scratch {
 public:
  explicit Scratch(const fs::path& dir) : dir_(dir) { fs::create_directories(dir_); }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(dir_, ignored);
    fs::remove(dir_.parent_path(), ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const fs::path& dir() const { return dir_; }

 private:
  fs::path dir_;
};

// Consecutive images that one simulation gets.
struct Part {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t index = 0;
};

// What a simulation may be told to expect: it holds that in memory.
constexpr int64_t kMaxWatchBytes = 256 << 20;

// Enough parts to keep processors busy and to show progress, long enough that filling the pipeline
// does not count. A function of the number of images and of what is watched an image.
std::vector<Part> cut(int64_t images, int64_t watched_bytes) {
  const int64_t most =
      watched_bytes > 0 ? std::max<int64_t>(1, kMaxWatchBytes / watched_bytes) : 250;
  const int64_t size = std::min(std::clamp<int64_t>(images / 32, 16, 250), most);
  std::vector<Part> parts;
  for (int64_t begin = 0; begin < images; begin += size) {
    parts.push_back({begin, std::min(images, begin + size), static_cast<int64_t>(parts.size())});
  }
  return parts;
}

struct PartResult {
  int64_t mismatching = 0;
  std::optional<Mismatch> first;
  int64_t cycles = 0;
  uint64_t steady_cycles = 0;  // between the answers to the first and the last image
  int64_t steady_images = 0;
  std::vector<int64_t> answers;  // cycles, from reset
  int64_t codes = 0;
  int64_t beats = 0;
};

class Verification {
 public:
  Verification(const fs::path& design_dir, const Vectors& vectors, const Options& options)
      : info_(ir::read_manifest(fs::absolute(design_dir).lexically_normal())),
        vectors_(vectors),
        options_(options),
        cache_dir_(options.cache_dir.empty() ? user_cache_dir() / "simulators"
                                             : fs::absolute(options.cache_dir)),
        scratch_dir_(options.scratch_dir.empty() ? info_.dir.parent_path() / "cosim"
                                                 : fs::absolute(options.scratch_dir)) {
    images_ = static_cast<int64_t>(vectors.images.size() / info_.image_bytes());
    check_vectors();
  }

  Report run() {
    Report report;
    report.design = info_.name;
    report.stalls = options_.stalls;
    report.seed = options_.seed;
    report.planned_cycles = planned_cycles();
    if (options_.load != nullptr) {
      report.load_beats = static_cast<int64_t>(options_.load->beats.size());
    }
    report.depth = options_.depth;
    if (options_.depth == Depth::kCodes) {
      report.collapsed.assign(info_.collapsed.begin(), info_.collapsed.end());
    }
    const bool deep = options_.depth != Depth::kOutputs;
    const Executable simulator = build_simulator(
        info_, cache_dir_, {.probe = deep, .quick = options_.quick, .assertions = options_.stalls});
    report.built = simulator.built;
    report.build_seconds = simulator.seconds;

    const std::vector<Part> parts = cut(images_, deep ? watch_bytes(vectors_.trace(0)) : 0);
    const auto processors = static_cast<int32_t>(std::thread::hardware_concurrency());
    report.jobs = std::min(std::max(1, options_.jobs > 0 ? options_.jobs : processors),
                           static_cast<int32_t>(parts.size()));
    const Scratch scratch(scratch_dir_ / fmt::format("run-{}-{}", getpid(), next_run()++));
    const Clock::time_point start = Clock::now();
    const auto results = run_parts(simulator.path, parts, report.jobs, scratch.dir());
    report.run_seconds = seconds_since(start);

    uint64_t steady_cycles = 0;
    int64_t steady_images = 0;
    const Part* failed = nullptr;
    for (size_t at = 0; at < parts.size() && results[at] && failed == nullptr; ++at) {
      const PartResult& result = *results[at];
      report.images += parts[at].end - parts[at].begin;
      report.cycles += result.cycles;
      report.mismatching += result.mismatching;
      report.codes += result.codes;
      report.beats += result.beats;
      steady_cycles += result.steady_cycles;
      steady_images += result.steady_images;
      if (!result.first) continue;
      report.first = result.first;
      failed = &parts[at];
    }
    report.images_per_second = static_cast<double>(report.images) / report.run_seconds;
    if (!options_.stalls && results[0]) report.answers = results[0]->answers;
    if (!options_.stalls && steady_images > 0) {
      report.measured_cycles =
          static_cast<double>(steady_cycles) / static_cast<double>(steady_images);
    }
    // A run at depth codes has found the place: only waves are left to write.
    if (failed != nullptr && info_.netlist) {
      report.first->located = false;
    } else if (failed != nullptr && !(report.first->difference && options_.depth == Depth::kCodes &&
                                      options_.waves.empty())) {
      locate(*failed, *report.first, scratch.dir() / "located");
    }
    return report;
  }

 private:
  static std::atomic<int>& next_run() {
    static std::atomic<int> counter = 0;
    return counter;
  }

  void check_vectors() const {
    const std::string where = (info_.dir / "manifest.json").string();
    check_load();
    if (info_.netlist && (options_.depth != Depth::kOutputs || !options_.waves.empty())) {
      throw ir::Error({where + ": $.netlist", "the inner values of a netlist have no names",
                       "depth outputs, and no waves",
                       "depth " + to_string(options_.depth) +
                           (options_.waves.empty() ? "" : ", waves " + options_.waves.string()),
                       "verify the RTL that it was made from"});
    }
    const std::string& chip = options_.load != nullptr ? options_.load->chip_hash : info_.chip_hash;
    if (chip != vectors_.chip_hash) {
      if (options_.load != nullptr) {
        throw ir::Error({"load: $.chip_hash", "the load makes another chip of the RTL",
                         vectors_.chip_hash, chip, "run `crosstwin load` again"});
      }
      throw ir::Error({where + ": $.chip_hash", "the RTL was generated for another chip",
                       vectors_.chip_hash, chip,
                       info_.writable ? "run `crosstwin load` to write this chip into it"
                                      : "run `crosstwin generate` again"});
    }
    if (images_ == 0 || vectors_.images.size() % info_.image_bytes() != 0) {
      throw ir::Error({where, "the images do not fit the design",
                       fmt::format("{} bytes an image ({}x{}x{})", info_.image_bytes(),
                                   info_.height, info_.width, info_.channels),
                       fmt::format("{} bytes", vectors_.images.size()),
                       "verify with the data set that the network was trained for"});
    }
    if (vectors_.logits.size() != static_cast<size_t>(images_) * info_.outputs) {
      throw ir::Error({where, "the expected logits do not fit the design",
                       fmt::format("{} for each of {} images", info_.outputs, images_),
                       fmt::format("{}", vectors_.logits.size()),
                       "verify with the design and chip that it was generated from"});
    }
    waves();
  }

  void check_load() const {
    if (options_.load == nullptr) return;
    if (!info_.writable) {
      throw ir::Error({(info_.dir / "manifest.json").string() + ": $.writable",
                       "the memories of this RTL cannot be written", "true", "false",
                       "generate it with --writable, or verify without a load"});
    }
    const std::string hash = ir::rtl_hash(info_.dir);
    if (options_.load->rtl_hash != hash) {
      throw ir::Error({"load: $.rtl_hash", "the load is for other RTL", hash,
                       options_.load->rtl_hash, "run `crosstwin load` again"});
    }
    ir::check_records(*options_.load, info_.dir);
  }

  // Of an image; the chip that is loaded may need others than that of the RTL.
  int64_t planned_cycles() const {
    return options_.load != nullptr ? options_.load->cycles_per_image : info_.cycles_per_image;
  }

  Build::Waves waves() const {
    if (options_.waves.empty()) return Build::Waves::kNone;
    if (options_.waves.extension() == ".fst") return Build::Waves::kFst;
    if (options_.waves.extension() == ".vcd") return Build::Waves::kVcd;
    throw ir::Error({"option waves", "unknown kind of wave file", "a name ending in .fst or .vcd",
                     options_.waves.string(), ""});
  }

  Stimulus stimulus(const Part& part) const {
    Stimulus result;
    const size_t bytes = info_.image_bytes();
    result.images = vectors_.images.subspan(static_cast<size_t>(part.begin) * bytes,
                                            static_cast<size_t>(part.end - part.begin) * bytes);
    result.seed = options_.seed * 1000003 + static_cast<uint64_t>(part.index);
    result.first_image = static_cast<uint32_t>(part.begin);
    // The first answer takes every layer in turn.
    const auto cycles = static_cast<uint64_t>(planned_cycles());
    if (options_.load != nullptr) result.load = options_.load->beats;
    result.patience = 4 * cycles * (info_.layers.size() + 2) + 10000;
    if (!options_.stalls) return result;
    // One kind of stall a part, in turn: both sides now and then, a slow source, a slow sink, and
    // pauses long enough to drain and to fill the whole pipeline.
    switch (part.index % 4) {
      case 0:
        result.input_idle = result.output_busy = 64;
        break;
      case 1:
        result.input_idle = 224;
        break;
      case 2:
        result.output_busy = 252;
        break;
      default:
        result.input_idle = result.output_busy = 32;
        result.input_pause = 2 * cycles;
        result.output_pause = 8 * cycles;
    }
    const auto pixels = uint64_t{info_.height} * info_.width;
    result.patience += 8 * cycles + 64 * (pixels + info_.outputs);
    return result;
  }

  PartResult compare(const Part& part, const Answer& answer, const Findings& findings) const {
    PartResult result;
    result.codes = findings.codes;
    result.beats = findings.beats;
    result.cycles = static_cast<int64_t>(answer.cycles);
    const auto answered = static_cast<int64_t>(answer.results.size());
    for (int64_t at = 0; at < part.end - part.begin; ++at) {
      std::optional<Mismatch> mismatch =
          at < answered ? compare_image(part.begin + at, answer, static_cast<size_t>(at))
                        : Mismatch{.image = part.begin + at, .what = Mismatch::What::kStuck};
      const auto in_part = static_cast<size_t>(at);
      if (!mismatch && in_part < findings.wrong.size() && findings.wrong[in_part] != 0) {
        mismatch = Mismatch{.image = part.begin + at, .what = Mismatch::What::kInner};
      }
      if (!mismatch) continue;
      if (findings.first && findings.image == at) mismatch->difference = findings.first;
      ++result.mismatching;
      if (!result.first) result.first = mismatch;
    }
    for (const ImageResult& image : answer.results) {
      result.answers.push_back(static_cast<int64_t>(image.cycle));
    }
    if (answered > 1) {
      result.steady_cycles = answer.results.back().cycle - answer.results.front().cycle;
      result.steady_images = answered - 1;
    }
    return result;
  }

  std::optional<Mismatch> compare_image(int64_t image, const Answer& answer, size_t at) const {
    const size_t outputs = info_.outputs;
    const std::span<const int32_t> expected =
        vectors_.logits.subspan(static_cast<size_t>(image) * outputs, outputs);
    const ImageResult& result = answer.results[at];
    if (result.beats != outputs) {
      return Mismatch{.image = image,
                      .what = Mismatch::What::kBeats,
                      .expected = static_cast<int64_t>(outputs),
                      .got = result.beats};
    }
    for (size_t logit = 0; logit < outputs; ++logit) {
      const int32_t got = answer.logits[at * outputs + logit];
      if (got == expected[logit]) continue;
      return Mismatch{.image = image,
                      .what = Mismatch::What::kLogit,
                      .logit = static_cast<int32_t>(logit),
                      .expected = expected[logit],
                      .got = got};
    }
    const auto best = std::max_element(expected.begin(), expected.end()) - expected.begin();
    if (result.answer == best) return std::nullopt;
    return Mismatch{
        .image = image, .what = Mismatch::What::kClass, .expected = best, .got = result.answer};
  }

  PartResult run_part(const fs::path& simulator, const Part& part, const fs::path& dir) const {
    Stimulus what = stimulus(part);
    if (options_.depth == Depth::kOutputs) {
      return compare(part, run_simulator(simulator, info_, what, dir), {});
    }
    fs::create_directories(dir);
    const WatchJob job = {.watch = dir / "watch", .findings = dir / "findings"};
    write_watch(job.watch, info_, options_.depth == Depth::kCodes, 0, part.begin, part.end,
                vectors_.trace);
    // What drops out of a map before the last answer may be computed behind it.
    what.tail = 2 * static_cast<uint64_t>(planned_cycles());
    const Answer answer = run_simulator(simulator, info_, what, dir, &job);
    return compare(part, answer, read_findings(job.findings, job.watch, info_));
  }

  // Parts are taken in order; none behind a mismatch is begun, every one before it is finished, so
  // that the first mismatch does not depend on the number of jobs.
  std::vector<std::optional<PartResult>> run_parts(const fs::path& simulator,
                                                   const std::vector<Part>& parts, int32_t jobs,
                                                   const fs::path& scratch) {
    std::vector<std::optional<PartResult>> results(parts.size());
    std::vector<std::exception_ptr> errors(parts.size());
    std::atomic<size_t> next = 0;
    std::atomic<bool> stop = false;
    start_ = Clock::now();
    const auto work = [&] {
      while (!stop) {
        const size_t at = next++;
        if (at >= parts.size()) return;
        try {
          const fs::path dir = scratch / fmt::format("part{}", at);
          results[at] = run_part(simulator, parts[at], dir);
          fs::remove_all(dir);
          if (results[at]->first) stop = true;
          show_progress(parts[at].end - parts[at].begin);
        } catch (...) {
          errors[at] = std::current_exception();
          stop = true;
        }
      }
    };
    std::vector<std::thread> threads;
    for (int32_t job = 0; job < jobs; ++job) threads.emplace_back(work);
    for (std::thread& thread : threads) thread.join();
    if (options_.progress && isatty(STDERR_FILENO)) std::fputc('\n', stderr);
    for (size_t at = 0; at < parts.size(); ++at) {
      if (errors[at]) std::rethrow_exception(errors[at]);
      if (!results[at] || results[at]->first) break;
    }
    return results;
  }

  void show_progress(int64_t finished) {
    if (!options_.progress) return;
    const std::lock_guard lock(progress_);
    const int64_t tenth_before = 10 * done_ / images_;
    done_ += finished;
    const double rate = static_cast<double>(done_) / seconds_since(start_);
    const std::string text =
        fmt::format("verify: {}/{} images, {:.1f} images/s, {:.0f} s left", done_, images_, rate,
                    static_cast<double>(images_ - done_) / rate);
    if (isatty(STDERR_FILENO)) {
      std::fprintf(stderr, "\r%s   ", text.c_str());
    } else if (10 * done_ / images_ > tenth_before) {
      std::fprintf(stderr, "%s\n", text.c_str());
    }
  }

  // Runs the image again with every inner value watched, with up to two behind it, since what
  // follows an image can press on it: alone, and where it is right then, behind all of its part.
  void locate(const Part& part, Mismatch& mismatch, const fs::path& scratch) const {
    Build build;
    build.probe = true;
    build.quick = true;
    build.waves = waves();
    const Executable simulator = build_simulator(info_, cache_dir_, build);
    const int64_t end = std::min(part.end, mismatch.image + 3);
    fs::create_directories(scratch);
    const Mismatch first = mismatch;
    const bool alone =
        look_again(simulator.path, {first.image, end, part.index}, first, mismatch, scratch);
    if (alone || first.image == part.begin) return;
    look_again(simulator.path, {part.begin, end, part.index}, first, mismatch, scratch);
  }

  // Sets what `mismatch` says of inner values. False: it is not what `first` was.
  bool look_again(const fs::path& simulator, const Part& part, const Mismatch& first,
                  Mismatch& mismatch, const fs::path& scratch) const {
    const int64_t before = first.image - part.begin;
    const auto at = static_cast<size_t>(before);
    Stimulus again = stimulus(part);
    again.tail = 4 * static_cast<uint64_t>(planned_cycles());
    WatchJob job = {.watch = scratch / "watch", .findings = scratch / "findings"};
    job.wave_image = at;
    if (!options_.waves.empty()) {
      fs::create_directories(fs::absolute(options_.waves).parent_path());
      job.waves = options_.waves;
    }
    write_watch(job.watch, info_, true, before, first.image, part.end, vectors_.trace);
    const Answer answer = run_simulator(simulator, info_, again, scratch, &job);
    const Findings findings = read_findings(job.findings, job.watch, info_);
    const bool answered = at < answer.results.size();
    const std::optional<Mismatch> outputs =
        answered ? compare_image(first.image, answer, at) : std::nullopt;
    const bool inner = findings.wrong[0] != 0;
    mismatch.waves = job.waves;
    mismatch.reproduced = !answered || inner || outputs;
    mismatch.difference.reset();
    if (findings.first && findings.image == 0) mismatch.difference = findings.first;
    switch (first.what) {
      case Mismatch::What::kStuck:
        return !answered;
      case Mismatch::What::kInner:
        return inner;
      default:
        return outputs && outputs->what == first.what && outputs->logit == first.logit &&
               outputs->expected == first.expected && outputs->got == first.got;
    }
  }

  ir::Manifest info_;
  const Vectors& vectors_;
  const Options& options_;
  fs::path cache_dir_;
  fs::path scratch_dir_;
  int64_t images_ = 0;
  std::mutex progress_;
  int64_t done_ = 0;
  Clock::time_point start_;
};

}  // namespace

std::string to_string(Depth depth) {
  switch (depth) {
    case Depth::kOutputs:
      return "outputs";
    case Depth::kLayers:
      return "layers";
    case Depth::kCodes:
      return "codes";
  }
  throw ir::Bug("unknown depth");
}

Depth depth_of(const std::string& word) {
  for (const Depth depth : {Depth::kOutputs, Depth::kLayers, Depth::kCodes}) {
    if (word == to_string(depth)) return depth;
  }
  throw ir::Error({"depth", "unknown word", "\"outputs\", \"layers\" or \"codes\"", word, ""});
}

Report verify(const fs::path& design_dir, const Vectors& vectors, const Options& options) {
  return Verification(design_dir, vectors, options).run();
}

}  // namespace crosstwin::verif
