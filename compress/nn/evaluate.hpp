// What a float network answers, and what its layers see.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "compress/data/dataset.hpp"
#include "compress/ir/network.hpp"
#include "compress/nn/model.hpp"

namespace crosstwin::nn {

// Error when the images' shape is not the model's input, or a label is no output of it. `what` is
// named in the message.
void check_fit(const Model& model, const data::Dataset& dataset, const std::string& what);

// threads: 0 = all cores; no result depends on it. BatchNorm uses its running statistics.

// Output of the last node, [images][outputs]; a Softmax at the end is computed.
std::vector<float> logits(const ir::Network& network, const data::Dataset& dataset,
                          int32_t threads = 0);

// Share of images whose largest output (ties: the lower index) is the label; 0..1.
double accuracy(const ir::Network& network, const data::Dataset& dataset, int32_t threads = 0);

// The outputs of one node for a run of images.
struct Activations {
  const std::string& node;
  const ir::Shape& shape;
  int64_t first_image = 0;
  int64_t images = 0;
  std::span<const float> values;  // [images][c][h][w]
};

// Calls `visit` for every node in order, for runs of at most 64 images in order, from one thread.
// Every node shows its own output: a Conv before its Relu too.
void visit_activations(const ir::Network& network, const data::Dataset& dataset,
                       const std::function<void(const Activations&)>& visit, int32_t threads = 0);

// What one node puts out over a data set.
struct Histogram {
  float low = 0;   // smallest value seen
  float high = 0;  // largest
  double mean = 0;
  std::vector<int64_t> bins;  // equal bins from low to high
};
// One a node, in the network's order. Two passes: range, then bins.
std::vector<Histogram> histograms(const ir::Network& network, const data::Dataset& dataset,
                                  int32_t bins = 2048, int32_t threads = 0);

// The matrix that a Conv or Dense multiplies (im2col): one column a sample.
struct PatchMatrix {
  int64_t rows = 0;           // kept rows of the node, in its order
  int64_t samples = 0;        // images * output positions taken
  std::vector<float> values;  // [samples][rows]: an Eigen column-major rows x samples matrix
};
// Takes at most `positions` output positions of every image, spread evenly (0 = all of them).
PatchMatrix input_patches(const ir::Network& network, const data::Dataset& dataset,
                          const std::string& node, int64_t positions = 0, int32_t threads = 0);

}  // namespace crosstwin::nn
