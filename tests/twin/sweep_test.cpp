// The points of a sweep, and what they are refused for.
// SPDX-License-Identifier: Apache-2.0
#include "twin/sweep.hpp"

#include "compress/ir/chip.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"
#include "tests/twin/random_design.hpp"
#include "twin/program.hpp"

namespace crosstwin::tests {
namespace {

using Values = std::vector<double>;

TEST_CASE("the points of a sweep are as given") {
  const auto values = [](const char* text) { return twin::parse_axis(text).values; };
  CHECK(values("sigma=0:0.3:7") == Values{0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3});
  CHECK(values("adc_bits=3:10") == Values{3, 4, 5, 6, 7, 8, 9, 10});
  CHECK(values("adc_bits=10:4:4") == Values{10, 8, 6, 4});
  CHECK(values("sigma=0.2:0.2:1") == Values{0.2});
  CHECK(values("time=1,3600,1e6") == Values{1, 3600, 1e6});
  CHECK(values("wires.row_ohm=2.5") == Values{2.5});
}

TEST_CASE("a wrong sweep is named with what is wrong in it") {
  const auto refusal = [](const std::vector<std::string>& texts) {
    const std::string message = message_of([&] { twin::parse_axes(texts); });
    CHECK_THAT(message, contains("--sweep " + texts.back()));
    return message;
  };
  CHECK_THAT(refusal({"sigma=0:0.3:0"}), contains("no points"));
  CHECK_THAT(refusal({"sigma="}), contains("no points"));
  CHECK_THAT(refusal({"sigma"}), contains("not a sweep") && contains("FROM:TO:POINTS"));
  CHECK_THAT(refusal({"sigma=0:1:2:3"}), contains("not a sweep"));
  CHECK_THAT(refusal({"sigam=0:0.3:7"}), contains("no such") && contains("mean \"sigma\""));
  CHECK_THAT(refusal({"adc_bit=3:10"}), contains("mean \"adc_bits\""));
  CHECK_THAT(refusal({"drift.mu=0:1:2"}), contains("mean \"drift.nu\""));
  CHECK_THAT(refusal({"sigma=0:0.3"}), contains("does not divide"));
  CHECK_THAT(refusal({"adc_bits=3:10:4"}), contains("does not divide") && contains("5.33"));
  CHECK_THAT(refusal({"sigma=0:0.3:0.05"}), contains("not a whole number"));
  CHECK_THAT(refusal({"sigma=0:0.3:-2"}), contains("not a whole number"));
  CHECK_THAT(refusal({"sigma=0:0.3:1"}), contains("one point cannot have two ends"));
  CHECK_THAT(refusal({"sigma=0:nan:3"}), contains("not a number") && contains("nan"));
  CHECK_THAT(refusal({"sigma=0:inf:3"}), contains("not a number"));
  CHECK_THAT(refusal({"sigma=0,x"}), contains("not a number") && contains("\"x\""));
  CHECK_THAT(refusal({"sigma=-0.1:0.1:3"}), contains("0..10") && contains("-0.1"));
  CHECK_THAT(refusal({"adc_bits=0:3"}), contains("1..16"));
  CHECK_THAT(refusal({"sigma=0:1:5000"}), contains("too many points"));
  CHECK_THAT(refusal({"sigma=0.1,0.2,0.1"}), contains("twice"));
  CHECK_THAT(refusal({"sigma=0:1:3", "sigma=0:1:4"}), contains("already"));
  CHECK_THAT(refusal({"sigma=0:1:3", "time=1,2", "adc_bits=3:4"}), contains("one or two"));
  CHECK_THAT(refusal({"sigma=0:1:50", "time=0:100:50"}), contains("2500"));
}

TEST_CASE("two parameters are all pairs, the second fastest, and nothing else is changed") {
  const ir::Design design = test::random_design(3);
  const auto points = twin::sweep_points(twin::parse_axes({"drift.nu=0.1,0.2", "adc_bits=5:6"}),
                                         design, ir::load_device("reram"), {});
  REQUIRE(points.size() == 4);
  CHECK(points[1].values == Values{0.1, 6});
  CHECK(points[2].values == Values{0.2, 5});
  CHECK(points[2].device.drift.nu == 0.2);
  CHECK(points[2].device.sigma == ir::load_device("reram").sigma);
  ir::Design five = points[2].design;
  CHECK(five.layout.adc_bits == 5);
  five.layout.adc_bits = design.layout.adc_bits;
  CHECK(ir::design_hash(five) == ir::design_hash(design));
}

TEST_CASE("the design with other adc_bits is the one mapped with them") {
  const auto images = test::random_images(test::random_design(3), 8, 3);
  ir::Layout layout;
  layout.adc_bits = 5;
  const ir::Design mapped = test::random_design(3, layout);
  const auto points =
      twin::sweep_points({twin::parse_axis("adc_bits=5")}, test::random_design(3), {}, {});
  CHECK(ir::chip_hash(twin::program(points[0].design, points[0].device, 1, images)) ==
        ir::chip_hash(twin::program(mapped, {}, 1, images)));
}

TEST_CASE("a sigma of 0 is the ideal chip") {
  const ir::Design design = test::random_design(3);
  const auto images = test::random_images(design, 8, 3);
  ir::Device device;
  device.sigma = 0.1;
  const auto points = twin::sweep_points({twin::parse_axis("sigma=0,0.1")}, design, device, {});
  const auto hash = [&](const ir::Device& of) {
    return ir::chip_hash(twin::program(design, of, 1, images));
  };
  CHECK(hash(points[0].device) == hash({}));
  CHECK(hash(points[1].device) != hash({}));
}

TEST_CASE("a value that does not go with the rest is refused before any chip is drawn") {
  const ir::Design design = test::random_design(3);
  const auto refusal = [&](const char* text, const ir::Device& device) {
    return message_of([&] { twin::sweep_points({twin::parse_axis(text)}, design, device, {}); });
  };
  ir::Device stuck;
  stuck.stuck_low = 0.5;
  CHECK_THAT(refusal("stuck_high=0.4:0.6:3", stuck),
             contains("stuck_high") && contains("at most 1"));
  CHECK_THAT(refusal("adc_percentile=0.9,0.99", {}), contains("chip.adc_range=percentile"));
}

}  // namespace
}  // namespace crosstwin::tests
