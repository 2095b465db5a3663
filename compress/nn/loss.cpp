// Loss and its gradient, in double precision and a fixed order.
// SPDX-License-Identifier: Apache-2.0
//
// Sources: label smoothing of Szegedy et al. 2016; distillation of Hinton et al. 2015.
#include "compress/nn/loss.hpp"

#include <vector>

#include "compress/nn/exact_math.hpp"
#include "compress/nn/kernels.hpp"

namespace crosstwin::nn {

namespace {

// Softmax of one lane at a temperature; log_p as well.
struct Softened {
  std::vector<double> p;
  std::vector<double> log_p;

  void set(const float* logits, int64_t lane, int64_t classes, double temperature) {
    p.resize(static_cast<size_t>(classes));
    log_p.resize(static_cast<size_t>(classes));
    const double top = logits[argmax(logits + lane, classes, kLanes) * kLanes + lane];
    double sum = 0;
    for (size_t c = 0; c < p.size(); ++c) {
      log_p[c] = (logits[static_cast<int64_t>(c) * kLanes + lane] - top) / temperature;
      p[c] = exact_exp(log_p[c]);
      sum += p[c];
    }
    const double log_sum = exact_log(sum);
    for (size_t c = 0; c < p.size(); ++c) {
      p[c] /= sum;
      log_p[c] -= log_sum;
    }
  }
};

}  // namespace

int64_t argmax(const float* values, int64_t count, int64_t stride) {
  int64_t best = 0;
  for (int64_t i = 1; i < count; ++i) {
    if (values[i * stride] > values[best * stride]) best = i;
  }
  return best;
}

BlockLoss block_loss(const LossConfig& config, int64_t classes, int64_t images, const float* logits,
                     const float* teacher, const uint8_t* labels, double scale, float* grad) {
  BlockLoss result;
  Softened plain;
  Softened soft;
  Softened wanted;
  const double spread = config.label_smoothing / static_cast<double>(classes);
  const double temperature = config.temperature;
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    if (lane >= images) {
      for (int64_t c = 0; c < classes; ++c) grad[c * kLanes + lane] = 0;
      continue;
    }
    if (argmax(logits + lane, classes, kLanes) == labels[lane]) ++result.correct;
    plain.set(logits, lane, classes, 1);
    if (config.alpha > 0) {
      soft.set(logits, lane, classes, temperature);
      wanted.set(teacher, lane, classes, temperature);
    }
    for (size_t c = 0; c < plain.p.size(); ++c) {
      const double target = spread + (c == labels[lane] ? 1.0 - config.label_smoothing : 0.0);
      double slope = (1.0 - config.alpha) * (plain.p[c] - target);
      result.loss -= (1.0 - config.alpha) * target * plain.log_p[c];
      if (config.alpha > 0) {
        slope += config.alpha * temperature * (soft.p[c] - wanted.p[c]);
        result.loss += config.alpha * temperature * temperature * wanted.p[c] *
                       (wanted.log_p[c] - soft.log_p[c]);
      }
      grad[static_cast<int64_t>(c) * kLanes + lane] = static_cast<float>(slope * scale);
    }
  }
  return result;
}

}  // namespace crosstwin::nn
