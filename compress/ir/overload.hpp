// Visitors made of lambdas, one for each alternative of a variant.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace crosstwin::ir {

template <class... F>
struct Overload : F... {
  using F::operator()...;
};

}  // namespace crosstwin::ir
