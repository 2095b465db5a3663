// Arg max and counting.
// SPDX-License-Identifier: Apache-2.0
#include "twin/accuracy.hpp"

#include <algorithm>

#include "compress/ir/error.hpp"
#include "twin/integer_model.hpp"

namespace crosstwin::twin {

namespace {

Accuracy compare(std::span<const int32_t> logits, int32_t outputs,
                 std::span<const uint8_t> labels) {
  const std::vector<int32_t> answers = classes(logits, outputs);
  if (answers.size() != labels.size()) {
    throw ir::Error({"labels", "not one label an image", std::to_string(answers.size()),
                     std::to_string(labels.size())});
  }
  Accuracy accuracy;
  accuracy.images = static_cast<int64_t>(labels.size());
  for (size_t n = 0; n < labels.size(); ++n) accuracy.right += answers[n] == labels[n] ? 1 : 0;
  return accuracy;
}

}  // namespace

std::vector<int32_t> classes(std::span<const int32_t> logits, int32_t outputs) {
  std::vector<int32_t> answers;
  for (size_t at = 0; at < logits.size(); at += static_cast<size_t>(outputs)) {
    const auto image = logits.subspan(at, static_cast<size_t>(outputs));
    answers.push_back(
        static_cast<int32_t>(std::max_element(image.begin(), image.end()) - image.begin()));
  }
  return answers;
}

Accuracy evaluate(const Simulator& simulator, std::span<const uint8_t> images,
                  std::span<const uint8_t> labels) {
  return compare(simulator.logits(images), simulator.outputs(), labels);
}

Accuracy evaluate(const ir::Design& design, std::span<const uint8_t> images,
                  std::span<const uint8_t> labels) {
  const auto outputs = static_cast<int32_t>(design.stages.back().out.size());
  return compare(integer_logits(design, images), outputs, labels);
}

}  // namespace crosstwin::twin
