// Crossbar rows removed little by little while the network trains.
// SPDX-License-Identifier: Apache-2.0
//
// Source: the cubic schedule of Zhu and Gupta, "To prune, or not to prune" (arXiv 1710.01878),
// eq. 1, with the optimal-brain-surgeon score and update of obs.hpp.
// Deviations:
//   - whole crossbar rows are removed, not single weights;
//   - the schedule is over the fraction of the training, and counts rows left rather than a
//     sparsity: target + (all - target) (1 - t)^3 instead of s_f + (s_i - s_f) (1 - t)^3;
//   - the paper masks by magnitude; here the score is the loss of the layer's outputs after the
//     best refit, and the rows that stay get that refit (`magnitude` is the paper's);
//   - removed rows stay removed, while the paper's masks are recomputed;
//   - removals come `events_per_epoch` times an epoch instead of every 100 to 1000 steps.
// Columns count by what the batch norm behind the layer makes of them: a batch norm hides the scale
// of the weights before it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "compress/data/dataset.hpp"
#include "compress/nn/trainer.hpp"
#include "compress/prune/structure.hpp"

namespace crosstwin::prune {

enum class RowScore {
  obs,        // error of the layer's outputs after the best update of the other rows
  magnitude,  // squared norm of the row's weights, no update
};

struct GradualConfig {
  RowScore score = RowScore::obs;
  double begin = 0.05;           // fraction of the training at which removal begins
  double end = 0.40;             // and ends; masks are frozen from there on
  int32_t events_per_epoch = 4;  // removals in an epoch between
  int64_t images = 1000;         // obs: the first of the training set
  int64_t positions = 16;        // obs: output positions of a conv taken from each
  double damping = 1e-2;         // obs: see obs.hpp
};

// Rows left at a fraction of the training, of `all` down to `target`:
//   target + (all - target) (1 - (fraction - begin) / (end - begin))^3, rounded up
int64_t rows_left(int64_t all, int64_t target, double fraction, const GradualConfig& config);

// Adds to `hooks` the removal of rows by masks, down to each budget's rows. All state is the masks,
// which the trainer's checkpoint keeps. `train` must outlive the hooks.
void remove_rows_gradually(nn::TrainHooks& hooks, std::vector<LayerBudget> budgets,
                           const GradualConfig& config, const data::Dataset& train,
                           int32_t threads = 0);

}  // namespace crosstwin::prune
