// The forward pass of training against the twin, integer for integer.
// SPDX-License-Identifier: Apache-2.0
#include "adapt/forward.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "adapt/recalibrate.hpp"
#include "compress/data/dataset.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/npz.hpp"
#include "compress/layout/map.hpp"
#include "compress/nn/engine.hpp"
#include "compress/prune/crossbar.hpp"
#include "compress/quant/calibrate.hpp"
#include "compress/quant/grid.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"
#include "twin/device.hpp"
#include "twin/program.hpp"
#include "twin/simulator.hpp"

namespace crosstwin {

namespace {

constexpr int64_t kImages = 40;  // the last block of 16 is not full

const data::Dataset& images() {
  static const data::Dataset made =
      data::load(
          {.kind = data::Kind::digits, .validation = 0, .digits_train = 64, .digits_test = 1})
          .train;
  return made;
}

std::vector<int32_t> counted(int32_t rows) {
  std::vector<int32_t> all(static_cast<size_t>(rows));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// Untrained: a padded conv of images whose 0 is code 40, a pool, a dense layer whose codes are
// signed, logits.
const ir::Network& network() {
  static const ir::Network made = [] {
    ir::Network network;
    network.name = "small";
    network.nodes = {{"input", {}, ir::Input{{1, 28, 28}, {40}, {1.0F}}},
                     {"conv", {"input"}, ir::Conv{}},
                     {"pool", {"conv"}, ir::MaxPool{2, 2}},
                     {"relu", {"pool"}, ir::Relu{}},
                     {"flatten", {"relu"}, ir::Flatten{}},
                     {"fc1", {"flatten"}, ir::Dense{}},
                     {"fc2", {"fc1"}, ir::Dense{}}};
    auto& conv = std::get<ir::Conv>(network.nodes[1].kind);
    conv.out_channels = 6;
    conv.kernel_h = conv.kernel_w = 5;
    conv.stride = 3;
    conv.pad = 1;
    conv.rows = counted(25);
    auto& fc1 = std::get<ir::Dense>(network.nodes[5].kind);
    fc1.out_features = 24;
    fc1.rows = counted(6 * 4 * 4);
    auto& fc2 = std::get<ir::Dense>(network.nodes[6].kind);
    fc2.out_features = 10;
    fc2.rows = counted(24);
    nn::initialize(network, 3);
    for (const char* layer : {"conv", "fc1", "fc2"}) {
      std::vector<float>& bias = *prune::crossbar(network, layer).bias;
      for (size_t c = 0; c < bias.size(); ++c) bias[c] = 0.02F * static_cast<float>(c);
    }
    return quant::calibrate_activations(quant::quantize_weights(network), images(), {});
  }();
  return made;
}

ir::Layout small_tiles() {
  ir::Layout layout;
  layout.tile_rows = 64;  // fc1 has two row tiles
  layout.tile_cols = 16;
  return layout;
}

ir::Device everything() {
  ir::Device device = ir::load_device("reram_full");
  device.time = 1e4;
  device.drift.nu = 0.02;
  device.drift.nu_sigma = 0.01;
  device.cell_noise = 0.1;
  device.stuck_low = device.stuck_high = 0.02;
  device.wires.row_ohm = device.wires.column_ohm = 2;
  device.wires.driver_ohm = device.wires.sense_ohm = 100;
  return device;
}

// Rows and columns turned round within their tiles, pairs swapped, partners that make up.
std::vector<ir::Placement> moved(const ir::Design& design) {
  std::vector<ir::Placement> all;
  for (const ir::Stage& stage : design.stages) {
    const auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind);
    if (crossbar == nullptr) continue;
    ir::Placement placement;
    placement.spare_columns = 2;
    placement.makes_up = true;
    const auto rows = static_cast<int32_t>(crossbar->rows.size());
    const int32_t tile = design.layout.tile_rows;
    const int32_t width = design.layout.tile_cols;
    for (int32_t r = 0; r < rows; ++r) {
      const int32_t begin = r / tile * tile;
      placement.row_of.push_back(begin + std::min(begin + tile, rows) - 1 - r);
    }
    for (int32_t c = 0; c < stage.out.c; ++c) {
      const int32_t begin = c / width * width;
      placement.column_of.push_back(begin / width * (width + 2) +
                                    std::min(begin + width, stage.out.c) - c);
      placement.swapped.push_back(c % 3 == 0 ? 1 : 0);
    }
    all.push_back(std::move(placement));
  }
  return all;
}

adapt::Arrays arrays_of(const ir::Device& device) {
  adapt::Arrays arrays;
  arrays.layout = small_tiles();
  arrays.device = device;
  arrays.images = images().images;
  return arrays;
}

// Images through the engine; `loss` as in nn::Engine.
void run(nn::Engine& engine, const nn::Engine::Loss& loss) {
  engine.gradients(
      kImages,
      [](int64_t block) {
        nn::BlockImages shown{};
        for (int64_t i = 0; i < nn::kLanes && block * nn::kLanes + i < kImages; ++i) {
          shown[static_cast<size_t>(i)] =
              images().images.data() + (block * nn::kLanes + i) * images().shape.size();
        }
        return shown;
      },
      loss);
}

nn::EngineConfig through(const adapt::ChipForward& forward) {
  nn::EngineConfig config{kImages, true};
  config.product = [&](const std::string& node, int64_t block, const float* in, float* out) {
    forward.product(node, block, in, out);
  };
  return config;
}

// [n][10] in units of the logits' codes.
std::vector<int32_t> logits_of(const adapt::ChipForward& forward, double unit) {
  nn::Workers workers(2);
  nn::Model model(network());
  nn::Engine engine(model, workers, through(forward));
  std::vector<int32_t> logits(kImages * 10);
  run(engine, [&](int64_t block, const float* values, float* grad, nn::Scratch&) {
    std::fill_n(grad, 10 * nn::kLanes, 0.0F);
    for (int64_t i = 0; i < nn::kLanes && block * nn::kLanes + i < kImages; ++i) {
      for (int64_t o = 0; o < 10; ++o) {
        logits[static_cast<size_t>((block * nn::kLanes + i) * 10 + o)] =
            static_cast<int32_t>(std::lround(values[o * nn::kLanes + i] / unit));
      }
    }
  });
  return logits;
}

std::span<const uint8_t> shown() {
  return std::span(images().images).first(static_cast<size_t>(kImages * images().shape.size()));
}

// Of the chip of seed 3, by the twin's own programming and simulator.
std::vector<int32_t> twin_logits(const adapt::Arrays& arrays) {
  const ir::Design design = layout::map(network(), arrays.layout);
  if (arrays.recalibrated) {
    const adapt::Recalibrated done =
        adapt::recalibrate(design, arrays.device, 3, arrays.images, arrays.adc, arrays.placements);
    return twin::Simulator(done.design, done.chip).logits(shown());
  }
  const ir::Chip chip = twin::program(design, arrays.device, 3, arrays.images, arrays.adc, nullptr,
                                      arrays.placements);
  return twin::Simulator(design, chip).logits(shown());
}

void program(adapt::ChipForward& forward, uint64_t seed, bool fold = true) {
  forward.program(nn::Model(network()).parameters(), {seed, seed, seed}, fold);
}

}  // namespace

TEST_CASE("the forward pass of training is the twin, integer for integer") {
  std::map<std::string, adapt::Arrays> cases;
  cases["ideal"] = arrays_of({});
  cases["presets"] = arrays_of(ir::load_device("reram_full"));
  cases["everything"] = arrays_of(everything());
  ir::Device sar = ir::load_device("reram_full");
  sar.adc_inl = 0;
  sar.adc_form = ir::AdcForm::kSar;
  sar.adc_mismatch = 0.02;
  cases["everything, column ranges"] = cases["everything"];
  cases["everything, column ranges"].adc.per = twin::AdcPer::kColumn;
  cases["everything, ranges that clip"] = cases["everything"];
  cases["everything, ranges that clip"].adc.range = twin::AdcRange::kPercentile;
  cases["everything, ranges that clip"].adc.percentile = 0.9;
  cases["sar"] = arrays_of(sar);
  cases["everything, moved"] = cases["everything"];
  cases["everything, moved"].placements = moved(layout::map(network(), small_tiles()));
  for (auto& [name, arrays] : cases) {
    INFO(name);
    adapt::ChipForward forward(network(), arrays);
    const nn::Model model(network());
    forward.set_ranges(model.parameters(), {3, 3, 3});
    program(forward, 3);
    const double unit = forward.layers().back().out_scale;
    REQUIRE(logits_of(forward, unit) == twin_logits(arrays));
    // Another chip in between leaves nothing behind; folding anew gives the same wires.
    program(forward, 4);
    if (name != "ideal") REQUIRE(logits_of(forward, unit) != twin_logits(arrays));
    program(forward, 3);
    REQUIRE(logits_of(forward, unit) == twin_logits(arrays));
  }
}

TEST_CASE("behind fitted biases and scales the forward pass is the recalibrated twin") {
  // Recalibration measures with the same images.
  REQUIRE(images().size() == adapt::kFitImages);
  ir::Device rough;
  rough.sigma = 0.25;
  for (const ir::Device& device : {rough, everything()}) {
    adapt::Arrays arrays = arrays_of(device);
    arrays.recalibrated = true;
    adapt::ChipForward forward(network(), arrays);
    forward.set_ranges(nn::Model(network()).parameters(), {3, 3, 3});
    program(forward, 3);
    REQUIRE(logits_of(forward, forward.logit_unit()) == twin_logits(arrays));
  }
}

TEST_CASE("gradients go straight through, by the weights that the chip's cells have") {
  for (const bool recalibrated : {false, true}) {
    adapt::Arrays arrays = arrays_of(everything());
    arrays.recalibrated = recalibrated;
    adapt::ChipForward forward(network(), arrays);
    nn::Model model(network());
    forward.set_ranges(model.parameters(), {3, 3, 3});
    program(forward, 3);
    for (size_t i = 0; i < forward.layers().size(); ++i) {
      forward.effective_weights(i, model.parameters().at(forward.layers()[i].name).weight);
    }
    nn::Workers workers(1);
    nn::Engine engine(model, workers, through(forward));
    // The loss is the sum over images of sum_o (o - 4) logit_o.
    run(engine, [&](int64_t block, const float*, float* grad, nn::Scratch&) {
      for (int64_t o = 0; o < 10; ++o) {
        for (int64_t i = 0; i < nn::kLanes; ++i) {
          grad[o * nn::kLanes + i] =
              block * nn::kLanes + i < kImages ? static_cast<float>(o - 4) : 0;
        }
      }
    });
    // The chip's own integers and design, from the twin.
    ir::Design design = layout::map(network(), arrays.layout);
    ir::Chip chip;
    double gain = 1;
    if (recalibrated) {
      adapt::Recalibrated done = adapt::recalibrate(design, arrays.device, 3, arrays.images);
      design = done.design;
      chip = done.chip;
      gain = forward.logit_unit() / forward.layers().back().out_scale;
      REQUIRE(gain != 1);
    } else {
      chip = twin::program(design, arrays.device, 3, arrays.images);
    }
    // By layer, [C][R]: the chip's integers behind the design's requantizers.
    const auto weights = [&](size_t layer) {
      const adapt::ChipForward::Layer& of = forward.layers()[layer];
      const ir::Stage& stage = design.stages[of.stage];
      const auto& crossbar = std::get<ir::Crossbar>(stage.kind);
      const std::vector<uint16_t>& g = chip.crossbars[layer].g;
      const twin::TileShape shape = twin::tile_shape(design, stage);
      std::vector<double> all;
      for (int32_t c = 0; c < of.cols; ++c) {
        double scale = gain * of.scale.front();
        if (!crossbar.logits) {
          const auto at = static_cast<size_t>(c);
          scale = std::ldexp(crossbar.mult[at], -crossbar.shift[at]) * of.out_scale / of.in_scale;
        }
        for (int32_t r = 0; r < of.rows; ++r) {
          double weight = 0;
          for (int32_t s = 0; s < 2; ++s) {
            const double pair =
                double{1} * g[shape.cell(0, s, r, c)] - double{1} * g[shape.cell(1, s, r, c)];
            weight += std::ldexp(pair / twin::level_step(arrays.device), 4 * s);
          }
          all.push_back(scale * weight);
        }
      }
      return all;
    };
    for (size_t layer = 0; layer < 3; ++layer) {
      const std::vector<double> expected = weights(layer);
      const std::vector<float>& own = model.parameters().at(forward.layers()[layer].name).weight;
      for (size_t i = 0; i < own.size(); ++i) REQUIRE(own[i] == Approx(expected[i]).epsilon(1e-5));
    }
    // fc1 has no relu: its gradient is the same for all images.
    const std::vector<double> last = weights(2);
    const nn::LayerParameters& fc1 = model.parameters().at("fc1");
    for (size_t r = 0; r < 24; ++r) {
      double expected = 0;
      for (size_t c = 0; c < 10; ++c) {
        expected += (static_cast<double>(c) - 4) * last[c * 24 + r];
      }
      REQUIRE(fc1.bias_grad[r] == Approx(kImages * expected).epsilon(1e-3));
    }
    // The gradient of fc2's weights is of the codes that enter it on this chip.
    const std::vector<std::vector<int32_t>> maps =
        twin::Simulator(design, chip).stage_outputs(shown());
    const nn::LayerParameters& fc2 = model.parameters().at("fc2");
    for (size_t r = 0; r < 24; ++r) {
      double sum = 0;
      for (size_t n = 0; n < kImages; ++n) sum += maps[maps.size() - 2][n * 24 + r];
      sum *= forward.layers().back().in_scale;
      REQUIRE(fc2.weight_grad[r] == Approx(-4 * sum).margin(1e-2));
    }
  }
}

TEST_CASE("wires that were not folded anew are near those that were, wherever the cells lie") {
  const nn::Model model(network());
  const auto weights = [](const adapt::ChipForward& forward) {
    std::vector<float> all(96 * 24);
    forward.effective_weights(1, all);
    return all;
  };
  const auto distance = [](const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
    return sum;
  };
  const std::vector<ir::Placement> placements = moved(layout::map(network(), small_tiles()));
  const std::vector<ir::Placement>* const places[] = {nullptr, &placements};
  for (const bool rows : {false, true}) {
    ir::Device device;
    device.sigma = 0.1;
    (rows ? device.wires.row_ohm : device.wires.column_ohm) = 20;
    adapt::Arrays arrays = arrays_of(device);
    arrays.placements.resize(placements.size());
    for (ir::Placement& each : arrays.placements) each.spare_columns = 2;
    adapt::ChipForward forward(network(), arrays);
    forward.set_ranges(model.parameters(), {3, 3, 3});
    adapt::Arrays without = arrays;
    without.device.wires = {};
    adapt::ChipForward bare(network(), without);
    bare.set_ranges(model.parameters(), {3, 3, 3});
    for (const std::vector<ir::Placement>* place : places) {
      program(forward, 3);
      const adapt::ChipDraw other{4, 4, 4, place};
      forward.program(model.parameters(), other, false);
      const std::vector<float> kept = weights(forward);
      forward.program(model.parameters(), other, true);
      const std::vector<float> folded = weights(forward);
      bare.program(model.parameters(), other, true);
      INFO((rows ? "rows: " : "columns: ")
           << distance(kept, folded) << " of " << distance(weights(bare), folded));
      REQUIRE(kept != folded);
      // What the wires take from a place depends on its neighbours too.
      const double share = place == nullptr ? 0.05 : 0.3;
      REQUIRE(distance(kept, folded) < share * distance(weights(bare), folded));
    }
  }
}

TEST_CASE("a place that was empty when wires were folded is not empty for ever") {
  nn::Model model(network());
  ir::Device device;
  device.g_min = 0;  // levels 0 are empty
  device.wires.column_ohm = 20;
  adapt::Arrays arrays = arrays_of(device);
  adapt::ChipForward forward(network(), arrays);
  forward.set_ranges(model.parameters(), {3, 3, 3});
  nn::Parameters& parameters = model.parameters();
  // Whole rows, columns and layers of a polarity are empty at the folding.
  std::map<std::string, std::vector<float>> own;
  for (const auto& layer : forward.layers()) {
    std::vector<float>& weight = parameters.at(layer.name).weight;
    own[layer.name] = weight;
    for (size_t i = 0; i < weight.size(); ++i) {
      weight[i] = layer.name == "fc1" ? -std::abs(weight[i]) : i % 5 == 0 ? weight[i] : 0;
    }
  }
  forward.program(parameters, {3, 3, 3}, true);
  for (const auto& layer : forward.layers()) parameters.at(layer.name).weight = own[layer.name];
  forward.program(parameters, {4, 4, 4}, false);
  for (size_t i = 0; i < forward.layers().size(); ++i) {
    const std::vector<float>& weight = own[forward.layers()[i].name];
    std::vector<float> effective(weight.size());
    forward.effective_weights(i, effective);
    for (size_t at = 0; at < weight.size(); ++at) {
      INFO(forward.layers()[i].name << " " << at << ": " << weight[at] << ", " << effective[at]);
      REQUIRE(std::abs(effective[at] - weight[at]) <= 0.1 * std::abs(weight[at]) + 1e-6);
    }
  }
}

TEST_CASE("ranges are kept on another chip") {
  const adapt::Arrays arrays = arrays_of(everything());
  const nn::Model model(network());
  adapt::ChipForward forward(network(), arrays);
  forward.set_ranges(model.parameters(), {3, 3, 3});
  program(forward, 4);
  const ir::Design design = layout::map(network(), small_tiles());
  twin::AdcOptions given;
  for (const ir::CrossbarChip& each :
       twin::program(design, arrays.device, 3, arrays.images, arrays.adc).crossbars) {
    given.given.push_back({each.stage, each.lsb, each.adc_shift});
  }
  const ir::Chip chip = twin::program(design, arrays.device, 4, arrays.images, given);
  REQUIRE(logits_of(forward, forward.layers().back().out_scale) ==
          twin::Simulator(design, chip).logits(shown()));
}

TEST_CASE("faults that are known stay where they are, and come from a map") {
  const nn::Model model(network());
  const auto weights = [](const adapt::ChipForward& forward) {
    std::vector<float> all(24 * 10);
    forward.effective_weights(2, all);
    return all;
  };
  const auto drawn = [&](double sigma, uint64_t faults, uint64_t cells) {
    ir::Device device;
    device.stuck_low = 0.1;
    device.sigma = sigma;
    adapt::ChipForward forward(network(), arrays_of(device));
    forward.set_ranges(model.parameters(), {3, 3, 3});
    forward.program(model.parameters(), {faults, cells, cells}, true);
    return weights(forward);
  };
  REQUIRE(drawn(0, 5, 6) == drawn(0, 5, 7));
  REQUIRE(drawn(0, 5, 6) != drawn(0, 6, 6));
  REQUIRE(drawn(0.1, 5, 6) != drawn(0.1, 5, 7));

  const tests::TemporaryDir dir;
  ir::Npz map;
  for (const ir::Stage& stage : layout::map(network(), small_tiles()).stages) {
    const auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind);
    if (crossbar == nullptr) continue;
    const auto rows = static_cast<int64_t>(crossbar->rows.size());
    map[stage.name + ".fault"] = ir::Array<uint8_t>{
        {2, 2, rows, stage.out.c}, std::vector<uint8_t>(4 * crossbar->weight.size())};
  }
  // All cells of fc2's first weight.
  auto& faults = std::get<ir::Array<uint8_t>>(map["fc2.fault"]).data;
  for (const size_t cell : {0, 240, 480, 720}) faults[cell] = 1;
  ir::write_npz(dir.path() / "map.npz", map);
  ir::Device device;
  device.fault_map = (dir.path() / "map.npz").string();
  adapt::ChipForward mapped(network(), arrays_of(device));
  mapped.set_ranges(model.parameters(), {1, 1, 1});
  program(mapped, 1);
  const std::vector<float>& own = model.parameters().at("fc2").weight;
  const std::vector<float> all = weights(mapped);
  for (size_t i = 1; i < own.size(); ++i) REQUIRE(std::abs(all[i] - own[i]) < 1e-5);
  REQUIRE(own[0] != 0);
  REQUIRE(all[0] == 0);
  device.fault_map.clear();
  device.conductances = "g.npz";
  REQUIRE_THROWS_AS(adapt::ChipForward(network(), arrays_of(device)), ir::Error);
}

}  // namespace crosstwin
