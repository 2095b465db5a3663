// From a source to checked splits.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "compress/data/dataset.hpp"
#include "compress/data/digits/digits.hpp"
#include "compress/data/readers.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::data {
namespace {

constexpr std::array<std::pair<const char*, Kind>, 5> kKinds{{{"auto", Kind::automatic},
                                                              {"mnist", Kind::mnist},
                                                              {"cifar10", Kind::cifar10},
                                                              {"npz", Kind::npz},
                                                              {"digits", Kind::digits}}};

constexpr const char* kForms =
    "the four IDX files of MNIST, the six .bin files of CIFAR-10 or its tar archive, or an .npz";

// The .npz itself, or the only one in a folder; empty when there is none.
std::filesystem::path find_npz(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) {
    return path.extension() == ".npz" ? path : std::filesystem::path();
  }
  std::filesystem::path found;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() != ".npz") continue;
    if (!found.empty()) {
      throw ir::Error({path.string(), "several .npz files", "one", "at least two",
                       "name the file instead of the folder"});
    }
    found = entry.path();
  }
  return found;
}

Kind recognise(const std::filesystem::path& path) {
  if (path.empty()) return Kind::digits;
  if (is_mnist(path)) return Kind::mnist;
  if (is_cifar10(path)) return Kind::cifar10;
  if (!find_npz(path).empty()) return Kind::npz;
  throw ir::Error({path.string(), "no data set found", kForms,
                   std::filesystem::is_directory(path) ? "a folder without these" : "another file",
                   "leave the path out for the built-in digits"});
}

TrainTest read(Kind kind, const std::filesystem::path& path) {
  if (kind == Kind::mnist) return read_mnist(path);
  if (kind == Kind::cifar10) return read_cifar10(path);
  const std::filesystem::path file = find_npz(path);
  if (file.empty()) {
    throw ir::Error({path.string(), "no .npz there", "an .npz file or a folder with one", "none",
                     "save the data with numpy.savez"});
  }
  return read_npz_dataset(file);
}

void check_count(int64_t count, int64_t low, int64_t high, const char* option,
                 const std::string& source) {
  if (count >= low && count <= high) return;
  throw ir::Error({source, std::string(option) + " out of range",
                   std::to_string(low) + ".." + std::to_string(high), std::to_string(count),
                   "choose another size"});
}

Splits load_digits(const Source& source) {
  constexpr int64_t kMaxDigits = 10'000'000;
  const int64_t validation = source.validation.value_or(2000);
  const std::string name = "digits: seed " + std::to_string(source.seed);
  check_count(source.digits_train, 10, kMaxDigits, "training size", name);
  check_count(validation, 0, kMaxDigits, "validation size", name);
  check_count(source.digits_test, 1, kMaxDigits, "test size", name);
  return {digits(source.digits_train, source.seed, Split::train),
          digits(validation, source.seed, Split::validation),
          digits(source.digits_test, source.seed, Split::test), name};
}

}  // namespace

Kind parse_kind(const std::string& word, const std::string& where) {
  std::string known;
  for (const auto& [name, kind] : kKinds) {
    if (word == name) return kind;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  throw ir::Error({where, "unknown kind of data", known, word, "choose one of them"});
}

Splits load(const Source& source) {
  if (!source.path.empty() && !std::filesystem::exists(source.path)) {
    throw ir::Error({source.path.string(), "no such file or folder", kForms, "nothing",
                     "check the path, or leave it out for the built-in digits"});
  }
  const Kind kind = source.kind == Kind::automatic ? recognise(source.path) : source.kind;
  if (kind == Kind::digits) return load_digits(source);
  if (source.path.empty()) {
    throw ir::Error({"data", "no path given", kForms, "no path", "name the folder or file"});
  }
  TrainTest sets = read(kind, source.path);
  const std::string name =
      std::string(kKinds[static_cast<size_t>(kind)].first) + ": " + source.path.string();
  const int64_t validation =
      source.validation.value_or(std::min<int64_t>(sets.train.size() / 10, 5000));
  check_count(validation, 0, sets.train.size() - 1, "validation size", name);
  Dataset held = hold_out(sets.train, validation, source.seed);
  return {std::move(sets.train), std::move(held), std::move(sets.test), name};
}

}  // namespace crosstwin::data
