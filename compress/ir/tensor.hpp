// Dense arrays with a shape, as stored in NPZ files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace crosstwin::ir {

// Row-major (C order). data.size() is the product of shape; a scalar has an empty shape.
template <class T>
struct Array {
  std::vector<int64_t> shape;
  std::vector<T> data;
  friend bool operator==(const Array&, const Array&) = default;
};

using AnyArray =
    std::variant<Array<float>, Array<double>, Array<int8_t>, Array<uint8_t>, Array<int16_t>,
                 Array<uint16_t>, Array<int32_t>, Array<uint32_t>, Array<int64_t>>;

// Members by name, sorted, so that writing is deterministic.
using Npz = std::map<std::string, AnyArray>;

int64_t element_count(const std::vector<int64_t>& shape);

}  // namespace crosstwin::ir
