// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <system_error>

#include <CLI/CLI.hpp>

namespace bitloom::examples {

/// Exit codes of the example programs.
inline constexpr int success = 0;
inline constexpr int check_failed = 1;
inline constexpr int bad_input = 2;

/// Accepts what is not empty.
inline CLI::Validator not_empty() {
  return {[](const std::string& text) { return text.empty() ? std::string("it is empty") : std::string(); },
          ""};
}

/// Accepts the whole numbers of 64 bits without a sign.
inline CLI::Validator seed_number() {
  return {[](const std::string& text) {
            std::uint64_t value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            return error == std::errc{} && end == text.data() + text.size() && !text.empty()
                       ? std::string()
                       : "'" + text + "' is not a whole number of 64 bits without a sign";
          },
          ""};
}

/// Adds `--json FILE` and the like: a file to write, tried before the program runs.
inline CLI::Option* add_output(CLI::App& app, const std::string& name, std::string& path,
                               const std::string& what) {
  return app.add_option(name, path, what)->type_name("FILE")->check(not_empty());
}

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
    const int code = body();
    if (std::fflush(stdout) != 0) return complain("standard output: it cannot be written");
    return code;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
    return complain(error.what());
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}

}  // namespace bitloom::examples
