// Subsets, permutations and counts of a dataset.
// SPDX-License-Identifier: Apache-2.0
#include "compress/data/dataset.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "compress/ir/error.hpp"
#include "compress/ir/rng.hpp"

namespace crosstwin::data {

Dataset subset(const Dataset& dataset, std::span<const int64_t> indices) {
  const int64_t pixels = dataset.shape.size();
  Dataset chosen{dataset.shape, {}, {}, dataset.classes};
  chosen.images.reserve(indices.size() * static_cast<size_t>(pixels));
  chosen.labels.reserve(indices.size());
  for (const int64_t index : indices) {
    ir::check(index >= 0 && index < dataset.size(), "subset: index outside of the dataset");
    const auto image = dataset.images.begin() + index * pixels;
    chosen.images.insert(chosen.images.end(), image, image + pixels);
    chosen.labels.push_back(dataset.labels[static_cast<size_t>(index)]);
  }
  return chosen;
}

Dataset head(const Dataset& dataset, int64_t count) {
  ir::check(count >= 0, "head: a negative count");
  std::vector<int64_t> indices(static_cast<size_t>(std::min(count, dataset.size())));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  return subset(dataset, indices);
}

std::vector<int64_t> permutation(int64_t n, uint64_t seed, uint64_t stream) {
  ir::check(n >= 0 && n <= INT32_MAX, "permutation: size out of range");
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  ir::Rng rng(seed, stream);
  for (size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[rng.below(static_cast<uint32_t>(i))]);
  }
  return order;
}

Dataset hold_out(Dataset& train, int64_t count, uint64_t seed) {
  ir::check(count >= 0 && count <= train.size(), "hold_out: more images than there are");
  std::vector<int64_t> order = permutation(train.size(), seed, kValidationStream);
  const auto middle = order.end() - count;
  std::sort(order.begin(), middle);
  std::sort(middle, order.end());
  Dataset held = subset(train, {middle, order.end()});
  train = subset(train, {order.begin(), middle});
  return held;
}

std::vector<int64_t> label_histogram(const Dataset& dataset) {
  std::vector<int64_t> counts(static_cast<size_t>(dataset.classes));
  for (const uint8_t label : dataset.labels) ++counts.at(label);
  return counts;
}

}  // namespace crosstwin::data
