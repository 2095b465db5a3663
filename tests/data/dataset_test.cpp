// Subsets, the validation split and the choice of a reader.
// SPDX-License-Identifier: Apache-2.0
#include "compress/data/dataset.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "compress/ir/npz.hpp"
#include "tests/catch.hpp"
#include "tests/data/sample_files.hpp"
#include "tests/temporary_dir.hpp"

namespace crosstwin::tests {
namespace {

using data::Dataset;

// Image i is {i, 2 i}, its label i mod 3.
Dataset numbered(int count) {
  Dataset set{{1, 1, 2}, {}, {}, 3};
  for (int i = 0; i < count; ++i) {
    set.images.push_back(static_cast<uint8_t>(i));
    set.images.push_back(static_cast<uint8_t>(2 * i));
    set.labels.push_back(static_cast<uint8_t>(i % 3));
  }
  return set;
}

TEST_CASE("A subset holds the chosen images in the chosen order") {
  const std::vector<int64_t> indices{4, 0, 4};
  const Dataset chosen = data::subset(numbered(6), indices);
  CHECK(chosen == Dataset{{1, 1, 2}, {4, 8, 0, 0, 4, 8}, {1, 0, 1}, 3});
  const std::vector<int64_t> outside{6};
  CHECK_THROWS_AS(data::subset(numbered(6), outside), ir::Bug);
}

TEST_CASE("The head of a dataset is at most the whole of it") {
  CHECK(data::head(numbered(6), 2) == numbered(2));
  CHECK(data::head(numbered(6), 9) == numbered(6));
}

TEST_CASE("A permutation holds every index once and follows seed and stream") {
  std::vector<int64_t> order = data::permutation(1000, 1, 2);
  CHECK(order == data::permutation(1000, 1, 2));
  CHECK(order != data::permutation(1000, 2, 2));
  CHECK(order != data::permutation(1000, 1, 3));
  std::vector<int64_t> all(1000);
  std::iota(all.begin(), all.end(), 0);
  CHECK(order != all);
  std::sort(order.begin(), order.end());
  CHECK(order == all);
}

TEST_CASE("Validation images are the end of the seeded permutation and leave training") {
  Dataset train = numbered(100);
  const Dataset held = data::hold_out(train, 30, 7);
  REQUIRE(held.size() == 30);
  REQUIRE(train.size() == 70);
  const std::vector<int64_t> order = data::permutation(100, 7, data::kValidationStream);
  std::vector<int64_t> last(order.end() - 30, order.end());
  std::sort(last.begin(), last.end());
  CHECK(held == data::subset(numbered(100), last));
  std::multiset<uint8_t> firsts;
  for (const Dataset& part : {train, held}) {
    for (size_t i = 0; i < part.images.size(); i += 2) firsts.insert(part.images[i]);
  }
  CHECK(std::set<uint8_t>(firsts.begin(), firsts.end()).size() == 100);
}

TEST_CASE("The histogram counts every label") {
  CHECK(data::label_histogram(numbered(8)) == std::vector<int64_t>{3, 3, 2});
}

TEST_CASE("Loading recognises what lies at the path") {
  const TemporaryDir dir;
  const auto source_of = [](const std::filesystem::path& path) {
    return data::load({.path = path, .validation = 1, .digits_train = 20, .digits_test = 10})
        .source;
  };
  CHECK(source_of({}) == "digits: seed 1");
  write_mnist(dir / "m", Pack::gz);
  CHECK(source_of(dir / "m") == "mnist: " + (dir / "m").string());
  for (const Member& member : cifar_members("")) {
    ir::write_file(dir / "c" / member.name, member.content);
  }
  CHECK(source_of(dir / "c") == "cifar10: " + (dir / "c").string());
  ir::write_npz(dir / "n" / "set.npz", {{"x_train", ir::Array<uint8_t>{{4, 2, 3}, ramp(24, 0)}},
                                        {"y_train", ir::Array<uint8_t>{{4}, {0, 1, 0, 1}}},
                                        {"x_test", ir::Array<uint8_t>{{1, 2, 3}, ramp(6, 0)}},
                                        {"y_test", ir::Array<uint8_t>{{1}, {1}}}});
  CHECK(source_of(dir / "n") == "npz: " + (dir / "n").string());
  CHECK(source_of(dir / "n" / "set.npz") == "npz: " + (dir / "n" / "set.npz").string());
}

TEST_CASE("Loading takes the validation set out of the training set") {
  const TemporaryDir dir;
  write_mnist(dir.path(), Pack::none);
  const data::Splits splits = data::load({.path = dir.path(), .validation = 4});
  CHECK(splits.train.size() == 8);
  CHECK(splits.validation.size() == 4);
  CHECK(splits.test.size() == 3);
  CHECK(data::load({.path = dir.path()}).validation.size() == 1);  // a tenth
}

TEST_CASE("Loading tells sizes, paths and kinds that cannot be") {
  const TemporaryDir dir;
  write_mnist(dir.path(), Pack::none);
  const auto message = [](const data::Source& source) {
    return message_of([&] { data::load(source); });
  };
  CHECK(holds(message({.path = dir.path(), .validation = 12}), {"expected 0..11, got 12"}));
  CHECK(holds(message({.path = dir / "none"}), {"no such file or folder"}));
  CHECK(holds(message({.kind = data::Kind::mnist}), {"no path given"}));
  CHECK(holds(message({.digits_train = 9}), {"training size out of range"}));
  CHECK(holds(message({.validation = -1}), {"validation size out of range"}));
  CHECK(holds(message({.digits_test = 0}), {"test size out of range"}));
  CHECK(holds(message({.kind = data::Kind::npz, .path = dir.path()}), {"no .npz there"}));
  std::filesystem::create_directory(dir / "empty");
  CHECK(holds(message({.path = dir / "empty"}), {"no data set found"}));
  ir::write_file(dir / "two" / "a.npz", "");
  ir::write_file(dir / "two" / "b.npz", "");
  CHECK(holds(message({.path = dir / "two"}), {"several .npz files"}));
  CHECK(data::parse_kind("cifar10", "--data-kind") == data::Kind::cifar10);
  CHECK(holds(message_of([] { data::parse_kind("minst", "--data-kind"); }),
              {"--data-kind: unknown kind of data", "got minst"}));
}

}  // namespace
}  // namespace crosstwin::tests
