// Budgets realised exactly, refused when they make no sense.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/structure.hpp"

#include "compress/prune/crossbar.hpp"
#include "tests/catch.hpp"
#include "tests/prune/reference.hpp"
#include "tests/temporary_dir.hpp"

namespace crosstwin::prune {
namespace {

using tests::contains;
using tests::message_of;

// small_lenet with a batch norm behind each pool, whose constants a removed filter must not leave.
ir::Network normalised(uint64_t seed) {
  ir::Network network = tests::small_lenet(seed);
  ir::Rng rng(seed, 9);
  auto& nodes = network.nodes;
  nodes.insert(nodes.begin() + 6, tests::batch_norm(rng, "norm2", "pool2", 8, 0.5F));
  nodes[7].inputs = {"norm2"};
  nodes.insert(nodes.begin() + 3, tests::batch_norm(rng, "norm1", "pool1", 6, 0.5F));
  nodes[4].inputs = {"norm1"};
  return network;
}

TEST_CASE("Masked mapping leaves exactly the filters and rows of the budget") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    // All channels of conv1 keep rows in conv2 (31 of its 36 rows stay), so none dies behind.
    ir::Network mapped = map_to_structure(
        normalised(seed), {{"conv1", 4, 10}, {"conv2", 5, 31}, {"fc1", 12, 17}, {"fc2", 0, 11}});
    CHECK(crossbar(mapped, "conv1").columns == 4);
    CHECK(crossbar(mapped, "conv1").row_count() == 10);
    CHECK(crossbar(mapped, "conv2").columns == 5);
    CHECK(crossbar(mapped, "conv2").row_count() == 31);
    CHECK(crossbar(mapped, "fc1").row_count() == 17);
    CHECK(crossbar(mapped, "fc2").row_count() == 11);
    CHECK(crossbar(mapped, "fc1").columns == 11);  // nothing reads the twelfth
    CHECK(crossbar(mapped, "fc2").columns == 10);
  }
}

TEST_CASE("A removed filter puts out zero even where a batch norm and padding follow") {
  ir::Rng rng(3);
  ir::Network network{"padded", {}};
  network.nodes.push_back(tests::input({1, 6, 6}));
  network.nodes.push_back(tests::conv(rng, "conv1", "input", 1, 4, 3, 1));
  network.nodes.push_back(tests::batch_norm(rng, "norm", "conv1", 4, 0.5F));
  network.nodes.push_back({"relu", {"norm"}, ir::Relu{}});
  network.nodes.push_back(tests::conv(rng, "conv2", "relu", 4, 3, 3, 1));
  ir::Network mapped = map_to_structure(network, {{"conv1", 2, 0}});
  CHECK(crossbar(mapped, "conv1").columns == 2);
  CHECK(crossbar(mapped, "conv2").row_count() == 18);
}

TEST_CASE("Filters are chosen by what the batch norm makes of them") {
  ir::Network network = normalised(1);
  auto& norm = std::get<ir::BatchNorm>(network.nodes[3].kind);
  norm.gamma = {9, 1e-3F, 9, 9, 9, 9};
  const CrossbarRef conv1 = crossbar(network, "conv1");
  for (int row = 0; row < 25; ++row) (*conv1.weight)[static_cast<size_t>(25 + row)] *= 50;
  const float kept = (*conv1.weight)[2 * 25];
  ir::Network mapped = map_to_structure(network, {{"conv1", 5, 0}});
  CHECK((*crossbar(mapped, "conv1").weight)[25] == kept);  // filter 2 follows filter 0
}

TEST_CASE("Filters are mapped before ADMM just where a batch norm follows") {
  const std::vector<LayerBudget> budgets{{"conv1", 4, 9}, {"fc1", 12, 0}};
  CHECK(filters_behind_norm(tests::small_lenet(1), budgets).empty());
  const std::vector<LayerBudget> found = filters_behind_norm(normalised(1), budgets);
  REQUIRE(found.size() == 1);
  CHECK(found[0].layer == "conv1");
  CHECK(found[0].filters == 4);
  CHECK(found[0].rows == 0);
}

TEST_CASE("Channels go from a conv and from a dense behind a flatten, the weakest first") {
  ir::Network network = tests::small_lenet(2);
  // fc1 reads 8 channels; of the third it takes next to nothing, of the sixth little.
  const CrossbarRef fc1 = crossbar(network, "fc1");
  const auto features = static_cast<size_t>(fc1.row_count());
  const size_t each = features / 8;
  for (size_t i = 0; i < fc1.weight->size(); ++i) {
    const size_t channel = i % features / each;
    if (channel == 2 || channel == 5) (*fc1.weight)[i] *= channel == 2 ? 1e-3F : 1e-2F;
  }
  const std::vector<LayerBudget> budgets{{"conv2", 0, 0, 4}, {"fc1", 0, 0, 6}};
  for (const bool with_rows : {false, true}) {
    ir::Network mapped = map_to_structure(network, budgets, with_rows);
    CHECK(crossbar(mapped, "conv1").columns == 4);
    CHECK(crossbar(mapped, "conv2").row_count() == 36);
    CHECK(crossbar(mapped, "conv2").columns == 6);
    CHECK(crossbar(mapped, "fc1").row_count() == static_cast<int64_t>(6 * each));
  }
  for (const Constraint& constraint : structure_constraints(network, budgets)) {
    if (constraint.layer != "fc1") continue;
    std::vector<float> weight = *crossbar(network, "fc1").weight;
    constraint.project(weight);
    for (size_t i = 0; i < weight.size(); ++i) {
      const size_t channel = i % features / each;
      CHECK((weight[i] == 0) == (channel == 2 || channel == 5));
    }
  }
}

TEST_CASE("Budgets that make no sense are refused and the layer named") {
  const ir::Network network = tests::small_lenet(1);
  const auto refuse = [&](LayerBudget budget) {
    return message_of([&] { check_budgets(network, {budget}); });
  };
  CHECK_THAT(refuse({"conv3", 1, 1}), contains("conv3"));
  CHECK_THAT(refuse({"relu1", 1, 1}), contains("relu1") && contains("conv or dense"));
  CHECK_THAT(refuse({"conv1", 7, 0}), contains("filters") && contains("7"));
  CHECK_THAT(refuse({"conv1", 0, 26}), contains("rows") && contains("26"));
  CHECK_THAT(refuse({"conv1", -1, 0}), contains("-1"));
  CHECK_THAT(refuse({"conv2", 0, 0, 7}), contains("channels") && contains("0 (all) .. 6"));
  CHECK_THAT(refuse({"fc1", 0, 0, 9}), contains("channels") && contains("0 (all) .. 8"));
  CHECK_THAT(refuse({"fc2", 5, 0}), contains("classes"));
  CHECK(refuse({"fc2", 10, 5}).empty());
  CHECK_THAT(message_of([&] {
               check_budgets(network, {{"conv1", 1, 1}, {"conv1", 1, 1}});
             }),
             contains("twice"));
}

}  // namespace
}  // namespace crosstwin::prune
