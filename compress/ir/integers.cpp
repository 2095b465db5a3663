// Scales of columns, weights and biases in steps, and the choice of shifts.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/integers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compress/ir/error.hpp"

namespace crosstwin::ir {

namespace {

[[noreturn]] void fail(const Node& node, const std::string& what, const std::string& expected,
                       const std::string& got, const std::string& fix) {
  throw Error({"node " + node.name, what, expected, got, fix});
}

struct Matrix {
  const std::vector<int32_t>& rows;
  const std::vector<float>& weight;  // [C][R]
  const std::vector<float>& bias;    // [C]
  const std::vector<float>& scale;   // [C]
};

Matrix matrix_of(const Node& node) {
  if (const auto* conv = std::get_if<Conv>(&node.kind)) {
    return {conv->rows, conv->weight, conv->bias, conv->weight_scale};
  }
  const auto* dense = std::get_if<Dense>(&node.kind);
  check(dense != nullptr, "only conv and dense layers have weights");
  return {dense->rows, dense->weight, dense->bias, dense->weight_scale};
}

std::vector<double> column_scales(const Node& node) {
  const Matrix matrix = matrix_of(node);
  const size_t columns = matrix.bias.size();
  if (matrix.scale.size() != columns) {
    fail(node, "its weights are not quantized", std::to_string(columns) + " weight scales",
         std::to_string(matrix.scale.size()), "quantize the network first");
  }
  const double largest = *std::max_element(matrix.scale.begin(), matrix.scale.end());
  const auto rows = static_cast<int64_t>(matrix.rows.size());
  std::vector<double> scales;
  for (size_t c = 0; c < columns; ++c) {
    const double scale = matrix.scale[c];
    const auto first = matrix.weight.begin() + static_cast<int64_t>(c) * rows;
    const bool zeros = std::all_of(first, first + rows, [](float w) { return w == 0; });
    if (zeros && !(scale > 0)) {
      scales.push_back(largest > 0 ? largest : 1.0);
      continue;
    }
    if (!(scale > 0) || !std::isfinite(scale)) {
      fail(node, "weight scale of column " + std::to_string(c), "a positive number",
           std::to_string(scale), "quantize the network again");
    }
    scales.push_back(scale);
  }
  return scales;
}

std::vector<int16_t> codes_of(const Node& node, const std::vector<double>& scales, int32_t range) {
  // A float holds scale * integer to 2^-24, far less than this of an integer up to 255.
  constexpr double kOnGrid = 1e-3;
  const Matrix matrix = matrix_of(node);
  const size_t rows = matrix.rows.size();
  std::vector<int16_t> codes;
  codes.reserve(matrix.weight.size());
  for (size_t i = 0; i < matrix.weight.size(); ++i) {
    const double code = matrix.weight[i] / scales[i / rows];
    const auto place = [&] {
      return " (column " + std::to_string(i / rows) + ", row " +
             std::to_string(matrix.rows[i % rows]) + ")";
    };
    if (!(std::abs(code - std::round(code)) <= kOnGrid)) {
      fail(node, "a weight is off the conductance grid" + place(), "an integer times its scale",
           std::to_string(code), "quantize the network again, and do not train it after that");
    }
    if (std::abs(code) > range + 0.5) {
      fail(node, "a weight is beyond weight_range" + place(), std::to_string(range),
           std::to_string(std::lround(code)), "quantize for this layout's weight_range");
    }
    codes.push_back(static_cast<int16_t>(std::lround(code)));
  }
  return codes;
}

// The largest shift that keeps round(ratio 2^shift) in 16 bits, at most 31.
int32_t widest_shift(double ratio) {
  int32_t shift = 31;
  while (shift > 0 && std::round(std::ldexp(ratio, shift)) > 65535) --shift;
  return shift;
}

}  // namespace

double input_scale(const Node& input) {
  const std::vector<float>& stddev = std::get<Input>(input.kind).stddev;
  for (const float each : stddev) {
    if (each == stddev[0]) continue;
    fail(input, "channels have different stddev, so no one scale fits a column of the first layer",
         std::to_string(stddev[0]), std::to_string(each),
         "give all channels one stddev before training or quantizing");
  }
  return 1.0 / (255.0 * stddev[0]);
}

IntegerLayer integer_layer(const Node& layer, int32_t range, const std::vector<int32_t>& row_zero,
                           double in_scale, bool logits) {
  const Matrix matrix = matrix_of(layer);
  const size_t rows = matrix.rows.size();
  check(row_zero.size() == rows, "every row has its zero");
  IntegerLayer result;
  result.scale = column_scales(layer);
  for (const double scale : result.scale) {
    if (!logits || scale == result.scale[0]) continue;
    fail(layer, "the last layer's columns have different weight scales, so logits do not compare",
         std::to_string(result.scale[0]), std::to_string(scale),
         "quantize the last layer with one scale for all columns");
  }
  result.weight = codes_of(layer, result.scale, range);
  for (size_t c = 0; c < result.scale.size(); ++c) {
    double bias = std::round(matrix.bias[c] / (result.scale[c] * in_scale));
    for (size_t r = 0; r < rows; ++r) {
      bias -= double{1} * result.weight[c * rows + r] * row_zero[r];
    }
    // Room is left for Y, so that v = Y + bias of a lossless product stays far from the limit.
    constexpr double kLimit = std::numeric_limits<int32_t>::max() / 2;
    if (!(std::abs(bias) <= kLimit)) {
      fail(layer, "bias of column " + std::to_string(c) + " does not fit in level steps",
           "at most 2^30", std::to_string(bias),
           "its weight scale is too small for its bias; quantize again with a larger scale");
    }
    result.bias.push_back(static_cast<int32_t>(bias));
  }
  return result;
}

std::vector<Requantizer> requantizers(const std::vector<double>& ratios, int32_t reach,
                                      const std::string& where) {
  const int32_t common = widest_shift(*std::max_element(ratios.begin(), ratios.end()));
  // Half a unit of mult moves a code by at most reach / (2 mult): under 1/32 when mult >= 16 reach.
  const bool one_shift = std::all_of(ratios.begin(), ratios.end(), [&](double ratio) {
    return std::round(std::ldexp(ratio, common)) >= 16.0 * reach;
  });
  std::vector<Requantizer> result;
  for (size_t c = 0; c < ratios.size(); ++c) {
    const int32_t shift = one_shift ? common : widest_shift(ratios[c]);
    const double mult = std::round(std::ldexp(ratios[c], shift));
    if (!(shift >= 1 && mult >= 1)) {
      throw Error({where, "requantizer of column " + std::to_string(c) + " does not fit 16 bits",
                   "weight_scale * in_scale / out_scale within 2^-31..2^15",
                   std::to_string(ratios[c]),
                   "check the activation scales of this node and of the one before it"});
    }
    result.push_back({static_cast<uint16_t>(mult), static_cast<uint8_t>(shift)});
  }
  return result;
}

}  // namespace crosstwin::ir
