// The points of a sweep, and what they are refused for.
// SPDX-License-Identifier: Apache-2.0
#include "twin/sweep.hpp"

#include "compress/ir/chip.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"
#include "tests/twin/random_design.hpp"
#include "twin/device.hpp"
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

TEST_CASE("a parameter of words has its words as points, a list of the device its scale") {
  const twin::SweepAxis range = twin::parse_axis("adc_range=mse,max");
  CHECK(range.words == std::vector<std::string>{"mse", "max"});
  CHECK(range.values == Values{0, 1});
  CHECK(range.value_text(1) == "max");
  CHECK(twin::parse_axis("lognormal=0,true").words == std::vector<std::string>{"false", "true"});
  const twin::SweepAxis scale = twin::parse_axis("drift.level_nu*=0:2:5");
  CHECK(scale.parameter == "drift.level_nu");
  CHECK(scale.name() == "drift.level_nu*");
  CHECK(scale.values == Values{0, 0.5, 1, 1.5, 2});
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
  CHECK_THAT(refusal({"adc_range=max,msa"}),
             contains("worst_case") && contains("did you mean \"mse\"?"));
  CHECK_THAT(refusal({"adc_form=any:sar"}), contains("some of any, ramp, sar"));
  CHECK_THAT(refusal({"lognormal=0,false"}), contains("twice"));
  CHECK_THAT(refusal({"lognormal=0,2"}), contains("false, true"));
  CHECK_THAT(refusal({"level_sigma=0,1"}), contains("--sweep 'level_sigma*=0:2:5'"));
  CHECK_THAT(refusal({"sigma*=0,1"}), contains("is no list"));
  CHECK_THAT(refusal({"level_sigma*=-1,1"}), contains("0..1000"));
  CHECK_THAT(refusal({"level_sigm*=0,1"}), contains("mean \"level_sigma*\""));
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

TEST_CASE("words and scales reach the device and the converters") {
  const ir::Design design = test::random_design(3);
  const auto at = [&](const std::vector<std::string>& texts, const char* device) {
    return twin::sweep_points(twin::parse_axes(texts), design, ir::load_device(device), {});
  };
  const auto adc = at({"adc_range=max,mse", "adc_per=column,layer"}, "reram");
  CHECK(adc[1].adc.range == twin::AdcRange::kMax);
  CHECK(adc[1].adc.per == twin::AdcPer::kLayer);
  CHECK(adc[2].adc.range == twin::AdcRange::kMse);
  CHECK(adc[2].adc.per == twin::AdcPer::kColumn);
  CHECK(at({"adc_aged=false,true"}, "reram")[1].adc.aged);
  CHECK(at({"lognormal=false,true"}, "reram")[1].device.lognormal);
  CHECK(at({"adc_form=any,ramp,sar"}, "reram")[2].device.adc_form == ir::AdcForm::kSar);
  CHECK(at({"wires.contacts=single,double"}, "reram")[1].device.wires.contacts ==
        ir::Contacts::kDouble);
  const ir::Device wan = ir::load_device("reram_wan");
  const auto spread = at({"level_sigma*=0,1,2"}, "reram_wan");
  for (size_t k = 0; k < wan.level_sigma.size(); ++k) {
    CHECK(spread[0].device.level_sigma[k] == 0);
    CHECK(spread[2].device.level_sigma[k] == 2 * wan.level_sigma[k]);
  }
  CHECK(spread[1].device.level_sigma == wan.level_sigma);
  const auto drift = at({"drift.level_nu*=0.5", "drift.level_nu_sigma*=0,1"}, "pcm_joshi");
  CHECK(drift[1].device.drift.level_nu[3] == 0.5 * ir::load_device("pcm_joshi").drift.level_nu[3]);
  CHECK(drift[0].device.drift.level_nu_sigma == std::vector<double>(16));
}

TEST_CASE("the top level is counted from the lowest that is swept") {
  const auto points = twin::sweep_points(twin::parse_axes({"g_max=325,475", "g_min=10,25"}),
                                         test::random_design(3), ir::load_device("reram"), {});
  CHECK(points[0].device.g_step == 21);
  CHECK(points[3].device.g_step == 30);
  for (const twin::SweepPoint& point : points) {
    CHECK(twin::level_means(point.device).front() == point.values[1]);
    CHECK(twin::level_means(point.device).back() == point.values[0]);
  }
}

// What setting up all points says.
std::string refused(const std::vector<std::string>& texts, const ir::Device& device,
                    const twin::AdcOptions& adc = {}) {
  const ir::Design design = test::random_design(3);
  const auto images = test::random_images(design, 8, 3);
  const auto axes = twin::parse_axes(texts);
  return message_of([&] {
    twin::check_points(axes, twin::sweep_points(axes, design, device, adc), 1, 200,
                       [&](const twin::SweepPoint& point, uint64_t seed) {
                         return twin::program(point.design, point.device, seed, images, point.adc);
                       });
  });
}

TEST_CASE("a value that does not go with the rest is refused before any chip is drawn") {
  ir::Device stuck = ir::load_device("reram");
  stuck.stuck_low = 0.5;
  stuck.source = "cell.json: $";
  CHECK_THAT(refused({"stuck_high=0.4,0.6"}, stuck),
             contains("--sweep stuck_high=0.6 on device reram (cell.json)") &&
                 contains("$.stuck_high") && contains("at most 1"));
  CHECK_THAT(refused({"adc_percentile=0.9,0.99"}, {}), contains("chip.adc_range=percentile"));
  // What only programming finds out.
  CHECK_THAT(refused({"levels=16,8"}, ir::load_device("reram")),
             contains("--sweep levels=8 on device reram: levels") && contains("at least 16"));
  CHECK_THAT(refused({"wires.row_ohm=0,1e-320", "sigma=0,0.1"}, ir::load_device("reram")),
             contains("--sweep wires.row_ohm=9.99988867183e-321 --sweep sigma=0 on device reram: "
                      "$.wires.row_ohm: too small"));
  twin::AdcOptions lossless;
  lossless.range = twin::AdcRange::kLossless;
  CHECK_THAT(refused({"adc_bits=12,2"}, {}, lossless), contains("--sweep adc_bits=2 on device "));
}

TEST_CASE("a number that a list overrides is not swept, and the list is offered") {
  const auto message = [](const char* text, const char* device) {
    return refused({text}, ir::load_device(device));
  };
  CHECK_THAT(message("sigma=0,0.1", "reram_wan"),
             contains("level_sigma of device reram_wan overrides it") &&
                 contains("--sweep 'level_sigma*="));
  CHECK_THAT(message("drift.nu=0,0.05", "pcm_joshi"), contains("drift.level_nu of"));
  CHECK_THAT(message("drift.nu_sigma=0,0.05", "pcm_joshi"), contains("drift.level_nu_sigma of"));
  CHECK_THAT(message("level_sigma*=0,1", "reram"), contains("device reram has no level_sigma"));
  ir::Device measured = ir::load_device("reram");
  for (int k = 0; k < 16; ++k) measured.level_mean.push_back(30 + 11 * k);
  CHECK_THAT(refused({"g_min=20,30"}, measured), contains("level_mean of"));
  CHECK_THAT(refused({"g_step=10,15"}, measured), contains("level_mean of"));
}

TEST_CASE("a sweep that changes no chip is refused with the reason") {
  const ir::Device reram = ir::load_device("reram");
  const auto idle = [](const std::vector<std::string>& texts, const ir::Device& device) {
    const std::string message = refused(texts, device);
    CHECK_THAT(message, contains("changes a chip of device"));
    return message;
  };
  CHECK_THAT(idle({"time=0,3600"}, reram),
             contains("no value of time changes") && contains("drift.nu and retention.tau are 0"));
  CHECK_THAT(idle({"siemens_per_unit=4e-9,1e-8"}, reram), contains("wires has no resistance"));
  CHECK_THAT(idle({"wires.contacts=single,double"}, reram), contains("wires has no resistance"));
  CHECK_THAT(idle({"drift.nu=0,0.05"}, reram), contains("simulate.variation.time"));
  ir::Device one_shot = reram;
  one_shot.write_verify.tolerance = 0.1;
  CHECK_THAT(idle({"write_verify.gain=0.5,1"}, one_shot), contains("write_verify.max_pulses is 0"));
  CHECK_THAT(refused({"write_verify.gain=0.5,1"}, reram), contains("expected \"max_pulses\""));
  CHECK_THAT(idle({"lognormal=0,1"}, ir::load_device("ideal")), contains("sigma is 0"));
  CHECK_THAT(idle({"adc_form=any,ramp,sar"}, reram), contains("adc_inl"));
  CHECK_THAT(idle({"read_volt=0.1,0.2"}, reram), contains("only energies"));
  CHECK_THAT(idle({"sigma=0,0.1", "time=0,3600"}, reram), contains("no value of time"));
  // Together they do; and so does what changes one point of three, or may meet no cell at first.
  CHECK(refused({"drift.nu=0,0.1", "time=0,3600"}, reram).empty());
  CHECK(refused({"write_verify.gain=0.5,1", "write_verify.max_pulses=3,4"}, reram).empty());
  CHECK(refused({"time=0,1,3600"}, ir::load_device("pcm_joshi")).empty());
  CHECK(refused({"stuck_low=0,1e-9"}, ir::load_device("ideal")).empty());
  CHECK(refused({"adc_bits=5,8"}, reram).empty());
  CHECK(refused({"lognormal=0,1"}, reram).empty());
  CHECK(refused({"sigma=0.1"}, reram).empty());
}

TEST_CASE("what is drawn is told from what is not") {
  CHECK(!twin::draws({}));
  for (const char* device : {"reram", "reram_full", "reram_wan", "pcm_joshi"}) {
    CHECK(twin::draws(ir::load_device(device)));
  }
  const auto with = [](const char* member, double value, double time = 0) {
    ir::Device device;
    device.time = time;
    ir::set_device_member(device, member, value);
    return twin::draws(device);
  };
  for (const char* member : {"sigma", "stuck_low", "stuck_high", "adc_gain_sigma",
                             "adc_offset_sigma", "adc_inl", "read_noise", "cell_noise"}) {
    INFO(member);
    CHECK(with(member, 0.1));
  }
  CHECK(with("drift.nu_sigma", 0.1, 10));
  CHECK(!with("drift.nu_sigma", 0.1));
  CHECK(!with("drift.nu", 0.1, 10));
  CHECK(!with("wires.row_ohm", 3));
  CHECK(!with("write_verify.max_pulses", 9));
  ir::Device zero = ir::load_device("reram_wan");
  zero.level_sigma.assign(16, 0.);
  CHECK(!twin::draws(zero));
  ir::Device pulses;
  pulses.write_verify.max_pulses = 9;
  pulses.write_verify.read_sigma = 0.1;
  CHECK(twin::draws(pulses));
}

}  // namespace
}  // namespace crosstwin::tests
