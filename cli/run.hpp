// The output folder of a run: where every step reads and writes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace crosstwin::cli {

// Hash of all files below a folder, with their names, or "" when it is not there.
std::string hash_files(const std::filesystem::path& folder);

class Run {
 public:
  explicit Run(std::filesystem::path dir) : dir_(std::move(dir)) {}

  const std::filesystem::path& dir() const { return dir_; }
  std::filesystem::path network() const { return dir_ / "network"; }
  std::filesystem::path compressed() const { return dir_ / "compressed"; }
  std::filesystem::path design() const { return dir_ / "design"; }
  std::filesystem::path chip() const { return dir_ / "chip"; }
  std::filesystem::path rtl() const { return dir_ / "rtl"; }
  std::filesystem::path pareto() const { return dir_ / "pareto"; }
  std::filesystem::path verify() const { return dir_ / "verify"; }
  std::filesystem::path fpga(const std::string& board) const { return dir_ / "fpga" / board; }
  std::filesystem::path report() const { return dir_ / "report"; }
  // The accuracy of each chip drawn by `simulate`, a file a trial (twin/monte_carlo.hpp).
  std::filesystem::path monte_carlo() const { return dir_ / "monte_carlo"; }
  std::filesystem::path logs() const { return dir_ / "logs"; }
  std::filesystem::path checkpoints() const { return dir_ / "checkpoints"; }
  std::filesystem::path config() const { return dir_ / "config.json"; }
  std::filesystem::path results(const std::string& step) const {
    return dir_ / "results" / (step + ".json");
  }

  // What a step found: {"step", "inputs", "folders", "seconds", "result"}; null when it has not
  // run.
  nlohmann::ordered_json read_results(const std::string& step) const;
  void write_results(const std::string& step, const nlohmann::ordered_json& record) const;

  // A folder that the step read has changed since the record was written.
  bool stale(const nlohmann::ordered_json& record) const;

  // hash_files() of a folder of the run.
  std::string hash(const std::string& folder) const { return hash_files(dir_ / folder); }

 private:
  std::filesystem::path dir_;
};

}  // namespace crosstwin::cli
