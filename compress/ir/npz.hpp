// NPZ files: NumPy's zip of arrays, read in any form NumPy writes, written stored and timeless.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>

#include "compress/ir/tensor.hpp"

namespace crosstwin::ir {

// Throws Error when the file is missing, truncated, no zip, or has a member that is not a
// little-endian C-order array of a type of AnyArray.
Npz read_npz(const std::filesystem::path& file);

// Members stored uncompressed, C order, little endian, zero timestamps: equal arrays, equal bytes.
void write_npz(const std::filesystem::path& file, const Npz& arrays);

// The member `name` as Array<T>, checked for existence, element type and shape (-1 = any extent).
// Errors name `file` and the member.
template <class T>
const Array<T>& npz_member(const Npz& npz, const std::string& name,
                           std::initializer_list<int64_t> shape, const std::filesystem::path& file);

}  // namespace crosstwin::ir
