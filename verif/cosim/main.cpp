// The simulator of a generated design: images from a job file in, every logit to a result file.
// SPDX-License-Identifier: Apache-2.0
//
// Compiled by Verilator together with the design, once a design; knows nothing about it but its
// ports.  Vdut JOB RESULT [WATCH FINDINGS [WAVES]]
#include <cstdio>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "Vdut.h"
#include "protocol.hpp"
#include "verilated.h"
#include "watch.hpp"
#ifdef XB_WAVES
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using Waves = VerilatedFstC;
#else
#include "verilated_vcd_c.h"
using Waves = VerilatedVcdC;
#endif
#endif

namespace {

using namespace crosstwin::verif;

constexpr int kResetCycles = 16;

[[noreturn]] void fail(const char* what, const char* file) {
  std::fprintf(stderr, "%s: %s\n", file, what);
  std::exit(1);
}

// SplitMix64: the stalls need speed, not quality.
struct Random {
  uint64_t state;
  uint32_t byte() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return static_cast<uint32_t>(z >> 56);
  }
};

// One side's hesitation: single cycles, and now and then a long pause behind an image.
struct Stall {
  uint32_t chance;  // of a cycle, of 256
  uint64_t pause;   // longest, in cycles
  uint64_t left = 0;
  bool flows(Random& random) {
    if (left > 0) {
      --left;
      return false;
    }
    return chance == 0 || random.byte() >= chance;
  }
  void image_ends(Random& random) {
    if (pause > 0 && random.byte() < 64) left = pause * random.byte() / 256;
  }
};

// A port of up to 64 bits, or Verilator's array of 32-bit words.
template <class T>
void set_pixel(T& port, const uint8_t* bytes, uint32_t count) {
  if constexpr (std::is_integral_v<T>) {
    uint64_t value = 0;
    for (uint32_t at = 0; at < count; ++at) value |= uint64_t{bytes[at]} << (8 * at);
    port = static_cast<T>(value);
  } else {
    for (uint32_t at = 0; at < count; at += 4) {
      uint32_t word = 0;
      for (uint32_t byte = 0; byte < 4 && at + byte < count; ++byte) {
        word |= uint32_t{bytes[at + byte]} << (8 * byte);
      }
      port[at / 4] = word;
    }
  }
}

Watch watch;

}  // namespace

#ifdef XB_PROBE
extern "C" int xb_probe_layer(const char* name) {
  const int layer = watch.find(name);
  if (layer < 0) fail("is no layer of the watch file", name);
  return layer;
}

extern "C" void xb_probe_code(int layer, int row_tile, int column, int plane, int word_index,
                              int code) {
  if (!watch.on) return;
  const auto u = [](int value) { return static_cast<uint32_t>(value); };
  if (!watch.code(layer, u(row_tile), u(column), u(plane), u(word_index), u(code))) {
    std::fprintf(stderr,
                 "layer %d: row tile %d, column %d, plane %d, word %d: no such conversion\n", layer,
                 row_tile, column, plane, word_index);
    std::exit(1);
  }
}

extern "C" void xb_probe_output(int layer, int bits, int data) {
  if (watch.on) watch.beat(layer, bits, static_cast<uint32_t>(data));
}
#endif

int main(int argc, char** argv) {
  if (argc < 3) fail("usage: Vdut JOB RESULT [WATCH FINDINGS [WAVES]]", argv[0]);
  JobHeader job;
  std::FILE* in = std::fopen(argv[1], "rb");
  if (in == nullptr || std::fread(&job, sizeof job, 1, in) != 1 || job.magic != JobHeader::kMagic) {
    fail("is no job file", argv[1]);
  }
  std::vector<uint32_t> load(job.load);
  if (std::fread(load.data(), sizeof(uint32_t), load.size(), in) != load.size()) {
    fail("is cut", argv[1]);
  }
  const size_t image_bytes = size_t{job.pixels} * job.channels;
  std::vector<uint8_t> images(image_bytes * job.images);
  if (std::fread(images.data(), 1, images.size(), in) != images.size()) fail("is cut", argv[1]);
  std::fclose(in);

  if (argc > 4 && !watch.read(argv[3])) fail("is no watch file", argv[3]);

  VerilatedContext context;
  context.randReset(2);
  context.randSeed(static_cast<int>(job.seed & 0x7fffffff) + 1);
  Vdut dut(&context);
#ifdef XB_WAVES
  Waves waves;
  if (argc > 5) {
    context.traceEverOn(true);
    dut.trace(&waves, 99);
    waves.open(argv[5]);
  }
  bool in_window = false;  // while the image of interest is in the design
  const auto dump = [&] {
    context.timeInc(1);
    if (argc > 5 && in_window) waves.dump(context.time());
  };
#else
  const auto dump = [] {};
#endif

  Random random{job.seed};
  Stall input{job.input_idle, job.input_pause};
  Stall output{job.output_busy, job.output_pause};
  std::vector<int32_t> logits;
  std::vector<ImageResult> results;
  std::vector<int32_t> beats;  // of the image now coming out
  const uint64_t total_pixels = uint64_t{job.pixels} * job.images;
  uint64_t pixel = 0;  // offered next
  uint64_t cycle = 0;
  uint64_t last_beat = 0;

  dut.clk_i = 0;
  dut.rst_ni = 0;
  dut.s_axis_tvalid = 0;
  dut.s_axis_tlast = 0;
  dut.m_axis_tready = 0;
#ifdef XB_NOISE
  dut.first_image_i = job.first_image;
#endif
#ifdef XB_WRITABLE
  dut.s_cfg_tvalid = 0;
  dut.s_cfg_tlast = 0;
#endif
  for (int at = 0; at < 2 * kResetCycles; ++at) {
    dut.clk_i = at & 1;
    dut.eval();
    dump();
  }
  dut.rst_ni = 1;
#ifdef XB_WRITABLE
  // No image comes before the last write is done, and the beats stall as the images do.
  for (size_t beat = 0; beat < load.size();) {
    const bool sent = input.flows(random);
    dut.s_cfg_tvalid = sent;
    dut.s_cfg_tdata = load[beat];
    dut.s_cfg_tlast = sent && beat + 1 == load.size();
    for (int clock = 0; clock < 2; ++clock) {
      dut.clk_i = clock;
      dut.eval();
      if (clock == 0 && sent && !dut.s_cfg_tready) fail("s_cfg refuses a beat", argv[0]);
      dump();
    }
    beat += sent ? 1 : 0;
  }
  dut.s_cfg_tvalid = 0;
  dut.s_cfg_tlast = 0;
#else
  if (!load.empty()) fail("has beats for s_cfg, which the design has not", argv[1]);
#endif
  watch.on = argc > 4;

  bool offered = false;
  uint64_t tail = 0;
  while ((results.size() < job.images || tail++ < job.tail) && cycle - last_beat < job.patience &&
         beats.size() <= job.outputs && !context.gotFinish()) {
#ifdef XB_WAVES
    in_window = pixel / job.pixels >= job.wave_image && results.size() <= job.wave_image;
#endif
    if (!offered) {
      offered = pixel < total_pixels && input.flows(random);
      dut.s_axis_tvalid = offered;
      if (offered) {
        set_pixel(dut.s_axis_tdata, images.data() + pixel * job.channels, job.channels);
        dut.s_axis_tlast = pixel % job.pixels == job.pixels - 1;
      }
    }
    dut.m_axis_tready = output.flows(random);
    dut.clk_i = 0;
    dut.eval();
    dump();
    const bool taken = offered && dut.s_axis_tready;
    if (dut.m_axis_tvalid && dut.m_axis_tready) {
      beats.push_back(static_cast<int32_t>(dut.m_axis_tdata));
      last_beat = cycle;
      if (dut.m_axis_tlast) {
        results.push_back(
            {cycle, static_cast<uint32_t>(dut.m_axis_tuser), static_cast<uint32_t>(beats.size())});
        beats.resize(job.outputs);
        logits.insert(logits.end(), beats.begin(), beats.end());
        beats.clear();
        output.image_ends(random);
      }
    }
    dut.clk_i = 1;
    dut.eval();
    dump();
    if (taken) {
      if (++pixel % job.pixels == 0) input.image_ends(random);
      offered = false;
    }
    ++cycle;
  }
  dut.final();
#ifdef XB_WAVES
  waves.close();
#endif

  std::FILE* out = std::fopen(argv[2], "wb");
  if (out == nullptr) fail("cannot be written", argv[2]);
  ResultHeader header;
  header.images = static_cast<uint32_t>(results.size());
  header.cycles = cycle;
  bool written = std::fwrite(&header, sizeof header, 1, out) == 1;
  for (size_t at = 0; at < results.size(); ++at) {
    written =
        written && std::fwrite(&results[at], sizeof results[at], 1, out) == 1 &&
        std::fwrite(&logits[at * job.outputs], sizeof(int32_t), job.outputs, out) == job.outputs;
  }
  if (std::fclose(out) != 0 || !written) fail("cannot be written", argv[2]);

  if (argc > 4 && !watch.write(argv[4])) fail("cannot be written", argv[4]);
  return 0;
}
