// Handwriting: jittered knots, splines, an elastic sheet and an affine map.
// SPDX-License-Identifier: Apache-2.0
//
// Source of the elastic sheet's idea: Simard, Steinkraus and Platt, "Best practices for
// convolutional neural networks applied to visual document analysis" (ICDAR 2003).
// Deviations: the sheet is a uniform cubic B-spline over 3 x 3 patches, not smoothed white noise,
// and moves the pen's way, not the pixels, so that strokes keep their width.
#include "compress/data/digits/pen_path.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace crosstwin::data {
namespace {

// How hands differ. Deviations and ranges; lengths in the digit's height unless said otherwise.
constexpr float kKnotJitter = 0.027F;
constexpr float kEndJitter = 0.022F;  // added for the first and last knot of a stroke
constexpr float kElastic = 0.1F;      // of the sheet's control points
constexpr float kSlant = 0.16F;       // shear, about a mean to the right
constexpr float kSlantMean = 0.12F;
constexpr float kHalfTurn = 0.055F;  // tan of half the rotation
constexpr float kWidthLow = 0.72F;   // stretch in x
constexpr float kWidthHigh = 1.2F;
constexpr float kSizeLow = 16.0F;  // longer side of the pen's way, pixels
constexpr float kSizeHigh = 20.5F;
constexpr float kPlace = 0.8F;       // centre of mass, pixels
constexpr float kRadiusLow = 0.75F;  // pixels
constexpr float kRadiusHigh = 1.75F;
constexpr float kRadiusChange = 0.16F;  // relative, at either end of a stroke
constexpr float kMargin = 1.5F;         // the pen's way stays so far inside of the image, pixels
constexpr float kCentre = 14.0F;
constexpr int kDotsPerKnot = 7;

struct Point {
  float x;
  float y;
};
Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
Point operator*(float s, Point p) { return {s * p.x, s * p.y}; }

// Displacements on a 6 x 6 grid of control points over the unit square and its surround.
class ElasticSheet {
 public:
  explicit ElasticSheet(ir::Rng& rng) {
    for (Point& control : controls_) control = {kElastic * spread(rng), kElastic * spread(rng)};
  }

  Point move(Point p) const {
    const auto [column, u] = patch(p.x);
    const auto [row, v] = patch(p.y);
    const std::array<float, 4> across = basis(u);
    const std::array<float, 4> down = basis(v);
    Point moved = p;
    for (size_t i = 0; i < 4; ++i) {
      for (size_t j = 0; j < 4; ++j) {
        moved = moved + (down[i] * across[j]) * controls_[(row + i) * kSide + column + j];
      }
    }
    return moved;
  }

 private:
  static constexpr size_t kSide = 6;
  static constexpr float kPatches = 3.0F;

  struct Place {
    size_t patch;
    float within;
  };
  static Place patch(float x) {
    const float scaled = std::clamp(x, 0.0F, 0.9999F) * kPatches;
    const auto index = static_cast<size_t>(scaled);
    return {index, scaled - static_cast<float>(index)};
  }
  static std::array<float, 4> basis(float t) {
    const float s = 1.0F - t;
    return {s * s * s / 6.0F, (3.0F * t * t * t - 6.0F * t * t + 4.0F) / 6.0F,
            (3.0F * s * s * s - 6.0F * s * s + 4.0F) / 6.0F, t * t * t / 6.0F};
  }

  std::array<Point, kSide * kSide> controls_;
};

// Catmull-Rom through four knots, between the middle two.
Point spline(Point before, Point from, Point to, Point behind, float t) {
  const Point a = 2.0F * from;
  const Point b = to - before;
  const Point c = (2.0F * before) - (5.0F * from) + (4.0F * to) - behind;
  const Point d = (3.0F * from) - before - (3.0F * to) + behind;
  return 0.5F * (a + t * (b + t * (c + t * d)));
}

struct PathPoint {
  Point at;
  bool starts;
};

std::vector<PathPoint> curve(const Glyph& glyph, ir::Rng& rng) {
  std::vector<Point> knots;
  for (size_t i = 0; i < glyph.knots.size(); ++i) {
    const Knot& knot = glyph.knots[i];
    const bool end = knot.pen == Pen::lift || i == 0 || glyph.knots[i - 1].pen == Pen::lift;
    const float jitter = kKnotJitter + (end ? kEndJitter : 0.0F);
    const float dx = jitter * spread(rng);
    const float dy = jitter * spread(rng);
    knots.push_back({0.01F * knot.x + dx, 0.01F * knot.y + dy});
  }
  std::vector<PathPoint> path;
  bool lifted = true;
  for (size_t i = 0; i < knots.size(); ++i) {
    if (lifted) path.push_back({knots[i], true});
    lifted = glyph.knots[i].pen == Pen::lift;
    if (lifted) continue;
    // Behind a turn and at the ends of a stroke the curve leaves straight for the next knot.
    const bool first = path.back().starts || glyph.knots[i].pen == Pen::turn;
    const bool last = glyph.knots[i + 1].pen != Pen::run;
    const Point before = first ? knots[i] : knots[i - 1];
    const Point behind = last ? knots[i + 1] : knots[i + 2];
    for (int step = 1; step <= kDotsPerKnot; ++step) {
      const float t = static_cast<float>(step) / kDotsPerKnot;
      path.push_back({spline(before, knots[i], knots[i + 1], behind, t), false});
    }
  }
  return path;
}

struct Box {
  float low;
  float high;
};
template <class Get>
Box extent(const std::vector<PathPoint>& path, Get get) {
  Box box{get(path[0].at), get(path[0].at)};
  for (const PathPoint& p : path) {
    box = {std::min(box.low, get(p.at)), std::max(box.high, get(p.at))};
  }
  return box;
}

// Where the mean of the box goes so that the mass is at `target` and the box inside of the image.
float shift_of(Box box, float mass, float target) {
  const float low = kMargin - box.low;
  const float high = 2.0F * kCentre - kMargin - box.high;
  return std::clamp(target - mass, std::min(low, high), std::max(low, high));
}

}  // namespace

float spread(ir::Rng& rng) {
  const float a = rng.uniform();
  const float b = rng.uniform();
  const float c = rng.uniform();
  return 2.0F * (a + b + c) - 3.0F;
}

std::vector<Dot> write_glyph(const Glyph& glyph, ir::Rng& rng) {
  std::vector<PathPoint> path = curve(glyph, rng);
  const ElasticSheet sheet(rng);
  const float slant = kSlantMean + kSlant * spread(rng);
  const float half = kHalfTurn * spread(rng);
  const float cosine = (1.0F - half * half) / (1.0F + half * half);
  const float sine = 2.0F * half / (1.0F + half * half);
  const float width = rng.uniform(kWidthLow, kWidthHigh);
  for (PathPoint& p : path) {
    const Point q = sheet.move(p.at) - Point{0.5F, 0.5F};
    const Point slanted{width * q.x - slant * q.y, q.y};
    p.at = {cosine * slanted.x - sine * slanted.y, sine * slanted.x + cosine * slanted.y};
  }

  Box across = extent(path, [](Point p) { return p.x; });
  Box down = extent(path, [](Point p) { return p.y; });
  const float longer = std::max({across.high - across.low, down.high - down.low, 0.2F});
  const float scale = rng.uniform(kSizeLow, kSizeHigh) / longer;
  Point mass{0, 0};
  for (PathPoint& p : path) {
    p.at = scale * p.at;
    mass = mass + (1.0F / static_cast<float>(path.size())) * p.at;
  }
  across = {scale * across.low, scale * across.high};
  down = {scale * down.low, scale * down.high};
  const float target_x = kCentre + kPlace * spread(rng);
  const float target_y = kCentre + kPlace * spread(rng);
  const Point shift{shift_of(across, mass.x, target_x), shift_of(down, mass.y, target_y)};

  const float radius = rng.uniform(kRadiusLow, kRadiusHigh);
  const float change = kRadiusChange * spread(rng);
  std::vector<Dot> dots;
  dots.reserve(path.size());
  for (size_t i = 0; i < path.size(); ++i) {
    const Point p = path[i].at + shift;
    const float along = 2.0F * static_cast<float>(i) / static_cast<float>(path.size()) - 1.0F;
    dots.push_back({p.x, p.y, radius * (1.0F + change * along), path[i].starts});
  }
  return dots;
}

}  // namespace crosstwin::data
