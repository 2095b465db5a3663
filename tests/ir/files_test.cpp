// Errors, JSON with places, NPZ and atomic writing.
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"
#include "compress/ir/npz.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"

using namespace crosstwin::ir;
using crosstwin::tests::contains;
using crosstwin::tests::message_of;
using crosstwin::tests::TemporaryDir;

TEST_CASE("an error says where, what, expected, got and the fix") {
  CHECK(to_string({"f.json: $.a", "out of range", "1..3", "7", "set it to 2"}) ==
        "f.json: $.a: out of range (expected 1..3, got 7); set it to 2");
  CHECK(to_string({"f", "no such file"}) == "f: no such file");
}

TEST_CASE("JSON errors name file, line and column") {
  CHECK(message_of([] { parse_json("{\n \"a\": ,\n}", "x.json"); }).find("x.json:2:7") == 0);
}

TEST_CASE("a JSON error says what was expected and got, at the place where it begins") {
  const std::pair<const char*, const char*> cases[] = {
      {"{\n \"a\": ,\n}", "x.json:2:7: not valid JSON (expected a value, got ',')"},
      {R"({"name": "x", "sigma": })", "x.json:1:24: not valid JSON (expected a value, got '}')"},
      {R"({"a": 1, })", "x.json:1:10: not valid JSON (expected a name in double quotes, got '}')"},
      {R"({"a": 1 "bc": 2})", "x.json:1:9: not valid JSON (expected ',' or '}', got \"bc\")"},
      {R"({"a": [1 2]})", "x.json:1:10: not valid JSON (expected ',' or ']', got 2)"},
      {R"({"a" 1})", "x.json:1:6: not valid JSON (expected ':', got 1)"},
      {"{\"a\": 1}\n]", "x.json:2:1: not valid JSON (expected nothing behind the value, got ']')"},
      {R"({"a": 1)", "x.json:1:8: not valid JSON (expected ',' or '}', got the end of the text)"},
      {R"({"a": tru})", "x.json:1:7: not valid JSON: invalid literal (expected a value, got tru)"},
      {"{'a': 1}",
       "x.json:1:2: not valid JSON: invalid literal (expected a name in double quotes, got 'a')"},
      {"{\"a\": \"b\n\"}", "x.json:1:7: not valid JSON: invalid string: control character"},
      {R"({"a": "b)", "x.json:1:7: not valid JSON: invalid string: missing closing quote"},
      {R"({"a": 1.})", "x.json:1:7: not valid JSON: invalid number"},
      {"", "x.json:1:1: not valid JSON (expected a value, got the end of the text)"}};
  for (const auto& [text, expected] : cases) {
    INFO(text);
    const std::string message = message_of([text] { parse_json(text, "x.json", kCorrectThere); });
    CHECK(message.substr(0, std::string(expected).size()) == expected);
    CHECK_THAT(message, contains("; correct it there"));
  }
  // Of a file that is not meant for hands.
  CHECK_THAT(message_of([] { parse_json("{", "x.json"); }), contains("write it again"));
  CHECK_THAT(message_of([] { parse_json("{", "x.json", "remove it", 7); }),
             contains("x.json:7:2: ") && contains("; remove it"));
}

TEST_CASE("a name twice in a JSON object is an error with the place of the second") {
  const auto error = [](const char* text) {
    return message_of([text] { parse_json(text, "x.json"); });
  };
  CHECK(error(R"({"sigma": 0.1, "sigma": 0.2})") ==
        "x.json:1:16: given twice (expected a name once in its object, got \"sigma\"); remove one "
        "of the two");
  CHECK_THAT(error("{\"a\": {\"b\\\"\": \"b\", \"c\": [\"b\"],\n   \"b\\\"\" : 2}}"),
             contains("x.json:2:4: given twice") && contains(R"("b\"")"));
  CHECK(error(R"([{"a": {"a": "a"}, "b": ["a", "a"]}, {"a": 1}, {"\\": 1, "a": 2}])").empty());
}

TEST_CASE("a JSON number that no double holds is an error with its place") {
  CHECK(message_of([] { parse_json("{\n \"a\": 1e999\n}", "x.json"); }) ==
        "x.json:2:7: a number out of range (expected at most 1.8e308, got 1e999); the file is "
        "damaged "
        "or was edited by hand: write it again");
}

TEST_CASE("JSON getters name the path and the range") {
  const nlohmann::json document = {{"a", {{"b", {1, 900}}}}, {"s", "18446744073709551615"}};
  const JsonReader json(document, "x.json");
  const auto items = json.at("a").at("b").items();
  CHECK(items[0].integer(0, 10) == 1);
  CHECK(message_of([&] { items[1].integer(0, 10); }) ==
        "x.json: $.a.b[1]: out of range (expected an integer 0..10, got 900)");
  CHECK(message_of([&] { json.at("a").string(); }).find("x.json: $.a: wrong type") == 0);
  CHECK(message_of([&] { json.at("c"); }).find("missing member (expected \"c\")") !=
        std::string::npos);
  CHECK(json.at("s").seed() == UINT64_MAX);
}

TEST_CASE("an unknown key is an error that offers the nearest") {
  const nlohmann::json document = {{"adc_bit", 8}};
  CHECK(message_of([&] {
          JsonReader(document, "c.json").only({"adc_bits", "slices"});
        }).find("did you mean \"adc_bits\"?") != std::string::npos);
}

TEST_CASE("NPZ keeps every type and shape, and equal arrays give equal bytes") {
  const TemporaryDir dir;
  const Npz arrays = {{"a", Array<float>{{2, 3}, {1, 2, 3, 4, 5, 6.5F}}},
                      {"b", Array<int8_t>{{3}, {-128, 0, 127}}},
                      {"c", Array<uint16_t>{{1, 1}, {65535}}},
                      {"empty", Array<int32_t>{{0, 4}, {}}},
                      {"scalar", Array<double>{{}, {0.1}}}};
  write_npz(dir / "x.npz", arrays);
  write_npz(dir / "y.npz", arrays);
  CHECK(read_npz(dir / "x.npz") == arrays);
  CHECK(read_file(dir / "x.npz") == read_file(dir / "y.npz"));
  CHECK(message_of([&] {
          npz_member<float>(arrays, "a", {2, 4}, "x.npz");
        }) == "x.npz: a: wrong shape (expected (2,4), got (2,3))");
  CHECK(message_of([&] {
          npz_member<float>(arrays, "b", {3}, "x.npz");
        }).find("wrong element type (expected <f4, got |i1)") != std::string::npos);
  CHECK(npz_member<float>(arrays, "a", {-1, 3}, "x.npz").data.size() == 6);
}

TEST_CASE("a truncated or foreign NPZ is an error that names it") {
  const TemporaryDir dir;
  write_npz(dir / "x.npz", {{"a", Array<float>{{1000}, std::vector<float>(1000, 1)}}});
  const std::string whole = read_file(dir / "x.npz");
  for (const size_t size : {size_t{0}, size_t{10}, whole.size() / 2, whole.size() - 30}) {
    write_file(dir / "cut.npz", whole.substr(0, size));
    CHECK(message_of([&] { read_npz(dir / "cut.npz"); }).find("cut.npz") != std::string::npos);
  }
  write_file(dir / "text.npz", "hello");
  CHECK(message_of([&] { read_npz(dir / "text.npz"); }).find("not a readable NPZ") !=
        std::string::npos);
}

TEST_CASE("a folder is replaced whole or not at all") {
  const TemporaryDir dir;
  const auto target = dir / "out";
  write_dir(target, [](const auto& t) {
    write_file(t / "f", "one");
    write_file(t / "kind.json", "{}");
  });
  CHECK_THROWS_AS(write_dir(target,
                            [](const auto& t) {
                              write_file(t / "f", "two");
                              throw Error({"x", "stop"});
                            }),
                  Error);
  CHECK(read_file(target / "f") == "one");
  write_dir(target, [](const auto& t) {
    write_file(t / "g", "three");
    write_file(t / "kind.json", "{}");
  });
  CHECK_FALSE(std::filesystem::exists(target / "f"));
  CHECK(read_file(target / "g") == "three");
  const auto entries = std::filesystem::directory_iterator(dir.path());
  CHECK(std::distance(begin(entries), end(entries)) == 1);  // no temporaries are left
}

TEST_CASE("a folder of other files is refused and kept, an empty one is taken") {
  const TemporaryDir dir;
  const auto fill = [](const auto& t) { write_file(t / "design.json", "{}"); };
  write_file(dir / "photos/a.jpg", "a");
  write_file(dir / "photos/sub/design.json", "not at the top");
  CHECK_THAT(message_of([&] { write_dir(dir / "photos", fill); }),
             contains("photos: has other files") && contains("choose another output folder"));
  CHECK(read_file(dir / "photos/a.jpg") == "a");
  const auto entries = std::filesystem::directory_iterator(dir.path());
  CHECK(std::distance(begin(entries), end(entries)) == 1);
  std::filesystem::create_directory(dir / "empty");
  write_dir(dir / "empty", fill);
  CHECK(read_file(dir / "empty/design.json") == "{}");
}

TEST_CASE("a folder that cannot be put in place is an error that names it") {
  const TemporaryDir dir;
  // The place it belongs in goes away meanwhile.
  CHECK_THAT(message_of([&] {
               write_dir(dir / "a/out", [&](const auto& t) {
                 write_file(t / "f", "x");
                 std::filesystem::rename(dir / "a", dir / "b");
               });
             }),
             contains("out: cannot be put in place"));
}
