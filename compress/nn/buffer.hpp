// Memory for blocks of 16 images: 64-byte aligned floats.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include "compress/nn/kernels.hpp"

namespace crosstwin::nn {

class Buffer {
 public:
  Buffer() = default;
  // Zeros; the size is rounded up to whole vectors.
  explicit Buffer(int64_t floats) : size_((floats + kLanes - 1) / kLanes * kLanes) {
    if (size_ == 0) return;
    data_.reset(
        static_cast<float*>(std::aligned_alloc(64, static_cast<size_t>(size_) * sizeof(float))));
    if (data_ == nullptr) throw std::bad_alloc();
    for (int64_t i = 0; i < size_; ++i) data_[static_cast<size_t>(i)] = 0;
  }

  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  int64_t size() const { return size_; }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  int64_t size_ = 0;
  std::unique_ptr<float[], Free> data_;
};

// Working memory of one thread; contents do not survive from one use to the next.
class Scratch {
 public:
  static constexpr int kSlots = 3;
  float* get(int slot, int64_t floats) {
    if (slots_[slot].size() < floats) slots_[slot] = Buffer(floats);
    return slots_[slot].data();
  }

 private:
  Buffer slots_[kSlots];
};

}  // namespace crosstwin::nn
