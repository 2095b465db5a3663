// Whole networks: lossless chips, traces, threads, counts, errors.
// SPDX-License-Identifier: Apache-2.0
#include "twin/simulator.hpp"

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <functional>
#include <limits>

#include "compress/ir/error.hpp"
#include "tests/catch.hpp"
#include "tests/twin/random_design.hpp"
#include "twin/accuracy.hpp"
#include "twin/integer_model.hpp"
#include "twin/program.hpp"
#include "twin/tile.hpp"

namespace crosstwin {

using twin::AdcPer;
using twin::AdcRange;
using twin::Simulator;

namespace {

ir::Layout layout_of(int32_t slices, int32_t weight_range, int32_t adc_bits, int32_t tile_rows) {
  ir::Layout layout;
  layout.slices = slices;
  layout.cell_bits = 8 / slices;
  layout.weight_range = weight_range;
  layout.adc_bits = adc_bits;
  layout.tile_rows = tile_rows;
  return layout;
}

ir::Device device_of(const ir::Layout& layout) {
  ir::Device device;
  device.levels = 1 << layout.cell_bits;
  return device;
}

template <class T>
T on_threads(int threads, const std::function<T()>& work) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<size_t>(threads));
  tbb::task_arena arena(threads);
  return arena.execute(work);
}

}  // namespace

TEST_CASE("the integer model gives the naive network's logits") {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const ir::Design design = test::random_design(seed);
    const auto images = test::random_images(design, 9, seed);
    const auto logits = twin::integer_logits(design, images);
    for (int64_t n = 0; n < 9; ++n) {
      const auto expected =
          test::naive_network(design, images.data() + n * design.input.size()).back();
      REQUIRE(std::equal(expected.begin(), expected.end(), logits.begin() + n * 4));
    }
  }
}

TEST_CASE("a lossless chip of ideal cells gives the integer model's logits") {
  for (const ir::Layout& layout : {layout_of(2, 127, 11, 32), layout_of(2, 255, 12, 64),
                                   layout_of(4, 255, 10, 50), layout_of(1, 255, 13, 12)}) {
    for (uint64_t seed = 0; seed < 4; ++seed) {
      const ir::Design design = test::random_design(seed, layout);
      const auto images = test::random_images(design, 6, seed);
      const ir::Chip chip = twin::program(design, device_of(layout), 1, {}, {AdcRange::kLossless});
      REQUIRE(chip.shared_table);
      const Simulator simulator(design, chip);
      REQUIRE(simulator.logits(images) == twin::integer_logits(design, images));
      for (const auto& count : simulator.count_conversions(images)) {
        REQUIRE(count.conversions > 0);
        REQUIRE(count.clipped == 0);
      }
    }
  }
}

TEST_CASE("the trace's stage outputs are those of the fast tiles, clipped and disturbed or not") {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const ir::Design design = test::random_design(seed, layout_of(2, 127, 6, 20));
    const auto images = test::random_images(design, 3, seed);
    ir::Device device;
    device.sigma = 0.1;
    device.stuck_high = 0.02;
    const Simulator simulator(design, twin::program(design, device, seed, images));
    const auto outputs = simulator.stage_outputs(images);
    const auto logits = simulator.logits(images);
    REQUIRE(outputs.back() == logits);
    for (int64_t n = 0; n < 3; ++n) {
      const twin::Trace trace =
          simulator.trace(std::span(images).subspan(n * design.input.size(), design.input.size()));
      REQUIRE(trace.stages.size() == outputs.size());
      for (size_t i = 0; i < outputs.size(); ++i) {
        const auto& stage = trace.stages[i].output;
        REQUIRE(trace.stages[i].stage == design.stages[i].name);
        REQUIRE(std::equal(stage.begin(), stage.end(),
                           outputs[i].begin() + n * static_cast<int64_t>(stage.size())));
      }
    }
  }
}

TEST_CASE("the trace's codes add up to its outputs") {
  const ir::Design design = test::random_design(3, layout_of(2, 127, 8, 20));
  const auto images = test::random_images(design, 1, 3);
  ir::Device device;
  device.sigma = 0.05;
  const ir::Chip chip = twin::program(design, device, 9, images);
  const twin::Trace trace = Simulator(design, chip).trace(images);
  size_t crossbars = 0;
  for (size_t i = 0; i < design.stages.size(); ++i) {
    const auto* layer = std::get_if<ir::Crossbar>(&design.stages[i].kind);
    if (layer == nullptr) {
      REQUIRE(trace.stages[i].adc.codes.empty());
      continue;
    }
    const ir::CrossbarChip& crossbar = chip.crossbars[crossbars++];
    const twin::CodeTrace& adc = trace.stages[i].adc;
    for (int32_t position = 0; position < adc.positions; ++position) {
      for (int32_t c = 0; c < adc.columns; ++c) {
        int64_t v = layer->bias[static_cast<size_t>(c)];
        for (int32_t t = 0; t < adc.row_tiles; ++t) {
          for (int32_t b = 0; b < adc.planes; ++b) {
            const bool sign_plane = design.stages[i].in_signed && b == 7;
            for (int32_t s = 0; s < 2; ++s) {
              const int32_t difference =
                  adc.code(position, t, c, b, s, 0) - adc.code(position, t, c, b, s, 1);
              v += (sign_plane ? -128 : 1 << b) *
                   crossbar.lsb[static_cast<size_t>(s * adc.columns + c)] * (s == 0 ? 1 : 16) *
                   difference;
            }
          }
        }
        if (!layer->logits) {
          const auto column = static_cast<size_t>(c);
          v = (v * layer->mult[column] + (int64_t{1} << (layer->shift[column] - 1))) >>
              layer->shift[column];
          v = std::clamp<int64_t>(v, layer->low, layer->high);
        }
        REQUIRE(trace.stages[i].output[static_cast<size_t>(position * adc.columns + c)] == v);
      }
    }
    REQUIRE_THROWS_AS(adc.code(adc.positions, 0, 0, 0, 0, 0), ir::Bug);
  }
  REQUIRE(crossbars == 4);
}

TEST_CASE("a chip with variation is the same for every number of threads") {
  const ir::Design design = test::random_design(5);
  const auto images = test::random_images(design, 100, 5);
  ir::Device device;
  device.sigma = 0.1;
  for (const auto& [range, per] : {std::pair{AdcRange::kMax, AdcPer::kLayer},
                                   {AdcRange::kPercentile, AdcPer::kLayer},
                                   {AdcRange::kMse, AdcPer::kLayer},
                                   {AdcRange::kPercentile, AdcPer::kColumn},
                                   {AdcRange::kMse, AdcPer::kColumn}}) {
    const auto work = [&, &range = range, &per = per] {
      const ir::Chip chip = twin::program(design, device, 4, images, {range, 0.99, per});
      auto result = Simulator(design, chip).logits(images);
      for (const ir::CrossbarChip& crossbar : chip.crossbars) {
        result.insert(result.end(), crossbar.g.begin(), crossbar.g.end());
        result.insert(result.end(), crossbar.lsb.begin(), crossbar.lsb.end());
        result.insert(result.end(), crossbar.adc_mult.begin(), crossbar.adc_mult.end());
      }
      return result;
    };
    const auto alone = on_threads<std::vector<int32_t>>(1, work);
    REQUIRE(on_threads<std::vector<int32_t>>(2, work) == alone);
    REQUIRE(on_threads<std::vector<int32_t>>(5, work) == alone);
  }
}

TEST_CASE("conductances of 16 bits and of bytes give the naive outputs on any number of threads") {
  for (const int32_t step : {3500, 15}) {
    const ir::Design design = test::random_design(12);
    const auto images = test::random_images(design, 20, 12);
    ir::Device device;
    device.g_min = 2000;
    device.g_step = step;
    device.sigma = step == 15 ? 0.001 : 0.05;
    device.siemens_per_unit = 1e-9;
    device.read_noise = 0.3;
    const Simulator simulator(design, twin::program(design, device, 4, images));
    const auto whole =
        on_threads<std::vector<int32_t>>(1, [&] { return simulator.logits(images, 0); });
    for (const int threads : {2, 3}) {
      REQUIRE(on_threads<std::vector<int32_t>>(
                  threads, [&] { return simulator.logits(images, 0); }) == whole);
    }
    const auto pixels = static_cast<size_t>(design.input.size());
    for (size_t n = 0; n < 20; n += 9) {
      const auto trace =
          simulator.trace(std::span(images).subspan(n * pixels, pixels), static_cast<uint32_t>(n));
      REQUIRE(std::equal(trace.stages.back().output.begin(), trace.stages.back().output.end(),
                         whole.begin() + static_cast<int64_t>(4 * n)));
    }
  }
}

TEST_CASE(
    "with every fault on, naive and fast agree to every code on any thread and in any parts") {
  const ir::Design design = test::random_design(11);
  const auto images = test::random_images(design, 30, 11);
  const auto pixels = static_cast<size_t>(design.input.size());
  ir::Chip chip = twin::program(design, ir::load_device("reram_full"), 4, images);
  chip.crossbars[1].adc_clip[2] = 40;
  const Simulator simulator(design, chip);
  constexpr uint32_t kFirst = 1000;
  const auto whole =
      on_threads<std::vector<int32_t>>(1, [&] { return simulator.logits(images, kFirst); });
  REQUIRE(on_threads<std::vector<int32_t>>(3, [&] { return simulator.logits(images, kFirst); }) ==
          whole);
  const auto tail = simulator.logits(std::span(images).subspan(13 * pixels), kFirst + 13);
  REQUIRE(std::equal(tail.begin(), tail.end(), whole.begin() + 13 * 4, whole.end()));

  const auto outputs = simulator.stage_outputs(images, kFirst);
  for (size_t n = 0; n < 30; n += 7) {
    const auto image = std::span(images).subspan(n * pixels, pixels);
    const auto number = kFirst + static_cast<uint32_t>(n);
    const twin::Trace naive = simulator.trace(image, number);
    const twin::Trace fast = simulator.fast_trace(image, number);
    for (size_t i = 0; i < naive.stages.size(); ++i) {
      INFO("image " << n << ", " << naive.stages[i].stage);
      REQUIRE(fast.stages[i].adc.codes == naive.stages[i].adc.codes);
      REQUIRE(fast.stages[i].output == naive.stages[i].output);
      const size_t size = naive.stages[i].output.size();
      REQUIRE(std::equal(naive.stages[i].output.begin(), naive.stages[i].output.end(),
                         outputs[i].begin() + static_cast<int64_t>(n * size)));
    }
    REQUIRE(std::equal(whole.begin() + static_cast<int64_t>(4 * n),
                       whole.begin() + static_cast<int64_t>(4 * n + 4),
                       naive.stages.back().output.begin()));
  }
  // Noise: another image number or seed, other logits; without noise neither counts.
  REQUIRE(simulator.logits(images, kFirst + 1) != whole);
  ir::Chip other = chip;
  other.noise_seed += 1;
  REQUIRE(Simulator(design, other).logits(images, kFirst) != whole);
  for (ir::Chip* each : {&chip, &other}) {
    for (ir::CrossbarChip& crossbar : each->crossbars) crossbar.noise_mult = {0, 0};
  }
  REQUIRE(Simulator(design, chip).logits(images, 5) == Simulator(design, other).logits(images, 6));
}

TEST_CASE("clipped conversions are counted") {
  const ir::Design design = test::random_design(6);
  const auto images = test::random_images(design, 4, 6);
  ir::Chip chip = twin::program(design, {}, 0, images);
  const auto before = Simulator(design, chip).count_conversions(images);
  for (const auto& count : before) REQUIRE(count.clipped == 0);  // range max, on these images
  // A converter whose offset is beyond its range clips every time.
  for (int32_t c = 0; c < 7; ++c) chip.crossbars[1].adc_offset[static_cast<size_t>(c)] = 1 << 30;
  const auto after = Simulator(design, chip).count_conversions(images);
  REQUIRE(after[2].stage == "conv2");
  REQUIRE(after[2].clipped == after[2].conversions);
  REQUIRE(after[3].clipped == 0);
  for (int32_t& clip : chip.crossbars[2].adc_clip) clip = 0;
  const auto limited = Simulator(design, chip).count_conversions(images);
  REQUIRE(limited[4].clipped > 0);
  REQUIRE(before[4].clipped == 0);
  const ir::Stage& stage = design.stages[2];
  const int64_t tiles =
      (static_cast<int64_t>(std::get<ir::Crossbar>(stage.kind).rows.size()) + 127) / 128;
  REQUIRE(after[2].conversions == 4 * stage.out.size() * tiles * 8 * 2);
}

TEST_CASE("a changed cell changes the chip's answers, and a foreign chip is refused") {
  const ir::Design design = test::random_design(7);
  const auto images = test::random_images(design, 5, 7);
  ir::Device device;
  device.sigma = 0.02;
  ir::Chip chip = twin::program(design, device, 0, images);
  const auto logits = Simulator(design, chip).logits(images);
  chip.crossbars.back().g[0] = 0;
  chip.crossbars.back().g[1] = 255;
  REQUIRE(Simulator(design, chip).logits(images) != logits);
  REQUIRE_THROWS_AS(Simulator(test::random_design(8), chip), ir::Error);
}

TEST_CASE("images of another size and labels of another number are refused") {
  const ir::Design design = test::random_design(8);
  const auto images = test::random_images(design, 2, 8);
  const Simulator simulator(design, twin::program(design, {}, 0, images));
  REQUIRE_THROWS_AS(simulator.logits(std::span(images).first(images.size() - 1)), ir::Error);
  REQUIRE_THROWS_AS(twin::evaluate(simulator, images, std::vector<uint8_t>(3)), ir::Error);
}

TEST_CASE("codes that do not fit the next stage are refused") {
  ir::Design design = test::random_design(9);
  design.stages[3].in_signed = false;  // conv2 gives -128..127
  auto& layer = std::get<ir::Crossbar>(design.stages[3].kind);
  std::fill(layer.pad_value.begin(), layer.pad_value.end(), 0);
  REQUIRE_THROWS_AS(twin::integer_logits(design, test::random_images(design, 1, 9)), ir::Error);
}

TEST_CASE("sums that could leave 32 bits are refused at any stage, by its name") {
  const auto refusal = [](const std::function<void()>& run) -> std::string {
    try {
      run();
    } catch (const ir::Error& error) {
      return error.what();
    }
    return "";
  };
  const ir::Design good = test::random_design(9);
  const auto images = test::random_images(good, 2, 9);
  const ir::Chip good_chip = twin::program(good, {}, 0, images);
  const auto sums_of = [&](ir::Design design, const std::string& stage) {
    for (const auto& run :
         std::vector<std::function<void()>>{[&] { twin::integer_logits(design, images); },
                                            [&] { twin::program(design, {}, 0, images); },
                                            [&] {
                                              ir::Chip chip = good_chip;
                                              chip.design_hash = ir::design_hash(design);
                                              Simulator(design, chip);
                                            }}) {
      const std::string text = refusal(run);
      INFO(text);
      REQUIRE(text.find("sums can leave 32 bits") != std::string::npos);
      REQUIRE(text.find(stage) != std::string::npos);
    }
  };
  REQUIRE(std::holds_alternative<ir::Crossbar>(good.stages.front().kind));
  for (const size_t i : {size_t{0}, good.stages.size() - 1}) {
    ir::Design design = good;
    std::get<ir::Crossbar>(design.stages[i].kind).bias[0] = -2147483647;
    sums_of(design, design.stages[i].name);
  }
  // The largest LSB is 65535; with it |Y| of 8-bit codes on 2 slices of 4 bits is beyond 2^31.
  ir::Chip chip = good_chip;
  std::fill(chip.crossbars[0].lsb.begin(), chip.crossbars[0].lsb.end(), 65535);
  REQUIRE(refusal([&] { Simulator(good, chip); }).find(good.stages[0].name) != std::string::npos);
  chip.crossbars[0].lsb[0] = 65536;
  REQUIRE(refusal([&] { Simulator(good, chip); }).find("lsb[0]") != std::string::npos);
}

TEST_CASE("a bound beyond 64 bits stays a bound") {
  twin::TileShape shape;
  shape.rows = 1 << 20;
  shape.tile_rows = 1;
  shape.planes = 16;
  shape.adc_bits = 16;
  shape.slices = 2;
  shape.cell_bits = 8;
  shape.cols = 2;
  ir::CrossbarChip chip;
  chip.lsb = {65535, 65535, 65535, 65535};
  REQUIRE(twin::max_abs_y(shape, chip) == std::numeric_limits<int64_t>::max());
  shape.rows = 1;
  chip.lsb = {1, 1, 1, 1};
  REQUIRE(twin::max_abs_y(shape, chip) == int64_t{257} * 65535 * 65535);
  // The worst column's slices, not the worst of each slice.
  chip.lsb = {1, 5, 3, 2};
  REQUIRE(twin::max_abs_y(shape, chip) == int64_t{1 + 256 * 3} * 65535 * 65535);
}

TEST_CASE("the class is the lowest index of the largest logit, and accuracy counts it") {
  const std::vector<int32_t> logits = {1, 5, 5, -3, -1, -1, 0, 0, 7};
  REQUIRE(twin::classes(logits, 3) == std::vector<int32_t>{1, 1, 2});
  const ir::Design design = test::random_design(10);
  const auto images = test::random_images(design, 20, 10);
  const auto answers = twin::classes(twin::integer_logits(design, images), 4);
  std::vector<uint8_t> labels(answers.begin(), answers.end());
  REQUIRE(twin::evaluate(design, images, labels).fraction() == 1.0);
  labels[3] = static_cast<uint8_t>(labels[3] ^ 1);
  REQUIRE(twin::evaluate(design, images, labels).right == 19);
}

}  // namespace crosstwin
