// Where a mismatch is looked for: its image alone, or behind the ones before it.
// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "compress/ir/atomic_write.hpp"
#include "tests/verif/fixture.hpp"

using namespace crosstwin;
using test::Fixture;

namespace {

constexpr int32_t kImages = 32;  // two parts of 16

// Images of pixels below 255, but for image `bright`, all of whose pixels are.
Fixture fixture_of(const std::string& name, int32_t bright) {
  Fixture fixture(name, 1);
  const auto bytes = static_cast<size_t>(fixture.design.input.size());
  fixture.images.clear();
  ir::Rng rng(3);
  for (size_t at = 0; at < bytes * kImages; ++at) {
    const bool here = at / bytes == static_cast<size_t>(bright);
    fixture.images.push_back(here ? 255 : static_cast<uint8_t>(rng.below(250)));
  }
  fixture.renew(kImages);
  return fixture;
}

// The first layer gets pixels of 0 where `bug` says so.
void plant(const Fixture& fixture, const std::string& before, const std::string& bug) {
  const auto path = fixture.dir / "rtl/rtl/stream/xb_unpack.sv";
  std::string content = ir::read_file(path);
  const std::string assign = "out_data_o = pixel_q[Bits-1:0];";
  const size_t end = content.rfind(assign);
  REQUIRE(end != std::string::npos);
  const size_t begin = content.rfind("assign", end);
  content.replace(begin, end + assign.size() - begin,
                  before + "\n  assign out_data_o = " + bug + " ? '0 : pixel_q[Bits-1:0];");
  ir::write_file(path, content);
}

struct Located {
  verif::Report report;
  std::set<int64_t> asked;  // images whose inner values the twin was asked for
};

Located locate(const Fixture& fixture, bool stalls = false) {
  Located located;
  verif::Options options;
  options.progress = false;
  options.stalls = stalls;
  options.cache_dir = fixture.dir.parent_path() / "simulators";
  const auto trace = [&](int64_t image) {
    located.asked.insert(image);
    return fixture.trace(image);
  };
  located.report = verif::verify(fixture.dir / "rtl",
                                 {.images = fixture.images,
                                  .logits = fixture.logits,
                                  .trace = trace,
                                  .chip_hash = ir::chip_hash(fixture.chip)},
                                 options);
  return located;
}

}  // namespace

TEST_CASE("A mismatch is located in its image, and no other's inner values are asked for") {
  for (const bool stalls : {false, true}) {
    const Fixture fixture = fixture_of("locate_alone", 27);
    plant(fixture, "", "pixel_q[Bits-1:0] == '1");
    const Located found = locate(fixture, stalls);
    INFO(verif::to_text(found.report));
    REQUIRE(found.report.first);
    CHECK(found.report.first->image == 27);
    CHECK(found.report.first->reproduced);
    REQUIRE(found.report.first->difference);
    CHECK(found.report.first->difference->layer == "conv1");
    CHECK(found.report.first->difference->position == 0);
    CHECK(found.asked == std::set<int64_t>{27, 28, 29});
  }
}

TEST_CASE("A mismatch that needs the images before it is located behind them") {
  const Fixture fixture = fixture_of("locate_behind", 0);
  // From the fifth image of a run on.
  const int32_t pixels = fixture.design.input.h * fixture.design.input.w;
  plant(fixture,
        "int unsigned seen = 0;\n"
        "  always_ff @(posedge clk_i) if (out_valid_o && out_ready_i) seen <= seen + 1;",
        "seen >= " + std::to_string(4 * pixels * fixture.design.input.c));
  const Located found = locate(fixture);
  INFO(verif::to_text(found.report));
  REQUIRE(found.report.first);
  CHECK(found.report.first->image == 4);
  CHECK(found.report.first->reproduced);
  REQUIRE(found.report.first->difference);
  CHECK(found.report.first->difference->layer == "conv1");
  CHECK(found.report.first->difference->position == 0);
  CHECK(found.report.first->difference->what == verif::Difference::What::kDiffers);
  CHECK(found.asked == std::set<int64_t>{4, 5, 6});
}
