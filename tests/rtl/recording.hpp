// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <bitloom/rtl/trace.hpp>

namespace bitloom::rtl::test {

/// A recorded machine and its trace.
template <class B>
struct Recording {
  std::ostringstream text;
  std::unique_ptr<typename Recorded<B>::Machine> machine =
      std::make_unique<typename Recorded<B>::Machine>(text);
};

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace bitloom::rtl::test
