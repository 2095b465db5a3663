// FPGA parts, from their makers' tables (as nextpnr counts them).
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/part.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"

namespace crosstwin::ir {
namespace {

constexpr std::array<std::pair<PartFamily, const char*>, 4> kFamilies = {
    {{PartFamily::kIce40, "ice40"},
     {PartFamily::kUp5k, "up5k"},
     {PartFamily::kEcp5, "ecp5"},
     {PartFamily::kGowin, "gowin"}}};

// `text` offered where it is near to `word`.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
  const std::string near = nearest(word, known);
  return near.empty() ? "" : "did you mean " + near + "?";
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

const char* to_string(PartFamily family) {
  for (const auto& [each, name] : kFamilies) {
    if (each == family) return name;
  }
  throw Bug("a family has a name");
}

PartFamily part_family(const std::string& name, const std::string& where) {
  std::vector<std::string> known;
  for (const auto& [family, text] : kFamilies) {
    if (name == text) return family;
    known.emplace_back(text);
  }
  throw Error(
      {where, "unknown family of parts", "one of " + join(known), name, did_you_mean(name, known)});
}

const std::vector<Part>& parts() {
  static const std::vector<Part> kParts = {
      {"up5k", "iCE40-UP5K", PartFamily::kUp5k, 5280, 5280, 30, 4096, 8},
      {"hx8k", "iCE40-HX8K", PartFamily::kIce40, 7680, 7680, 32, 4096, 0},
      {"gw1n-9c", "Gowin GW1NR-9C", PartFamily::kGowin, 8640, 6480, 26, 18432, 20},
      {"gw2a-18c", "Gowin GW2AR-18C", PartFamily::kGowin, 20736, 15552, 46, 18432, 48},
      {"25k", "ECP5-25F", PartFamily::kEcp5, 24288, 24288, 56, 18432, 28},
      {"45k", "ECP5-45F", PartFamily::kEcp5, 43848, 43848, 108, 18432, 72},
      {"85k", "ECP5-85F", PartFamily::kEcp5, 83640, 83640, 208, 18432, 156}};
  return kParts;
}

const Part& find_part(const std::string& device, const std::string& where) {
  std::vector<std::string> known;
  for (const Part& part : parts()) {
    if (part.device == device) return part;
    known.push_back(part.device);
  }
  throw Error({where, "no capacity is known for this device", "one of " + join(known), device,
               did_you_mean(device, known)});
}

}  // namespace crosstwin::ir
