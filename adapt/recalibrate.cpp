// Lines through what the columns give and what they should give.
// SPDX-License-Identifier: Apache-2.0
#include "adapt/recalibrate.hpp"

#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <cmath>

#include "adapt/reference.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/integers.hpp"
#include "twin/program.hpp"
#include "twin/tile.hpp"

namespace crosstwin::adapt {

namespace {

constexpr double kMaxBias = 1 << 30;

// Of one column, over all positions of all images: y as it is, v as it should be.
struct Moments {
  double count = 0;
  double y = 0;
  double v = 0;
  double yy = 0;
  double vv = 0;
  double yv = 0;

  double mean_y() const { return y / count; }
  double mean_v() const { return v / count; }
  double variance_y() const { return yy / count - mean_y() * mean_y(); }
  double variance_v() const { return vv / count - mean_v() * mean_v(); }
  double covariance() const { return yv / count - mean_y() * mean_v(); }
  // Mean of (a y + b - v)^2.
  double square(double a, double b) const {
    const double mean = a * mean_y() + b - mean_v();
    return std::max(0.0, mean * mean + a * a * variance_y() + variance_v() - 2 * a * covariance());
  }
};

// Sums of integers an image, then of doubles in the order of the images.
std::vector<Moments> moments(const std::vector<int32_t>& y, const std::vector<int32_t>& product,
                             const std::vector<int32_t>& bias, int64_t images) {
  const size_t cols = bias.size();
  const size_t image_size = y.size() / static_cast<size_t>(images);
  struct Sums {
    int64_t y = 0, v = 0, yy = 0, vv = 0, yv = 0;
  };
  std::vector<Sums> parts(static_cast<size_t>(images) * cols);
  twin::for_image_blocks(images, [&](int64_t first, int64_t last) {
    for (auto n = static_cast<size_t>(first); n < static_cast<size_t>(last); ++n) {
      for (size_t i = n * image_size; i < (n + 1) * image_size; ++i) {
        const int64_t own = y[i];
        const int64_t wanted = int64_t{product[i]} + bias[i % cols];
        Sums& sums = parts[n * cols + i % cols];
        sums.y += own;
        sums.v += wanted;
        sums.yy += own * own;
        sums.vv += wanted * wanted;
        sums.yv += own * wanted;
      }
    }
  });
  std::vector<Moments> all(cols);
  for (size_t i = 0; i < parts.size(); ++i) {
    Moments& of = all[i % cols];
    of.count += static_cast<double>(image_size / cols);
    of.y += static_cast<double>(parts[i].y);
    of.v += static_cast<double>(parts[i].v);
    of.yy += static_cast<double>(parts[i].yy);
    of.vv += static_cast<double>(parts[i].vv);
    of.yv += static_cast<double>(parts[i].yv);
  }
  return all;
}

// 1 where the columns' sums do not tell.
double gain(double covariance, double variance) {
  if (!(variance > 0)) return 1;
  const double a = covariance / variance;
  return a >= kLeastGain && a <= 1 / kLeastGain ? a : 1;
}

int32_t to_bias(double value) {
  return static_cast<int32_t>(std::lround(std::clamp(value, -kMaxBias, kMaxBias)));
}

}  // namespace

ColumnFit fit_columns(const std::string& stage, const std::vector<int32_t>& y,
                      const std::vector<int32_t>& product, int64_t images, ir::Crossbar& crossbar) {
  const std::vector<Moments> columns = moments(y, product, crossbar.bias, images);
  std::vector<double> gains;
  double covariance = 0;
  double variance = 0;
  for (const Moments& of : columns) {
    gains.push_back(gain(of.covariance(), of.variance_y()));
    covariance += of.covariance();
    variance += of.variance_y();
  }
  if (crossbar.logits) gains.assign(columns.size(), gain(covariance, variance));
  double before = 0;
  double after = 0;
  double spread = 0;
  std::vector<double> ratios;
  for (size_t c = 0; c < columns.size(); ++c) {
    const Moments& of = columns[c];
    const double scale =
        crossbar.logits ? 1 : std::ldexp(crossbar.mult[c], -int32_t{crossbar.shift[c]});
    before += scale * scale * of.square(1, crossbar.bias[c]);
    spread += scale * scale * of.variance_v();
    crossbar.bias[c] = to_bias(of.mean_v() / gains[c] - of.mean_y());
    after += scale * scale * of.square(gains[c], gains[c] * crossbar.bias[c]);
    ratios.push_back(scale * gains[c]);
  }
  if (!crossbar.logits) {
    const int32_t reach = std::max(crossbar.high, -crossbar.low);
    const auto requantizers = ir::requantizers(ratios, reach, "stage " + stage);
    for (size_t c = 0; c < columns.size(); ++c) {
      crossbar.mult[c] = requantizers[c].mult;
      crossbar.shift[c] = requantizers[c].shift;
    }
  }
  const auto relative = [&](double sum) { return spread > 0 ? std::sqrt(sum / spread) : 0; };
  return {{stage, relative(before), relative(after)}, crossbar.logits ? gains.front() : 1};
}

Recalibrated recalibrate(const ir::Design& design, const ir::Device& device, uint64_t seed,
                         std::span<const uint8_t> images, const twin::AdcOptions& options,
                         std::span<const ir::Placement> placements) {
  ir::check_design(design, "design");
  const int64_t count = std::min(twin::image_count(design, images), twin::kMaxCalibrationImages);
  if (count == 0) {
    throw ir::Error({"recalibration", "no images to measure the chip with", "at least 1", "0"});
  }
  images = images.first(static_cast<size_t>(count * design.input.size()));
  // What the design gives, up to every stage.
  const twin::Pipeline pipeline(design);
  const std::vector<int32_t> inputs = twin::to_stream_order(images, design.input);
  std::vector<std::vector<int32_t>> maps(design.stages.size());
  const auto input_of = [&](size_t i) -> const std::vector<int32_t>& {
    const int32_t source = pipeline.source(i);
    return source < 0 ? inputs : maps[static_cast<size_t>(source)];
  };
  for (size_t i = 0; i + 1 < maps.size(); ++i) {
    const ir::Stage& stage = design.stages[i];
    const bool pool = std::holds_alternative<ir::PoolMax>(stage.kind);
    maps[i] = run_maps(design, pipeline, i, pool ? twin::BlockProduct() : integer_product(stage),
                       input_of(i));
  }

  Recalibrated result{design, {}, {}};
  twin::AdcOptions aged = options;
  aged.aged = true;
  result.chip = twin::program(
      design, device, seed, images, aged, nullptr, placements,
      [&](size_t i, const ir::CrossbarChip& chip, std::span<const int32_t> in,
          ir::Crossbar& crossbar) {
        const ir::Stage& stage = design.stages[i];
        const twin::Window& window = pipeline.window(i);
        const twin::TileShape shape = twin::tile_shape(design, stage);
        const twin::FastTile tile(shape, chip);
        tbb::enumerable_thread_specific<twin::FastTile::Scratch> scratch;
        const std::vector<int32_t> y =
            column_sums(window, in, stage.in.size(), shape.cols,
                        [&](int64_t, int32_t block, const int32_t* x, int32_t* to) {
                          tile.multiply_block(x, block, nullptr, to, scratch.local());
                        });
        const std::vector<int32_t> product =
            column_sums(window, input_of(i), stage.in.size(), shape.cols, integer_product(stage));
        result.reports.push_back(fit_columns(stage.name, y, product, count, crossbar).report);
        result.design.stages[i].kind = crossbar;
      });
  return result;
}

}  // namespace crosstwin::adapt
