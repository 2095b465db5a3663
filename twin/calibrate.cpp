// What the columns' currents look like on the calibration images, and the LSB that follows.
// SPDX-License-Identifier: Apache-2.0
#include "twin/calibrate.hpp"

#include <tbb/enumerable_thread_specific.h>

#include <cmath>

#include "compress/ir/error.hpp"
#include "twin/device.hpp"
#include "twin/stages.hpp"

namespace crosstwin::twin {

namespace {

// Counts of the currents of one range. Columns of undriven rows (current 0) are not counted.
struct CurrentHistogram {
  static constexpr int64_t kMaxBins = 1 << 22;  // of a slice
  int64_t bin_width = 1;
  int64_t largest = 0;
  std::vector<int64_t> bins;

  CurrentHistogram(int64_t worst, int64_t max_bins)
      : bin_width(worst / max_bins + 1), bins(static_cast<size_t>(worst / bin_width + 1)) {}
  void add(int64_t current) {
    largest = std::max(largest, current);
    ++bins[static_cast<size_t>(current / bin_width)];
  }
  void add(const CurrentHistogram& other) {
    largest = std::max(largest, other.largest);
    for (size_t i = 0; i < bins.size(); ++i) bins[i] += other.bins[i];
  }
};

// Calls visit(plane, slice, pos, neg) for the currents of every driven plane of maps
// [first, last), where pos and neg are [cols].
template <class Visit>
void visit_currents(const Window& window, const FastTile& tile, std::span<const int32_t> maps,
                    int64_t map_size, int64_t first, int64_t last, const Visit& visit) {
  std::vector<int32_t> padded;
  std::vector<int32_t> x(static_cast<size_t>(window.rows()));
  FastTile::Scratch scratch;
  for (int64_t n = first; n < last; ++n) {
    const auto map = window.pad(maps.subspan(n * map_size, map_size), padded);
    for (int32_t position = 0; position < window.positions(); ++position) {
      window.gather(map, position, x);
      tile.currents(x, scratch, visit);
    }
  }
}

struct Layer {
  const ir::Device& device;
  const TileShape& shape;
  const Window& window;
  const FastTile& tile;
  std::span<const int32_t> maps;
  int64_t map_size;
  int64_t images;
  int32_t columns;  // that share a range: all of a slice, or 1

  int32_t tile_rows() const { return std::min(shape.rows, shape.tile_rows); }
  // Ranges are numbered slice by slice.
  int32_t slice_ranges() const { return shape.cols / columns; }
  size_t range(int32_t slice, int32_t column) const {
    return static_cast<size_t>(slice * slice_ranges() + column / columns);
  }
};

std::vector<CurrentHistogram> histograms(const Layer& layer, const std::vector<int64_t>& worst) {
  const int64_t bins = std::max<int64_t>(1024, CurrentHistogram::kMaxBins / layer.slice_ranges());
  std::vector<CurrentHistogram> empty;
  for (const int64_t current : worst) empty.emplace_back(current, bins);
  tbb::enumerable_thread_specific<std::vector<CurrentHistogram>> parts(empty);
  for_image_blocks(layer.images, [&](int64_t first, int64_t last) {
    std::vector<CurrentHistogram>& part = parts.local();
    visit_currents(layer.window, layer.tile, layer.maps, layer.map_size, first, last,
                   [&](int32_t, int32_t slice, const int32_t* pos, const int32_t* neg) {
                     for (int32_t c = 0; c < layer.shape.cols; ++c) {
                       CurrentHistogram& histogram = part[layer.range(slice, c)];
                       histogram.add(pos[c]);
                       histogram.add(neg[c]);
                     }
                   });
  });
  std::vector<CurrentHistogram> total = empty;
  for (const auto& part : parts) {  // integer sums: the order of the threads does not matter
    for (size_t i = 0; i < total.size(); ++i) total[i].add(part[i]);
  }
  return total;
}

// [range] the largest currents alone.
std::vector<int64_t> largest_currents(const Layer& layer) {
  // Of every column, so that the loop is one of vectors.
  const auto cols = static_cast<size_t>(layer.shape.cols);
  const std::vector<int32_t> zeros(static_cast<size_t>(layer.shape.slices) * cols);
  tbb::enumerable_thread_specific<std::vector<int32_t>> parts(zeros);
  for_image_blocks(layer.images, [&](int64_t first, int64_t last) {
    std::vector<int32_t>& part = parts.local();
    visit_currents(layer.window, layer.tile, layer.maps, layer.map_size, first, last,
                   [&](int32_t, int32_t slice, const int32_t* pos, const int32_t* neg) {
                     int32_t* most = part.data() + static_cast<size_t>(slice) * cols;
                     for (size_t c = 0; c < cols; ++c) {
                       most[c] = std::max(most[c], std::max(pos[c], neg[c]));
                     }
                   });
  });
  std::vector<int64_t> total(zeros.size() / static_cast<size_t>(layer.columns));
  for (const auto& part : parts) {
    for (size_t at = 0; at < part.size(); ++at) {
      int64_t& largest = total[at / static_cast<size_t>(layer.columns)];
      largest = std::max<int64_t>(largest, part[at]);
    }
  }
  return total;
}

int32_t percentile_lsb(const Layer& layer, const CurrentHistogram& histogram, int32_t max_lsb,
                       double percentile) {
  const double conversions = 2.0 * static_cast<double>(layer.images) * layer.window.positions() *
                             layer.shape.row_tiles() * layer.shape.planes * layer.columns;
  const auto allowed = static_cast<int64_t>((1 - percentile) * conversions);
  for (int32_t lsb = 1; lsb < max_lsb; ++lsb) {
    const Transfer transfer =
        find_transfer(layer.device, lsb, layer.tile_rows(), layer.shape.adc_bits);
    int64_t clipped = 0;
    for (size_t bin = histogram.bins.size(); bin-- > 0;) {
      const int64_t current = (static_cast<int64_t>(bin) + 1) * histogram.bin_width - 1;
      if (!is_clipped(current, transfer.mult, 0, transfer.shift, layer.shape.adc_bits)) break;
      clipped += histogram.bins[bin];
    }
    if (clipped <= allowed) return lsb;
  }
  return max_lsb;
}

// Every LSB up to 16, then steps of about an eighth.
std::vector<int32_t> candidates(int32_t max_lsb) {
  std::vector<int32_t> lsbs;
  for (int32_t lsb = 1; lsb < max_lsb; lsb += std::max(1, lsb / 8)) lsbs.push_back(lsb);
  lsbs.push_back(max_lsb);
  return lsbs;
}

struct Candidate {
  int32_t lsb;
  Transfer transfer;
};

// Per range and candidate, the sum over pairs of conversions of
// (w_b ((A[+] - A[-]) lsb - (I[+] - I[-]) / step))^2. Rounding noise that both polarities share
// does not count, as Y never sees it. One pass over the images serves all ranges.
std::vector<std::vector<double>> squared_errors(const Layer& layer,
                                                const std::vector<std::vector<Candidate>>& tried) {
  std::vector<std::vector<double>> zeros;
  for (const auto& range : tried) zeros.emplace_back(range.size());
  const double step = level_step(layer.device);
  const int64_t images = std::min(layer.images, kMseImages);
  const int64_t blocks = (images + kImageBlock - 1) / kImageBlock;
  std::vector<std::vector<std::vector<double>>> parts(static_cast<size_t>(blocks), zeros);
  for_image_blocks(images, [&](int64_t first, int64_t last) {
    auto& part = parts[static_cast<size_t>(first / kImageBlock)];
    visit_currents(layer.window, layer.tile, layer.maps, layer.map_size, first, last,
                   [&](int32_t plane, int32_t slice, const int32_t* pos, const int32_t* neg) {
                     const auto weight = static_cast<double>(layer.shape.plane_weight(plane));
                     for (int32_t begin = 0; begin < layer.shape.cols; begin += layer.columns) {
                       const size_t range = layer.range(slice, begin);
                       for (size_t i = 0; i < tried[range].size(); ++i) {
                         const auto& [lsb, t] = tried[range][i];
                         const auto code = [&, &t = t](int64_t current) {
                           return convert(current, t.mult, 0, t.shift, layer.shape.adc_bits);
                         };
                         double sum = 0;
                         for (int32_t c = begin; c < begin + layer.columns; ++c) {
                           const double error =
                               (code(pos[c]) - code(neg[c])) * lsb - (pos[c] - neg[c]) / step;
                           sum += error * error;
                         }
                         part[range][i] += sum * weight * weight;
                       }
                     }
                   });
  });
  std::vector<std::vector<double>> total = zeros;
  for (const auto& part : parts) {  // block order: the same sum on any number of threads
    for (size_t s = 0; s < total.size(); ++s) {
      for (size_t i = 0; i < total[s].size(); ++i) total[s][i] += part[s][i];
    }
  }
  return total;
}

// Per range, the LSB up to max_lsb of least squared error.
std::vector<int32_t> mse_lsbs(const Layer& layer, const std::vector<int32_t>& max_lsb) {
  std::vector<std::vector<Candidate>> tried;
  for (const int32_t max : max_lsb) {
    auto& range = tried.emplace_back();
    for (const int32_t lsb : candidates(max)) {
      range.push_back(
          {lsb, find_transfer(layer.device, lsb, layer.tile_rows(), layer.shape.adc_bits)});
    }
  }
  const std::vector<std::vector<double>> errors = squared_errors(layer, tried);
  std::vector<int32_t> best;
  for (size_t i = 0; i < errors.size(); ++i) {
    const auto at = std::min_element(errors[i].begin(), errors[i].end()) - errors[i].begin();
    best.push_back(tried[i][static_cast<size_t>(at)].lsb);
  }
  return best;
}

// The bits with which the worst case fits at one level step; 17 when 16 do not.
int32_t lossless_bits(const ir::Device& device, int64_t worst, int32_t rows) {
  for (int32_t bits = 1; bits <= 16; ++bits) {
    if (find_transfer(device, 1, rows, bits).exact &&
        covering_lsb(device, worst, rows, bits) == 1) {
      return bits;
    }
  }
  return 17;
}

void require_lossless(const std::string& stage, const ir::Device& device, const TileShape& shape,
                      int64_t worst) {
  const int32_t rows = std::min(shape.rows, shape.tile_rows);
  const int32_t bits = lossless_bits(device, worst, rows);
  if (bits <= shape.adc_bits) return;
  throw ir::Error(
      {stage, "a lossless conversion does not fit the converters",
       bits > 16 ? "a linear device and fewer rows a tile" : "adc_bits " + std::to_string(bits),
       std::to_string(shape.adc_bits),
       "raise layout.adc_bits, lower layout.tile_rows, or take another range (max, mse)"});
}

}  // namespace

std::vector<int64_t> worst_currents(const TileShape& shape, const ir::CrossbarChip& chip) {
  std::vector<int64_t> worst(static_cast<size_t>(shape.slices * shape.cols));
  for (int32_t s = 0; s < shape.slices; ++s) {
    for (int32_t p = 0; p < 2; ++p) {
      for (int32_t c = 0; c < shape.cols; ++c) {
        int64_t& most = worst[static_cast<size_t>(s * shape.cols + c)];
        int64_t sum = 0;
        for (int32_t r = 0; r < shape.rows; ++r) {
          if (r % shape.tile_rows == 0) sum = 0;
          sum += chip.g[shape.cell(p, s, r, c)];
          most = std::max(most, sum);
        }
      }
    }
  }
  return worst;
}

void calibrate(const ir::Design& design, const ir::Stage& stage, const ir::Device& device,
               const AdcOptions& options, std::span<const int32_t> maps, const Window& window,
               ir::CrossbarChip& chip) {
  const TileShape shape = tile_shape(design, stage);
  const auto slices = static_cast<size_t>(shape.slices);
  const auto cols = static_cast<size_t>(shape.cols);
  // Stand-ins until the choice is made; the currents do not depend on them.
  chip.adc_mult.assign(slices * cols, 1);
  chip.adc_offset.assign(slices * cols, 0);
  chip.adc_clip.assign(slices * cols, (1 << shape.adc_bits) - 1);
  chip.inl.clear();
  chip.adc_shift.assign(slices, 0);
  chip.lsb.assign(slices * cols, 1);

  const int32_t rows = std::min(shape.rows, shape.tile_rows);
  const FastTile tile(shape, chip);
  const int64_t map_size = stage.in.size();
  const Layer layer = {device,
                       shape,
                       window,
                       tile,
                       maps,
                       map_size,
                       static_cast<int64_t>(maps.size()) / map_size,
                       options.per == AdcPer::kColumn ? 1 : shape.cols};
  std::vector<int64_t> worst(slices * static_cast<size_t>(layer.slice_ranges()));
  const std::vector<int64_t> worst_column = worst_currents(shape, chip);
  for (size_t at = 0; at < worst_column.size(); ++at) {
    int64_t& most = worst[at / static_cast<size_t>(layer.columns)];
    most = std::max(most, worst_column[at]);
  }
  for (const ir::ConverterRange& range : options.given) {
    if (range.stage == stage.name) chip.lsb = range.lsb;
  }
  if (options.given.empty()) {
    const bool counted = options.range == AdcRange::kPercentile;
    const std::vector<CurrentHistogram> currents =
        counted ? histograms(layer, worst) : std::vector<CurrentHistogram>();
    // Only a percentile needs more than the largest current.
    const std::vector<int64_t> most =
        options.measured() && !counted ? largest_currents(layer) : worst;
    std::vector<int32_t> lsbs;
    for (size_t range = 0; range < worst.size(); ++range) {
      if (options.range == AdcRange::kLossless) {
        require_lossless(stage.name, device, shape, worst[range]);
      }
      const int64_t largest = counted ? currents[range].largest : most[range];
      lsbs.push_back(covering_lsb(device, largest, rows, shape.adc_bits));
      if (options.range == AdcRange::kPercentile) {
        lsbs[range] = percentile_lsb(layer, currents[range], lsbs[range], options.percentile);
      }
    }
    if (options.range == AdcRange::kMse) lsbs = mse_lsbs(layer, lsbs);
    for (size_t at = 0; at < chip.lsb.size(); ++at) {
      chip.lsb[at] = lsbs[at / static_cast<size_t>(layer.columns)];
    }
  }
  for (size_t slice = 0; slice < slices; ++slice) {
    const auto lsb = std::span(chip.lsb).subspan(slice * cols, cols);
    const int32_t largest = *std::max_element(lsb.begin(), lsb.end());
    if (largest > ir::kMaxLsb) {
      throw ir::Error({"stage " + stage.name, "an ADC code would stand for too many level steps",
                       "at most " + std::to_string(ir::kMaxLsb), std::to_string(largest),
                       "raise layout.adc_bits or lower layout.tile_rows"});
    }
    const SliceTransfers transfers = find_transfers(device, lsb, rows, shape.adc_bits);
    chip.adc_shift[slice] = transfers.shift;
    std::copy(transfers.mult.begin(), transfers.mult.end(),
              chip.adc_mult.begin() + static_cast<int64_t>(slice * cols));
  }
}

}  // namespace crosstwin::twin
