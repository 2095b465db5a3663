// What is written in a format is read back, however it is packed.
// SPDX-License-Identifier: Apache-2.0
#include "compress/data/readers.hpp"

#include "compress/ir/npz.hpp"
#include "tests/catch.hpp"
#include "tests/data/sample_files.hpp"
#include "tests/temporary_dir.hpp"

namespace crosstwin::tests {
namespace {

TEST_CASE("IDX files are read plain, gzipped and xz-packed") {
  for (const Pack pack : {Pack::none, Pack::gz, Pack::xz}) {
    const TemporaryDir dir;
    write_mnist(dir.path(), pack);
    const data::TrainTest sets = data::read_mnist(dir.path());
    CHECK(sets.train.shape == ir::Shape{1, 2, 3});
    CHECK(sets.train.classes == 10);
    CHECK(sets.train.images == ramp(72, 0));
    CHECK(sets.train.labels == std::vector<uint8_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1});
    CHECK(sets.test.images == ramp(18, 5));
    CHECK(sets.test.labels == std::vector<uint8_t>{0, 1, 2});
  }
}

void check_cifar(const data::TrainTest& sets) {
  CHECK(sets.train.shape == ir::Shape{3, 32, 32});
  CHECK(sets.train.labels == std::vector<uint8_t>{0, 9, 1, 8, 2, 7, 3, 6, 4, 5});
  CHECK(sets.test.labels == std::vector<uint8_t>{5, 4});
  REQUIRE(sets.train.images.size() == 10 * 3072);
  const std::vector<uint8_t> third(sets.train.images.begin() + 2 * 3072,
                                   sets.train.images.begin() + 3 * 3072);
  CHECK(third == ramp(3072, 1));
  CHECK(std::vector<uint8_t>(sets.test.images.begin(), sets.test.images.begin() + 3072) ==
        ramp(3072, 5));
}

TEST_CASE("CIFAR-10 batches are read plain, gzipped and xz-packed") {
  for (const Pack pack : {Pack::none, Pack::gz, Pack::xz}) {
    const TemporaryDir dir;
    for (const Member& member : cifar_members("")) {
      write_packed(dir.path(), member.name, member.content, pack);
    }
    check_cifar(data::read_cifar10(dir.path()));
  }
}

TEST_CASE("CIFAR-10 is read from its unpacked folder and from the archive") {
  const TemporaryDir dir;
  const std::vector<Member> members = cifar_members("cifar-10-batches-bin/");
  for (const Member& member : members) {
    ir::write_file(dir / "unpacked" / member.name, member.content);
  }
  check_cifar(data::read_cifar10(dir / "unpacked"));
  for (const Pack pack : {Pack::none, Pack::gz, Pack::xz}) {
    write_packed(dir.path(), "cifar.tar", packed(members, true, Pack::none), pack);
    check_cifar(data::read_cifar10(dir / (std::string("cifar.tar") + ending(pack))));
  }
}

ir::Npz npz_of(const std::vector<int64_t>& image, const ir::AnyArray& labels) {
  int64_t pixels = 1;
  for (const int64_t extent : image) pixels *= extent;
  std::vector<int64_t> two{2};
  std::vector<int64_t> one{1};
  two.insert(two.end(), image.begin(), image.end());
  one.insert(one.end(), image.begin(), image.end());
  return {{"x_train", ir::Array<uint8_t>{two, ramp(static_cast<size_t>(2 * pixels), 0)}},
          {"y_train", labels},
          {"x_test", ir::Array<uint8_t>{one, ramp(static_cast<size_t>(pixels), 9)}},
          {"y_test", ir::Array<uint8_t>{{1}, {1}}}};
}

TEST_CASE("NPZ images are read without, with leading and with trailing channels") {
  const TemporaryDir dir;
  const ir::AnyArray labels = ir::Array<int64_t>{{2, 1}, {4, 0}};
  const auto read = [&](const std::vector<int64_t>& image) {
    ir::write_npz(dir / "set.npz", npz_of(image, labels));
    return data::read_npz_dataset(dir / "set.npz");
  };
  const data::TrainTest flat = read({5, 6});
  CHECK(flat.train == data::Dataset{{1, 5, 6}, ramp(60, 0), {4, 0}, 5});
  CHECK(flat.test == data::Dataset{{1, 5, 6}, ramp(30, 9), {1}, 5});
  CHECK(read({1, 5, 6}).train == flat.train);
  CHECK(read({5, 6, 1}).train == flat.train);

  const std::vector<uint8_t> bytes = ramp(2 * 5 * 6 * 3, 0);
  CHECK(read({3, 5, 6}).train == data::Dataset{{3, 5, 6}, bytes, {4, 0}, 5});
  const data::Dataset last = read({5, 6, 3}).train;
  CHECK(last.shape == ir::Shape{3, 5, 6});
  for (size_t n = 0; n < 2; ++n) {
    for (size_t c = 0; c < 3; ++c) {
      for (size_t p = 0; p < 30; ++p) {
        REQUIRE(last.images[(n * 3 + c) * 30 + p] == bytes[(n * 30 + p) * 3 + c]);
      }
    }
  }
}

TEST_CASE("NPZ labels of every integer type are read") {
  const TemporaryDir dir;
  const std::vector<ir::AnyArray> forms{
      ir::Array<int8_t>{{2}, {1, 7}},    ir::Array<uint8_t>{{2}, {1, 7}},
      ir::Array<int16_t>{{2}, {1, 7}},   ir::Array<uint16_t>{{2}, {1, 7}},
      ir::Array<int32_t>{{2}, {1, 7}},   ir::Array<uint32_t>{{2}, {1, 7}},
      ir::Array<int64_t>{{2, 1}, {1, 7}}};
  for (const ir::AnyArray& form : forms) {
    ir::write_npz(dir / "set.npz", npz_of({5, 6}, form));
    CHECK(data::read_npz_dataset(dir / "set.npz").train.labels == std::vector<uint8_t>{1, 7});
  }
}

}  // namespace
}  // namespace crosstwin::tests
