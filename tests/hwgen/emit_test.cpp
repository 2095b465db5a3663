// The generated folder: text, lists, atomicity.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/emit/emit.hpp"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "tests/catch.hpp"
#include "tests/hwgen/sample_design.hpp"

using namespace crosstwin;
namespace fs = std::filesystem;

namespace {

fs::path fresh_dir(const std::string& name) {
  const fs::path dir = fs::current_path() / "emit" / name;
  fs::remove_all(dir);
  return dir;
}

hwgen::Plan sample_plan(uint64_t seed = 1) {
  test::SampleOptions options;
  options.seed = seed;
  const ir::Design design = test::sample_design(options);
  return hwgen::plan(design, test::sample_chip(design), {});
}

std::map<std::string, std::string> files_of(const fs::path& dir) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(dir)) {
    if (!entry.is_regular_file()) continue;
    files[entry.path().lexically_relative(dir).string()] = ir::read_file(entry.path());
  }
  return files;
}

}  // namespace

TEST_CASE("The generated text of a small design is the approved one") {
  const fs::path dir = fresh_dir("golden");
  hwgen::emit(sample_plan(), dir);
  for (const char* file : {"rtl/sample_top.sv", "mem/conv1_rows.hex", "mem/fc_requant.hex",
                           "mem/fc_weights.hex", "design.f", "sample.core", "synth.ys"}) {
    const fs::path approved = fs::path(CROSSTWIN_GOLDEN_DIR) / fs::path(file).filename();
    INFO("to approve a wanted change: cp " << (dir / file) << " " << approved);
    CHECK(ir::read_file(dir / file) == ir::read_file(approved));
  }
}

TEST_CASE("Equal plans give equal bytes, and none names the place it was made in") {
  const fs::path first = fresh_dir("first");
  const fs::path second = fresh_dir("second");
  hwgen::emit(sample_plan(), first);
  hwgen::emit(sample_plan(), second);
  const auto files = files_of(first);
  CHECK(files == files_of(second));
  for (const auto& [name, text] : files) {
    INFO(name);
    CHECK(text.find(fs::current_path().string()) == std::string::npos);
  }
}

TEST_CASE("The manifest lists every source, header and memory of the folder, and no more") {
  const fs::path dir = fresh_dir("manifest");
  hwgen::emit(sample_plan(), dir);
  const auto manifest = nlohmann::json::parse(ir::read_file(dir / "manifest.json"));
  std::vector<std::string> listed;
  for (const char* list : {"sources", "headers"}) {
    for (const auto& path : manifest[list]) listed.push_back(path.get<std::string>());
  }
  for (const auto& image : manifest["memories"]) {
    listed.push_back(image["file"].get<std::string>());
    CHECK(image["file"] == "mem/" + image["layer"].get<std::string>() + "_" +
                               image["holds"].get<std::string>() + ".hex");
    CHECK(image["hash"] == ir::content_hash(ir::read_file(dir / listed.back())));
  }
  std::sort(listed.begin(), listed.end());
  std::vector<std::string> there;
  for (const auto& [name, text] : files_of(dir)) {
    if (name.starts_with("rtl/") || name.starts_with("mem/")) there.push_back(name);
  }
  CHECK(listed == there);
  CHECK(manifest["top"] == "sample_top");
  CHECK(manifest["input"] == nlohmann::json{{"c", 2}, {"h", 12}, {"w", 10}, {"bits", 8}});
  CHECK(manifest["outputs"] == 5);
  CHECK(manifest["layers"].size() == 4);
}

TEST_CASE("A folder is replaced as a whole") {
  const fs::path dir = fresh_dir("replaced");
  hwgen::emit(sample_plan(), dir);
  ir::write_file(dir / "rtl" / "stale.sv", "");
  hwgen::emit(sample_plan(2), dir);
  CHECK_FALSE(fs::exists(dir / "rtl" / "stale.sv"));
}

TEST_CASE("Without templates nothing is written and the folder before stays") {
  const fs::path dir = fresh_dir("kept");
  const hwgen::Plan plan = sample_plan();
  hwgen::emit(plan, dir);
  const auto before = files_of(dir);
  const hwgen::Plan other = sample_plan(2);
  setenv("CROSSTWIN_DATA_DIR", fresh_dir("nowhere").c_str(), 1);
  CHECK_THROWS_AS(hwgen::emit(other, dir), ir::Error);
  CHECK_THROWS_AS(sample_plan(), ir::Error);
  // A folder of templates that lacks one.
  const fs::path partial = fresh_dir("partial");
  ir::write_file(partial / "rtl_templates" / "sources.txt", "");
  setenv("CROSSTWIN_DATA_DIR", partial.c_str(), 1);
  CHECK_THROWS_AS(hwgen::emit(other, dir), ir::Error);
  unsetenv("CROSSTWIN_DATA_DIR");
  CHECK(files_of(dir) == before);
  CHECK(std::distance(fs::directory_iterator(dir.parent_path()), {}) >= 1);
  for (const auto& entry : fs::directory_iterator(dir.parent_path())) {
    CHECK(entry.path().filename().string().find("kept.") == std::string::npos);
  }
}
