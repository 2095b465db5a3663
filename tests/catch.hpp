// The test framework, version 2 or 3, and the project's one way to skip a test.
// SPDX-License-Identifier: Apache-2.0
#pragma once
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#define CROSSTWIN_CONTAINS Catch::Matchers::ContainsSubstring
#else
#include <catch2/catch.hpp>
#define CROSSTWIN_CONTAINS Catch::Matchers::Contains
#endif

#include <cstdio>
#include <cstdlib>
#include <string>

namespace crosstwin::tests {

// Matches a string that has `part` in it.
inline auto contains(const std::string& part) { return CROSSTWIN_CONTAINS(part); }

}  // namespace crosstwin::tests
#undef CROSSTWIN_CONTAINS

// Ends this test case as skipped, with its reason. Every test case is its own process under ctest,
// and 77 is the code ctest counts as a skip; Catch2 of Debian 12 has no SKIP of its own.
#define CROSSTWIN_SKIP(reason)                       \
  do {                                               \
    std::fprintf(stderr, "SKIPPED: %s\n", (reason)); \
    std::fflush(stderr);                             \
    std::_Exit(77);                                  \
  } while (false)
