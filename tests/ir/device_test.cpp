// Device files: read, written, patched, and what is wrong with them said in its place.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/device.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/device_arrays.hpp"
#include "compress/ir/device_json.hpp"
#include "compress/ir/npz.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"

using namespace crosstwin::ir;
using crosstwin::tests::contains;
using crosstwin::tests::message_of;
using crosstwin::tests::TemporaryDir;

namespace {

Device parse(const std::string& members) {
  const nlohmann::json document = parse_json(R"({"name": "x", )" + members + "}", "d.json");
  return read_device(JsonReader(document, "d.json"));
}

std::string error_of(const std::string& members) {
  return message_of([&] { parse(members); });
}

// One crossbar "fc" of two kept rows and three columns; two slices.
Design small_design() {
  Design design;
  design.name = "small";
  design.input = {2, 1, 1};
  const Crossbar dense{1,         1,    1,  0,  {0, 0}, {0, 1}, {1, -127, 5, 0, 16, 2},
                       {0, 1, 2}, true, {}, {}, 0,      0};
  design.stages.push_back({"fc", {"input"}, {2, 1, 1}, {3, 1, 1}, 8, false, dense});
  return design;
}

std::vector<double> conductances(const Device& device) {
  const Design design = small_design();
  return DeviceArrays(device).conductances(design, design.stages[0]);
}

std::vector<uint8_t> faults(const Device& device) {
  const Design design = small_design();
  return DeviceArrays(device).faults(design, design.stages[0]);
}

Array<double> twelve_pairs() {
  Array<double> g{{2, 2, 2, 3}, {}};
  for (int i = 0; i < 24; ++i) g.data.push_back(4e-9 * (100 + i));
  return g;
}

}  // namespace

TEST_CASE("every member of a device file arrives, and is written as it was read") {
  const std::string members =
      R"("levels": 4, "g_min": 25, "g_step": 15, "level_mean": [1, 2.5, 7, 30],
    "lognormal": true, "stuck_low": 0.1, "stuck_high": 0.2, "adc_gain_sigma": 0.01,
    "adc_offset_sigma": 2, "adc_inl": 1.5, "read_noise": 0.25, "level_sigma": [0.1, 0.2, 0.3, 0.4],
    "cell_noise_level": [0, 0.01, 0.02, 0.3],
    "adc_form": "ramp", "siemens_per_unit": 1e-8, "read_volt": 0.2, "read_seconds": 1e-8,
    "write_verify": {"max_pulses": 20, "tolerance": 0.1, "gain": 0.7, "pulse_sigma": 0.3,
                     "read_sigma": 0.05, "pulse_volt": 2, "pulse_seconds": 1e-7},
    "time": 3600, "drift": {"t0": 20, "nu": 0.0, "nu_sigma": 0.0, "level_nu": [0.1, 0.2, 0.3, 0.4],
                            "level_nu_sigma": [0, 0, 0, 0.1]},
    "retention": {"tau": 1e6, "beta": 0.5, "g": 3},
    "wires": {"row_ohm": 1.5, "column_ohm": 2, "driver_ohm": 100, "sense_ohm": 50,
              "contacts": "double", "pairs": "interleaved"})";
  const Device device = parse(members);
  CHECK(device.levels == 4);
  CHECK(device.level_sigma[3] == 0.4);
  CHECK(device.write_verify.max_pulses == 20);
  CHECK(device.write_verify.pulse_seconds == 1e-7);
  CHECK(device.drift.level_nu_sigma[3] == 0.1);
  CHECK(device.retention.g == 3);
  CHECK(device.read_volt == 0.2);
  CHECK(device.read_seconds == 1e-8);
  CHECK(device.wires.column_ohm == 2);
  CHECK(device.wires.contacts == Contacts::kDouble);
  CHECK(device.place("sigma") == "d.json: $.sigma");
  const auto expected = nlohmann::json::parse(R"({"name": "x", "sigma": 0.0, )" + members + "}");
  CHECK(nlohmann::json(device_json(device)) == expected);
  const Device files = parse(R"("fault_map": "f.npz", "conductances": "g.npz",
                                "conductances_in": "units")");
  CHECK(device_json(files)["fault_map"] == "f.npz");
  CHECK(device_json(files)["conductances"] == "g.npz");
  CHECK(device_json(files)["conductances_in"] == "units");
}

TEST_CASE("a device without the later members is written without them") {
  const nlohmann::ordered_json document = device_json(load_device("reram_full"));
  std::vector<std::string> keys;
  for (const auto& [key, value] : document.items()) keys.push_back(key);
  CHECK(keys == std::vector<std::string>{"name", "levels", "g_min", "g_step", "level_mean", "sigma",
                                         "lognormal", "stuck_low", "stuck_high", "adc_gain_sigma",
                                         "adc_offset_sigma", "adc_inl", "read_noise"});
}

TEST_CASE("the number of measured levels and g_max spare levels and g_step") {
  CHECK(parse(R"("level_mean": [1, 2, 4])").levels == 3);
  const Device even = parse(R"("levels": 16, "g_min": 10, "g_max": 310)");
  CHECK(even.g_step == 20);
  CHECK(even.level_mean.empty());
  const Device odd = parse(R"("levels": 3, "g_min": 10, "g_max": 15)");
  CHECK(odd.level_mean == std::vector<double>{10, 12.5, 15});
}

TEST_CASE("a wrong device file is an error with file and place") {
  const std::pair<const char*, const char*> cases[] = {
      {R"("sigma": -0.1)", "d.json: $.sigma: out of range"},
      {R"("level_sigma": [-1])", "d.json: $.level_sigma[0]: out of range"},
      {R"("levels": 2, "level_mean": [1, 2], "level_sigma": [1])",
       "d.json: $.level_sigma: wrong length (expected 2, one a level, got 1)"},
      {R"("g_min": 300, "g_max": 200)",
       "d.json: $.g_max: not above g_min (expected more than 300, got 200)"},
      {R"("g_max": 200, "g_step": 3)", "d.json: $.g_max: given beside g_step"},
      {R"("g_min": 100, "g_step": 60000)", "d.json: $.g_step: the top level is out of range"},
      {R"("level_mean": [10, 30, 20])",
       "d.json: $.level_mean[2]: out of order (expected more than 30.0, got 20.0)"},
      {R"("levels": 16, "level_mean": [10, 30])", "d.json: $.level_mean: wrong length"},
      {R"("level_mean": [10])", "d.json: $.levels: out of range"},
      {R"("stuck_low": 0.7, "stuck_high": 0.6)", "d.json: $.stuck_high: stuck_low + stuck_high"},
      {R"("sigma": 0.1, "levels": 2, "level_sigma": [1, 1])",
       "d.json: $.sigma: given beside level_sigma"},
      {R"("cell_noise": -0.1)", "d.json: $.cell_noise: out of range"},
      {R"("levels": 2, "cell_noise_level": [0, -1])",
       "d.json: $.cell_noise_level[1]: out of range"},
      {R"("levels": 2, "cell_noise_level": [1])",
       "d.json: $.cell_noise_level: wrong length (expected 2, one a level, got 1)"},
      {R"("cell_noise": 0.1, "levels": 2, "cell_noise_level": [1, 1])",
       "d.json: $.cell_noise: given beside cell_noise_level"},
      {R"("g_min": 0, "lognormal": true, "levels": 2, "level_sigma": [1, 1])",
       "d.json: $.level_sigma[0]: a log-normal level of mean 0"},
      {R"("stuck_low": 0.1, "fault_map": "f.npz")", "d.json: $.fault_map: given beside stuck_low"},
      {R"("sigma": 0.1, "conductances": "g.npz")",
       "d.json: $.conductances: measured cells are not"},
      {R"("conductances_in": "ohm")", "d.json: $.conductances_in: unknown word"},
      {R"("drift": {"mu": 1})",
       "d.json: $.drift: unknown key (expected one of t0, nu, nu_sigma, level_nu, level_nu_sigma, "
       "got \"mu\"); did you mean \"nu\"?"},
      {R"("drift": {"t0": 0})", "d.json: $.drift.t0: out of range"},
      {R"("drift": {"level_nu": [0.1]})", "d.json: $.drift.level_nu: wrong length"},
      {R"("write_verify": {"gain": 0.5})", "d.json: $.write_verify: missing member"},
      {R"("wires": {"row_ohm": -1})", "d.json: $.wires.row_ohm: out of range"},
      {R"("wires": {"row_ohm": 1e-320})",
       "d.json: $.wires.row_ohm: too small a resistance to compute with (expected 0, or at least "
       "1e-100, got 1e-320); 0 is an ideal wire"},
      {R"("wires": {"sense_ohm": 1e-101})", "d.json: $.wires.sense_ohm: too small a resistance"},
      {R"("levels": 2, "drift": {"nu": 0.1, "level_nu": [0.1, 0.2]})",
       "d.json: $.drift.nu: given beside level_nu (expected one of the two, got 0.1); leave it "
       "out"},
      {R"("levels": 2, "drift": {"nu_sigma": 0.1, "level_nu_sigma": [0.1, 0.2]})",
       "d.json: $.drift.nu_sigma: given beside level_nu_sigma (expected one of the two, got 0.1)"},
      {R"("g_min": 7, "level_mean": [10, 30, 40])",
       "d.json: $.g_min: given beside level_mean (expected one of the two, got 7"},
      {R"("g_step": 7, "level_mean": [10, 30, 40])",
       "d.json: $.g_step: given beside level_mean (expected one of the two, got 7"},
      {R"("g_max": 70, "level_mean": [10, 30, 40])",
       "d.json: $.g_max: given beside level_mean (expected one of the two"},
      {R"("wires": {"pairs": "both"})", "d.json: $.wires.pairs: unknown word"},
      {R"("adc_form": "flash")",
       "d.json: $.adc_form: unknown word (expected \"any\" or \"ramp\" or \"sar\""},
      {R"("adc_mismatch": 0.1, "adc_form": "ramp")",
       "d.json: $.adc_mismatch: the converters have no capacitors"},
      {R"("adc_inl": 1, "adc_form": "sar")", "d.json: $.adc_inl: the non-linearity of adc_form"},
      {R"("read_seconds": 1e-8)", "d.json: $.read_seconds: given without read_volt"},
      {R"("read_volt": -1)", "d.json: $.read_volt: out of range"},
      {R"("retention": 5)", "d.json: $.retention: wrong type"},
      {R"("sigmo": 1)", "did you mean \"sigma\"?"}};
  for (const auto& [members, expected] : cases) CHECK_THAT(error_of(members), contains(expected));
  CHECK(error_of(R"("sigma": 0.1)").empty());
}

TEST_CASE("a member is set by its dotted path as the file would set it") {
  Device device = load_device("pcm_joshi");
  set_device_member(device, "time", 3600);
  set_device_member(device, "drift.t0", 10);
  set_device_member(device, "read_noise", 0.5);
  set_device_member(device, "cell_noise", 0.05);
  set_device_member(device, "adc_offset_sigma", 2);
  CHECK(device.time == 3600);
  CHECK(device.drift.t0 == 10);
  CHECK(device.drift.level_nu.size() == 16);
  CHECK(device.read_noise == 0.5);
  CHECK(device.cell_noise == 0.05);
  CHECK_FALSE(device.ideal());
  CHECK(device.adc_offset_sigma == 2);
  Device plain;
  set_device_member(plain, "g_max", 325);
  CHECK(plain.g_step == 20);
  set_device_member(plain, "wires.row_ohm", 2.5);
  CHECK(plain.wires.row_ohm == 2.5);
  set_device_member(plain, "write_verify.max_pulses", 9);
  CHECK(plain.write_verify.max_pulses == 9);
  const auto error = [&](const char* path, double value) {
    return message_of([&] { set_device_member(plain, path, value); });
  };
  CHECK_THAT(error("sigme", 0.1), contains("device ideal: $: unknown key"));
  CHECK_THAT(error("sigme", 0.1), contains("did you mean \"sigma\"?"));
  CHECK_THAT(error("drift.nv", 0.1), contains("did you mean \"nu\"?"));
  CHECK_THAT(error("sigma", -1), contains("device ideal: $.sigma: out of range"));
  CHECK_THAT(message_of([&] { set_device_member(device, "drift.nu", 0.25); }),
             contains("device pcm_joshi: $.drift.nu: given beside level_nu (expected one of the "
                      "two, got 0.25); leave it out, or level_nu [] lets it hold for all levels"));
  CHECK_THAT(error("levels", 2.5), contains("$.levels: wrong type"));
  CHECK_THAT(error("sigma.x", 1), contains("$.sigma: wrong type"));
  CHECK_THAT(error("", 1), contains("unknown key"));
  CHECK(plain.sigma == 0);
  const nlohmann::json patch = {{"level_mean", {1, 2, 4}}, {"drift", {{"nu", 0.1}}}};
  const Device patched = patch_device(plain, JsonReader(patch, "p.json"));
  CHECK(patched.levels == 3);
  CHECK(patched.drift.nu == 0.1);
  CHECK(patched.write_verify.max_pulses == 9);
}

TEST_CASE("what overrides another member stands where it is as the project writes it") {
  // Defaults beside the lists, what g_max leaves beside its levels, and every preset, as a
  // configuration or a copy of it in a file holds them.
  for (const char* members :
       {R"("g_min": 25, "g_step": 15, "level_mean": [1, 2, 4])",
        R"("levels": 3, "g_min": 10, "g_max": 15)", R"("levels": 16, "g_min": 0, "g_max": 1000)",
        R"("levels": 3, "g_min": 10, "g_max": 11)",
        R"("levels": 2, "drift": {"nu": 0, "level_nu": [0.1, 0.2], "level_nu_sigma": []})"}) {
    const Device device = parse(members);
    const nlohmann::json document = device_json(device);
    CHECK(nlohmann::json(device_json(read_device(JsonReader(document, "c.json")))) == document);
  }
  for (const char* name : {"ideal", "reram", "reram_full", "reram_wan", "pcm_joshi"}) {
    const nlohmann::json document = device_json(load_device(name));
    CHECK(nlohmann::json(device_json(read_device(JsonReader(document, "c.json")))) == document);
  }
  // A chip's record is not refused for what once was passed over.
  const nlohmann::json old = {{"name", "x"},
                              {"g_min", 7},
                              {"level_mean", {1, 2, 4}},
                              {"drift", {{"nu", 1}, {"level_nu", {1, 2, 3}}}}};
  CHECK(read_device_record(JsonReader(old, "chip.json")).g_min == 7);
  CHECK_THAT(message_of([&] { read_device(JsonReader(old, "d.json")); }), contains("given beside"));
}

TEST_CASE("a patch that a list by level would override is refused") {
  const Device measured = parse(R"("level_mean": [10, 30, 60])");
  const auto patched = [&measured](const nlohmann::json& patch) {
    return patch_device(measured, JsonReader(patch, "p.json"));
  };
  const auto error = [&patched](const nlohmann::json& patch) {
    return message_of([&] { patched(patch); });
  };
  // 25 is the default: it would do nothing here, as any other.
  for (const int g_min : {10, 25, 40}) {
    CHECK_THAT(error({{"g_min", g_min}}), contains("p.json: $.g_min: the device has measured"));
  }
  CHECK_THAT(error({{"g_step", 15}}), contains("p.json: $.g_step: the device has measured levels"));
  CHECK(patched({{"g_min", 5}, {"level_mean", nlohmann::json::array()}}).g_min == 5);
  CHECK(patched({{"g_min", 5}, {"g_max", 35}}).level_mean.empty());
  // New levels take the place of a linear grid.
  const nlohmann::json levels = {{"level_mean", {1, 2, 4}}};
  const Device wan = patch_device(parse(R"("g_min": 10, "g_step": 26)"), JsonReader(levels, "p"));
  const nlohmann::json document = device_json(wan);
  CHECK(read_device(JsonReader(document, "c.json")).level_mean == wan.level_mean);
}

TEST_CASE("a device that is no file is refused with what it may be") {
  const TemporaryDir dir;
  const auto error = [](const std::string& name) { return message_of([&] { load_device(name); }); };
  CHECK_THAT(error(""), contains("device: no name is given (expected a JSON file, or a preset: "
                                 "ideal, reram") &&
                            contains("got \"\""));
  CHECK_THAT(error(dir.path().string()),
             contains(dir.path().string() + ": is a folder, no device file (expected a JSON file"));
  CHECK_THAT(error("rerem.json"), contains("rerem.json: no such device file"));
  write_file(dir / "d.json", R"({"name": ""})");
  CHECK_THAT(error((dir / "d.json").string()), contains("d.json: $.name: an empty name"));
  write_file(dir / "d.json", R"({"name": "x", "sigma": })");
  CHECK_THAT(error((dir / "d.json").string()),
             contains("d.json:1:24: not valid JSON (expected a value, got '}'); correct it there"));
  write_file(dir / "d.json", R"({"name": "x", "sigma": 0.1, "sigma": 0.2})");
  CHECK_THAT(error((dir / "d.json").string()), contains("d.json:1:29: given twice"));
}

TEST_CASE("of more levels than are needed evenly spaced ones are used, of fewer none") {
  Device device = parse(R"("levels": 32, "g_min": 10, "g_step": 2)");
  Device used = with_levels(device, 16);
  CHECK(used.levels == 16);
  CHECK(used.g_step == 4);
  device = parse(R"("level_mean": [1, 2, 4, 8, 16, 32, 64], "level_sigma": [1, 2, 3, 4, 5, 6, 7],
                    "drift": {"level_nu": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]})");
  used = with_levels(device, 4);
  CHECK(used.level_mean == std::vector<double>{1, 4, 16, 64});
  CHECK(used.level_sigma == std::vector<double>{1, 3, 5, 7});
  CHECK(used.drift.level_nu == std::vector<double>{0.1, 0.3, 0.5, 0.7});
  check_device(used, "used");
  CHECK_THAT(message_of([&] { with_levels(device, 8); }),
             contains("d.json: $.levels: the device has fewer levels than a slice needs (expected "
                      "at least 8 (2^layout.cell_bits), got 7)"));
}

TEST_CASE("presets are known by name and are what their papers say") {
  for (const char* name : {"ideal", "reram", "reram_full", "reram_wan", "pcm_joshi"}) {
    const Device device = load_device(name);
    CHECK(device.name == name);
    CHECK_THAT(kDevicePresets, contains(name));
    check_device(device, name);
  }
  CHECK_THAT(message_of([] { load_device("pcm_josh"); }), contains(kDevicePresets));
  const Device pcm = load_device("pcm_joshi");
  // At 25 uS: programming error 1.055 uS, drift exponent 0.049 +- 0.008; at 1/15 of it 0.389 uS,
  // 0.0664 +- 0.0280.
  const double micro = 1e6 * pcm.siemens_per_unit;
  CHECK(240 * micro == Approx(25));
  CHECK(pcm.level_sigma[15] * micro == Approx(1.05538));
  CHECK(pcm.level_sigma[1] * micro == Approx(0.389266));
  CHECK(pcm.drift.level_nu[15] == Approx(0.049));
  CHECK(pcm.drift.level_nu_sigma[15] == Approx(0.008));
  CHECK(pcm.drift.level_nu[1] == Approx(0.0663748));
  CHECK(pcm.drift.level_nu_sigma[1] == Approx(0.0279506));
  const Device wan = load_device("reram_wan");
  CHECK(wan.g_min * wan.siemens_per_unit == Approx(1e-6));
  CHECK((wan.g_min + 15 * wan.g_step) * wan.siemens_per_unit == Approx(40e-6));
  CHECK(wan.level_sigma[15] * wan.siemens_per_unit == Approx(1.103e-6));
  CHECK(wan.level_sigma[0] * wan.siemens_per_unit == Approx(0.722046e-6));
}

TEST_CASE("paths in a device file are relative to the file") {
  const TemporaryDir dir;
  write_file(dir / "a/d.json", R"({"name": "x", "fault_map": "../f.npz"})");
  CHECK(load_device((dir / "a/d.json").string()).fault_map == (dir / "f.npz").string());
}

TEST_CASE("measured conductances are read from an NPZ file, in siemens or units") {
  const TemporaryDir dir;
  const std::string file = (dir / "g.npz").string();
  write_npz(file, {{"fc.g", twelve_pairs()}});
  Device device;
  device.conductances = file;
  const std::vector<double> g = conductances(device);
  REQUIRE(g.size() == 24);
  CHECK(g[0] == Approx(100));
  CHECK(g[23] == Approx(123));
  device.conductances_in = ConductanceUnit::kUnits;
  write_npz(file, {{"fc.g", Array<uint16_t>{{2, 2, 2, 3}, std::vector<uint16_t>(24, 7)}}});
  CHECK(conductances(device) == std::vector<double>(24, 7));
}

TEST_CASE("wrong measured arrays are errors with file and place") {
  const TemporaryDir dir;
  const std::string file = (dir / "g.npz").string();
  Device device;
  device.source = "d.json: $";
  device.conductances = file;
  const auto error = [&](const Npz& npz) {
    write_npz(file, npz);
    return message_of([&] { conductances(device); });
  };
  Array<double> g = twelve_pairs();
  g.data[10] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(error({{"fc.g", g}}), contains("g.npz: fc.g[0,1,1,1]: not a number"));
  g.data[10] = -1e-9;
  CHECK_THAT(error({{"fc.g", g}}), contains("g.npz: fc.g[0,1,1,1]: out of range"));
  g.data[10] = std::numeric_limits<double>::infinity();
  CHECK_THAT(error({{"fc.g", g}}), contains("fc.g[0,1,1,1]: out of range"));
  g.data[10] = 0.1;
  CHECK_THAT(error({{"fc.g", g}}), contains("fc.g[0,1,1,1]: out of range"));
  g = twelve_pairs();
  CHECK_THAT(error({{"f.g", g}}),
             contains("d.json: $.conductances: " + file +
                      ": fc.g: missing member (expected an array [2,2,2,3] (polarity, slice, kept "
                      "row, column), got only f.g); did you mean \"f.g\"?"));
  g.shape = {2, 2, 3, 2};
  CHECK_THAT(error({{"fc.g", g}}),
             contains("g.npz: fc.g: wrong shape (expected [2,2,2,3] (polarity, slice, kept row, "
                      "column), got [2,2,3,2])"));
  device.conductances = (dir / "none.npz").string();
  CHECK_THAT(message_of([&] { conductances(device); }),
             contains("d.json: $.conductances: names a file that is not there (expected the file " +
                      device.conductances + ", got nothing of this name)"));
  std::filesystem::create_directory(device.conductances);
  CHECK_THAT(message_of([&] { conductances(device); }), contains("got a folder of this name"));
  device.conductances = (dir / "g_{stage}.csv").string();
  CHECK_THAT(message_of([&] { conductances(device); }),
             contains("d.json: $.conductances: neither an NPZ file nor a pattern"));

  device.fault_map = file;
  device.conductances.clear();
  const auto fault_error = [&](const Npz& npz) {
    write_npz(file, npz);
    return message_of([&] { faults(device); });
  };
  std::vector<int8_t> map(24, 0);
  map[13] = 2;
  write_npz(file, {{"fc.fault", Array<int8_t>{{2, 2, 2, 3}, map}}});
  CHECK(faults(device)[13] == 2);
  map[5] = 3;
  CHECK_THAT(fault_error({{"fc.fault", Array<int8_t>{{2, 2, 2, 3}, map}}}),
             contains("g.npz: fc.fault[0,0,1,2]: not a fault"));
  CHECK_THAT(fault_error({{"fc.fault", Array<int8_t>{{2, 2, 6}, map}}}),
             contains("g.npz: fc.fault: wrong shape"));
}

TEST_CASE("measured arrays are read from CSV files, one an array") {
  const TemporaryDir dir;
  Device device;
  device.conductances_in = ConductanceUnit::kUnits;
  device.conductances = (dir / "{stage}/{polarity}_{slice}.csv").string();
  for (const char* array : {"pos_0", "pos_1", "neg_0", "neg_1"}) {
    write_file(dir / ("fc/" + std::string(array) + ".csv"), "1,2,3\n4,5,6\n");
  }
  write_file(dir / "fc/pos_1.csv", "# of a probe\n\n 7.5, 8e0,9\r\n10,11,12");
  const std::vector<double> g = conductances(device);
  REQUIRE(g.size() == 24);
  CHECK(std::vector<double>(g.begin(), g.begin() + 12) ==
        std::vector<double>{1, 2, 3, 4, 5, 6, 7.5, 8, 9, 10, 11, 12});
  const auto error = [&](const char* text) {
    write_file(dir / "fc/neg_1.csv", text);
    return message_of([&] { conductances(device); });
  };
  CHECK_THAT(error("1,2,3\n4,nan,6\n"), contains("fc/neg_1.csv:2: value 2: not a number"));
  CHECK_THAT(error("1,2,3\n4,,6\n"), contains("fc/neg_1.csv:2: value 2: not a number"));
  CHECK_THAT(error("1,2,3\n4,-5,6\n"), contains("fc/neg_1.csv:2: value 2: out of range"));
  CHECK_THAT(error("1,2,3\n4,5\n"), contains("fc/neg_1.csv:2: wrong number of columns"));
  CHECK_THAT(error("1,2,3\n4,5,6,7\n"), contains("fc/neg_1.csv:2: wrong number of columns"));
  CHECK_THAT(error("1,2,3\n"), contains("fc/neg_1.csv: wrong number of rows"));
  CHECK_THAT(error("1,2,3\n4,5,6\n7,8,9\n"), contains("(expected 2, one a kept row, got more)"));
  std::filesystem::remove(dir / "fc/neg_1.csv");
  CHECK_THAT(message_of([&] { conductances(device); }),
             contains("device ideal.conductances: names a file that is not there (expected the "
                      "file " +
                      (dir / "fc/neg_1.csv").string()));
}

TEST_CASE("the files of a device have a content hash") {
  const TemporaryDir dir;
  Device device;
  CHECK(device_files_hash(device).empty());
  device.fault_map = (dir / "f.npz").string();
  write_file(dir / "f.npz", "one");
  const std::string one = device_files_hash(device);
  write_file(dir / "f.npz", "two");
  CHECK(device_files_hash(device) != one);
  device.fault_map = (dir / "csv/{stage}_{polarity}_{slice}.csv").string();
  write_file(dir / "csv/fc_pos_0.csv", "1");
  const std::string some = device_files_hash(device);
  write_file(dir / "csv/fc_pos_1.csv", "1");
  CHECK(device_files_hash(device) != some);
}
