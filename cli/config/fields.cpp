// Reading and writing of configuration keys.
// SPDX-License-Identifier: Apache-2.0
#include "cli/config/fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace crosstwin::cli {
using nlohmann::ordered_json;

namespace {

std::string integer_type(int64_t low, int64_t high) {
  return fmt::format("integer {}..{}", low, high);
}

std::string number_type(double low, double high) { return fmt::format("number {}..{}", low, high); }

// The shortest decimal that reads back as the same float: 0.003, not 0.003000000026.
double shortest(float value) { return std::stod(fmt::format("{}", value)); }

}  // namespace

void Fields::integer(const std::string& key, int32_t& field, int64_t low, int64_t high,
                     const std::string& explanation) {
  fields_.push_back({key, integer_type(low, high), explanation,
                     [&field, low, high](const ir::JsonReader& json) {
                       field = static_cast<int32_t>(json.integer(low, high));
                     },
                     [&field] { return ordered_json(field); }});
}

void Fields::integer(const std::string& key, int64_t& field, int64_t low, int64_t high,
                     const std::string& explanation) {
  fields_.push_back(
      {key, integer_type(low, high), explanation,
       [&field, low, high](const ir::JsonReader& json) { field = json.integer(low, high); },
       [&field] { return ordered_json(field); }});
}

void Fields::number(const std::string& key, float& field, double low, double high,
                    const std::string& explanation) {
  fields_.push_back({key, number_type(low, high), explanation,
                     [&field, low, high](const ir::JsonReader& json) {
                       field = static_cast<float>(json.number(low, high));
                     },
                     [&field] { return ordered_json(shortest(field)); }});
}

void Fields::number(const std::string& key, double& field, double low, double high,
                    const std::string& explanation) {
  fields_.push_back(
      {key, number_type(low, high), explanation,
       [&field, low, high](const ir::JsonReader& json) { field = json.number(low, high); },
       [&field] { return ordered_json(field); }});
}

void Fields::boolean(const std::string& key, bool& field, const std::string& explanation) {
  fields_.push_back({key, "true or false", explanation,
                     [&field](const ir::JsonReader& json) { field = json.boolean(); },
                     [&field] { return ordered_json(field); }});
}

void Fields::string(const std::string& key, std::string& field, const std::string& explanation) {
  fields_.push_back({key, "string", explanation,
                     [&field](const ir::JsonReader& json) { field = json.string(); },
                     [&field] { return ordered_json(field); }});
}

void Fields::path(const std::string& key, std::filesystem::path& field,
                  const std::string& explanation) {
  fields_.push_back({key, "path", explanation,
                     [&field](const ir::JsonReader& json) { field = json.string(); },
                     [&field] { return ordered_json(field.string()); }});
}

void Fields::seed(const std::string& key, uint64_t& field, const std::string& explanation) {
  fields_.push_back({key, "seed", explanation,
                     [&field](const ir::JsonReader& json) { field = json.seed(); },
                     [&field] { return ordered_json(std::to_string(field)); }});
}

void Fields::integers(const std::string& key, std::vector<int32_t>& field, int64_t low,
                      int64_t high, const std::string& explanation) {
  fields_.push_back({key, "list of " + integer_type(low, high), explanation,
                     [&field, low, high](const ir::JsonReader& json) {
                       field.clear();
                       for (const ir::JsonReader& item : json.items()) {
                         field.push_back(static_cast<int32_t>(item.integer(low, high)));
                       }
                     },
                     [&field] { return ordered_json(field); }});
}

void Fields::numbers(const std::string& key, std::vector<double>& field, double low, double high,
                     const std::string& explanation) {
  fields_.push_back({key, "list of " + number_type(low, high), explanation,
                     [&field, low, high](const ir::JsonReader& json) {
                       field.clear();
                       for (const ir::JsonReader& item : json.items()) {
                         field.push_back(item.number(low, high));
                       }
                     },
                     [&field] { return ordered_json(field); }});
}

void Fields::strings(const std::string& key, std::vector<std::string>& field,
                     const std::string& explanation) {
  fields_.push_back({key, "list of strings", explanation,
                     [&field](const ir::JsonReader& json) {
                       field.clear();
                       for (const ir::JsonReader& item : json.items()) {
                         field.push_back(item.string());
                       }
                     },
                     [&field] { return ordered_json(field); }});
}

void Fields::optional_number(const std::string& key, std::optional<double>& field, double low,
                             double high, const std::string& explanation) {
  fields_.push_back({key, number_type(low, high) + ", or null", explanation,
                     [&field, low, high](const ir::JsonReader& json) {
                       field.reset();
                       if (!json.value().is_null()) field = json.number(low, high);
                     },
                     [&field] { return field ? ordered_json(*field) : ordered_json(nullptr); }});
}

void Fields::optional_integer(const std::string& key, std::optional<int64_t>& field, int64_t low,
                              int64_t high, const std::string& explanation) {
  fields_.push_back({key, integer_type(low, high) + ", or null", explanation,
                     [&field, low, high](const ir::JsonReader& json) {
                       field.reset();
                       if (!json.value().is_null()) field = json.integer(low, high);
                     },
                     [&field] { return field ? ordered_json(*field) : ordered_json(nullptr); }});
}

void Fields::add_word(const std::string& key, const std::vector<std::string>& names,
                      const std::string& explanation, const std::function<void(size_t)>& set,
                      const std::function<size_t()>& get) {
  const std::string type = fmt::format("one of {}", fmt::join(names, ", "));
  fields_.push_back({key, type, explanation,
                     [names, type, set](const ir::JsonReader& json) {
                       const std::string word = json.string();
                       const auto found = std::find(names.begin(), names.end(), word);
                       if (found == names.end()) {
                         const std::string near = ir::nearest(word, names);
                         json.fail("unknown word", type, "\"" + word + "\"",
                                   near.empty() ? "" : "did you mean \"" + near + "\"?");
                       }
                       set(static_cast<size_t>(found - names.begin()));
                     },
                     [names, get] { return ordered_json(names[get()]); }});
}

void Fields::read(const ir::JsonReader& json) const {
  json.only(keys());
  for (const Field& field : fields_) {
    if (json.has(field.key)) field.read(json.at(field.key));
  }
}

ordered_json Fields::write() const {
  ordered_json json = ordered_json::object();
  for (const Field& field : fields_) json[field.key] = field.write();
  return json;
}

std::vector<std::string> Fields::keys() const {
  std::vector<std::string> names;
  for (const Field& field : fields_) names.push_back(field.key);
  return names;
}

}  // namespace crosstwin::cli
