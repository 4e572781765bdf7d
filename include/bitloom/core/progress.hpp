// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

namespace bitloom::core {

/// A one-line progress bar on standard error. It appears once the work has run for a second, only when standard
/// error is a terminal, and is wiped when the work is done, so it never mixes with results.
class Progress {
 public:
  Progress(std::string label, std::int64_t total)
      : label_(std::move(label)),
        total_(total < 1 ? 1 : total),
        start_(Clock::now()),
        visible_(is_terminal()) {}

  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  ~Progress() {
    if (drawn_) std::fputs("\r\033[K", stderr);
  }

  /// `done` of the total items are done; `note` is shown behind the bar.
  void update(std::int64_t done, const std::string& note = {}) {
    if (!visible_) return;
    const auto now = Clock::now();
    if (now - start_ < std::chrono::seconds(1) || now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    drawn_ = true;
    std::fprintf(stderr, "\r\033[K%s %s %s", label_.c_str(), bar(done).c_str(), note.c_str());
    std::fflush(stderr);
  }

  /// The bar's text, e.g. `[#####.....]  50%`.
  [[nodiscard]] std::string bar(std::int64_t done) const {
    constexpr std::int64_t width = 30;
    const auto clamped = done < 0 ? 0 : (done > total_ ? total_ : done);
    const double share = static_cast<double>(clamped) / static_cast<double>(total_);
    const auto filled = static_cast<std::size_t>(share * width);
    const auto percent = std::to_string(static_cast<int>(share * 100));
    return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] " +
           std::string(3 - percent.size(), ' ') + percent + "%";
  }

 private:
  using Clock = std::chrono::steady_clock;

  static bool is_terminal() {
#if __has_include(<unistd.h>)
    return isatty(STDERR_FILENO) != 0;
#else
    return false;
#endif
  }

  std::string label_;
  std::int64_t total_;
  Clock::time_point start_;
  Clock::time_point last_{};
  bool visible_;
  bool drawn_ = false;
};

}  // namespace bitloom::core
