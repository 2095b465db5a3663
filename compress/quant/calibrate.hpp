// Scales of the activations between crossbar layers, from what training images produce.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "compress/data/dataset.hpp"
#include "compress/ir/network.hpp"

namespace crosstwin::quant {

enum class ActivationRange {
  max,         // nothing seen is clipped
  percentile,  // the share given by `percentile` is not clipped
  mse,         // the clipping point of least squared error
};

struct ActivationConfig {
  ActivationRange method = ActivationRange::mse;
  double percentile = 99.99;  // of all values of an edge, in percent
  int32_t bits = 8;           // 2..8
  int64_t images = 2048;      // the first of the training set
};

// Fills Node::quant of the Input (scale 1/255 of the raw bytes) and of every node whose output is
// an edge into a conv or dense: the node before the Flatten where there is one. Unsigned where
// a Relu lies on the edge (code = clamp(round(x / scale), 0, 2^bits - 1)), signed otherwise. Wants
// batch norms folded and the input's stddev at 1 (prune/fold); Error otherwise.
ir::Network calibrate_activations(ir::Network network, const data::Dataset& train,
                                  const ActivationConfig& config, int32_t threads = 0);

}  // namespace crosstwin::quant
