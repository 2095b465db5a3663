// Seconds to fold the wire resistance of one array, and products a second before and after.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <tbb/global_control.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "compress/ir/rng.hpp"
#include "twin/tile.hpp"
#include "twin/wires.hpp"

namespace {

using namespace crosstwin;

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Products a CPU-second of a chip whose positive and negative cells are g: 8 planes, 8-bit codes.
double products(const std::vector<double>& g, int32_t rows, int32_t cols) {
  const twin::TileShape shape{.rows = rows, .cols = cols, .tile_rows = rows, .slices = 1};
  ir::CrossbarChip chip;
  for (size_t i = 0; i < 2 * g.size(); ++i) {
    chip.g.push_back(static_cast<uint16_t>(std::lround(g[i % g.size()])));
  }
  chip.adc_mult.assign(static_cast<size_t>(cols), 1);
  chip.adc_offset.assign(static_cast<size_t>(cols), 0);
  chip.adc_clip.assign(static_cast<size_t>(cols), 255);
  chip.adc_shift = {8};
  chip.lsb.assign(static_cast<size_t>(cols), 1);
  const twin::FastTile tile(shape, chip);
  ir::Rng rng(2);
  std::vector<int32_t> x;
  for (int32_t r = 0; r < rows; ++r) x.push_back(static_cast<int32_t>(rng.below(256)));
  std::vector<int64_t> y(static_cast<size_t>(cols));
  twin::FastTile::Scratch scratch;
  const double start = cpu_seconds();
  int64_t count = 0;
  for (; cpu_seconds() < start + 0.5; ++count) tile.multiply(x, y, scratch);
  return static_cast<double>(count) / (cpu_seconds() - start);
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<std::string> shapes = {"64x64", "128x64", "128x128", "256x256", "512x512"};
  std::vector<int32_t> threads = {1, 2};
  twin::WireOptions wires{.row_ohm = 1, .column_ohm = 1, .driver_ohm = 50, .sense_ohm = 50};
  int32_t repeats = 5;
  CLI::App app{
      "Folding of wire resistance: 1 ohm a segment, 50 ohm drivers and senses, random cells"};
  app.add_option("--shapes", shapes, "arrays, ROWSxCOLUMNS")->delimiter(',');
  app.add_option("--threads", threads, "thread counts to measure")->delimiter(',');
  app.add_flag("--double-contacts", wires.double_contacts, "contacts at both ends of the wires");
  app.add_option("--repeats", repeats, "measurements a case; the fastest is printed");
  CLI11_PARSE(app, argc, argv);

  for (const std::string& shape : shapes) {
    const size_t cross = shape.find('x');
    const int32_t rows = std::stoi(shape.substr(0, cross));
    const int32_t cols = std::stoi(shape.substr(cross + 1));
    ir::Rng rng(1);
    std::vector<double> g(static_cast<size_t>(rows) * cols);
    for (double& cell : g) cell = 25 + 15.0 * rng.below(16);
    std::vector<double> folded;
    for (const int32_t count : threads) {
      const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, count);
      double wall = 1e9;
      double cpu = 1e9;
      for (int32_t i = 0; i < repeats; ++i) {
        const auto start = std::chrono::steady_clock::now();
        const double cpu_start = cpu_seconds();
        folded = twin::effective_conductances(g, rows, cols, 4e-9, wires);
        wall = std::min(
            wall, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        cpu = std::min(cpu, cpu_seconds() - cpu_start);
      }
      fmt::print(
          "{{\"bench\": \"wires\", \"rows\": {}, \"columns\": {}, \"threads\": {}, "
          "\"seconds\": {:.5f}, \"cpu_seconds\": {:.5f}}}\n",
          rows, cols, count, wall, cpu);
      std::fflush(stdout);
    }
    fmt::print(
        "{{\"bench\": \"wires\", \"rows\": {}, \"columns\": {}, "
        "\"products_per_second_ideal\": {:.0f}, \"products_per_second_folded\": {:.0f}}}\n",
        rows, cols, products(g, rows, cols), products(folded, rows, cols));
  }
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_wires: {}\n", error.what());
  return 1;
}
