// What a design occupies, and its picture.
// SPDX-License-Identifier: Apache-2.0
#include "compress/layout/report.hpp"

#include <nlohmann/json.hpp>

#include "compress/ir/error.hpp"
#include "compress/layout/picture.hpp"
#include "tests/catch.hpp"
#include "tests/twin/random_design.hpp"

namespace crosstwin {

namespace {

// LeNet-5 pruned to 15 x 5, 10 x 35, 256 x 40, 40 x 10.
ir::Design pruned_lenet() {
  ir::Rng rng(8, 1);
  ir::Design design;
  design.name = "lenet5";
  design.input = {1, 28, 28};
  const auto keep_first = [&](size_t rows) {
    auto& layer = std::get<ir::Crossbar>(design.stages.back().kind);
    layer.rows.resize(rows);
    layer.weight.resize(rows * static_cast<size_t>(design.stages.back().out.c));
  };
  test::add_crossbar(design, rng, "conv1", {.cols = 5, .kernel_h = 5, .kernel_w = 5, .keep = 2});
  keep_first(15);
  test::add_pool(design, "pool1", 8, false);
  test::add_crossbar(design, rng, "conv2", {.cols = 35, .kernel_h = 5, .kernel_w = 5, .keep = 2});
  keep_first(10);
  test::add_pool(design, "pool2", 8, false);
  test::add_crossbar(design, rng, "fc1", {.cols = 40, .kernel_h = 4, .kernel_w = 4, .keep = 2});
  keep_first(256);
  test::add_crossbar(design, rng, "fc2", {.cols = 10, .keep = 2, .logits = true});
  ir::check_design(design, "design");
  return design;
}

const std::vector<layout::FullShape> kLenet = {{25, 20}, {500, 50}, {800, 500}, {500, 10}};

int64_t count_of(const std::string& text, const std::string& part) {
  int64_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("the report counts tiles, arrays, cells and ADCs before and after pruning") {
  const layout::Report report = layout::report(pruned_lenet(), kLenet);
  REQUIRE(report.layers.size() == 4);
  const auto& conv2 = report.layers[1];
  REQUIRE(conv2.before.tiles.tiles == 4);          // 500 / 128 rounded up, 50 / 64 rounded up
  REQUIRE(conv2.before.tiles.adcs == 4 * 50 * 4);  // row tiles, columns, 2 polarities x 2 slices
  REQUIRE(conv2.before.tiles.cells == 25000 * 4);
  REQUIRE(conv2.after.tiles.tiles == 1);
  REQUIRE(conv2.after.tiles.adcs == 35 * 4);
  REQUIRE(conv2.after.weights == 350);
  REQUIRE(report.layers[2].before.tiles.tiles == 7 * 8);
  REQUIRE(report.total.before.weights == 500 + 25000 + 400000 + 5000);
  REQUIRE(report.total.after.weights == 75 + 350 + 10240 + 400);
  REQUIRE(report.total.before.tiles.arrays == (1 + 4 + 56 + 4) * 4);
  REQUIRE(report.total.after.tiles.tiles == 1 + 1 + 2 + 1);

  const auto json = nlohmann::json::parse(layout::to_json(report));
  REQUIRE(json["layers"][1]["after"]["rows"] == 10);
  REQUIRE(json["total"]["before"]["cells"] == 430500 * 4);
  const std::string text = layout::to_text(report);
  REQUIRE(count_of(text, "\n") == 2 + 4 + 1);
  REQUIRE(count_of(text, "25000 > 350") == 1);
  REQUIRE(count_of(text, "71.4x") == 1);
}

TEST_CASE("the report refuses a network that the design cannot come from") {
  auto full = kLenet;
  full[1].cols = 34;
  REQUIRE_THROWS_AS(layout::report(pruned_lenet(), full), ir::Error);
  full = kLenet;
  full.pop_back();
  REQUIRE_THROWS_AS(layout::report(pruned_lenet(), full), ir::Error);
  full = kLenet;
  full.push_back({1, 1});
  REQUIRE_THROWS_AS(layout::report(pruned_lenet(), full), ir::Error);
}

TEST_CASE("full shapes are those of the unpruned network's weight layers") {
  ir::Network network;
  network.name = "net";
  network.nodes.push_back({"image", {}, ir::Input{{2, 6, 6}, {0, 0}, {1, 1}}});
  ir::Conv conv{3, 3, 3, 1, 0, {4}, {1, 1, 1}, {0, 0, 0}, {}};
  network.nodes.push_back({"conv", {"image"}, conv});
  network.nodes.push_back({"flat", {"conv"}, ir::Flatten{}});
  network.nodes.push_back({"fc", {"flat"}, ir::Dense{2, {0}, {1, 1}, {0, 0}, {}}});
  const auto full = layout::full_shapes(network);
  REQUIRE(full.size() == 2);
  REQUIRE(full[0].rows == 18);
  REQUIRE(full[0].cols == 3);
  REQUIRE(full[1].rows == 48);
  REQUIRE(full[1].cols == 2);
}

TEST_CASE("the picture draws every kept weight of a small layer twice, and nothing pruned") {
  const ir::Design design = pruned_lenet();
  const ir::Stage& conv1 = design.stages[0];
  layout::Origin origin = layout::assumed_origin(conv1, 25, 20);
  const std::string before = layout::picture(design, conv1, origin);
  // Besides cells: page, two backgrounds, two frames, 44 steps and a frame of the colour bar, two
  // swatches.
  const int64_t others = 1 + 2 + 2 + 44 + 1 + 2;
  REQUIRE(count_of(before, "<rect") == 2 * 75 + others);
  const std::string unknown = "positions of removed filters are not recorded";
  REQUIRE(count_of(before, unknown) == 1);
  origin.cols = {0, 3, 7, 12, 19};
  origin.assumed = false;
  const std::string spread = layout::picture(design, conv1, origin);
  REQUIRE(count_of(spread, "<rect") == 2 * 75 + others);
  REQUIRE(spread != before);
  REQUIRE(count_of(spread, unknown) == 0);
  REQUIRE(count_of(spread, "Before pruning: 25 x 20 = 500 weights on 1 tile") == 1);
  REQUIRE(count_of(spread, "On tiles: 15 x 5 = 75 weights on 1 tile") == 1);
}

TEST_CASE("the picture of a large layer stays small enough to open") {
  const ir::Design design = pruned_lenet();
  const ir::Stage& fc1 = design.stages[4];
  const std::string svg = layout::picture(design, fc1, layout::assumed_origin(fc1, 800, 500));
  REQUIRE(svg.size() < 3'000'000);
  REQUIRE(count_of(svg, "a block is") == 0);

  ir::Rng rng(9, 1);
  ir::Design unpruned;
  unpruned.name = "wide";
  unpruned.input = {50, 4, 4};
  test::add_crossbar(unpruned, rng, "fc1", {.cols = 500, .kernel_h = 4, .kernel_w = 4, .keep = 2});
  const ir::Stage& stage = unpruned.stages[0];
  const std::string whole =
      layout::picture(unpruned, stage, layout::assumed_origin(stage, 800, 500));
  REQUIRE(whole.size() < 6'000'000);
  REQUIRE(count_of(whole, "before: a block is 5 x 5 weights") == 1);
  REQUIRE(count_of(whole, "not recorded") == 0);  // every filter is there
}

TEST_CASE("the picture refuses an origin that does not fit the layer") {
  const ir::Design design = pruned_lenet();
  const ir::Stage& conv1 = design.stages[0];
  REQUIRE_THROWS_AS(layout::assumed_origin(conv1, 24, 20), ir::Error);
  layout::Origin origin = layout::assumed_origin(conv1, 25, 20);
  origin.rows[0] = origin.rows[1];
  REQUIRE_THROWS_AS(layout::picture(design, conv1, origin), ir::Error);
  origin = layout::assumed_origin(conv1, 25, 20);
  origin.cols.back() = 20;
  REQUIRE_THROWS_AS(layout::picture(design, conv1, origin), ir::Error);
}

}  // namespace crosstwin
