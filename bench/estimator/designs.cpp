// The designs that the resource estimate is calibrated with: their RTL, and their features.
// SPDX-License-Identifier: Apache-2.0
//
//   bench_estimator list FAMILY | emit NAME DIR | features | tiles | parts
//
// list: names, one a line, each with `place` for the table of tiles or `pack`. emit: one design's
// RTL. features: a CSV line a design and family, the features of hwgen/plan/estimate.hpp and what
// is estimated. tiles and parts: the rows and the columns of the
// table. A module stands in a harness, which is
// counted in its features.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "bench/estimator/harness.hpp"
#include "bench/estimator/subjects.hpp"
#include "compress/ir/error.hpp"

using namespace crosstwin;

namespace {

constexpr ir::PartFamily kFamilies[] = {ir::PartFamily::kIce40, ir::PartFamily::kUp5k,
                                        ir::PartFamily::kEcp5, ir::PartFamily::kGowin};

void list(const std::string& family_name) {
  const ir::PartFamily family = ir::part_family(family_name, "FAMILY");
  for (const bench::Subject& s : bench::subjects()) {
    if (!bench::measured_on(s, family)) continue;
    fmt::print("{} {}\n", s.name, s.row.empty() ? "pack" : "place");
  }
}

void emit(const std::string& name, const std::string& dir) {
  for (const bench::Subject& s : bench::subjects()) {
    if (s.name != name) continue;
    bench::emit_subject(s, dir);
    return;
  }
  throw ir::Error({.where = name, .what = "is no design of this program"});
}

void features() {
  fmt::print("name,family,{},registers,lut,ff,bram,dsp\n", fmt::join(hwgen::kFeatureNames, ","));
  for (const bench::Subject& s : bench::subjects()) {
    const hwgen::Structure structure = bench::structure_of(s);
    for (const ir::PartFamily family : kFamilies) {
      const hwgen::Resources r = hwgen::estimate(structure, family);
      fmt::print("{},{},{:.1f},{:.1f},{:.0f},{:.0f},{},{}\n", s.name, ir::to_string(family),
                 fmt::join(hwgen::features(structure, family), ","),
                 hwgen::registers(structure, family), r.lut, r.ff, r.bram, r.dsp);
    }
  }
}

void tiles() {
  fmt::print("name,form,rows,cols,cycles\n");
  for (const bench::Subject& s : bench::subjects()) {
    if (s.row.empty()) continue;
    fmt::print("{},\"{}\",{},{},{}\n", s.name, s.row, s.shape.rows, s.shape.cols,
               bench::cycles_a_product(s));
  }
}

void parts() {
  fmt::print("family,title,lut,ff,bram,dsp\n");
  for (const char* device : {"hx8k", "up5k", "25k", "gw1n-9c"}) {
    const ir::Part& part = ir::find_part(device, device);
    fmt::print("{},{},{},{},{},{}\n", ir::to_string(part.family), part.title, part.lut, part.ff,
               part.bram, part.dsp);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() == 2 && words[0] == "list") {
      list(words[1]);
    } else if (words.size() == 3 && words[0] == "emit") {
      emit(words[1], words[2]);
    } else if (words == std::vector<std::string>{"features"}) {
      features();
    } else if (words == std::vector<std::string>{"tiles"}) {
      tiles();
    } else if (words == std::vector<std::string>{"parts"}) {
      parts();
    } else {
      std::fputs("usage: bench_estimator list FAMILY | emit NAME DIR | features | tiles | parts\n",
                 stderr);
      return 1;
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
