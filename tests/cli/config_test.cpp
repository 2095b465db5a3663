// The configuration: three scopes, overrides, errors that say where, and the way back.
// SPDX-License-Identifier: Apache-2.0
#include "cli/config/config.hpp"

#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"

namespace crosstwin::cli {
namespace {

using tests::contains;
using tests::message_of;

Config load(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const tests::TemporaryDir dir;
  ir::write_file(dir / "run.json", text);
  return load_config(dir / "run.json", overrides);
}

std::string error_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return message_of([&] { load(text, overrides); });
}

TEST_CASE("a kind overrides the defaults, and a layer overrides its kind") {
  const Config config = load(R"({
    "defaults": {"pe": 1, "adc_lanes": 2, "rows": 9},
    "kinds": {"conv": {"pe": 2, "rows": 8}},
    "layers": {"conv2": {"pe": 3}}})");
  CHECK(config.layers.at("conv1").pe == 2);
  CHECK(config.layers.at("conv2").pe == 3);
  CHECK(config.layers.at("conv2").rows == 8);
  CHECK(config.layers.at("fc1").pe == 1);
  CHECK(config.layers.at("fc1").rows == 9);
  CHECK(config.layers.at("conv2").adc_lanes == 2);
}

TEST_CASE("weight decay has the two scopes that are not single layers") {
  const Config config =
      load(R"({"defaults": {"weight_decay": 0.5}, "kinds": {"dense": {"weight_decay": 0.25}}})");
  CHECK(config.train.weight_decay_conv == 0.5F);
  CHECK(config.train.weight_decay_dense == 0.25F);
  CHECK_THAT(error_of(R"({"layers": {"fc1": {"weight_decay": 0.1}}})"),
             contains("$.layers.fc1.weight_decay") && contains("cannot differ per layer"));
}

TEST_CASE("an unknown key names file, path and the nearest key, in every scope") {
  CHECK_THAT(error_of(R"({"trian": {}})"),
             contains("run.json: $:") && contains("\"trian\"") && contains("mean \"train\"?"));
  CHECK_THAT(error_of(R"({"train": {"epoch": 3}})"),
             contains("run.json: $.train:") && contains("mean \"epochs\"?"));
  CHECK_THAT(error_of(R"({"defaults": {"row": 3}})"),
             contains("run.json: $.defaults:") && contains("mean \"rows\"?"));
  CHECK_THAT(error_of(R"({"kinds": {"conv": {"filter": 3}}})"),
             contains("run.json: $.kinds.conv:") && contains("mean \"filters\"?"));
  CHECK_THAT(error_of(R"({"kinds": {"danse": {}}})"), contains("mean \"dense\"?"));
  CHECK_THAT(error_of(R"({"layers": {"conv3": {}}})"),
             contains("run.json: $.layers:") && contains("conv1, conv2, fc1, fc2"));
  CHECK_THAT(error_of(R"({"layers": {"fc1": {"pee": 1}}})"),
             contains("run.json: $.layers.fc1:") && contains("mean \"pe\"?"));
  CHECK_THAT(error_of(R"({"network": {"layers": [{"name": "a", "kind": "conv", "filters": 2,
                                                  "kernels": 3, "kernel": 3}]}})"),
             contains("$.network.layers[0]") && contains("mean \"kernel\"?"));
}

TEST_CASE("a wrong type, range or word names its place and what was expected") {
  CHECK_THAT(error_of(R"({"train": {"epochs": "ten"}})"),
             contains("run.json: $.train.epochs") && contains("integer") && contains("\"ten\""));
  CHECK_THAT(error_of(R"({"layout": {"tile_cols": 2000}})"),
             contains("run.json: $.layout.tile_cols") && contains("1..1024") && contains("2000"));
  CHECK_THAT(error_of(R"({"train": {"optimizer": "adam"}})"),
             contains("$.train.optimizer") && contains("mean \"adamw\"?"));
  CHECK_THAT(error_of(R"({"layers": {"fc1": {"pe": -1}}})"), contains("$.layers.fc1.pe"));
  CHECK_THAT(error_of(R"({"network": {"builtin": "lenet"}})"),
             contains("$.network.builtin") && contains("lenet5 or demo"));
  CHECK_THAT(error_of("{\"train\": \n {,}}"),
             contains("run.json:2:3: not valid JSON (expected a name in double quotes, got ','); "
                      "correct it there"));
  CHECK_THAT(error_of(R"({"seed": 1, "seed": 2})"),
             contains("run.json:1:13: given twice") && contains("got \"seed\""));
  CHECK_THAT(error_of("{}", {R"(chip.device={"name":"s","sigma":0.1,"sigma":0.2})"}),
             contains("--set chip.device=") && contains(":1:25: given twice"));
  CHECK_THAT(error_of("{}", {"chip.device="}), contains("device: no name is given"));
}

TEST_CASE("retraining starts from the settings of training") {
  const Config config =
      load(R"({"retrain": {"epochs": 2}, "train": {"epochs": 9, "rotation": 5}})");
  CHECK(config.train.epochs == 9);
  CHECK(config.compress.retrain.epochs == 2);
  CHECK(config.compress.retrain.augmentation.rotation == 5);
}

TEST_CASE("an override on the command line wins over the file") {
  const Config config = load(R"({"train": {"epochs": 9}, "layers": {"fc1": {"pe": 2}}})",
                             {"train.epochs=3", "defaults.rows=7", "kinds.dense.pe=4",
                              "layers.fc2.pe=5", "fpga.boards=[\"icebreaker\"]", "name=other"});
  CHECK(config.train.epochs == 3);
  CHECK(config.layers.at("conv1").rows == 7);
  CHECK(config.layers.at("fc1").pe == 4);
  CHECK(config.layers.at("fc2").pe == 5);
  CHECK(config.fpga.boards == std::vector<std::string>{"icebreaker"});
  CHECK(config.name == "other");
  CHECK_THAT(error_of("{}", {"train.epoch=3"}),
             contains("--set train.epoch=3") && contains("mean \"epochs\"?"));
  CHECK_THAT(error_of("{}", {"train.epochs"}), contains("section.key=value"));
}

TEST_CASE("an override of a wide scope reaches the layers of a resolved configuration") {
  const std::string resolved =
      to_json(load(R"({"layers": {"conv1": {"pe": 2}, "fc1": {"pe": 2, "rows": 9}}})")).dump();
  const Config config =
      load(resolved, {"defaults.pe=3", "kinds.dense.pe=4", "defaults.weight_decay=0.5"});
  CHECK(config.layers.at("conv1").pe == 3);
  CHECK(config.layers.at("fc1").pe == 4);
  CHECK(config.layers.at("fc1").rows == 9);
  CHECK(config.train.weight_decay_dense == 0.5F);
}

TEST_CASE("the resolved configuration read again is the same") {
  const Config config = load(R"({
    "name": "x", "seed": "18446744073709551615",
    "network": {"layers": [
      {"name": "c", "kind": "conv", "filters": 3, "kernel": 3, "stride": 2, "pad": 1},
      {"name": "p", "kind": "max_pool", "kernel": 3}, {"name": "f", "kind": "flatten"},
      {"name": "d", "kind": "dense"}]},
    "train": {"learning_rate": 0.003, "schedule": "step", "step_epochs": [3, 5]},
    "compress": {"method": "admm"}, "admm": {"rho": [0.5]},
    "chip": {"device": "reram", "adc_range": "mse"},
    "generate": {"target_fps": 250.5},
    "defaults": {"weight_decay": 0.125}, "layers": {"c": {"filters": 2}}})");
  const std::string first = to_json(config).dump(2);
  CHECK_THAT(first, contains("18446744073709551615") && contains("\"learning_rate\": 0.003"));
  CHECK(to_json(load(first)).dump(2) == first);
  CHECK(load(first).network[1].stride == 3);
}

TEST_CASE("every key of the resolved configuration is explained") {
  const Config config = load("{}");
  const std::string text = describe(config);
  const nlohmann::ordered_json resolved = to_json(config);
  for (const auto& [section, content] : resolved.items()) {
    if (section == "network" || !content.is_object()) continue;
    for (const auto& [key, value] : content.items()) {
      if (section == "layers" || section == "kinds") {
        for (const auto& [inner, unused] : value.items()) {
          CHECK_THAT(text, contains(section + "." + key + "." + inner + "="));
        }
      } else {
        CHECK_THAT(text, contains(section + "." + key + "="));
      }
    }
  }
}

}  // namespace
}  // namespace crosstwin::cli
