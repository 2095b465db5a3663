// The search for scales, and the way between weights and integers.
// SPDX-License-Identifier: Apache-2.0
#include "compress/quant/grid.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "compress/ir/error.hpp"
#include "compress/prune/crossbar.hpp"

namespace crosstwin::quant {
namespace {

// Clipping points tried, as fractions of the largest magnitude: 1 down to 1/4.
constexpr int kClippingPoints = 61;
constexpr double kClippingStep = 0.0125;

double level(double weight, double scale, int32_t range) {
  return std::clamp(std::round(weight / scale), -double{1} * range, double{1} * range);
}

double squared_error(std::span<const float> weight, double scale, int32_t range) {
  double sum = 0;
  for (const float value : weight) {
    const double error = value - scale * level(value, scale, range);
    sum += error * error;
  }
  return sum;
}

// The scale that fits these integers best: <w, q> / <q, q>.
double least_squares(std::span<const float> weight, double scale, int32_t range) {
  double wq = 0;
  double qq = 0;
  for (const float value : weight) {
    const double q = level(value, scale, range);
    wq += value * q;
    qq += q * q;
  }
  return qq > 0 ? wq / qq : scale;
}

void to_grid(std::span<float> weight, float scale, int32_t range) {
  for (float& value : weight) {
    value = scale * static_cast<float>(level(value, scale, range));
  }
}

}  // namespace

float best_scale(std::span<const float> weight, int32_t range) {
  double largest = 0;
  for (const float value : weight) largest = std::max(largest, std::abs(double{value}));
  if (largest == 0) return 1;
  float best = static_cast<float>(largest / range);
  double lowest = std::numeric_limits<double>::infinity();
  for (int point = 0; point < kClippingPoints; ++point) {
    const double scale = largest * (1 - kClippingStep * point) / range;
    for (const double candidate : {scale, least_squares(weight, scale, range)}) {
      const auto rounded = static_cast<float>(candidate);
      const double error = squared_error(weight, rounded, range);
      if (rounded > 0 && error < lowest) {
        lowest = error;
        best = rounded;
      }
    }
  }
  return best;
}

std::vector<float> project(std::span<float> weight, int64_t columns, int32_t range,
                           bool one_scale) {
  ir::check(columns > 0 && static_cast<int64_t>(weight.size()) % columns == 0,
            "the weights do not fill the columns");
  const size_t rows = weight.size() / static_cast<size_t>(columns);
  std::vector<float> scales(static_cast<size_t>(columns));
  if (one_scale) std::fill(scales.begin(), scales.end(), best_scale(weight, range));
  for (size_t column = 0; column < scales.size(); ++column) {
    const std::span<float> part = weight.subspan(column * rows, rows);
    if (!one_scale) scales[column] = best_scale(part, range);
    to_grid(part, scales[column], range);
  }
  return scales;
}

ir::Network quantize_weights(ir::Network network, int32_t range) {
  const std::vector<std::string> names = prune::crossbar_names(network);
  for (const std::string& name : names) {
    const prune::CrossbarRef matrix = prune::crossbar(network, name);
    *matrix.weight_scale = project(*matrix.weight, matrix.columns, range, name == names.back());
  }
  return network;
}

std::vector<prune::Constraint> grid_constraints(const ir::Network& network, int32_t range) {
  const std::vector<std::string> names = prune::crossbar_names(network);
  std::vector<prune::Constraint> constraints;
  for (const ir::Node& node : network.nodes) {
    const auto matrix = prune::as_crossbar(node);
    if (!matrix) continue;
    const bool last = node.name == names.back();
    constraints.push_back(
        {node.name, [columns = matrix->columns, range, last](std::span<float> weight) {
           project(weight, columns, range, last);
         }});
  }
  return constraints;
}

}  // namespace crosstwin::quant
