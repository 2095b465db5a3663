// A whole generated design as a netlist of FPGA cells against the twin.
// SPDX-License-Identifier: Apache-2.0
#include <regex>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/data_dir.hpp"
#include "tests/temporary_dir.hpp"
#include "tests/verif/fixture.hpp"

using namespace crosstwin;
using test::Fixture;
namespace fs = std::filesystem;

namespace {

constexpr int32_t kImages = 20;

// The table of one LUT in the middle of the netlist, inverted.
void invert_lut(const fs::path& netlist, const std::string& parameter) {
  std::string text = ir::read_file(netlist);
  const std::regex table("\\." + parameter + "\\(16'h([0-9a-f]{4})\\)");
  std::vector<std::ptrdiff_t> places;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), table);
       at != std::sregex_iterator(); ++at) {
    places.push_back(at->position(1));
  }
  REQUIRE(places.size() > 100);
  for (size_t digit = 0; digit < 4; ++digit) {
    char& value = text[static_cast<size_t>(places[places.size() / 2]) + digit];
    value = "0123456789abcdef"[15 - std::stoi(std::string(1, value), nullptr, 16)];
  }
  ir::write_file(netlist, text);
}

void check(const std::string& family, const std::string& lut_parameter) {
  test::SampleOptions sample;
  sample.input = {1, 6, 6};
  sample.conv1 = 2;
  sample.conv2 = 2;
  sample.outputs = 3;
  const Fixture fixture("netlist_" + family, kImages, sample);
  const fs::path netlist = fixture.dir / "netlist";
  ir::Command command;
  command.argv = {(ir::data_dir() / "verif/netlist/design.sh").string(), family,
                  (fixture.dir / "rtl").string(), netlist.string()};
  command.env = {{"CROSSTWIN_YOSYS", "yosys"}};  // it starts at once; the wheel takes a minute more
  const ir::Finished made = ir::run(command);
  if (made.status == 77) CROSSTWIN_SKIP("yosys is not installed");
  INFO(made.output);
  REQUIRE(made.status == 0);

  const auto verify = [&](verif::Depth depth = verif::Depth::kOutputs) {
    verif::Options options;
    options.progress = false;
    options.depth = depth;
    options.cache_dir = fixture.dir / "cache";
    return verif::verify(netlist,
                         {.images = fixture.images,
                          .logits = fixture.logits,
                          .trace = [&](int64_t image) { return fixture.trace(image); },
                          .chip_hash = ir::chip_hash(fixture.chip)},
                         options);
  };
  const verif::Report report = verify();
  INFO(verif::to_text(report));
  CHECK(report.passed());
  CHECK(report.images == kImages);
  CHECK(report.measured_cycles == static_cast<double>(fixture.plan.cycles_per_image));
  CHECK_THAT(tests::message_of([&] { verify(verif::Depth::kCodes); }),
             tests::contains("$.netlist: the inner values of a netlist have no names"));

  invert_lut(netlist / "rtl/netlist.v", lut_parameter);
  const verif::Report broken = verify();
  REQUIRE(broken.first);
  CHECK_FALSE(broken.first->located);
  CHECK_THAT(verif::to_text(broken), tests::contains("a netlist: verify the RTL"));
}

}  // namespace

TEST_CASE("The ECP5 netlist of a design equals the twin, and one wrong LUT is caught") {
  check("ecp5", "INIT");
}

TEST_CASE("The iCE40 netlist of a design equals the twin, and one wrong LUT is caught") {
  check("ice40", "LUT_INIT");
}
