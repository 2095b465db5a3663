// One run of a compiled design over some images.
// SPDX-License-Identifier: Apache-2.0
#include "verif/cosim/simulator_run.hpp"

#include <fmt/format.h>

#include <cstring>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/process.hpp"

namespace crosstwin::verif {
namespace {

template <class T>
T take(const std::string& bytes, size_t& at) {
  ir::check(at + sizeof(T) <= bytes.size(), "the simulator's result file is cut");
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  at += sizeof value;
  return value;
}

}  // namespace

Answer run_simulator(const std::filesystem::path& executable, const ir::Manifest& design,
                     const Stimulus& stimulus, const std::filesystem::path& scratch,
                     const WatchJob* watch) {
  JobHeader header;
  header.images = static_cast<uint32_t>(stimulus.images.size() / design.image_bytes());
  header.pixels = design.height * design.width;
  header.channels = design.channels;
  header.outputs = design.outputs;
  header.input_idle = stimulus.input_idle;
  header.output_busy = stimulus.output_busy;
  header.input_pause = stimulus.input_pause;
  header.output_pause = stimulus.output_pause;
  header.seed = stimulus.seed;
  header.patience = stimulus.patience;
  header.tail = stimulus.tail;
  header.first_image = stimulus.first_image;
  if (watch != nullptr) header.wave_image = watch->wave_image;
  header.load = stimulus.load.size();
  std::string job(reinterpret_cast<const char*>(&header), sizeof header);
  job.append(reinterpret_cast<const char*>(stimulus.load.data()), stimulus.load.size_bytes());
  for (size_t image = 0; image < header.images; ++image) {
    const uint8_t* planes = stimulus.images.data() + image * design.image_bytes();
    for (size_t pixel = 0; pixel < header.pixels; ++pixel) {
      for (size_t channel = 0; channel < design.channels; ++channel) {
        job += static_cast<char>(planes[channel * header.pixels + pixel]);
      }
    }
  }
  const auto job_file = std::filesystem::absolute(scratch / "job");
  const auto result_file = std::filesystem::absolute(scratch / "result");
  ir::write_file(job_file, job);

  ir::Command command;
  command.argv = {executable.string(), job_file.string(), result_file.string()};
  if (watch != nullptr) {
    for (const auto* path : {&watch->watch, &watch->findings, &watch->waves}) {
      if (!path->empty()) command.argv.push_back(std::filesystem::absolute(*path).string());
    }
  }
  command.cwd = design.dir;
  const ir::Finished finished = ir::run(command);
  if (finished.status != 0) {
    throw ir::CheckFailed(fmt::format("{}: the simulation ended with status {}:\n{}", design.top,
                                      finished.status, ir::last_lines(finished.output, 20)));
  }

  const std::string bytes = ir::read_file(result_file);
  size_t at = 0;
  const auto result = take<ResultHeader>(bytes, at);
  ir::check(result.magic == ResultHeader::kMagic, "the simulator wrote no result file");
  Answer answer;
  answer.cycles = result.cycles;
  for (uint32_t image = 0; image < result.images; ++image) {
    answer.results.push_back(take<ImageResult>(bytes, at));
    for (uint32_t output = 0; output < design.outputs; ++output) {
      answer.logits.push_back(take<int32_t>(bytes, at));
    }
  }
  return answer;
}

}  // namespace crosstwin::verif
