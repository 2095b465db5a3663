// Folding leaves the function as it was.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/fold.hpp"

#include "tests/catch.hpp"
#include "tests/prune/reference.hpp"
#include "tests/temporary_dir.hpp"

namespace crosstwin::prune {
namespace {

using tests::contains;
using tests::message_of;

// Parameters are floats, sums are doubles: each folded parameter is off by half a float ulp, 6e-8,
// in two layers (measured: 4e-8 of the outputs; sums that cancel may make it a few times more).
constexpr double kRounding = 4e-7;

// conv, [pool,] batch_norm, relu, flatten, dense, batch_norm
ir::Network network(const std::string& order, float low_gamma) {
  ir::Rng rng(11);
  ir::Network result{"fold", {}};
  auto& nodes = result.nodes;
  nodes.push_back(tests::input({2, 8, 8}));
  nodes.push_back(tests::conv(rng, "conv", "input", 2, 5, 3, 1));
  std::string last = "conv";
  for (const char step : order) {
    const std::string name = std::string("node_") + std::to_string(nodes.size());
    if (step == 'm') nodes.push_back({name, {last}, ir::MaxPool{}});
    if (step == 'a') nodes.push_back({name, {last}, ir::AvgPool{}});
    if (step == 'r') nodes.push_back({name, {last}, ir::Relu{}});
    if (step == 'b') nodes.push_back(tests::batch_norm(rng, name, last, 5, low_gamma));
    last = name;
  }
  nodes.push_back({"flatten", {last}, ir::Flatten{}});
  const auto features = static_cast<int32_t>(ir::infer_shapes(result).back().size());
  nodes.push_back(tests::dense(rng, "dense", "flatten", features, 4));
  nodes.push_back(tests::batch_norm(rng, "norm_out", "dense", 4, -1));
  return result;
}

TEST_CASE("A batch norm folds exactly behind a conv, a pool, two pools and a dense") {
  for (const std::string order : {"b", "bmr", "brm", "mbr", "ambr"}) {
    const ir::Network before = network(order, 0.1F);
    const ir::Network after = fold_batch_norm(before);
    INFO(order);
    CHECK(after.nodes.size() + 2 == before.nodes.size());
    CHECK(tests::difference(before, after) < kRounding);
  }
}

TEST_CASE("A batch norm with negative gamma folds where no maximum lies between") {
  for (const std::string order : {"b", "br", "ab"}) {
    const ir::Network before = network(order, -2);
    CHECK(tests::difference(before, fold_batch_norm(before)) < kRounding);
  }
}

TEST_CASE("A negative gamma behind a max pool is refused and the node named") {
  const std::string message = message_of([] { fold_batch_norm(network("mb", -2)); });
  CHECK_THAT(message, contains("node_3"));
  CHECK_THAT(message, contains("gamma"));
}

TEST_CASE("A batch norm behind a relu, or one whose conv has other readers, is refused") {
  CHECK_THAT(message_of([] { fold_batch_norm(network("rb", 0.1F)); }), contains("relu"));
  ir::Network branched = network("b", 0.1F);
  branched.nodes[3].inputs = {"conv"};
  branched.nodes.insert(branched.nodes.begin() + 3,
                        ir::Node{"join", {"conv", "node_2"}, ir::Add{}});
  branched.nodes[4].inputs = {"join"};
  CHECK_THAT(message_of([&] { fold_batch_norm(branched); }),
             contains("another layer also reads conv"));
  const ir::Network partly = fold_where_possible(branched);
  CHECK(partly.nodes.size() + 1 == branched.nodes.size());  // norm_out
  CHECK(tests::difference(branched, partly) < kRounding);
}

TEST_CASE("Column gains are what folding multiplies the weights by") {
  for (const std::string order : {"r", "bmr", "mbr"}) {
    const ir::Network before = network(order, 0.1F);
    const auto& weight = std::get<ir::Conv>(before.nodes[1].kind).weight;
    const ir::Network after = fold_batch_norm(before);
    const auto& folded = std::get<ir::Conv>(after.nodes[1].kind).weight;
    const std::vector<float> gains = column_gains(before, "conv");
    REQUIRE(gains.size() == 5);
    for (size_t i = 0; i < weight.size(); ++i) {
      // The gain, the product here and the folded weight are each rounded to float: 6e-8 each.
      CHECK(folded[i] == Approx(weight[i] * gains[i / 18]).epsilon(3e-7));
    }
  }
}

TEST_CASE("The input's stddev moves into conv and dense weights") {
  for (const bool flat : {false, true}) {
    ir::Rng rng(5);
    ir::Network before{"scale", {}};
    before.nodes.push_back(tests::input({2, 4, 4}));
    if (flat) {
      before.nodes.push_back({"flatten", {"input"}, ir::Flatten{}});
      before.nodes.push_back(tests::dense(rng, "first", "flatten", 32, 3));
    } else {
      before.nodes.push_back(tests::conv(rng, "first", "input", 2, 3, 3));
    }
    std::get<ir::Input>(before.nodes[0].kind).stddev = {0.5F, 0.25F};
    const ir::Network after = fold_input_scale(before);
    CHECK(std::get<ir::Input>(after.nodes[0].kind).stddev == std::vector<float>{1, 1});
    // The reference network takes values behind the input, so the scale is applied by hand here.
    std::vector<double> raw(32);
    for (size_t i = 0; i < raw.size(); ++i) raw[i] = 0.03 * static_cast<double>(i);
    std::vector<double> scaled = raw;
    for (size_t i = 0; i < raw.size(); ++i) scaled[i] /= i < 16 ? 0.5 : 0.25;
    const auto x = tests::forward(before, scaled);
    const auto y = tests::forward(after, raw);
    // Dividing by powers of two is exact: what is left is the rounding of 0.03 i in double.
    for (size_t i = 0; i < x.size(); ++i) CHECK(y[i] == Approx(x[i]).epsilon(1e-12));
  }
}

}  // namespace
}  // namespace crosstwin::prune
