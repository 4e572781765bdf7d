// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/tool.hpp>

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include <bitloom/core/file.hpp>

namespace {

using namespace bitloom;

TEST_CASE("a program gets its arguments as they are, and leaves its output and its exit code") {
  const std::string odd = "a 'b' \"c\" $HOME * \\ ;";
  const auto echo = rtl::run_program({"printf", "%s|%s", odd, ""});
  CHECK(echo.output == odd + "|");
  CHECK(echo.exit_code == 0);
  const auto shell = rtl::run_program({"sh", "-c", "echo out; echo err >&2; exit 3"});
  CHECK(shell.output == "out\nerr\n");
  CHECK(shell.exit_code == 3);
  CHECK(rtl::run_program({"cat"}).output.empty());  // no input
  CHECK(rtl::run_program({"sh", "-c", "kill -KILL $$"}).exit_code == 128 + 9);
  CHECK(rtl::run_program({"bitloom-no-such-program"}).exit_code == 127);
}

TEST_CASE("programs are found as a shell finds them, and a missing one is named with its purpose") {
  CHECK(rtl::find_program("sh").ends_with("/sh"));
  CHECK(rtl::find_program("bitloom-no-such-program").empty());
  CHECK_THROWS_WITH_AS(static_cast<void>(rtl::require_program("bitloom-no-such-program", "a test")),
                       "bitloom-no-such-program: it is not on PATH; a test needs it", Error);
}

TEST_CASE("a temporary folder goes with all that is in it") {
  std::string path;
  {
    const rtl::TemporaryFolder folder;
    const rtl::TemporaryFolder other(folder.path());
    path = folder.path();
    core::write_file(other.file("x"), "1");
    CHECK(std::filesystem::exists(other.file("x")));
    CHECK(other.path().starts_with(path));
  }
  CHECK(!std::filesystem::exists(path));
  CHECK_THROWS_AS(rtl::TemporaryFolder("/bitloom-no-such-folder"), Error);
}

}  // namespace
