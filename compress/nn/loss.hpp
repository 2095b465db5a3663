// Softmax cross-entropy on a block of logits, with smoothed labels and a teacher.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace crosstwin::nn {

struct LossConfig {
  float label_smoothing = 0;  // share of the label spread over all classes
  float alpha = 0;            // share of the teacher; 0 = none
  float temperature = 1;
};

struct BlockLoss {
  double loss = 0;      // sum over the block's images
  int64_t correct = 0;  // images whose largest logit (ties: the lower index) is the label
};

// logits, teacher and grad are [classes][16]; teacher may be null when alpha is 0. The gradient is
// of the loss times `scale` (1 / images of the batch); lanes from `images` on get zeros.
BlockLoss block_loss(const LossConfig& config, int64_t classes, int64_t images, const float* logits,
                     const float* teacher, const uint8_t* labels, double scale, float* grad);

// Index of the largest of `count` values `stride` apart; ties go to the lower index.
int64_t argmax(const float* values, int64_t count, int64_t stride);

}  // namespace crosstwin::nn
