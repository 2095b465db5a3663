// Products of one 256 x 256 layer and images of a LeNet-5 a CPU-second, beside CrossSim's cases.
// SPDX-License-Identifier: Apache-2.0
//
// The cases are those of CrossSim's analog core that its users time: _v is a vector a call, _m64 a
// batch of 64. slicesK_serial: K slices, 8-bit inputs bit by bit, 8-bit ADC a bit, ideal cells.
// adc8: one slice, 16-bit cells with programming error, 8-bit inputs at once (_bytes: conductances
// of 8 bits; _signed: the sign plane by itself). irdrop: the same cells with wires of 1 ohm a
// segment folded in, and folds: that folding of both arrays by itself. rnoise: read noise a
// conversion. One thread; prints JSON lines.
#include <sys/resource.h>
#include <tbb/global_control.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "compress/ir/rng.hpp"
#include "tests/twin/random_design.hpp"
#include "twin/device.hpp"
#include "twin/program.hpp"
#include "twin/simulator.hpp"
#include "twin/tile.hpp"
#include "twin/wires.hpp"

namespace crosstwin {

namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Benchmark {
  std::string name;
  std::string unit;
  double items;  // a call of run
  std::function<void()> run;
};

struct Setting {
  int32_t slices = 1;
  bool varied = false;  // cells with programming error
  bool noise = false;
  int32_t dac_bits = 1;
  bool is_signed = true;
  bool wires = false;
  bool bytes = false;  // a single slice's conductances have 8 bits
};

constexpr int32_t kSize = 256;
constexpr double kSiemensPerUnit = 1e-4 / 65535;  // 10 kohm at least

struct Layer {
  twin::TileShape shape;
  ir::CrossbarChip chip;
};

void fold(std::vector<double>& g, const twin::TileShape& shape) {
  twin::fold_layer(g, shape, kSize, kSiemensPerUnit, {.row_ohm = 1, .column_ohm = 1}, "wires");
}

void fold(Layer& layer) {
  std::vector<double> g(layer.chip.g.begin(), layer.chip.g.end());
  fold(g, layer.shape);
  std::transform(g.begin(), g.end(), layer.chip.g.begin(), twin::to_conductance);
}

// Weights of 8 bits, level steps of 15 units (480 for the 127 levels of a single slice, 1 where
// they are to fit a byte), the converter's full scale at a quarter of the largest current.
Layer make_layer(const Setting& setting) {
  ir::Rng rng(7, 7);
  Layer layer;
  layer.shape = {.rows = kSize,
                 .cols = kSize,
                 .tile_rows = kSize,
                 .cell_bits = 8 / setting.slices,
                 .slices = setting.slices,
                 .adc_bits = 8,
                 .planes = setting.dac_bits == 1 ? 8
                           : setting.is_signed   ? 2
                                                 : 1,
                 .dac_bits = setting.dac_bits,
                 .is_signed = setting.is_signed};
  ir::CrossbarChip& chip = layer.chip;
  chip.g.resize(layer.shape.cell(2, 0, 0, 0));
  const int32_t step = setting.slices > 1 ? 15 : setting.bytes ? 1 : 480;
  const int32_t floor = setting.slices > 1 ? 25 : setting.bytes ? 13 : 650;
  const int32_t top = floor + step * (setting.slices > 1 ? (1 << layer.shape.cell_bits) - 1 : 127);
  for (int32_t r = 0; r < kSize; ++r) {
    for (int32_t c = 0; c < kSize; ++c) {
      const int32_t weight = test::between(rng, -127, 127);
      for (int32_t p = 0; p < 2; ++p) {
        for (int32_t s = 0; s < setting.slices; ++s) {
          int32_t g = floor + step * ir::slice_code(weight, p, s, layer.shape.cell_bits);
          if (setting.varied) g += test::between(rng, -g / 30, g / 30);
          chip.g[layer.shape.cell(p, s, r, c)] = static_cast<uint16_t>(g);
        }
      }
    }
  }
  if (setting.wires) fold(layer);
  for (int32_t s = 0; s < setting.slices; ++s) {
    const double full = 0.25 * kSize * top * ((1 << setting.dac_bits) - 1);
    int32_t shift = 0;
    while (shift < 31 && 255 / full * (int64_t{2} << shift) < 4096) ++shift;
    chip.adc_shift.push_back(shift);
    for (int32_t c = 0; c < kSize; ++c) {
      chip.lsb.push_back(1);
      chip.adc_mult.push_back(
          std::max(1, static_cast<int32_t>(255 / full * static_cast<double>(int64_t{1} << shift))));
      chip.adc_offset.push_back(0);
      chip.adc_clip.push_back(255);
    }
    chip.noise_mult.push_back(setting.noise ? 400 : 0);
  }
  chip.noise_shift = setting.noise ? (setting.slices == 1 ? 4 : 12) : 0;
  return layer;
}

void add_layer(std::vector<Benchmark>& benchmarks, const std::string& tag, const Setting& setting) {
  const Layer layer = make_layer(setting);
  const twin::ReadNoise noise(layer.shape, 64, 0, layer.chip, 5);
  const auto tile = std::make_shared<twin::FastTile>(layer.shape, layer.chip, noise);
  const auto scratch = std::make_shared<twin::FastTile::Scratch>();
  ir::Rng rng(8, 8);
  constexpr int32_t kBlock = twin::FastTile::kBlock;
  const int32_t low = setting.is_signed ? -128 : 0;
  // Two blocks make the batch of 64.
  std::vector<int32_t> x(2 * kSize * kBlock);
  for (int32_t& value : x) value = test::between(rng, low, low + 255);
  std::vector<twin::NoisePlace> place;
  for (int32_t i = 0; i < 64; ++i) place.push_back({9, i});
  benchmarks.push_back(
      {"twin_" + tag + "_v", "MVM/s", 1, [=, y = std::vector<int64_t>(kSize)]() mutable {
         tile->multiply(std::span(x).first(kSize), y, *scratch, place[0]);
       }});
  benchmarks.push_back({"twin_" + tag + "_m64", "MVM/s", 64,
                        [=, y = std::vector<int32_t>(kSize * kBlock)]() mutable {
                          for (int32_t half = 0; half < 2; ++half) {
                            tile->multiply_block(x.data() + half * kSize * kBlock, kBlock,
                                                 place.data() + half * kBlock, y.data(), *scratch);
                          }
                        }});
}

void add_folding(std::vector<Benchmark>& benchmarks, const std::string& name,
                 const Setting& setting) {
  const Layer layer = make_layer(setting);
  const std::vector<double> cells(layer.chip.g.begin(), layer.chip.g.end());
  benchmarks.push_back({name, "folds/s", 1, [=, g = std::vector<double>()]() mutable {
                          g = cells;
                          fold(g, layer.shape);
                        }});
}

// LeNet-5 of 6-16-120-84-10 units, random weights, 128 x 64 tiles of two 4-bit slices, 8-bit ADCs.
ir::Design lenet5() {
  ir::Rng rng(9, 9);
  ir::Design design;
  design.name = "lenet5";
  design.input = {1, 28, 28};
  const float all = 2;
  test::add_crossbar(design, rng, "conv1",
                     {.cols = 6, .kernel_h = 5, .kernel_w = 5, .pad = 2, .keep = all});
  test::add_pool(design, "pool1", 8, false);
  test::add_crossbar(design, rng, "conv2", {.cols = 16, .kernel_h = 5, .kernel_w = 5, .keep = all});
  test::add_pool(design, "pool2", 8, false);
  test::add_crossbar(design, rng, "fc1", {.cols = 120, .kernel_h = 5, .kernel_w = 5, .keep = all});
  test::add_crossbar(design, rng, "fc2", {.cols = 84, .keep = all});
  test::add_crossbar(design, rng, "fc3", {.cols = 10, .keep = all, .logits = true});
  return design;
}

void add_network(std::vector<Benchmark>& benchmarks, const std::string& tag, double sigma,
                 double read_noise) {
  const ir::Design design = lenet5();
  ir::Device device;
  device.sigma = sigma;
  device.read_noise = read_noise;
  const std::vector<uint8_t> images = test::random_images(design, 64, 3);
  const auto simulator = std::make_shared<twin::Simulator>(
      design, twin::program(design, device, 4, images, twin::AdcOptions()));
  benchmarks.push_back(
      {"twin_lenet5_" + tag, "img/s", 64, [=] { static_cast<void>(simulator->logits(images)); }});
}

void print(const Benchmark& benchmark, int32_t reps, double seconds) {
  std::vector<double> per_cpu;
  std::vector<double> per_wall;
  double cpu = 0;
  double wall = 0;
  benchmark.run();
  for (int32_t rep = 0; rep < reps; ++rep) {
    const double cpu_start = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    double items = 0;
    // The clock is a system call: not to be read after every vector.
    const bool one = benchmark.unit != "MVM/s";
    while (cpu_seconds() - cpu_start < seconds) {
      const double before = items;
      do {
        benchmark.run();
        items += benchmark.items;
      } while (!one && items < before + 64);
    }
    const double used = cpu_seconds() - cpu_start;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    cpu += used;
    wall += passed.count();
    per_cpu.push_back(items / used);
    per_wall.push_back(items / passed.count());
  }
  const auto middle = [](std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  std::printf(
      "{\"name\": \"%s\", \"figure\": %.5g, \"unit\": \"%s\", \"cpu_s\": %.3f, "
      "\"wall_s\": %.3f, \"threads\": 1, \"best_per_cpu_s\": %.5g, \"per_cpu_s\": %.5g}\n",
      benchmark.name.c_str(), middle(per_wall), benchmark.unit.c_str(), cpu, wall,
      *std::max_element(per_cpu.begin(), per_cpu.end()), middle(per_cpu));
  std::fflush(stdout);
}

}  // namespace

}  // namespace crosstwin

int main(int argc, char** argv) {
  using namespace crosstwin;
  CLI::App app("Crossbar products and images a CPU-second");
  std::string only;
  int32_t reps = 3;
  double seconds = 0.2;
  app.add_option("--only", only, "run only cases whose name contains this");
  app.add_option("--reps", reps, "measurements a case")->check(CLI::PositiveNumber);
  app.add_option("--seconds", seconds, "CPU-seconds a measurement")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  std::vector<Benchmark> benchmarks;
  const auto layer = [&](const std::string& tag, const Setting& setting) {
    if (("twin_" + tag + "_v").find(only) != std::string::npos ||
        ("twin_" + tag + "_m64").find(only) != std::string::npos) {
      add_layer(benchmarks, tag, setting);
    }
  };
  layer("adc8_256", {.varied = true, .dac_bits = 8, .is_signed = false});
  layer("adc8_bytes_256", {.varied = true, .dac_bits = 8, .is_signed = false, .bytes = true});
  layer("adc8_signed_256", {.varied = true, .dac_bits = 7});
  layer("adc8_rnoise_256", {.varied = true, .noise = true, .dac_bits = 8, .is_signed = false});
  layer("slices2_serial_256", {.slices = 2});
  layer("slices4_serial_256", {.slices = 4});
  layer("slices2_serial_rnoise_256", {.slices = 2, .noise = true});
  layer("slices2_serial_varied_256", {.slices = 2, .varied = true});
  layer("irdrop_256", {.varied = true, .dac_bits = 8, .is_signed = false, .wires = true});
  layer("irdrop_serial_256", {.varied = true, .wires = true});
  if (std::string("twin_folds_256").find(only) != std::string::npos) {
    add_folding(benchmarks, "twin_folds_256", {.varied = true});
  }
  const auto network = [&](const std::string& tag, double sigma, double noise) {
    if (("twin_lenet5_" + tag).find(only) != std::string::npos) {
      add_network(benchmarks, tag, sigma, noise);
    }
  };
  network("adc8", 0, 0);
  network("adc8_varied", 0.02, 0);
  network("adc8_varied_rnoise", 0.02, 0.2);
  for (const Benchmark& benchmark : benchmarks) {
    if (benchmark.name.find(only) != std::string::npos) print(benchmark, reps, seconds);
  }
  return 0;
}
