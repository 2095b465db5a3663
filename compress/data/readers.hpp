// Readers of the dataset files: MNIST's IDX, CIFAR-10's binary version and NPZ.
// SPDX-License-Identifier: Apache-2.0
//
// Every reader checks magic numbers, counts, exact file length and labels, and throws ir::Error
// naming the file, the byte or member, what was expected and got, and the fix.
#pragma once

#include <filesystem>

#include "compress/data/dataset.hpp"

namespace crosstwin::data {

// Training and test set as their files hold them; load() splits the validation set off.
struct TrainTest {
  Dataset train, test;
};

// IDX, all integers big endian: images 0x00000803, n, h, w, then [n][h][w] bytes; labels
// 0x00000801, n, then [n] bytes 0..9. Each file plain, .gz or .xz.
// Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
Dataset read_idx(const std::filesystem::path& images, const std::filesystem::path& labels);

// train-images-idx3-ubyte and its three fellows, in `dir`.
TrainTest read_mnist(const std::filesystem::path& dir);
bool is_mnist(const std::filesystem::path& dir);

// Records of 1 label byte and 3072 pixel bytes [3][32][32]; data_batch_1..5.bin and test_batch.bin,
// each plain, .gz or .xz, in `path`, in its folder cifar-10-batches-bin, or in `path` as a tar
// archive. Source: Krizhevsky, "Learning multiple layers of features from tiny images" (2009).
TrainTest read_cifar10(const std::filesystem::path& path);
bool is_cifar10(const std::filesystem::path& path);

// Members x_train, y_train, x_test, y_test. Images uint8, [n][h][w], [n][h][w][c] or [n][c][h][w]
// with c = 1..4 (the axis of 1..4 tells which); labels any integer type, [n] or [n][1], 0..255.
TrainTest read_npz_dataset(const std::filesystem::path& file);

}  // namespace crosstwin::data
