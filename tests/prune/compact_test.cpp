// Compaction and purification change nothing but what a threshold removed.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/compact.hpp"

#include <algorithm>

#include "compress/prune/crossbar.hpp"
#include "compress/prune/purify.hpp"
#include "tests/catch.hpp"
#include "tests/prune/reference.hpp"
#include "tests/temporary_dir.hpp"

namespace crosstwin::prune {
namespace {

// Folded biases are rounded once to float: 6e-8 of a value (measured: up to 5e-9 of the outputs).
constexpr double kRounding = 1e-7;

void clear_columns(ir::Network& network, const std::string& layer, std::vector<int32_t> columns) {
  const CrossbarRef matrix = crossbar(network, layer);
  const int64_t rows = matrix.row_count();
  for (const int32_t column : columns) {
    std::fill_n(matrix.weight->begin() + column * rows, rows, 0.0F);
  }
}

void clear_rows(ir::Network& network, const std::string& layer, std::vector<int32_t> rows) {
  const CrossbarRef matrix = crossbar(network, layer);
  for (int32_t column = 0; column < matrix.columns; ++column) {
    for (const int32_t row : rows) {
      (*matrix.weight)[static_cast<size_t>(column * matrix.row_count() + row)] = 0;
    }
  }
}

int64_t columns_of(ir::Network network, const std::string& layer) {
  return crossbar(network, layer).columns;
}
int64_t rows_of(ir::Network network, const std::string& layer) {
  return crossbar(network, layer).row_count();
}

// As small_lenet, with empty filters whose biases leave a positive constant behind the relu.
ir::Network with_empty_filters() {
  ir::Network network = tests::small_lenet(1);
  clear_columns(network, "conv1", {1, 4});
  clear_columns(network, "conv2", {0, 7});
  clear_columns(network, "fc1", {3});
  for (const char* layer : {"conv1", "conv2", "fc1"}) {
    for (float& bias : *crossbar(network, layer).bias) bias = std::abs(bias) + 0.5F;
  }
  clear_rows(network, "conv1", {0, 12, 24});
  clear_rows(network, "fc1", {9});
  return network;
}

TEST_CASE("Compaction removes empty filters and rows through flatten and keeps the function") {
  const ir::Network before = with_empty_filters();
  const ir::Network after = compact(before);
  CHECK(columns_of(after, "conv1") == 4);
  CHECK(rows_of(after, "conv1") == 22);
  CHECK(columns_of(after, "conv2") == 6);
  CHECK(rows_of(after, "conv2") == 4 * 9);
  CHECK(columns_of(after, "fc1") == 19);
  CHECK(rows_of(after, "fc1") == 6 * 4 - 1);
  CHECK(rows_of(after, "fc2") == 19);
  CHECK(tests::difference(before, after) < kRounding);
}

TEST_CASE("Leaving out the bias fold is detected by the same comparison") {
  const ir::Network before = with_empty_filters();
  ir::Network seeded = before;  // a compaction without the fold: the constant is taken for zero
  crossbar(seeded, "conv2").bias->at(0) = 0;
  CHECK(tests::difference(before, compact(seeded)) > 1e-3);
}

TEST_CASE("A filter that nothing reads goes, and what only it read goes too") {
  ir::Network before = tests::small_lenet(2);
  // No row of conv2 reads channel 3 of conv1, and only filter 5 of conv2 reads channel 2.
  const CrossbarRef conv2 = crossbar(before, "conv2");
  for (int32_t f = 0; f < 8; ++f) {
    for (int32_t r = 0; r < 9; ++r) {
      (*conv2.weight)[static_cast<size_t>(f * 54 + 3 * 9 + r)] = 0;
      if (f != 5) (*conv2.weight)[static_cast<size_t>(f * 54 + 2 * 9 + r)] = 0;
    }
  }
  clear_rows(before, "fc1", {20, 21, 22, 23});  // channel 5 of conv2
  const ir::Network after = compact(before);
  CHECK(columns_of(after, "conv2") == 7);
  CHECK(columns_of(after, "conv1") == 4);
  CHECK(tests::difference(before, after) < kRounding);
}

TEST_CASE("A constant that padding would spoil keeps its filter; a zero constant goes") {
  ir::Rng rng(4);
  ir::Network before{"pad", {}};
  before.nodes.push_back(tests::input({1, 6, 6}));
  before.nodes.push_back(tests::conv(rng, "conv1", "input", 1, 4, 3, 1));
  before.nodes.push_back({"relu1", {"conv1"}, ir::Relu{}});
  before.nodes.push_back(tests::conv(rng, "conv2", "relu1", 4, 3, 3, 1));
  clear_columns(before, "conv1", {0, 2});
  crossbar(before, "conv1").bias->at(0) = 0.75F;
  crossbar(before, "conv1").bias->at(2) = -0.75F;
  const ir::Network after = compact(before);
  CHECK(columns_of(after, "conv1") == 3);
  CHECK(tests::difference(before, after) < kRounding);
}

// input -> a -> relu_a -> b -> add(b, relu_a) -> relu_j -> last; a and b have 6 channels
ir::Network residual(uint64_t seed) {
  ir::Rng rng(seed);
  ir::Network network{"residual", {}};
  auto& nodes = network.nodes;
  nodes.push_back(tests::input({2, 6, 6}));
  nodes.push_back(tests::conv(rng, "a", "input", 2, 6, 3));
  nodes.push_back(tests::batch_norm(rng, "norm", "a", 6, 0.5F));
  nodes.push_back({"relu_a", {"norm"}, ir::Relu{}});
  nodes.push_back(tests::conv(rng, "b", "relu_a", 6, 6, 1));
  nodes.push_back({"join", {"b", "relu_a"}, ir::Add{}});
  nodes.push_back({"relu_j", {"join"}, ir::Relu{}});
  nodes.push_back(tests::conv(rng, "last", "relu_j", 6, 3, 2));
  return network;
}

TEST_CASE("A channel of a sum goes only when both branches are empty") {
  ir::Network before = residual(1);
  clear_columns(before, "b", {1, 2});
  clear_columns(before, "a", {2, 5});  // channel 2 is constant in both, 1 and 5 in one
  const ir::Network after = compact(before);
  CHECK(columns_of(after, "a") == 5);
  CHECK(columns_of(after, "b") == 5);
  CHECK(tests::difference(before, after) < kRounding);
}

TEST_CASE("A skip connection keeps a channel that one of its readers needs") {
  ir::Network before = residual(2);
  clear_rows(before, "last", {4 * 4, 4 * 4 + 1, 4 * 4 + 2, 4 * 4 + 3});  // channel 4 of the sum
  CHECK(columns_of(compact(before), "a") == 6);  // b still reads channel 4 of relu_a
  clear_rows(before, "b", {4});
  const ir::Network after = compact(before);
  CHECK(columns_of(after, "a") == 5);
  CHECK(columns_of(after, "b") == 5);
  CHECK(tests::difference(before, after) < kRounding);
}

TEST_CASE("Channels of a concat are renumbered part by part") {
  ir::Rng rng(9);
  ir::Network before{"concat", {}};
  auto& nodes = before.nodes;
  nodes.push_back(tests::input({1, 5, 5}));
  nodes.push_back(tests::conv(rng, "left", "input", 1, 4, 3));
  nodes.push_back(tests::conv(rng, "right", "input", 1, 3, 3));
  nodes.push_back({"both", {"left", "right"}, ir::Concat{}});
  nodes.push_back({"relu", {"both"}, ir::Relu{}});
  nodes.push_back(tests::conv(rng, "last", "relu", 7, 2, 2));
  clear_columns(before, "left", {0});
  clear_columns(before, "right", {1});
  const ir::Network after = compact(before);
  CHECK(columns_of(after, "left") == 3);
  CHECK(columns_of(after, "right") == 2);
  CHECK(tests::difference(before, after) < kRounding);
}

TEST_CASE("A layer pruned to nothing is an error that names it") {
  ir::Network network = tests::small_lenet(3);
  clear_columns(network, "conv2", {0, 1, 2, 3, 4, 5, 6, 7});
  CHECK_THAT(tests::message_of([&] { compact(network); }), tests::contains("conv2"));
}

TEST_CASE("Purification with thresholds of zero keeps every weight and the function") {
  const ir::Network before = tests::small_lenet(5);
  PurifyReport report;
  const ir::Network after = purify(before, {}, &report);
  CHECK(report.channels == 0);
  CHECK(report.filters == 0);
  CHECK(report.weights_after == report.weights_before);
  CHECK(tests::difference(before, after) == 0);
}

TEST_CASE("Purification removes weak channels and filters with all their paths") {
  ir::Network before = tests::small_lenet(6);
  const CrossbarRef conv2 = crossbar(before, "conv2");
  for (int32_t r = 0; r < 54; ++r) (*conv2.weight)[static_cast<size_t>(2 * 54 + r)] *= 0.01F;
  for (int32_t f = 0; f < 8; ++f) {  // of channel 4 one row in nine is left, and it is weak
    for (int32_t r = 0; r < 9; ++r) {
      (*conv2.weight)[static_cast<size_t>(f * 54 + 4 * 9 + r)] *= r == 3 ? 0.2F : 0;
    }
  }
  PurifyReport report;
  const PurifyConfig config{
      .row_energy = 1e-3, .channel_fill = 0.25, .channel_energy = 0.1, .filter_energy = 0.01};
  const ir::Network after = purify(before, config, &report);
  CHECK(report.channels == 1);
  CHECK(report.filters == 1);
  CHECK(columns_of(after, "conv1") == 5);
  CHECK(columns_of(after, "conv2") == 7);
  CHECK(rows_of(after, "fc1") == 28);
  // What is left computes what the network with just these weights at zero computes.
  ir::Network zeroed = before;
  clear_columns(zeroed, "conv2", {2});
  clear_rows(zeroed, "conv2", {36, 37, 38, 39, 40, 41, 42, 43, 44});
  CHECK(tests::difference(zeroed, after) < kRounding);
  // At most a tenth of a channel's and a hundredth of a filter's energy went (measured: 0.033).
  CHECK(tests::difference(before, after) < 0.1);
}

}  // namespace
}  // namespace crosstwin::prune
