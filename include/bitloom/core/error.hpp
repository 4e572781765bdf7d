// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace bitloom {

/// Base of everything the library throws for bad input. The message names the argument, what it was and
/// what it had to be, in one line.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Two shapes do not fit together, or a shape is impossible.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// A value is outside what the operation is defined for.
class RangeError : public Error {
 public:
  using Error::Error;
};

/// A file or a string is not in the format that it should be.
class ParseError : public Error {
 public:
  using Error::Error;
};

/// No solution exists, or the solver failed.
class SolverError : public Error {
 public:
  using Error::Error;
};

namespace core {
namespace detail {

/// Apart from the checks, so that a compiler sees: what comes after a check is inside the bounds.
[[noreturn]] inline void throw_out_of_range(const char* argument, std::int64_t value, std::int64_t low,
                                            std::int64_t high) {
  throw RangeError(std::string(argument) + ": " + std::to_string(value) + " is outside " +
                   std::to_string(low) + ".." + std::to_string(high));
}

}  // namespace detail

/// Throws RangeError, naming `argument`, unless low <= value <= high.
constexpr void check_range(const char* argument, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high) detail::throw_out_of_range(argument, value, low, high);
}

/// Throws ShapeError, naming both sides, unless the two extents are equal.
constexpr void check_equal(const char* left, std::int64_t left_extent, const char* right,
                           std::int64_t right_extent) {
  if (left_extent != right_extent)
    throw ShapeError(std::string(left) + " is " + std::to_string(left_extent) + ", but " + right + " is " +
                     std::to_string(right_extent));
}

/// Throws ShapeError, naming `argument`, unless the extent is at least 1.
constexpr void check_positive(const char* argument, std::int64_t extent) {
  if (extent < 1)
    throw ShapeError(std::string(argument) + ": " + std::to_string(extent) + " has to be at least 1");
}

}  // namespace core
}  // namespace bitloom
