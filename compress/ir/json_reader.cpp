// Checked reading of JSON.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/json_reader.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>

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

// Takes nothing from a text but what is wrong with it: json::parse() does not always say where, and
// keeps the last of two members of one name.
struct FaultFinder : json::json_sax_t {
  size_t position = 0;  // how far it had read
  std::string token;    // from the last string or number on, control characters as <U+XXXX>
  std::string message;
  bool overflow = false;             // a number that a double cannot hold
  size_t keys = 0;                   // seen so far
  std::optional<std::string> twice;  // the last key, where its object has it already
  std::vector<std::set<std::string>> open;

  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(json::number_integer_t /*value*/) override { return true; }
  bool number_unsigned(json::number_unsigned_t /*value*/) override { return true; }
  bool number_float(json::number_float_t /*value*/, const std::string& /*text*/) override {
    return true;
  }
  bool string(std::string& /*value*/) override { return true; }
  bool binary(json::binary_t& /*value*/) override { return true; }
  bool start_object(size_t /*size*/) override {
    open.emplace_back();
    return true;
  }
  bool key(std::string& name) override {
    ++keys;
    if (!open.back().insert(name).second) twice = name;
    return !twice;
  }
  bool end_object() override {
    open.pop_back();
    return true;
  }
  bool start_array(size_t /*size*/) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(size_t read, const std::string& last, const json::exception& error) override {
    overflow = dynamic_cast<const json::out_of_range*>(&error) != nullptr;
    position = read;
    token = last;
    message = error.what();
    return false;
  }
};

// The text between `before` and `after`, or its end; empty when there is no `before`.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const size_t found = text.find(before);
  if (found == std::string::npos) return {};
  const size_t begin = found + before.size();
  const size_t end = text.find(after, begin);
  return text.substr(begin, end == std::string::npos ? end : end - begin);
}

// What the parser did not take: its place in the text.
struct Token {
  size_t begin = 0;
  size_t end = 0;
};

Token faulty_token(const FaultFinder& fault, const std::string& text) {
  const std::string complaint = between(fault.message, " - ", ";");
  const auto says = [&complaint](const char* words) {
    return complaint.find(words) != std::string::npos;
  };
  Token token;
  token.end = std::min(fault.position, text.size());
  if (!fault.overflow && (complaint.empty() || says("end of input"))) {  // empty: of an empty text
    token.begin = token.end;
  } else if (fault.overflow || says("string") || says("number")) {
    size_t length = fault.token.size();
    for (size_t at = fault.token.find("<U+"); at != std::string::npos;
         at = fault.token.find("<U+", at + 1)) {
      length -= std::string("<U+0000>").size() - 1;
    }
    token.begin = token.end - std::min(token.end, length);
  } else {  // a word, or one character
    const auto in_word = [&text](size_t at) {
      return std::isalnum(static_cast<unsigned char>(text[at])) != 0;
    };
    token.begin = token.end - std::min<size_t>(token.end, 1);
    if (says("literal")) {
      while (token.begin > 0 && in_word(token.begin - 1)) --token.begin;
      token.end = std::min(text.find_first_of(" \t\r\n,:[]{}", token.begin + 1), text.size());
    }
  }
  return token;
}

// The parser's message, "... while parsing object key - unexpected '}'; expected string literal" or
// "... while parsing value - invalid literal; last read: 'tru}'", in words of whoever writes JSON.
Diagnosis syntax_error(const FaultFinder& fault, const std::string& token) {
  Diagnosis of;
  const bool mark = token.size() == 1 && std::ispunct(static_cast<unsigned char>(token[0])) != 0;
  of.got = mark ? "'" + token + "'" : token;
  if (fault.overflow) {
    of.what = "a number out of range";
    of.expected = "at most 1.8e308";
    return of;
  }
  of.what = "not valid JSON";
  if (token.empty()) of.got = "the end of the text";
  const std::string unexpected = between(fault.message, " - unexpected ", ";");
  if (unexpected.empty()) {
    const std::string detail = between(fault.message, " - ", "; last read");
    if (!detail.empty()) of.what += ": " + detail;
    const bool key = between(fault.message, "while parsing ", " - ") == "object key";
    of.expected = key ? "a name in double quotes" : "a value";
    return of;
  }
  // Of the two that may follow a value the parser names the later.
  static const std::map<std::string, std::string> kWords = {
      {"'[', '{', or a literal", "a value"},
      {"string literal", "a name in double quotes"},
      {"'}'", "',' or '}'"},
      {"']'", "',' or ']'"},
      {"end of input", "nothing behind the value"}};
  of.expected = between(fault.message, "; expected ", "; last read");
  const auto words = kWords.find(of.expected);
  if (words != kWords.end()) of.expected = words->second;
  return of;
}

// Where key `number` of a text begins that is valid up to there; the first is 1.
size_t key_start(const std::string& text, size_t number) {
  for (size_t at = text.find('"'); at != std::string::npos; at = text.find('"', at + 1)) {
    const size_t start = at;
    for (++at; text[at] != '"'; ++at) at += text[at] == '\\' ? 1 : 0;
    const size_t next = text.find_first_not_of(" \t\r\n", at + 1);
    if (next != std::string::npos && text[next] == ':' && --number == 0) return start;
  }
  return text.size();
}

}  // namespace

json parse_json(const std::string& text, const std::string& file, const std::string& fix,
                int64_t first_line) {
  FaultFinder fault;
  if (json::sax_parse(text, &fault)) return json::parse(text);
  Diagnosis of{"", "given twice", "a name once in its object"};
  size_t at = 0;
  if (fault.twice) {
    at = key_start(text, fault.keys);
    of.got = shown(*fault.twice);
    of.fix = "remove one of the two";
  } else {
    const Token token = faulty_token(fault, text);
    at = token.begin;
    of = syntax_error(fault, text.substr(token.begin, token.end - token.begin));
    if (of.got.size() > 60) of.got = of.got.substr(0, 57) + "...";
    of.fix = fix;
  }
  const std::string before = text.substr(0, at);
  const auto line = first_line + std::count(before.begin(), before.end(), '\n');
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 = 0: the first line
  of.where =
      file + ":" + std::to_string(line) + ":" + std::to_string(before.size() - line_start + 1);
  throw Error(of);
}

json read_json(const std::filesystem::path& file, const std::string& fix) {
  return parse_json(read_file(file), file.string(), fix);
}

JsonReader::JsonReader(const json& value, std::string file, std::string path, std::string fix)
    : value_(&value), file_(std::move(file)), path_(std::move(path)), fix_(std::move(fix)) {}

void JsonReader::fail(const std::string& what, const std::string& expected, const std::string& got,
                      const std::string& fix) const {
  throw Error({where(), what, expected, got, fix.empty() ? fix_ : fix});
}

bool JsonReader::has(const std::string& key) const {
  return value_->is_object() && value_->contains(key);
}

JsonReader JsonReader::at(const std::string& key) const {
  if (!value_->is_object()) fail("wrong type", "an object", shown(*value_));
  const auto member = value_->find(key);
  if (member == value_->end()) fail("missing member", "\"" + key + "\"");
  return {*member, file_, path_ + "." + key, fix_};
}

std::vector<JsonReader> JsonReader::items() const {
  if (!value_->is_array()) fail("wrong type", "an array", shown(*value_));
  std::vector<JsonReader> readers;
  readers.reserve(value_->size());
  for (size_t i = 0; i < value_->size(); ++i) {
    readers.emplace_back((*value_)[i], file_, path_ + "[" + std::to_string(i) + "]", fix_);
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
