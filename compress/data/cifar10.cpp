// CIFAR-10's binary version.
// SPDX-License-Identifier: Apache-2.0
#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <exception>

#include "compress/data/packed_file.hpp"
#include "compress/data/readers.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::data {
namespace {

constexpr size_t kPixels = 3072;
constexpr size_t kRecord = 1 + kPixels;
constexpr int32_t kClasses = 10;
constexpr size_t kTest = 5;  // index of the test batch below
constexpr std::array kBatches{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                              "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
constexpr const char* kUnpacked = "cifar-10-batches-bin";  // the folder in the official archive
constexpr const char* kDamaged = "the file is damaged or cut short: download it again";

Dataset parse(const std::string& content, const std::string& where) {
  const size_t count = content.size() / kRecord;
  if (count == 0 || content.size() % kRecord != 0) {
    throw ir::Error({where + ": byte " + std::to_string(count * kRecord),
                     content.empty() ? "empty" : "ends within a record",
                     "whole records of " + std::to_string(kRecord) + " bytes",
                     std::to_string(content.size()) + " bytes in all", kDamaged});
  }
  Dataset batch{{3, 32, 32}, {}, {}, kClasses};
  batch.images.reserve(count * kPixels);
  batch.labels.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const auto record = content.begin() + static_cast<std::ptrdiff_t>(i * kRecord);
    const auto label = static_cast<uint8_t>(*record);
    if (label >= kClasses) {
      throw ir::Error({where + ": byte " + std::to_string(i * kRecord), "label out of range",
                       "0..9", std::to_string(label),
                       "give a file of CIFAR-10's binary version (not CIFAR-100, not Python's)"});
    }
    batch.labels.push_back(label);
    batch.images.insert(batch.images.end(), record + 1, record + kRecord);
  }
  return batch;
}

TrainTest join(std::array<Dataset, 6> batches) {
  TrainTest sets{std::move(batches[0]), std::move(batches[kTest])};
  for (size_t i = 1; i < kTest; ++i) {
    sets.train.images.insert(sets.train.images.end(), batches[i].images.begin(),
                             batches[i].images.end());
    sets.train.labels.insert(sets.train.labels.end(), batches[i].labels.begin(),
                             batches[i].labels.end());
  }
  return sets;
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return std::filesystem::is_directory(path / kUnpacked) ? path / kUnpacked : path;
}

TrainTest read_folder(const std::filesystem::path& dir) {
  std::array<std::filesystem::path, 6> files;
  for (size_t i = 0; i < files.size(); ++i) {
    const auto file = find_packed(dir, kBatches[i]);
    if (!file) {
      const std::string name = kBatches[i];
      throw ir::Error({dir.string(), "CIFAR-10 file missing", name + ", " + name + ".gz or .xz",
                       "no such file", "put the six files of the binary version there"});
    }
    files[i] = *file;
  }
  // Unpacking takes a second a file. The first failing file is the one told, whoever is faster.
  std::array<Dataset, 6> batches;
  std::array<std::exception_ptr, 6> failures;
  tbb::parallel_for(size_t{0}, files.size(), [&](size_t i) {
    try {
      batches[i] = parse(read_packed(files[i]), files[i].string());
    } catch (const ir::Error&) {
      failures[i] = std::current_exception();
    }
  });
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  return join(std::move(batches));
}

TrainTest read_archive(const std::filesystem::path& file) {
  const auto index_of = [](const std::string& name) {
    return static_cast<size_t>(std::find(kBatches.begin(), kBatches.end(), name) -
                               kBatches.begin());
  };
  std::array<Dataset, 6> batches;
  read_tar(
      file, [&](const std::string& name) { return index_of(name) < kBatches.size(); },
      [&](const std::string& name, const std::string& content) {
        batches[index_of(name)] = parse(content, file.string() + ": " + name);
      });
  for (size_t i = 0; i < batches.size(); ++i) {
    if (batches[i].size() == 0) {
      throw ir::Error({file.string(), "CIFAR-10 file missing in the archive", kBatches[i],
                       "no such member", "give the archive of the binary version"});
    }
  }
  return join(std::move(batches));
}

}  // namespace

TrainTest read_cifar10(const std::filesystem::path& path) {
  return std::filesystem::is_regular_file(path) ? read_archive(path) : read_folder(folder_of(path));
}

bool is_cifar10(const std::filesystem::path& path) {
  if (std::filesystem::is_regular_file(path)) {
    return path.filename().string().find(".tar") != std::string::npos;
  }
  return find_packed(folder_of(path), kBatches[0]) || find_packed(folder_of(path), kBatches[kTest]);
}

}  // namespace crosstwin::data
