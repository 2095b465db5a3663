// `simulate --explain`: every number follows from the ones printed, and is the twin's.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "compress/data/dataset.hpp"
#include "compress/ir/atomic_write.hpp"
#include "compress/ir/npz.hpp"
#include "tests/catch.hpp"
#include "tests/cli/command.hpp"
#include "tests/hwgen/sample_design.hpp"
#include "tests/temporary_dir.hpp"
#include "twin/program.hpp"
#include "twin/simulator.hpp"

namespace crosstwin::tests {
namespace {
using nlohmann::ordered_json;

constexpr const char* kConfig =
    R"({"dataset": {"kind": "digits", "digits_train": 60, "validation": 10, "digits_test": 20},
        "layout": {"tile_rows": 8, "tile_cols": 8}})";

// A run folder with a padded layer, a signed one and one of many row tiles, everything on.
struct RunFolder {
  TemporaryDir dir;
  std::string out = dir / "out";
  data::Dataset test;
  ir::Design design;
  ir::Chip chip;

  RunFolder() {
    data::Source source;
    source.kind = data::Kind::digits;
    source.digits_train = 60;
    source.validation = 10;
    source.digits_test = 20;
    const data::Splits splits = data::load(source);
    test = splits.test;
    test::SampleOptions options;
    options.input = test.shape;
    options.signed_middle = true;
    design = test::sample_design(options);
    ir::Device device = ir::load_device("reram_full");
    device.time = 100;
    device.drift.nu = 0.02;
    device.wires.row_ohm = 3;
    device.read_volt = 0.2;
    chip = twin::program(design, device, 5, splits.train.images);
    ir::save_design(design, dir / "out/design");
    ir::save_chip(chip, dir / "out/chip");
    ir::write_file(dir / "out/config.json", kConfig);
  }

  Outcome explain(const std::string& what, bool json) const {
    std::vector<std::string> words = {"simulate", "--out", out, "--explain", what};
    if (json) words.emplace_back("--json");
    return crosstwin(words);
  }
};

int64_t integer(const ordered_json& json) { return json.get<int64_t>(); }

// Recomputes everything from the structure alone.
void check_numbers(const ordered_json& of) {
  const bool is_signed = of["signed"];
  const auto planes = static_cast<int32_t>(of["planes"]);
  const auto adc_top = (int64_t{1} << integer(of["adc_bits"])) - 1;
  int64_t sum = 0;
  for (const ordered_json& row : of["rows"]) {
    int64_t x = 0;
    for (int32_t b = 0; b < planes; ++b) {
      const int64_t weight = int64_t{1} << b;
      x += integer(row["bits"][static_cast<size_t>(b)]) *
           (is_signed && b == planes - 1 ? -weight : weight);
    }
    CHECK(x == integer(row["x"]));
    int64_t w = 0;
    for (size_t s = 0; s < row["slices"].size(); ++s) {
      const ordered_json& cells = row["slices"][s];
      w += (integer(cells["positive"]["level"]) - integer(cells["negative"]["level"]))
           << (integer(of["cell_bits"]) * static_cast<int64_t>(s));
      for (const char* polarity : {"positive", "negative"}) {
        const ordered_json& cell = cells[polarity];
        CHECK(std::lround(cell["analog_g"].get<double>()) == integer(cell["g"]));
      }
    }
    CHECK(w == integer(row["weight"]));
  }
  for (const ordered_json& pair : of["conversions"]) {
    const auto slice = static_cast<size_t>(integer(pair["slice"]));
    const auto plane = static_cast<size_t>(integer(pair["plane"]));
    const ordered_json& converter = of["converters"][slice];
    const int64_t shift = integer(converter["shift"]);
    int64_t difference = 0;
    int64_t driven = 0;
    for (const char* polarity : {"positive", "negative"}) {
      const ordered_json& code = pair[polarity];
      int64_t current = 0;
      double analog = 0;
      driven = 0;
      for (const ordered_json& row : of["rows"]) {
        if (row["row_tile"] != pair["row_tile"] || integer(row["bits"][plane]) == 0) continue;
        ++driven;
        current += integer(row["slices"][slice][polarity]["g"]);
        analog += row["slices"][slice][polarity]["analog_g"].get<double>();
      }
      CHECK(integer(code["current"]) == current);
      CHECK(code["analog_current"].get<double>() == Approx(analog).epsilon(1e-12).margin(1e-12));
      CHECK(code["analog_microamperes"].get<double>() ==
            Approx(1e6 * of["read_volt"].get<double>() * of["siemens_per_unit"].get<double>() *
                   analog)
                .margin(1e-15));
      const int64_t noise = integer(code["noise"]);
      const int64_t half = shift > 0 ? int64_t{1} << (shift - 1) : 0;
      const int64_t raw =
          ((current + noise) * integer(converter["mult"]) + integer(converter["offset"]) + half) >>
          shift;
      CHECK(integer(code["raw"]) == raw);
      const int64_t clipped =
          std::min(std::clamp<int64_t>(raw, 0, adc_top), integer(converter["clip"]));
      CHECK(integer(code["clipped"]) == clipped);
      const auto inl = [&of](int64_t at) { return integer(of["inl"][static_cast<size_t>(at)]); };
      CHECK(integer(code["code"]) == inl(clipped));
      const double value =
          converter["analog_gain"].get<double>() * (analog + static_cast<double>(noise)) +
          converter["analog_offset"].get<double>();
      CHECK(code["analog_value"].get<double>() == Approx(value).margin(1e-9));
      const auto rounded = static_cast<int64_t>(
          std::clamp(std::floor(code["analog_value"].get<double>() + 0.5), 0.0,
                     static_cast<double>(std::min(adc_top, integer(converter["clip"])))));
      CHECK(integer(code["analog_code"]) == inl(rounded));
      CHECK(integer(code["within"][0]) <= integer(code["code"]));
      CHECK(integer(code["code"]) <= integer(code["within"][1]));
      difference += (polarity == std::string("positive") ? 1 : -1) * integer(code["code"]);
    }
    CHECK(integer(pair["driven"]) == driven);
    const int64_t digit = int64_t{1} << plane;
    const int64_t weight =
        (is_signed && static_cast<int32_t>(plane) == planes - 1 ? -digit : digit) *
        integer(converter["lsb"]) *
        (int64_t{1} << (integer(of["cell_bits"]) * static_cast<int64_t>(slice)));
    CHECK(integer(pair["weight"]) == weight);
    CHECK(integer(pair["share"]) == weight * difference);
    sum += weight * difference;
  }
  CHECK(integer(of["sum"]) == sum);
  CHECK(std::abs(of["analog_sum"].get<double>() - static_cast<double>(sum)) <=
        of["sum_bound"].get<double>());
  const int64_t v = sum + integer(of["bias"]);
  CHECK(integer(of["v"]) == v);
  if (!of.contains("requantizer")) {
    CHECK(integer(of["output"]) == v);
    return;
  }
  const ordered_json& by = of["requantizer"];
  const int64_t scaled = (v * integer(by["mult"]) + (int64_t{1} << (integer(by["shift"]) - 1))) >>
                         integer(by["shift"]);
  CHECK(integer(of["output"]) ==
        std::clamp<int64_t>(scaled, integer(by["low"]), integer(by["high"])));
}

// Codes and output are those of the twin's trace.
void check_trace(const ordered_json& of, const twin::StageTrace& trace) {
  for (const ordered_json& pair : of["conversions"]) {
    for (int32_t p = 0; p < 2; ++p) {
      CHECK(integer(pair[p == 0 ? "positive" : "negative"]["code"]) ==
            trace.adc.code(of["position"], pair["row_tile"], of["column"], pair["plane"],
                           pair["slice"], p));
    }
  }
  CHECK(static_cast<int32_t>(of["conversions"].size()) * 2 ==
        trace.adc.row_tiles * trace.adc.planes * trace.adc.slices * 2);
  const size_t at =
      static_cast<size_t>(integer(of["position"]) * integer(of["columns"]) + integer(of["column"]));
  CHECK(integer(of["output"]) == trace.output[at]);
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

bool is_shown(const ordered_json& pair) {
  return integer(pair["driven"]) > 0 || integer(pair["share"]) != 0;
}

TEST_CASE("every number that --explain gives recomputes from the others and is the twin's") {
  const RunFolder run;
  const twin::Simulator simulator(run.design, run.chip);
  const int64_t pixels = run.design.input.size();
  for (const std::string what : {"conv1,0,0,0", "conv1,2,7", "conv2,3,7", "fc,4,19", "fc,0,3,0"}) {
    INFO(what);
    const Outcome outcome = run.explain(what, true);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    const ordered_json of = parse(outcome);
    check_numbers(of);
    const int64_t image = integer(of["image"]);
    const twin::Trace trace = simulator.trace(
        std::span(run.test.images).subspan(image * pixels, pixels), static_cast<uint32_t>(image));
    for (const twin::StageTrace& stage : trace.stages) {
      if (stage.stage == of["layer"]) check_trace(of, stage);
    }
    CHECK(of["label"] == run.test.labels[static_cast<size_t>(image)]);
  }
  // No record of a step, and no setting, is left behind.
  CHECK(!std::filesystem::exists(run.dir / "out/results"));
  CHECK(ir::read_file(run.dir / "out/config.json") == kConfig);
}

TEST_CASE("the text of --explain shows the numbers of its JSON") {
  const RunFolder run;
  for (const std::string what : {"conv1,2,7", "conv2,3,7", "fc,4,19"}) {
    INFO(what);
    const ordered_json of = parse(run.explain(what, true));
    const Outcome text = run.explain(what, false);
    REQUIRE(text.status == 0);
    INFO(text.out);
    CHECK_THAT(text.out, contains(fmt::format("position {} of {}", integer(of["position"]),
                                              integer(of["positions"]))) &&
                             contains("device reram_full, seed 5, a unit") &&
                             contains("read at 0.2 V") &&
                             contains(fmt::format("Y = {}, the sum", integer(of["sum"]))) &&
                             contains(fmt::format("{}\n", integer(of["output"]))));
    // The lines of the conversions, folded ones apart.
    std::istringstream lines(text.out.substr(text.out.find("Conversions:")));
    std::string line;
    for (int skip = 0; skip < 3; ++skip) std::getline(lines, line);
    size_t at = 0;
    size_t seen = 0;
    int64_t sum = 0;
    const ordered_json& pairs = of["conversions"];
    while (std::getline(lines, line) && line.find("no driven row") == std::string::npos &&
           !line.empty()) {
      const std::vector<std::string> words = words_of(line);
      if (words[0] == "...") {
        const size_t hidden = std::stoul(words[1]);
        sum += std::stoll(words[3]);
        for (size_t skipped = 0; skipped < hidden; ++at) skipped += is_shown(pairs[at]) ? 1 : 0;
        continue;
      }
      while (!is_shown(pairs[at])) ++at;
      const ordered_json& pair = pairs[at++];
      CHECK(words[0] == std::to_string(integer(pair["row_tile"])));
      CHECK(words[1] == std::to_string(integer(pair["plane"])));
      CHECK(words[2] == std::to_string(integer(pair["slice"])));
      CHECK(words[4] == std::to_string(integer(pair["positive"]["current"])));
      CHECK(words[5] == std::to_string(integer(pair["positive"]["noise"])));
      CHECK(words[7] ==
            fmt::format("{:.3f}", pair["positive"]["analog_microamperes"].get<double>()));
      CHECK(words[9] == std::to_string(integer(pair["positive"]["raw"])));
      CHECK(words.back() == std::to_string(integer(pair["share"])));
      sum += integer(pair["share"]);
      ++seen;
    }
    CHECK(seen > 10);
    CHECK(sum == integer(of["sum"]));
  }
  CHECK_THAT(run.explain("fc,4,19", false).out, contains("... 144 pairs, "));
}

TEST_CASE("a chip of measured cells is explained from its file") {
  const RunFolder run;
  ir::Npz arrays;
  for (const ir::CrossbarChip& crossbar : run.chip.crossbars) {
    const auto slices = static_cast<int64_t>(run.design.layout.slices);
    const auto cols = static_cast<int64_t>(crossbar.adc_mult.size()) / slices;
    const auto rows = static_cast<int64_t>(crossbar.g.size()) / (2 * slices * cols);
    ir::Array<double> g{{2, slices, rows, cols}, {}};
    for (const uint16_t units : crossbar.g) g.data.push_back(units + 0.25);
    arrays[crossbar.stage + ".g"] = g;
  }
  ir::write_npz(run.dir / "out/cells.npz", arrays);
  ir::Device device;
  device.conductances = run.dir / "out/cells.npz";
  device.conductances_in = ir::ConductanceUnit::kUnits;
  ir::save_chip(twin::program(run.design, device, 1, {}, {twin::AdcRange::kWorstCase}),
                run.dir / "out/chip");
  const auto explain = [&run](const std::string& member) {
    ir::write_file(run.dir / "out/config.json",
                   R"({"dataset": {"kind": "digits", "digits_train": 60, "validation": 10,
                       "digits_test": 20}, "layout": {"tile_rows": 8, "tile_cols": 8},
                       "chip": {"device": {)" +
                       member + "}}}");
    return run.explain("conv2,0,0", true);
  };
  const Outcome found = explain(R"("conductances": "cells.npz", "conductances_in": "units")");
  INFO(found.err);
  REQUIRE(found.status == 0);
  const ordered_json cell = parse(found)["rows"][0]["slices"][0]["positive"];
  CHECK(cell["analog_g"].get<double>() == cell["g"].get<double>() + 0.25);
  const Outcome missing = explain("");
  CHECK(missing.status == 1);
  CHECK_THAT(missing.err, contains("chip.device.conductances") && contains("cells.npz"));
}

TEST_CASE("a wrong request to explain is named with what there is") {
  const RunFolder run;
  const auto refusal = [&run](const std::string& what) {
    const Outcome outcome = run.explain(what, false);
    CHECK(outcome.status == 1);
    CHECK_THAT(outcome.err, contains("--explain"));
    return outcome.err;
  };
  CHECK_THAT(refusal("conw1,0,0"), contains("no such layer") && contains("conv1, conv2, fc") &&
                                       contains("did you mean \"conv1\"?"));
  CHECK_THAT(refusal("pool1,0,0"), contains("has no crossbar"));
  CHECK_THAT(refusal("conv1,3,0"), contains("COLUMN of conv1") && contains("0..2"));
  CHECK_THAT(refusal("conv1,-1,0"), contains("COLUMN of conv1"));
  CHECK_THAT(refusal("conv1,0,20"), contains("IMAGE of the test split") && contains("0..19"));
  CHECK_THAT(refusal("fc,0,0,1"), contains("POSITION of fc") && contains("0..0"));
  CHECK_THAT(refusal("conv1,0"), contains("LAYER,COLUMN,IMAGE[,POSITION]"));
  CHECK_THAT(refusal("conv1,x,0"), contains("COLUMN is no number"));
  CHECK_THAT(refusal("conv1,0,0,"), contains("POSITION is no number"));
  ir::Chip bent = run.chip;
  bent.crossbars[1].g[3] ^= 1;
  ir::save_chip(bent, run.dir / "out/chip");
  CHECK_THAT(run.explain("conv1,0,0", false).err,
             contains("stage conv2, cell 3") && contains("crosstwin program"));
}

}  // namespace
}  // namespace crosstwin::tests
