// How many images a network answers rightly.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compress/ir/design.hpp"
#include "twin/simulator.hpp"

namespace crosstwin::twin {

// The index of the largest logit of every image; ties go to the lower index.
std::vector<int32_t> classes(std::span<const int32_t> logits, int32_t outputs);

struct Accuracy {
  int64_t right = 0;
  int64_t images = 0;
  double fraction() const {
    return images > 0 ? static_cast<double>(right) / static_cast<double>(images) : 0;
  }
};

// Throws ir::Error when there is not one label an image.
Accuracy evaluate(const Simulator& simulator, std::span<const uint8_t> images,
                  std::span<const uint8_t> labels);
// Of the integer model.
Accuracy evaluate(const ir::Design& design, std::span<const uint8_t> images,
                  std::span<const uint8_t> labels);

}  // namespace crosstwin::twin
