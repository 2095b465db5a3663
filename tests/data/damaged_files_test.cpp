// Every damaged file is told by its name, the place in it, what was expected and got, and the fix.
// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "compress/data/packed_file.hpp"
#include "compress/data/readers.hpp"
#include "compress/ir/npz.hpp"
#include "tests/data/sample_files.hpp"
#include "tests/temporary_dir.hpp"

namespace crosstwin::tests {
namespace {

constexpr const char* kImages = "train-images-idx3-ubyte";
constexpr const char* kLabels = "train-labels-idx1-ubyte";

// The message after the good file `name` was replaced by `content`.
std::string mnist_with(const std::string& name, const std::string& content) {
  const TemporaryDir dir;
  write_mnist(dir.path(), Pack::none);
  ir::write_file(dir / name, content);
  return message_of([&] { data::read_mnist(dir.path()); });
}

TEST_CASE("A damaged IDX image file is told") {
  const std::string good = idx(0x803, {12, 2, 3}, ramp(72, 0));
  const auto message = [](const std::string& content) { return mnist_with(kImages, content); };
  CHECK(message(good).empty());
  CHECK(holds(message(""), {kImages, "byte 0", "ends within its header", "16 bytes of header"}));
  CHECK(holds(message(good.substr(0, 11)), {"byte 11", "ends within its header"}));
  CHECK(holds(message(idx(0x802, {12, 2, 3}, ramp(72, 0))),
              {kImages, "byte 0", "wrong magic number", "0x00000803", "got 0x00000802"}));
  CHECK(holds(message(idx(0x801, {84}, ramp(84, 0))), {"images and labels are exchanged"}));
  CHECK(holds(message(idx(0x803, {0, 2, 3}, {})), {"byte 4", "count out of range", "got 0"}));
  CHECK(holds(message(idx(0x803, {12, 5000, 3}, {})), {"byte 8", "side out of range", "got 5000"}));
  CHECK(holds(message(idx(0x803, {12, 2, 0}, {})), {"byte 12", "side out of range", "got 0"}));
  CHECK(holds(message(idx(0x803, {0xFFFFFFFF, 4096, 4096}, {})), {"byte 4", "count out of range"}));
  CHECK(holds(message(good.substr(0, 87)),
              {kImages, "byte 87", "data cut short", "expected 72 bytes", "got 71", "download"}));
  CHECK(holds(message(good + "x"), {"byte 88", "bytes behind the data", "got 73"}));
}

TEST_CASE("A damaged IDX label file is told") {
  const auto message = [](const std::vector<uint8_t>& labels) {
    return mnist_with(kLabels, idx(0x801, {static_cast<uint32_t>(labels.size())}, labels));
  };
  CHECK(message({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1}).empty());
  CHECK(holds(message({0, 1, 2}), {kLabels, "byte 4", "expected 12 as in", kImages, "got 3"}));
  CHECK(holds(message({0, 1, 10, 3, 4, 5, 6, 7, 8, 9, 0, 1}),
              {kLabels, "byte 10", "label out of range", "expected 0..9", "got 10"}));
  CHECK(holds(mnist_with(kLabels, idx(0x803, {12, 1, 1}, ramp(12, 0))), {"exchanged"}));
}

TEST_CASE("A missing MNIST file is told with the names it may have") {
  const TemporaryDir dir;
  write_mnist(dir.path(), Pack::gz);
  std::filesystem::remove(dir / "t10k-labels-idx1-ubyte.gz");
  CHECK(holds(message_of([&] { data::read_mnist(dir.path()); }),
              {dir.path().string(), "t10k-labels-idx1-ubyte.gz", "no such file"}));
}

TEST_CASE("A file that cannot be unpacked whole is told") {
  const TemporaryDir dir;
  std::string content;
  for (int i = 0; i < 3000; ++i) content += std::to_string(i * i);
  for (const Pack pack : {Pack::gz, Pack::xz}) {
    const std::string name = std::string("data") + ending(pack);
    const std::string good = packed(content, pack);
    const auto message = [&](const std::string& bytes) {
      ir::write_file(dir / name, bytes);
      return message_of([&] {
        if (data::read_packed(dir / name) != content) throw ir::Error({"", "other content"});
      });
    };
    REQUIRE(message(good).empty());
    CHECK(holds(message(""), {name, "byte 0", "got 0 bytes"}));
    CHECK(holds(message(content), {name, "byte 0", "another kind", "rename it without"}));
    // Cut anywhere, the content must never come back short without a word.
    for (size_t size = 1; size < good.size(); size += 97) {
      CHECK(holds(message(good.substr(0, size)), {name}));
    }
    CHECK(holds(message(good.substr(0, good.size() - 1)), {name}));
    CHECK(holds(message(good + "behind"), {name}));
    // One bit in the packed data: behind the headers, before the trailers.
    for (size_t at = 40; at + 40 < good.size(); at += 131) {
      std::string bent = good;
      bent[at] = static_cast<char>(bent[at] ^ 0x10);
      CHECK(holds(message(bent), {name}));
    }
  }
}

TEST_CASE("A gzip trailer that does not fit its content is told by its byte") {
  const TemporaryDir dir;
  const std::string good = packed("some content", Pack::gz);
  const auto message = [&](size_t from_end) {
    std::string bent = good;
    bent[good.size() - from_end] = static_cast<char>(bent[good.size() - from_end] ^ 1);
    ir::write_file(dir / "data.gz", bent);
    return message_of([&] { data::read_packed(dir / "data.gz"); });
  };
  const std::string place = "byte " + std::to_string(good.size() - 8) + " (gzip trailer)";
  CHECK(holds(message(8), {"data.gz", place, "wrong checksum"}));
  CHECK(holds(message(4), {"data.gz", place, "wrong length", "expected 12 bytes", "got 13"}));
}

std::string cifar_with(const std::string& name, const std::string& content) {
  const TemporaryDir dir;
  for (const Member& member : cifar_members("")) {
    ir::write_file(dir / member.name, member.name == name ? content : member.content);
  }
  return message_of([&] { data::read_cifar10(dir.path()); });
}

TEST_CASE("A damaged CIFAR-10 batch is told") {
  const std::string good = cifar_record(3, 0) + cifar_record(4, 0);
  const auto message = [](const std::string& bytes) {
    return cifar_with("data_batch_3.bin", bytes);
  };
  CHECK(message(good).empty());
  CHECK(holds(message(""), {"data_batch_3.bin", "byte 0", "empty", "3073"}));
  CHECK(holds(message(good.substr(0, 6145)),
              {"data_batch_3.bin", "byte 3073", "ends within a record", "6145 bytes in all"}));
  CHECK(holds(message(good + "x"), {"byte 6146", "ends within a record"}));
  CHECK(holds(message(cifar_record(3, 0) + cifar_record(10, 0)),
              {"data_batch_3.bin", "byte 3073", "label out of range", "expected 0..9", "got 10"}));
}

TEST_CASE("A missing CIFAR-10 file is told, in a folder and in an archive") {
  const TemporaryDir dir;
  std::vector<Member> members = cifar_members("");
  members.erase(members.begin() + 1);
  for (const Member& member : members) ir::write_file(dir / "c" / member.name, member.content);
  CHECK(holds(message_of([&] { data::read_cifar10(dir / "c"); }),
              {"CIFAR-10 file missing", "data_batch_2.bin.gz", "no such file"}));
  ir::write_file(dir / "c.tar", packed(members, true, Pack::none));
  CHECK(holds(message_of([&] { data::read_cifar10(dir / "c.tar"); }),
              {"c.tar", "missing in the archive", "data_batch_2.bin"}));
  ir::write_file(dir / "cut.tar.gz", packed(members, true, Pack::gz).substr(0, 400));
  CHECK(holds(message_of([&] { data::read_cifar10(dir / "cut.tar.gz"); }),
              {"cut.tar.gz", "cannot be unpacked"}));
}

// The message after a good set's members were changed.
std::string npz_with(const std::function<void(ir::Npz&)>& change) {
  const TemporaryDir dir;
  ir::Npz npz{{"x_train", ir::Array<uint8_t>{{2, 5, 6}, ramp(60, 0)}},
              {"y_train", ir::Array<uint8_t>{{2}, {0, 2}}},
              {"x_test", ir::Array<uint8_t>{{1, 5, 6}, ramp(30, 0)}},
              {"y_test", ir::Array<uint8_t>{{1}, {1}}}};
  change(npz);
  ir::write_npz(dir / "set.npz", npz);
  return message_of([&] { data::read_npz_dataset(dir / "set.npz"); });
}

TEST_CASE("NPZ images of a wrong form are told with the forms that are read") {
  const auto images = [](const ir::AnyArray& array) {
    return npz_with([&](ir::Npz& npz) { npz["x_train"] = array; });
  };
  const auto shape = [&](const std::vector<int64_t>& s) {
    return images(ir::Array<uint8_t>{s, ramp(static_cast<size_t>(ir::element_count(s)), 0)});
  };
  CHECK(npz_with([](ir::Npz&) {}).empty());
  CHECK(holds(npz_with([](ir::Npz& npz) { npz.erase("x_test"); }),
              {"set.npz: x_test", "missing member", "got x_train, y_test, y_train"}));
  CHECK(holds(images(ir::Array<float>{{2, 5, 6}, std::vector<float>(60)}),
              {"set.npz: x_train", "wrong element type", "uint8 [n][h][w]", "astype"}));
  CHECK(holds(shape({2, 30}), {"wrong number of axes", "[n][c][h][w]", "got [2][30]"}));
  CHECK(holds(shape({2, 5, 5, 6}), {"no axis of channels", "got [2][5][5][6]"}));
  CHECK(holds(shape({2, 3, 5, 3}), {"either of two axes", "got [2][3][5][3]"}));
  CHECK(holds(shape({0, 5, 6}), {"extent out of range", "got [0][5][6]"}));
  CHECK(holds(shape({2, 5, 5000}), {"extent out of range", "got [2][5][5000]"}));
  CHECK(holds(shape({2, 6, 5}),
              {"set.npz: x_test", "other shape", "expected [1][6][5], got [1][5][6]"}));
}

TEST_CASE("NPZ labels of a wrong form are told") {
  const auto labels = [](const ir::AnyArray& array) {
    return npz_with([&](ir::Npz& npz) { npz["y_train"] = array; });
  };
  CHECK(holds(npz_with([](ir::Npz& npz) { npz.erase("y_train"); }), {"y_train", "missing member"}));
  CHECK(holds(labels(ir::Array<float>{{2}, {0, 1}}),
              {"set.npz: y_train", "wrong form of labels", "got floats [2]"}));
  CHECK(holds(labels(ir::Array<uint8_t>{{2, 3}, {0, 1, 0, 1, 0, 0}}), {"got integers [2][3]"}));
  CHECK(holds(labels(ir::Array<uint8_t>{{}, {0}}), {"wrong form of labels"}));
  CHECK(holds(labels(ir::Array<uint8_t>{{3}, {0, 1, 2}}),
              {"y_train", "as many labels", "expected 2, got 3"}));
  CHECK(holds(labels(ir::Array<int32_t>{{2}, {0, -1}}),
              {"set.npz: y_train[1]", "expected 0..255, got -1"}));
  CHECK(holds(labels(ir::Array<int64_t>{{2}, {256, 0}}), {"y_train[0]", "got 256"}));
  CHECK(holds(labels(ir::Array<uint8_t>{{2}, {0, 0}}),
              {"set.npz: y_test[0]", "a class that y_train does not have", "got 1"}));
}

TEST_CASE("A truncated NPZ is told") {
  const TemporaryDir dir;
  ir::write_npz(dir / "set.npz", {{"x_train", ir::Array<uint8_t>{{2, 5, 6}, ramp(60, 0)}}});
  const std::string good = ir::read_file(dir / "set.npz");
  ir::write_file(dir / "set.npz", good.substr(0, good.size() / 2));
  CHECK(holds(message_of([&] { data::read_npz_dataset(dir / "set.npz"); }), {"set.npz"}));
}

}  // namespace
}  // namespace crosstwin::tests
