// Programs run without a shell, and what they wrote.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/process.hpp"

#include <fstream>
#include <thread>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"

using namespace crosstwin::ir;
using crosstwin::tests::contains;
using crosstwin::tests::message_of;
using crosstwin::tests::TemporaryDir;

TEST_CASE("a program's words reach it as they are") {
  const Finished finished = run({.argv = {"printf", "%s|", "two words", "$HOME", "it's", ""}});
  CHECK(finished.status == 0);
  CHECK(finished.output == "two words|$HOME|it's||");
}

TEST_CASE("both outputs are captured in the order written, and logged") {
  const TemporaryDir dir;
  const Finished finished = run({.argv = {"sh", "-c", "echo one; echo two >&2; pwd; exit 7"},
                                 .cwd = dir.path(),
                                 .log = dir / "run.log"});
  CHECK(finished.status == 7);
  CHECK(finished.output == "one\ntwo\n" + dir.path().string() + "\n");
  CHECK(read_file(dir / "run.log") == finished.output);
  CHECK(finished.seconds > 0);
}

TEST_CASE("a program that a signal ends has a status as in a shell") {
  CHECK(run({.argv = {"sh", "-c", "kill -TERM $$"}}).status == 128 + 15);
}

TEST_CASE("standard input is empty, and added environment arrives") {
  CHECK(run({.argv = {"cat"}}).output.empty());
  CHECK(run({.argv = {"sh", "-c", "echo $XB_TEST"}, .env = {{"XB_TEST", "a b"}}}).output ==
        "a b\n");
}

TEST_CASE("programs run at the same time from several threads") {
  std::vector<std::string> outputs(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < outputs.size(); ++i) {
    threads.emplace_back([&outputs, i] {
      outputs[i] = run({.argv = {"echo", std::to_string(i)}}).output;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < outputs.size(); ++i) CHECK(outputs[i] == std::to_string(i) + "\n");
}

TEST_CASE("a program that is not there is an error that names it") {
  CHECK_THAT(message_of([] { run({.argv = {"no-such-program-here"}}); }),
             contains("no-such-program-here: cannot be started: No such file"));
}

TEST_CASE("a program given by a relative path runs in another folder") {
  const TemporaryDir dir;
  std::filesystem::create_symlink("/bin/sh", dir / "shell");
  const std::string relative =
      std::filesystem::relative(dir / "shell", std::filesystem::current_path()).string();
  CHECK(run({.argv = {relative, "-c", "pwd"}, .cwd = "/"}).output == "/\n");
}

TEST_CASE("a command is shown as one would type it") {
  CHECK(to_string(Command{.argv = {"yosys", "-p", "read it's", "a.json"}}) ==
        R"(yosys -p 'read it'\''s' a.json)");
}

TEST_CASE("a program is found in the first folder that has it") {
  const TemporaryDir dir;
  std::filesystem::create_directories(dir / "a/tool");  // a folder is no program
  std::filesystem::create_directories(dir / "b");
  std::filesystem::create_symlink("/bin/sh", dir / "b/tool");
  std::ofstream(dir / "a/data") << "not executable";
  CHECK(find_program("tool", {dir / "none", dir / "a", dir / "b"}) == dir / "b/tool");
  CHECK(find_program("data", {dir / "a"}) == std::nullopt);
  CHECK(find_program("sh", path_dirs()).has_value());
}

TEST_CASE("the last lines of a log") {
  CHECK(last_lines("a\nb\nc\n\n", 2) == "b\nc");
  CHECK(last_lines("a\nb", 5) == "a\nb");
  CHECK(last_lines("\nb", 5) == "\nb");
  CHECK(last_lines("\n\n", 5).empty());
}
