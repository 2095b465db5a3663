// Distortions stay within what was asked for, and reach it.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/augment.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/catch.hpp"

namespace crosstwin::test {

namespace {

constexpr ir::Shape kShape = {1, 28, 28};
constexpr int64_t kSize = 28 * 28;

// A round spot, 12 pixels wide, its centre at (x, y).
std::vector<uint8_t> spot(double x, double y) {
  std::vector<uint8_t> image(kSize, 0);
  for (int64_t p = 0; p < kSize; ++p) {
    const double d = std::hypot(static_cast<double>(p % 28) - x, static_cast<double>(p / 28) - y);
    image[static_cast<size_t>(p)] = static_cast<uint8_t>(255 * std::clamp((6 - d) / 2, 0.0, 1.0));
  }
  return image;
}

struct Point {
  double x = 0;
  double y = 0;
};
Point centre(const std::vector<uint8_t>& image) {
  double sum = 0;
  Point c;
  for (int64_t p = 0; p < kSize; ++p) {
    const double v = image[static_cast<size_t>(p)];
    sum += v;
    c.x += v * static_cast<double>(p % 28);
    c.y += v * static_cast<double>(p / 28);
  }
  return {c.x / sum, c.y / sum};
}

std::vector<uint8_t> distorted(const nn::Augmentation& config, const std::vector<uint8_t>& image,
                               uint64_t index, uint64_t epoch = 0) {
  const std::vector<int32_t> fill = {0};
  std::vector<uint8_t> out(kSize);
  nn::augment(config, kShape, fill, 7, epoch, index, image.data(), out.data());
  return out;
}

}  // namespace

TEST_CASE("Shifts fill the range that was asked for and are even-handed") {
  nn::Augmentation config;
  config.shift = 2.5F;
  config.strength_spread = 0;
  const std::vector<uint8_t> image = spot(13.5, 13.5);
  Point low{99, 99}, high{-99, -99}, sum, squares;
  constexpr int kCount = 2000;
  for (uint64_t i = 0; i < kCount; ++i) {
    const Point c = centre(distorted(config, image, i));
    const Point d{c.x - 13.5, c.y - 13.5};
    low = {std::min(low.x, d.x), std::min(low.y, d.y)};
    high = {std::max(high.x, d.x), std::max(high.y, d.y)};
    sum = {sum.x + d.x, sum.y + d.y};
    squares = {squares.x + d.x * d.x, squares.y + d.y * d.y};
  }
  // Fractions of 1/256 pixel and rounded bytes: 0.02 pixels.
  for (const double v : {-low.x, -low.y, high.x, high.y}) {
    CHECK(v < 2.52);
    CHECK(v > 2.45);
  }
  // Uniform: mean 0 (4 standard errors), variance 2.5^2 / 3.
  const double error = 4 * 2.5 / std::sqrt(3.0 * kCount);
  CHECK(std::abs(sum.x / kCount) < error);
  CHECK(std::abs(sum.y / kCount) < error);
  CHECK(squares.x / kCount == Approx(2.5 * 2.5 / 3).epsilon(0.06));
  CHECK(squares.y / kCount == Approx(2.5 * 2.5 / 3).epsilon(0.06));
}

TEST_CASE("The strength varies from image to image") {
  nn::Augmentation config;
  config.shift = 2.5F;
  const std::vector<uint8_t> image = spot(13.5, 13.5);
  double squares = 0;
  for (uint64_t i = 0; i < 2000; ++i) {
    const double d = centre(distorted(config, image, i)).x - 13.5;
    squares += d * d / 2000;
  }
  // A uniform strength in 0..1 multiplies the variance by 1/3.
  CHECK(squares == Approx(2.5 * 2.5 / 9).epsilon(0.12));
}

TEST_CASE("Rotation and scale move a spot as far as geometry says") {
  const std::vector<uint8_t> image = spot(20.5, 13.5);  // 7 right of the centre
  nn::Augmentation config;
  config.strength_spread = 0;
  config.rotation = 30;
  double largest = 0;
  for (uint64_t i = 0; i < 500; ++i) {
    const Point c = centre(distorted(config, image, i));
    CHECK(std::hypot(c.x - 13.5, c.y - 13.5) == Approx(7).margin(0.05));
    largest = std::max(largest, std::abs(std::atan2(c.y - 13.5, c.x - 13.5)));
  }
  CHECK(largest * 180 / 3.14159265 == Approx(30).margin(0.8));
  config.rotation = 0;
  config.scale = 0.2F;
  double least = 99;
  largest = 0;
  for (uint64_t i = 0; i < 500; ++i) {
    const double r = centre(distorted(config, image, i)).x - 13.5;
    least = std::min(least, r);
    largest = std::max(largest, r);
  }
  CHECK(least == Approx(7 / 1.2).margin(0.1));
  CHECK(largest < 7 / 0.8 + 0.1);
  CHECK(largest > 7 / 0.8 - 0.6);  // the widest spot touches the border
}

TEST_CASE("An elastic displacement is bounded and differs from place to place") {
  nn::Augmentation config;
  config.strength_spread = 0;
  config.elastic = 1.5F;
  double apart = 0;
  for (uint64_t i = 0; i < 300; ++i) {
    const double left = centre(distorted(config, spot(7, 13.5), i)).x - 7;
    const double right = centre(distorted(config, spot(20, 13.5), i)).x - 20;
    CHECK(std::abs(left) < 1.6);
    CHECK(std::abs(right) < 1.6);
    apart = std::max(apart, std::abs(left - right));
  }
  CHECK(apart > 1);
}

TEST_CASE("Flip and crop move whole pixels") {
  std::vector<uint8_t> image(kSize, 0);
  image[5 * 28 + 9] = 200;
  nn::Augmentation config;
  config.flip = true;
  int flipped = 0;
  for (uint64_t i = 0; i < 400; ++i) {
    const std::vector<uint8_t> out = distorted(config, image, i);
    const bool mirrored = out[5 * 28 + 18] == 200;
    CHECK((mirrored || out[5 * 28 + 9] == 200));
    flipped += mirrored ? 1 : 0;
  }
  CHECK(flipped > 160);
  CHECK(flipped < 240);
  config.flip = false;
  config.crop = 3;
  std::vector<int> seen(49, 0);
  for (uint64_t i = 0; i < 1000; ++i) {
    const std::vector<uint8_t> out = distorted(config, image, i);
    const auto at = std::find(out.begin(), out.end(), 200) - out.begin();
    REQUIRE(at < kSize);
    const int64_t dx = at % 28 - 9;
    const int64_t dy = at / 28 - 5;
    REQUIRE(std::max(std::abs(dx), std::abs(dy)) <= 3);
    ++seen[static_cast<size_t>((dy + 3) * 7 + dx + 3)];
  }
  CHECK(*std::min_element(seen.begin(), seen.end()) > 0);
}

TEST_CASE("Outside the image is the channel's fill, and equal draws are equal bytes") {
  const ir::Shape shape = {3, 16, 16};
  const std::vector<int32_t> fill = {10, 20, 30};
  std::vector<uint8_t> image;
  for (int32_t c = 0; c < 3; ++c) {
    image.insert(image.end(), 256, static_cast<uint8_t>(fill[static_cast<size_t>(c)]));
  }
  nn::Augmentation config{20, 0.2F, 0.2F, 4, 2, 1, true, 2};
  std::vector<uint8_t> out(image.size());
  nn::augment(config, shape, fill, 1, 2, 3, image.data(), out.data());
  CHECK(out == image);  // every channel of its own constant: nothing else may come in
  const std::vector<uint8_t> spotted = spot(13.5, 13.5);
  CHECK(distorted(config, spotted, 4, 1) == distorted(config, spotted, 4, 1));
  CHECK(distorted(config, spotted, 4, 1) != distorted(config, spotted, 4, 2));
  CHECK(distorted(config, spotted, 4, 1) != distorted(config, spotted, 5, 1));
}

}  // namespace crosstwin::test
