// Checked reading of JSON.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/json_reader.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <numeric>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::ir {
using nlohmann::json;

namespace {

std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

// Takes nothing from a text but where it is faulty: not all exceptions of json::parse say it.
struct FaultFinder : json::json_sax_t {
  size_t at = 0;  // byte of the text
  std::string token;
  bool overflow = false;  // a number that a double cannot hold

  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(json::number_integer_t /*value*/) override { return true; }
  bool number_unsigned(json::number_unsigned_t /*value*/) override { return true; }
  bool number_float(json::number_float_t /*value*/, const std::string& /*text*/) override {
    return true;
  }
  bool string(std::string& /*value*/) override { return true; }
  bool binary(json::binary_t& /*value*/) override { return true; }
  bool start_object(size_t /*size*/) override { return true; }
  bool key(std::string& /*name*/) override { return true; }
  bool end_object() override { return true; }
  bool start_array(size_t /*size*/) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(size_t position, const std::string& last,
                   const json::exception& error) override {
    overflow = dynamic_cast<const json::out_of_range*>(&error) != nullptr;
    token = last;
    const size_t back = overflow ? last.size() : 1;  // it has read so far
    at = position - std::min(position, back);
    return false;
  }
};

}  // namespace

json parse_json(const std::string& text, const std::string& file) {
  try {
    return json::parse(text);
  } catch (const json::exception&) {
    FaultFinder fault;
    json::sax_parse(text, &fault);
    const std::string before = text.substr(0, fault.at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const size_t line_start = before.rfind('\n') + 1;  // npos + 1 = 0: the first line
    const std::string where =
        file + ":" + std::to_string(line) + ":" + std::to_string(before.size() - line_start + 1);
    if (fault.overflow) throw Error({where, "a number out of range", "", fault.token});
    throw Error({where, "not valid JSON", "", "",
                 "the file is damaged or was edited by hand: write it again"});
  }
}

json read_json(const std::filesystem::path& file) {
  return parse_json(read_file(file), file.string());
}

JsonReader::JsonReader(const json& value, std::string file, std::string path)
    : value_(&value), file_(std::move(file)), path_(std::move(path)) {}

void JsonReader::fail(const std::string& what, const std::string& expected, const std::string& got,
                      const std::string& fix) const {
  throw Error({where(), what, expected, got, fix});
}

bool JsonReader::has(const std::string& key) const {
  return value_->is_object() && value_->contains(key);
}

JsonReader JsonReader::at(const std::string& key) const {
  if (!value_->is_object()) fail("wrong type", "an object", shown(*value_));
  const auto member = value_->find(key);
  if (member == value_->end()) fail("missing member", "\"" + key + "\"");
  return {*member, file_, path_ + "." + key};
}

std::vector<JsonReader> JsonReader::items() const {
  if (!value_->is_array()) fail("wrong type", "an array", shown(*value_));
  std::vector<JsonReader> readers;
  readers.reserve(value_->size());
  for (size_t i = 0; i < value_->size(); ++i) {
    readers.emplace_back((*value_)[i], file_, path_ + "[" + std::to_string(i) + "]");
  }
  return readers;
}

std::vector<std::string> JsonReader::keys() const {
  if (!value_->is_object()) fail("wrong type", "an object", shown(*value_));
  std::vector<std::string> names;
  for (const auto& [key, member] : value_->items()) names.push_back(key);
  return names;
}

int64_t JsonReader::integer(int64_t low, int64_t high) const {
  const std::string range = "an integer " + std::to_string(low) + ".." + std::to_string(high);
  if (!value_->is_number_integer()) fail("wrong type", range, shown(*value_));
  if (value_->is_number_unsigned() && value_->get<uint64_t>() > uint64_t{INT64_MAX}) {
    fail("out of range", range, shown(*value_));
  }
  const auto number = value_->get<int64_t>();
  if (number < low || number > high) fail("out of range", range, shown(*value_));
  return number;
}

double JsonReader::number(double low, double high) const {
  const std::string range = "a number " + json(low).dump() + ".." + json(high).dump();
  if (!value_->is_number()) fail("wrong type", range, shown(*value_));
  const auto real = value_->get<double>();
  if (!(real >= low && real <= high)) fail("out of range", range, shown(*value_));
  return real;
}

bool JsonReader::boolean() const {
  if (!value_->is_boolean()) fail("wrong type", "true or false", shown(*value_));
  return value_->get<bool>();
}

std::string JsonReader::string() const {
  if (!value_->is_string()) fail("wrong type", "a string", shown(*value_));
  return value_->get<std::string>();
}

uint64_t JsonReader::seed() const {
  if (value_->is_number_unsigned()) return value_->get<uint64_t>();
  if (value_->is_string()) {
    const auto text = value_->get<std::string>();
    uint64_t seed = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (code == std::errc() && end == text.data() + text.size()) return seed;
  }
  fail("wrong type", "a seed: a string of decimal digits below 2^64", shown(*value_));
}

void JsonReader::only(const std::vector<std::string>& known) const {
  for (const std::string& key : keys()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string list;
    for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
    const std::string near = nearest(key, known);
    fail("unknown key", "one of " + list, "\"" + key + "\"",
         near.empty() ? "" : "did you mean \"" + near + "\"?");
  }
}

std::string nearest(const std::string& word, const std::vector<std::string>& known) {
  std::string best;
  size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace crosstwin::ir
