// The read noise generator: exact distribution, independence, and weak generators that must fail.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>
#include <string>
#include <vector>

#include "tests/catch.hpp"

using namespace crosstwin::ir;

namespace {

// Statistics of one generator stay under this many standard errors. There are under 200 of them, so
// that a perfect generator fails with a probability of under 2e-5 (two-sided normal, 3.8e-8 each).
constexpr double kBound = 5.5;

constexpr double kVariance = 22 * 1024 / 4.0 + 2 * 1023 / 12.0;
// Fourth cumulants: a coin of weight w has -w^4/8, n equally likely integers -(n^4 - 1)/120.
constexpr double kKurtosis =
    3 - (22 * 1048576 / 8.0 + 2 * 1048575 / 120.0) / (kVariance * kVariance);

using Draw = std::function<std::vector<uint32_t>(NoiseKeys, uint32_t image)>;

// A layer whose counters are all of 0..2^17 - 1.
struct Field {
  const char* name;
  int shift;
  uint32_t count;
};
constexpr std::array<Field, 5> kFields{
    {{"position", 11, 64}, {"tile", 10, 2}, {"column", 5, 32}, {"plane", 2, 8}, {"word", 0, 4}}};
constexpr uint32_t kCounters = 1U << 17;
constexpr uint32_t kImages = 4;

template <int rounds, int image_round>
std::vector<uint32_t> draw_image(NoiseKeys keys, uint32_t image) {
  std::vector<uint32_t> draws(kCounters);
  for (uint32_t i = 0; i < kCounters; ++i) {
    draws[i] = noise_permute<rounds, image_round>(keys, i, image);
  }
  return draws;
}

// Several images behind each other: what all statistics are taken of.
std::vector<uint32_t> draw_images(const Draw& draw, NoiseKeys keys, uint32_t step, uint32_t flip) {
  std::vector<uint32_t> all;
  for (uint32_t image = 0; image < kImages; ++image) {
    const auto part = draw(keys, (image + step) ^ flip);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

std::vector<double> values(const std::vector<uint32_t>& draws) {
  std::vector<double> z(draws.size());
  std::transform(draws.begin(), draws.end(), z.begin(), [](uint32_t d) { return noise_z(d); });
  return z;
}

// Name of each statistic and how many standard errors it is off.
using Scores = std::map<std::string, double>;

// The correlation of two equally long series, and that of their squares.
void correlate(Scores& scores, const std::string& name, const std::vector<double>& a,
               const std::function<double(uint32_t)>& b) {
  double sum = 0;
  double squares = 0;
  for (uint32_t i = 0; i < a.size(); ++i) {
    const double other = b(i);
    sum += a[i] * other;
    squares += (a[i] * a[i] - kVariance) * (other * other - kVariance);
  }
  const double root = std::sqrt(static_cast<double>(a.size()));
  scores[name] = std::abs(sum / kVariance) / root;
  scores[name + ", squares"] = std::abs(squares / (kVariance * kVariance * (kKurtosis - 1))) / root;
}

Scores independence(const Draw& draw, NoiseKeys keys) {
  Scores scores;
  const auto z = values(draw_images(draw, keys, 0, 0));
  for (const Field& field : kFields) {
    for (uint32_t lag = 1; lag < field.count; lag += lag < 4 ? 1 : lag) {
      const uint32_t mask = (field.count - 1) << field.shift;
      correlate(scores, std::string(field.name) + " lag " + std::to_string(lag), z,
                [&](uint32_t i) { return z[(i & ~mask) | ((i + (lag << field.shift)) & mask)]; });
    }
  }
  for (uint32_t lag : {4U, 5U, 6U, 7U, 8U, 64U, 1000U}) {
    const auto other = values(draw_images(draw, keys, lag, 0));
    correlate(scores, "image lag " + std::to_string(lag), z, [&](uint32_t i) { return other[i]; });
  }
  for (int bit = 0; bit < 32; bit += bit < 3 ? 1 : 4) {
    const auto other = values(draw_images(draw, keys, 0, 1U << bit));
    correlate(scores, "image bit " + std::to_string(bit), z, [&](uint32_t i) { return other[i]; });
    // A neighbour in the next image: a draw that moves with the image would show.
    correlate(scores, "column and image bit " + std::to_string(bit), z,
              [&](uint32_t i) { return other[i ^ 32]; });
  }
  return scores;
}

Scores distribution(const std::vector<uint32_t>& draws) {
  Scores scores;
  const auto z = values(draws);
  const double n = static_cast<double>(z.size());
  double sum = 0;
  double sum2 = 0;
  double sum4 = 0;
  std::vector<double> bytes(4 * 256);
  for (size_t i = 0; i < z.size(); ++i) {
    sum += z[i];
    sum2 += z[i] * z[i];
    sum4 += z[i] * z[i] * z[i] * z[i];
    for (uint32_t b = 0; b < 4; ++b) ++bytes[b * 256 + (draws[i] >> (8 * b) & 255)];
  }
  const double spread = sum2 / n;
  scores["mean"] = std::abs(sum / n) / std::sqrt(kVariance / n);
  scores["variance"] = std::abs(spread / kVariance - 1) / std::sqrt((kKurtosis - 1) / n);
  scores["kurtosis"] = std::abs(sum4 / n / (spread * spread) - kKurtosis) / std::sqrt(24 / n);
  for (uint32_t b = 0; b < 4; ++b) {
    double chi2 = 0;
    for (uint32_t v = 0; v < 256; ++v) {
      chi2 += std::pow(bytes[b * 256 + v] - n / 256, 2) / (n / 256);
    }
    scores["byte " + std::to_string(b)] = std::abs(chi2 - 255) / std::sqrt(2 * 255.0);
  }
  return scores;
}

std::pair<std::string, double> worst(const Scores& scores) {
  return *std::max_element(scores.begin(), scores.end(),
                           [](const auto& a, const auto& b) { return a.second < b.second; });
}

}  // namespace

TEST_CASE("noise values have the stated distribution exactly and it is nearly normal") {
  // All draws are equally likely, so the distribution is a convolution.
  std::vector<double> p{1};
  const auto add = [&](int step, int count) {
    std::vector<double> q(p.size() + static_cast<size_t>(step * (count - 1)));
    for (size_t i = 0; i < p.size(); ++i) {
      for (int k = 0; k < count; ++k) q[i + static_cast<size_t>(step * k)] += p[i] / count;
    }
    p = q;
  };
  for (int coin = 0; coin < 22; ++coin) add(32, 2);
  add(1, 32);
  add(1, 32);
  REQUIRE(p.size() == 2 * kNoiseMax + 1);
  double mean = 0;
  double variance = 0;
  double fourth = 0;
  double below = 0;
  double distance = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    const double z = static_cast<double>(i) - kNoiseMax;
    CHECK(std::abs(p[i] - p[p.size() - 1 - i]) < 1e-15);
    mean += p[i] * z;
    variance += p[i] * z * z;
    fourth += p[i] * z * z * z * z;
    below += p[i];
    const double normal = 0.5 * std::erfc(-(z + 0.5) / kNoiseSigma / std::numbers::sqrt2);
    distance = std::max(distance, std::abs(below - normal));
  }
  CHECK(std::abs(mean) < 1e-9);
  CHECK(std::abs(variance - kVariance) < 1e-6);
  CHECK(std::abs(kNoiseSigma - std::sqrt(kVariance)) < 1e-7);
  CHECK(std::abs(fourth / (variance * variance) - kKurtosis) < 1e-9);
  CHECK(std::abs(kKurtosis - 2.9138) < 1e-4);
  INFO("Kolmogorov distance to the normal: " << distance);
  CHECK(distance < 0.0025);
  CHECK(noise_z(0) == -kNoiseMax);
  CHECK(noise_z(0xFFFFFFFF) == kNoiseMax);
  for (uint32_t d : {0x12345678U, 0xDEADBEEFU, 0x0000FFFFU}) CHECK(noise_z(~d) == -noise_z(d));
}

TEST_CASE("a noise value is the scaled draw, rounded half up") {
  for (uint32_t draw : {0U, 0xFFFFFFFFU, 0x80000001U, 0x13579BDFU}) {
    const int32_t z = noise_z(draw);
    CHECK(noise_value(draw, 1, 0) == z);
    CHECK(noise_value(draw, 0, 31) == 0);
    CHECK(noise_value(draw, 65535, 0) == z * 65535);
    CHECK(noise_value(draw, 181, 9) == static_cast<int32_t>(std::floor(z * 181 / 512.0 + 0.5)));
    CHECK(noise_value(draw, 65535, 31) == 0);
  }
}

TEST_CASE("the noise counter packs its fields from the top and says how wide it is") {
  const NoiseCounter counter(576, 2, 25, 8, 2);
  CHECK(counter.bits() == 10 + 1 + 5 + 3 + 2);
  CHECK(counter(575, 1, 24, 7, 3) == ((((575U * 2 + 1) * 32 + 24) * 8 + 7) * 4 + 3));
  CHECK(NoiseCounter(1, 1, 1, 1, 1).bits() == 5);
  CHECK(NoiseCounter(1 << 20, 16, 64, 8, 2).bits() == 35);
}

TEST_CASE("noise draws keep their values") {
  // Chips and generated designs hold these numbers: a change here is a change of both formats.
  const NoiseKeys keys = noise_keys(1, 0);
  CHECK(keys.bits == 0xc98c92cd01c159a);
  CHECK(noise_draw(keys, 0, 0) == 0x6c739ff0);
  CHECK(noise_draw(keys, 12345, 0) == 0xe198396c);
  CHECK(noise_draw(keys, 12345, 0x89ABCDEF) == 0x54fd520e);
}

TEST_CASE("noise draws are a permutation of the counters") {
  auto draws = draw_image<kNoiseRounds, kNoiseImageRound>(noise_keys(3, 1), 5);
  std::sort(draws.begin(), draws.end());
  CHECK(std::adjacent_find(draws.begin(), draws.end()) == draws.end());
}

TEST_CASE("noise is independent over columns, planes, positions, arrays and images") {
  const Draw draw = draw_image<kNoiseRounds, kNoiseImageRound>;
  for (uint32_t stage : {0U, 3U}) {
    const NoiseKeys keys = noise_keys(2026, stage);
    const auto [what, far] = worst(independence(draw, keys));
    INFO(what << " is off by " << far << " standard errors");
    CHECK(far < kBound);
    const auto [which, off] = worst(distribution(draw_images(draw, keys, 0, 0)));
    INFO(which << " is off by " << off << " standard errors");
    CHECK(off < kBound);
  }
}

TEST_CASE("noise is independent over stages and seeds") {
  const Draw draw = draw_image<kNoiseRounds, kNoiseImageRound>;
  const auto z = values(draw_images(draw, noise_keys(7, 0), 0, 0));
  Scores scores;
  for (const auto& [seed, stage] : {std::pair<uint64_t, uint32_t>{7, 1}, {7, 2}, {8, 0}}) {
    const auto other = values(draw_images(draw, noise_keys(seed, stage), 0, 0));
    correlate(scores, std::to_string(seed) + "/" + std::to_string(stage), z,
              [&](uint32_t i) { return other[i]; });
  }
  // One key bit apart.
  for (int bit = 0; bit < 64; bit += 7) {
    const NoiseKeys keys{noise_keys(7, 0).bits ^ uint64_t{1} << bit};
    const auto other = values(draw_images(draw, keys, 0, 0));
    correlate(scores, "key bit " + std::to_string(bit), z, [&](uint32_t i) { return other[i]; });
  }
  const auto [what, far] = worst(scores);
  INFO(what << " is off by " << far << " standard errors");
  CHECK(far < kBound);
}

TEST_CASE("the statistics find weak noise generators") {
  const NoiseKeys keys = noise_keys(2026, 0);
  // Two rounds before the image and three after it: one image shows in another.
  CHECK(worst(independence(draw_image<5, 2>, keys)).second > kBound);
  // As many rounds as those, but the image is left out.
  CHECK(worst(independence(draw_image<kNoiseRounds, 0>, keys)).second > kBound);
  // Too few rounds for the counter alone.
  const auto fields = independence(draw_image<3, 0>, keys);
  const Scores columns(fields.lower_bound("column lag"), fields.lower_bound("column lagz"));
  CHECK(columns.size() == 12);
  CHECK(worst(columns).second > kBound);
  // Bytes that are not uniform, and coins thrown in pairs.
  auto draws = draw_images(draw_image<kNoiseRounds, kNoiseImageRound>, keys, 0, 0);
  CHECK(worst(distribution(draws)).second < kBound);
  for (size_t i = 0; i < draws.size(); i += 16) draws[i] |= 0x8000;
  CHECK(distribution(draws)["byte 1"] > kBound);
  CHECK(distribution(draws)["mean"] > kBound);
  for (uint32_t& draw : draws) draw = (draw & 0xFFFF) * 0x10001U;
  CHECK(distribution(draws)["variance"] > kBound);
  CHECK(distribution(draws)["kurtosis"] > kBound);
}
