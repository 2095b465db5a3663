// From histograms of activations to scales.
// SPDX-License-Identifier: Apache-2.0
#include "compress/quant/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "compress/ir/error.hpp"
#include "compress/nn/evaluate.hpp"
#include "compress/prune/crossbar.hpp"

namespace crosstwin::quant {
namespace {

// Steps of the search for the clipping point of least squared error.
constexpr int kClippingPoints = 100;

double bin_width(const nn::Histogram& seen) {
  return (double{seen.high} - seen.low) / static_cast<double>(seen.bins.size());
}

double squared_error(const nn::Histogram& seen, double scale, double low, double high) {
  double sum = 0;
  const double width = bin_width(seen);
  for (size_t bin = 0; bin < seen.bins.size(); ++bin) {
    const double value = seen.low + (static_cast<double>(bin) + 0.5) * width;
    const double error = value - scale * std::clamp(std::round(value / scale), low, high);
    sum += static_cast<double>(seen.bins[bin]) * error * error;
  }
  return sum;
}

// The magnitude that `percent` of the values do not exceed.
double magnitude_at(const nn::Histogram& seen, double percent) {
  int64_t total = 0;
  for (const int64_t count : seen.bins) total += count;
  const double allowed = static_cast<double>(total) * (1 - percent / 100);
  const double width = bin_width(seen);
  size_t first = 0;
  size_t last = seen.bins.size();
  double outside = 0;
  while (first + 1 < last) {
    const double low = -(seen.low + static_cast<double>(first) * width);
    const double high = seen.low + static_cast<double>(last) * width;
    const bool from_top = high >= low;
    outside += static_cast<double>(from_top ? seen.bins[last - 1] : seen.bins[first]);
    if (outside > allowed) return std::max(low, high);
    from_top ? static_cast<void>(--last) : static_cast<void>(++first);
  }
  return std::max(std::abs(double{seen.low}), std::abs(double{seen.high}));
}

ir::ActivationQuant choose(const nn::Histogram& seen, bool clipped,
                           const ActivationConfig& config) {
  ir::ActivationQuant quant;
  quant.bits = config.bits;
  quant.is_signed = !clipped;
  const int32_t levels = 1 << (quant.is_signed ? config.bits - 1 : config.bits);
  const double high = levels - 1;
  const double low = quant.is_signed ? -levels : 0;
  const double largest = std::max(std::abs(double{seen.low}), std::abs(double{seen.high}));
  double clip = largest;
  if (config.method == ActivationRange::percentile) clip = magnitude_at(seen, config.percentile);
  if (config.method == ActivationRange::mse) {
    double lowest = std::numeric_limits<double>::infinity();
    for (int point = kClippingPoints; point > 0; --point) {
      const double candidate = largest * point / kClippingPoints;
      if (candidate <= 0) break;
      const double error = squared_error(seen, candidate / high, low, high);
      if (error < lowest) {
        lowest = error;
        clip = candidate;
      }
    }
  }
  // An edge that is always zero still needs a scale.
  quant.scale = clip > 0 ? static_cast<float>(clip / high) : 1;
  return quant;
}

// Whether a Relu lies on the way from the last conv or dense (or the input) to this node's output.
bool has_relu(const ir::Network& network, const std::vector<std::vector<int32_t>>& reads,
              size_t node) {
  while (!reads[node].empty() && !prune::as_crossbar(network.nodes[node])) {
    if (std::holds_alternative<ir::Relu>(network.nodes[node].kind)) return true;
    node = static_cast<size_t>(reads[node][0]);
  }
  return false;
}

void check_folded(const ir::Network& network) {
  for (const ir::Node& node : network.nodes) {
    if (std::holds_alternative<ir::BatchNorm>(node.kind)) {
      throw ir::Error({.where = "layer " + node.name,
                       .what = "a batch_norm cannot be quantized",
                       .fix = "fold it into the layer before it first"});
    }
  }
  const auto& input = std::get<ir::Input>(network.nodes.at(0).kind);
  for (const float stddev : input.stddev) {
    if (stddev != 1) {
      throw ir::Error({.where = "layer " + network.nodes[0].name,
                       .what = "its stddev is not folded into the first layer",
                       .expected = "1",
                       .got = std::to_string(stddev)});
    }
  }
}

}  // namespace

ir::Network calibrate_activations(ir::Network network, const data::Dataset& train,
                                  const ActivationConfig& config, int32_t threads) {
  if (config.bits < 2 || config.bits > 8) {
    throw ir::Error({.where = "activation bits",
                     .what = "out of range",
                     .expected = "2..8",
                     .got = std::to_string(config.bits)});
  }
  check_folded(network);
  const auto reads = prune::producers(network);
  std::set<size_t> edges;
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    if (!prune::as_crossbar(network.nodes[i])) continue;
    auto from = static_cast<size_t>(reads[i][0]);
    while (std::holds_alternative<ir::Flatten>(network.nodes[from].kind)) {
      from = static_cast<size_t>(reads[from][0]);
    }
    if (from != 0) edges.insert(from);
  }
  const auto seen = nn::histograms(network, data::head(train, config.images), 2048, threads);
  for (const size_t edge : edges) {
    network.nodes[edge].quant = choose(seen[edge], has_relu(network, reads, edge), config);
  }
  network.nodes[0].quant = ir::ActivationQuant{8, false, 1.0F / 255};
  return network;
}

}  // namespace crosstwin::quant
