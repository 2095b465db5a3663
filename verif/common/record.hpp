// What a driver's run has seen, case by case, for verif/coverage.py and verif/sweep.py.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

// Written by verif/run.sh: kModule and kRows, the parameters of each case as text.
#include "case_rows.inc"

namespace crosstwin::verif {

// Events of a case by name and how often each was seen. A name must be one that verif/<module>/
// sweep.py declares, or the merge refuses the record.
using Seen = std::map<std::string, uint64_t>;

// What became of one case over all runs.
struct CaseRecord {
  std::string error;  // of its first failure; a seeded bug must have one
  bool bug = false;
  Seen seen;
  std::set<std::string> bench;  // stalls and seams that its good runs had
};

inline std::string json_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// One file a run, record.json in the current folder.
inline void write_record(const std::vector<CaseRecord>& cases, uint64_t seed, bool passed) {
  std::ofstream out("record.json");
  out << "{\"module\": " << json_string(kModule) << ", \"seed\": " << seed
      << ", \"passed\": " << (passed ? "true" : "false") << ", \"cases\": [";
  for (size_t i = 0; i < cases.size(); ++i) {
    const CaseRecord& c = cases[i];
    out << (i == 0 ? "\n" : ",\n") << "{\"row\": " << json_string(kRows[i])
        << ", \"bug\": " << (c.bug ? "true" : "false") << ", \"error\": " << json_string(c.error)
        << ", \"seen\": {";
    const char* comma = "";
    for (const auto& [name, count] : c.seen) {
      out << comma << json_string(name) << ": " << count;
      comma = ", ";
    }
    out << "}, \"bench\": [";
    comma = "";
    for (const std::string& name : c.bench) {
      out << comma << json_string(name);
      comma = ", ";
    }
    out << "]}";
  }
  out << "\n]}\n";
}

}  // namespace crosstwin::verif
