// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bitloom::bench {

/// A line of the summary: a benchmark, what it is compared with, and what the machine could do at best. All three
/// are names of benchmarks that report `items_per_second`; an empty name stands for none.
struct Row {
  std::string name;
  std::string unit;              ///< of the figures
  double items_per_unit = 1;     ///< items per second in one unit, e.g. 1e9 for GMAC/s
  double items_per_element = 0;  ///< if not 0, the summary also has nanoseconds per element
  std::string benchmark;
  std::string peer;  ///< name of the peer, as the summary shows it
  std::string peer_benchmark;
  std::string limit_benchmark;
};

inline std::vector<Row>& rows() {
  static std::vector<Row> all;
  return all;
}

/// Adds a line, as an object at namespace scope.
struct AddRow {
  explicit AddRow(Row row) { rows().push_back(std::move(row)); }
};

}  // namespace bitloom::bench
