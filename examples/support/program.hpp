// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

namespace bitloom::examples {

/// Exit codes of the example programs.
inline constexpr int success = 0;
inline constexpr int check_failed = 1;
inline constexpr int bad_input = 2;

/// Parses the arguments and calls `body()`, whose result is the exit code. Bad arguments and errors of the library
/// end in one line on standard error and exit code 2.
template <class Body>
int run_program(CLI::App& app, int argc, char** argv, Body&& body) {
  const auto complain = [&](const std::string& message) {
    const auto line = message.substr(0, message.find('\n'));
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), line.c_str());
    return bad_input;
  };
  try {
    app.parse(argc, argv);
    return body();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
    return complain(error.what());
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}

}  // namespace bitloom::examples
