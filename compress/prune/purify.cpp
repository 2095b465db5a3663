// Algorithm 1 as thresholds that zero weights; compact() removes the paths.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/purify.hpp"

#include <map>
#include <numeric>
#include <vector>

#include "compress/prune/compact.hpp"
#include "compress/prune/crossbar.hpp"

namespace crosstwin::prune {
namespace {

double mean_of_positive(const std::vector<double>& values) {
  double sum = 0;
  int64_t count = 0;
  for (const double value : values) {
    if (value > 0) {
      sum += value;
      ++count;
    }
  }
  return count == 0 ? 1 : sum / static_cast<double>(count);
}

// Zeroes the rows of weak channels; returns how many channels went.
int64_t prune_channels(const CrossbarRef& matrix, int32_t rows_per_channel,
                       const PurifyConfig& config) {
  const auto rows = static_cast<size_t>(matrix.row_count());
  std::vector<double> energy(rows, 0);
  for (size_t i = 0; i < matrix.weight->size(); ++i) {
    const double value = (*matrix.weight)[i];
    energy[i % rows] += value * value;
  }
  const double mean = mean_of_positive(energy);
  struct Channel {
    int64_t filled = 0;
    double energy = 0;
  };
  std::map<int32_t, Channel> channels;
  for (size_t row = 0; row < rows; ++row) {
    Channel& channel = channels[(*matrix.rows)[row] / rows_per_channel];
    if (energy[row] > 0 && energy[row] >= config.row_energy * mean) ++channel.filled;
    channel.energy += energy[row] / mean;
  }
  int64_t pruned = 0;
  for (const auto& [number, channel] : channels) {
    const double eta = static_cast<double>(channel.filled) / rows_per_channel;
    const double sigma = channel.energy / rows_per_channel;
    if (channel.energy == 0 || eta >= config.channel_fill || sigma >= config.channel_energy) {
      continue;
    }
    ++pruned;
    for (size_t i = 0; i < matrix.weight->size(); ++i) {
      if ((*matrix.rows)[i % rows] / rows_per_channel == number) (*matrix.weight)[i] = 0;
    }
  }
  return pruned;
}

// Zeroes weak filters; returns how many went.
int64_t prune_filters(const CrossbarRef& matrix, double threshold) {
  const auto rows = static_cast<size_t>(matrix.row_count());
  std::vector<double> energy(static_cast<size_t>(matrix.columns), 0);
  for (size_t i = 0; i < matrix.weight->size(); ++i) {
    const double value = (*matrix.weight)[i];
    energy[i / rows] += value * value;
  }
  const double mean = mean_of_positive(energy);
  int64_t pruned = 0;
  for (size_t column = 0; column < energy.size(); ++column) {
    if (energy[column] == 0 || energy[column] >= threshold * mean) continue;
    ++pruned;
    std::fill_n(matrix.weight->begin() + static_cast<std::ptrdiff_t>(column * rows), rows, 0.0F);
  }
  return pruned;
}

}  // namespace

ir::Network purify(ir::Network network, const PurifyConfig& config, PurifyReport* report) {
  PurifyReport counted;
  counted.weights_before = ir::weight_count(network);
  const std::vector<ir::Shape> shapes = ir::infer_shapes(network);
  const auto reads = producers(network);
  const std::vector<std::string> layers = crossbar_names(network);
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    ir::Node& node = network.nodes[i];
    const auto matrix = as_crossbar(node);
    if (!matrix) continue;
    const auto input = static_cast<size_t>(reads[i][0]);
    int32_t rows_per_channel = matrix->kernel;
    if (std::holds_alternative<ir::Flatten>(network.nodes[input].kind)) {
      const ir::Shape& map = shapes[static_cast<size_t>(reads[input][0])];
      rows_per_channel = map.h * map.w;
    }
    counted.channels += prune_channels(*matrix, rows_per_channel, config);
    if (node.name != layers.back()) counted.filters += prune_filters(*matrix, config.filter_energy);
  }
  network = compact(std::move(network));
  counted.weights_after = ir::weight_count(network);
  if (report != nullptr) *report = counted;
  return network;
}

}  // namespace crosstwin::prune
