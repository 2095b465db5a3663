// posix_spawn, because a fork of a threaded program may only call async-signal-safe functions.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "compress/ir/error.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX has it in no header

namespace crosstwin::ir {
namespace {

std::vector<std::string> environment(const Command& command) {
  std::map<std::string, std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) merged[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& [name, value] : command.env) merged[name] = value;
  std::vector<std::string> entries;
  entries.reserve(merged.size());
  for (const auto& [name, value] : merged) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  result.reserve(words.size() + 1);
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

[[noreturn]] void cannot_start(const Command& command, int error) {
  throw Error({.where = command.argv[0],
               .what = std::string("cannot be started: ") + std::strerror(error),
               .got = to_string(command)});
}

}  // namespace

Finished run(const Command& command) {
  check(!command.argv.empty(), "run: a command has a program");
  std::ofstream log;
  if (!command.log.empty()) {
    log.open(command.log, std::ios::binary);
    if (!log) throw Error({.where = command.log.string(), .what = "cannot be written"});
  }

  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) cannot_start(command, errno);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  // A relative program is relative to us, not to the folder it is to run in.
  std::vector<std::string> words = command.argv;
  if (!command.cwd.empty()) {
    posix_spawn_file_actions_addchdir_np(&actions, command.cwd.c_str());
    if (words[0].find('/') != std::string::npos) {
      words[0] = std::filesystem::absolute(words[0]).string();
    }
  }
  std::vector<std::string> entries = environment(command);
  const auto start = std::chrono::steady_clock::now();
  pid_t child = 0;
  const int error = posix_spawnp(&child, words[0].c_str(), &actions, nullptr,
                                 pointers(words).data(), pointers(entries).data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    cannot_start(command, error);
  }

  Finished result;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t count = read(ends[0], buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    result.output.append(buffer.data(), static_cast<size_t>(count));
    if (log.is_open()) log.write(buffer.data(), count).flush();
  }
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  result.seconds = taken.count();
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string to_string(const Command& command) {
  constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";
  std::string line;
  for (const auto& [name, value] : command.env) line += name + "='" + value + "' ";
  for (const std::string& word : command.argv) {
    if (&word != &command.argv.front()) line += ' ';
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

std::optional<std::filesystem::path> find_program(const std::string& name,
                                                  const std::vector<std::filesystem::path>& dirs) {
  for (const std::filesystem::path& dir : dirs) {
    const std::filesystem::path program = dir / name;
    std::error_code ignored;
    if (access(program.c_str(), X_OK) == 0 && !std::filesystem::is_directory(program, ignored)) {
      return std::filesystem::absolute(program);
    }
  }
  return std::nullopt;
}

std::vector<std::filesystem::path> path_dirs() {
  const char* path = std::getenv("PATH");
  std::istringstream entries(path != nullptr ? path : "");
  std::vector<std::filesystem::path> dirs;
  for (std::string entry; std::getline(entries, entry, ':');) {
    dirs.emplace_back(entry.empty() ? "." : entry);
  }
  return dirs;
}

std::string last_lines(const std::string& text, int count) {
  size_t end = text.find_last_not_of(" \r\n");
  if (end == std::string::npos) return {};
  size_t begin = end + 1;
  for (int line = 0; line < count && begin != 0; ++line) {
    begin = begin < 2 ? std::string::npos : text.rfind('\n', begin - 2);
    begin = begin == std::string::npos ? 0 : begin + 1;
  }
  return text.substr(begin, end + 1 - begin);
}

}  // namespace crosstwin::ir
