// Names given to generated modules, instances and nets.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/names.hpp"

#include "tests/catch.hpp"

using crosstwin::hwgen::Namer;

TEST_CASE("A free name stays as it is") {
  Namer namer;
  CHECK(namer.take("conv1") == "conv1");
  CHECK(namer.take("fc") == "fc");
}

TEST_CASE("A taken name gets the next free number") {
  Namer namer;
  CHECK(namer.take("a_2") == "a_2");
  CHECK(namer.take("a") == "a");
  CHECK(namer.take("a") == "a_3");
  CHECK(namer.take("a") == "a_4");
}

TEST_CASE("A keyword of SystemVerilog is no name") {
  Namer namer;
  for (const char* keyword : {"accept_on", "always_ff", "input", "logic", "reg", "table", "xor"}) {
    CHECK(namer.take(keyword) == std::string(keyword) + "_1");
  }
}
