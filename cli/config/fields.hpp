// Keys of a configuration section, each described once: to read, write, explain and check.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compress/ir/json_reader.hpp"

namespace crosstwin::cli {

// One key, bound to the field of a struct that outlives it.
struct Field {
  std::string key;
  std::string type;  // for people: "integer 1..1024"
  std::string explanation;
  std::function<void(const ir::JsonReader&)> read;
  std::function<nlohmann::ordered_json()> write;
};

// The keys of one section. The values that the fields have when they are added are the defaults.
class Fields {
 public:
  void integer(const std::string& key, int32_t& field, int64_t low, int64_t high,
               const std::string& explanation);
  void integer(const std::string& key, int64_t& field, int64_t low, int64_t high,
               const std::string& explanation);
  void number(const std::string& key, float& field, double low, double high,
              const std::string& explanation);
  void number(const std::string& key, double& field, double low, double high,
              const std::string& explanation);
  void boolean(const std::string& key, bool& field, const std::string& explanation);
  void string(const std::string& key, std::string& field, const std::string& explanation);
  void path(const std::string& key, std::filesystem::path& field, const std::string& explanation);
  void seed(const std::string& key, uint64_t& field, const std::string& explanation);
  void integers(const std::string& key, std::vector<int32_t>& field, int64_t low, int64_t high,
                const std::string& explanation);
  void numbers(const std::string& key, std::vector<double>& field, double low, double high,
               const std::string& explanation);
  void strings(const std::string& key, std::vector<std::string>& field,
               const std::string& explanation);
  // null stands for unset.
  void optional_number(const std::string& key, std::optional<double>& field, double low,
                       double high, const std::string& explanation);
  void optional_integer(const std::string& key, std::optional<int64_t>& field, int64_t low,
                        int64_t high, const std::string& explanation);
  // A closed set of words for the values of an enumeration.
  template <class Enum>
  void word(const std::string& key, Enum& field,
            const std::vector<std::pair<std::string, Enum>>& words,
            const std::string& explanation) {
    std::vector<std::string> names;
    for (const auto& [name, value] : words) names.push_back(name);
    add_word(
        key, names, explanation, [&field, words](size_t index) { field = words[index].second; },
        [&field, words] {
          size_t index = 0;
          while (index + 1 < words.size() && words[index].second != field) ++index;
          return index;
        });
  }
  void custom(Field field) { fields_.push_back(std::move(field)); }

  // Assigns what the object has; Error for a key that is not here, offering the nearest.
  void read(const ir::JsonReader& json) const;
  nlohmann::ordered_json write() const;

  const std::vector<Field>& list() const { return fields_; }
  std::vector<std::string> keys() const;

 private:
  void add_word(const std::string& key, const std::vector<std::string>& names,
                const std::string& explanation, const std::function<void(size_t)>& set,
                const std::function<size_t()>& get);

  std::vector<Field> fields_;
};

}  // namespace crosstwin::cli
