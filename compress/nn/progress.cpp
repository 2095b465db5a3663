// Draws the progress line.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace crosstwin::nn {

using Clock = std::chrono::steady_clock;

Progress::Progress(std::string label, int32_t epochs, int64_t images_per_epoch, int32_t first_epoch,
                   bool quiet)
    : label_(std::move(label)),
      epochs_(epochs),
      images_per_epoch_(images_per_epoch),
      first_epoch_(first_epoch),
      quiet_(quiet),
      terminal_(::isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      shown_(start_) {}

std::string Progress::line(int32_t epoch, int64_t images_done, double loss) const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const auto done = static_cast<double>((epoch - first_epoch_) * images_per_epoch_ + images_done);
  const auto all = static_cast<double>((epochs_ - first_epoch_) * images_per_epoch_);
  const double rate = seconds > 0 ? done / seconds : 0;
  const double eta = rate > 0 ? (all - done) / rate : 0;
  constexpr int kWidth = 20;
  const auto filled = static_cast<size_t>(all > 0 ? kWidth * done / all : kWidth);
  return fmt::format("{} [{}{}] epoch {}/{}  loss {:.4f}  {:.0f} img/s  ETA {:d}:{:02d}", label_,
                     std::string(filled, '#'), std::string(kWidth - filled, '.'), epoch + 1,
                     epochs_, loss, rate, static_cast<int>(eta) / 60, static_cast<int>(eta) % 60);
}

void Progress::update(int32_t epoch, int64_t images_done, double loss) {
  if (quiet_ || !terminal_) return;
  const auto now = Clock::now();
  if (now - shown_ < std::chrono::milliseconds(200)) return;
  shown_ = now;
  fmt::print(stderr, "\r{}\x1b[K", line(epoch, images_done, loss));
  std::fflush(stderr);
}

void Progress::finish_epoch(int32_t epoch, double loss, double validation) {
  if (quiet_) return;
  std::string text = line(epoch, images_per_epoch_, loss);
  if (validation >= 0) text += fmt::format("  validation {:.2f} %", 100 * validation);
  if (terminal_) {
    fmt::print(stderr, "\r{}\x1b[K{}", text, epoch + 1 == epochs_ ? "\n" : "");
  } else {
    fmt::print(stderr, "{}\n", text);
  }
  std::fflush(stderr);
}

}  // namespace crosstwin::nn
