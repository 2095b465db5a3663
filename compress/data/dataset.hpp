// Labelled images, and where they are loaded from.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/network.hpp"

namespace crosstwin::data {

// Raw bytes as they enter the hardware; normalisation belongs to the network's input.
struct Dataset {
  ir::Shape shape;
  std::vector<uint8_t> images;  // [n][c][h][w]
  std::vector<uint8_t> labels;  // [n], below `classes`
  int32_t classes = 0;
  int64_t size() const { return static_cast<int64_t>(labels.size()); }
  friend bool operator==(const Dataset&, const Dataset&) = default;
};

// `source` says in one line what was loaded, such as "mnist: DIR" or "digits: seed 1".
struct Splits {
  Dataset train, validation, test;
  std::string source;
};

// Seed of the data: the digits drawn and the images held out for validation. A constant apart from
// any training seed, so that runs with different training seeds share their splits.
constexpr uint64_t kDataSeed = 1;
// Stream of ir::Rng that the validation permutation draws from.
constexpr uint64_t kValidationStream = 0x76616c6964617465;  // "validate"

enum class Kind { automatic, mnist, cifar10, npz, digits };

struct Source {
  Kind kind = Kind::automatic;      // automatic: by what lies at `path`; digits when it is empty
  std::filesystem::path path = {};  // a folder; for npz the file, for cifar10 also a tar archive
  // Images of the validation set, taken from the training set; when unset a tenth of it, at most
  // 5,000 (MNIST and CIFAR-10: 5,000). Digits draw theirs apart, 2,000 when unset.
  std::optional<int64_t> validation = {};
  uint64_t seed = kDataSeed;
  int64_t digits_train = 12000;
  int64_t digits_test = 2000;
};

// Reads, checks and splits. Throws ir::Error naming the file, the place in it and the fix.
Splits load(const Source& source);

// "auto", "mnist", "cifar10", "npz", "digits"; Error naming the option `where` for another word.
Kind parse_kind(const std::string& word, const std::string& where);

// The images at these indices, in this order; an index may come twice.
Dataset subset(const Dataset& dataset, std::span<const int64_t> indices);

// The first `count` images, or all when there are fewer.
Dataset head(const Dataset& dataset, int64_t count);

// 0 ... n - 1 in a random order (Fisher-Yates with ir::Rng).
std::vector<int64_t> permutation(int64_t n, uint64_t seed, uint64_t stream);

// Moves the last `count` of permutation(size, seed, kValidationStream) out of `train`; what stays
// and what moves both keep the order of the file.
Dataset hold_out(Dataset& train, int64_t count, uint64_t seed);

// Images of each label, [classes].
std::vector<int64_t> label_histogram(const Dataset& dataset);

}  // namespace crosstwin::data
