// The digit set: the same bytes always, balanced, apart between splits, neither trivial nor hard.
// SPDX-License-Identifier: Apache-2.0
#include "compress/data/digits/digits.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <string>

#include "compress/data/digits/glyphs.hpp"
#include "compress/ir/atomic_write.hpp"
#include "tests/catch.hpp"

namespace crosstwin::tests {
namespace {

using data::Dataset;
using data::Split;

std::string_view bytes_of(const Dataset& set) {
  return {reinterpret_cast<const char*>(set.images.data()), set.images.size()};
}

TEST_CASE("The digits' bytes are those drawn when the set was made") {
  const Dataset set = data::digits(200, data::kDataSeed, Split::train);
  CHECK(ir::content_hash(bytes_of(set)) == "3554e0994118da51");
  CHECK(data::head(set, 10).labels == std::vector<uint8_t>{9, 7, 2, 8, 5, 0, 4, 1, 3, 6});
}

TEST_CASE("A digit depends on its seed, split and index only") {
  const Dataset set = data::digits(50, 9, Split::test);
  for (const int64_t index : {49, 0, 17}) {
    const data::DigitImage image = data::draw_digit(9, Split::test, index);
    CHECK(std::equal(image.begin(), image.end(), set.images.begin() + index * 784));
    CHECK(data::digit_label(9, Split::test, index) == set.labels[static_cast<size_t>(index)]);
  }
  CHECK(data::head(data::digits(80, 9, Split::test), 50) == set);
  CHECK(data::digits(50, 10, Split::test).images != set.images);
}

TEST_CASE("No digit comes twice, within a split or between splits") {
  std::set<data::DigitImage> seen;
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    for (int64_t i = 0; i < 1500; ++i) seen.insert(data::draw_digit(1, split, i));
  }
  CHECK(seen.size() == 4500);
}

TEST_CASE("Every ten digits hold each class once, in an order of their own") {
  const Dataset set = data::digits(1000, 1, Split::train);
  std::set<std::vector<uint8_t>> orders;
  for (auto ten = set.labels.begin(); ten != set.labels.end(); ten += 10) {
    std::vector<uint8_t> order(ten, ten + 10);
    orders.insert(order);
    std::sort(order.begin(), order.end());
    REQUIRE(order == std::vector<uint8_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  }
  CHECK(orders.size() > 95);
  for (const int64_t count : data::label_histogram(data::digits(1003, 1, Split::test))) {
    CHECK((count == 100 || count == 101));
  }
}

TEST_CASE("Every digit is inked, leaves paper and keeps off the border") {
  const Dataset set = data::digits(2000, 3, Split::train);
  for (int64_t i = 0; i < set.size(); ++i) {
    const auto image = set.images.begin() + i * 784;
    const auto inked = std::count_if(image, image + 784, [](uint8_t v) { return v > 128; });
    REQUIRE(inked > 8);
    REQUIRE(inked < 400);
    int border = 0;
    for (int64_t k = 0; k < 28; ++k) {
      for (const int64_t at : {k, 27 * 28 + k, 28 * k, 28 * k + 27}) border += image[at] > 128;
    }
    REQUIRE(border < 12);
  }
}

// The part of `test` whose nearest mean image of `train`'s classes is its own class's.
double nearest_centroid_accuracy(const Dataset& train, const Dataset& test) {
  std::array<std::array<double, 784>, 10> mean{};
  const std::vector<int64_t> counts = data::label_histogram(train);
  for (size_t i = 0; i < train.labels.size(); ++i) {
    auto& sum = mean[train.labels[i]];
    for (size_t p = 0; p < 784; ++p) {
      sum[p] += train.images[i * 784 + p] / static_cast<double>(counts[train.labels[i]]);
    }
  }
  int64_t right = 0;
  for (size_t i = 0; i < test.labels.size(); ++i) {
    size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (size_t digit = 0; digit < 10; ++digit) {
      double distance = 0;
      for (size_t p = 0; p < 784; ++p) {
        const double difference = test.images[i * 784 + p] - mean[digit][p];
        distance += difference * difference;
      }
      if (distance < least) {
        least = distance;
        best = digit;
      }
    }
    right += best == test.labels[i];
  }
  return static_cast<double>(right) / static_cast<double>(test.size());
}

TEST_CASE("Digits are as hard for the nearest class mean as handwriting") {
  // MNIST gives 0.82 here. Far above, a network would have nothing to learn; far below, the digits
  // would no longer look alike within their class.
  const double accuracy = nearest_centroid_accuracy(data::digits(5000, 1, Split::train),
                                                    data::digits(2000, 1, Split::test));
  CHECK(accuracy > 0.72);
  CHECK(accuracy < 0.88);
}

TEST_CASE("Glyphs end with the pen lifted and stay in their square") {
  for (int digit = 0; digit < 10; ++digit) {
    const auto glyphs = data::glyphs_of(digit);
    CHECK(glyphs.size() >= 3);
    for (const data::Glyph& glyph : glyphs) {
      REQUIRE(glyph.knots.size() >= 3);
      CHECK(glyph.weight > 0);
      CHECK(glyph.knots.back().pen == data::Pen::lift);
      CHECK(glyph.knots.front().pen != data::Pen::lift);
      for (const data::Knot& knot : glyph.knots) {
        CHECK((knot.x >= 0 && knot.x <= 100 && knot.y >= 0 && knot.y <= 100));
      }
    }
  }
}

}  // namespace
}  // namespace crosstwin::tests
