// Reading JSON with the place kept: every error names the file and the JSON path.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace crosstwin::ir {

// How a file that is no JSON is mended: one that this program wrote, or one written by hand.
inline constexpr const char* kWriteAgain =
    "the file is damaged or was edited by hand: write it again";
inline constexpr const char* kCorrectThere = "correct it there";

// Parses; a syntax error, a number too large, or a name twice in one object becomes an Error with
// file, line and column, the first line of the text being `first_line`.
nlohmann::json parse_json(const std::string& text, const std::string& file,
                          const std::string& fix = kWriteAgain, int64_t first_line = 1);
nlohmann::json read_json(const std::filesystem::path& file, const std::string& fix = kWriteAgain);

// A view of one JSON value that knows its file and path. Cheap to copy; the document must outlive
// it. Getters throw Error on a wrong type or an out-of-range value, with `fix` unless they know a
// better one.
class JsonReader {
 public:
  JsonReader(const nlohmann::json& value, std::string file, std::string path = "$",
             std::string fix = {});

  const nlohmann::json& value() const { return *value_; }
  const std::string& path() const { return path_; }
  const std::string& file() const { return file_; }
  std::string where() const { return file_ + ": " + path_; }

  bool has(const std::string& key) const;
  JsonReader at(const std::string& key) const;  // required member
  std::vector<JsonReader> items() const;        // elements of an array
  std::vector<std::string> keys() const;        // member names of an object, sorted

  int64_t integer(int64_t low, int64_t high) const;
  double number(double low, double high) const;
  bool boolean() const;
  std::string string() const;
  // A 64-bit seed: a string of decimal digits (JSON numbers lose bits) or a small integer.
  uint64_t seed() const;

  // Error if this object has a member not in `known`; the nearest known name is offered.
  void only(const std::vector<std::string>& known) const;

  [[noreturn]] void fail(const std::string& what, const std::string& expected = {},
                         const std::string& got = {}, const std::string& fix = {}) const;

 private:
  const nlohmann::json* value_;
  std::string file_;
  std::string path_;
  std::string fix_;
};

// The entry of `known` nearest to `word` by edit distance, or empty when none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& known);

}  // namespace crosstwin::ir
