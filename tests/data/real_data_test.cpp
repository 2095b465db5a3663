// The published data sets, when a copy is there: counts, hashes and first images.
// SPDX-License-Identifier: Apache-2.0
//
// The folder is $CROSSTWIN_DATA, or shared/data beside the checkout; in it mnist/ and cifar10/.
#include <numeric>

#include "compress/data/dataset.hpp"
#include "compress/data/packed_file.hpp"
#include "compress/data/readers.hpp"
#include "tests/catch.hpp"

namespace crosstwin::tests {
namespace {

std::filesystem::path folder(const char* name) {
  const char* given = std::getenv("CROSSTWIN_DATA");
  const std::filesystem::path root =
      given != nullptr ? given : CROSSTWIN_SOURCE_DIR "/../shared/data";
  if (!std::filesystem::is_directory(root / name)) {
    CROSSTWIN_SKIP(
        ("no " + (root / name).string() + "; set CROSSTWIN_DATA to the folder that holds " + name)
            .c_str());
  }
  return root / name;
}

int64_t sum(const std::vector<uint8_t>& bytes, size_t begin, size_t end) {
  return std::accumulate(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                         bytes.begin() + static_cast<std::ptrdiff_t>(end), int64_t{0});
}

TEST_CASE("MNIST as published is read whole") {
  const data::TrainTest sets = data::read_mnist(folder("mnist"));
  CHECK(sets.train.shape == ir::Shape{1, 28, 28});
  // Counts of the published label files; sums of the published pixels.
  CHECK(data::label_histogram(sets.train) ==
        std::vector<int64_t>{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949});
  CHECK(data::label_histogram(sets.test) ==
        std::vector<int64_t>{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009});
  CHECK(data::head(sets.train, 8).labels == std::vector<uint8_t>{5, 0, 4, 1, 9, 2, 1, 3});
  CHECK(sum(sets.train.images, 0, 784) == 27525);
  CHECK(sum(sets.train.images, 0, sets.train.images.size()) == 1567298545);
  CHECK(sum(sets.test.images, 0, 784) == 18454);
  CHECK(sum(sets.test.images, 0, sets.test.images.size()) == 264923200);
}

TEST_CASE("MNIST is split into 55,000 and 5,000 by default") {
  const data::Splits splits = data::load({.path = folder("mnist")});
  CHECK(splits.train.size() == 55000);
  CHECK(splits.validation.size() == 5000);
  CHECK(splits.test.size() == 10000);
  for (const int64_t count : data::label_histogram(splits.validation)) {
    CHECK(count > 400);  // 500 expected; below 400 would be over four deviations away
    CHECK(count < 600);
  }
}

TEST_CASE("CIFAR-10 as published is read whole") {
  const data::TrainTest sets = data::read_cifar10(folder("cifar10"));
  CHECK(sets.train.shape == ir::Shape{3, 32, 32});
  CHECK(data::label_histogram(sets.train) == std::vector<int64_t>(10, 5000));
  CHECK(data::label_histogram(sets.test) == std::vector<int64_t>(10, 1000));
  CHECK(data::label_histogram(data::head(sets.train, 10000)) ==
        std::vector<int64_t>{1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981});
  CHECK(data::head(sets.train, 1).labels[0] == 6);
  CHECK(std::vector<uint8_t>(sets.train.images.begin(), sets.train.images.begin() + 4) ==
        std::vector<uint8_t>{59, 43, 50, 68});
  CHECK(sum(sets.train.images, 0, 3072) == 317790);
  CHECK(sum(sets.test.images, 0, 3072) == 332962);
}

}  // namespace
}  // namespace crosstwin::tests
