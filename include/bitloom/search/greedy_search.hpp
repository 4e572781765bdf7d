// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/search/sweep.hpp>

namespace bitloom::search {

/// Lowers one decision after the other, from the most expensive choice to the cheapest: always the step to a cheaper
/// option that loses least quality for the cost that it saves, as measured with all other decisions at their most
/// expensive option. A step to an option of the same cost is taken if it gains quality.
///
/// With n options a decision makes n - 1 measurements and at most n - 1 points.
struct GreedySearch {
  /// @return the choices on the way, from the most expensive to the cheapest
  template <class Problem>
  [[nodiscard]] std::vector<SearchPoint> run(const Problem& problem) const {
    const auto counts = problem.space().option_counts();
    auto orders =
        std::vector<std::vector<std::size_t>>(counts.size());  // of options, the most expensive first
    Choice top(counts.size());
    for (std::size_t d = 0; d < counts.size(); ++d) {
      std::vector<double> costs;
      for (std::size_t option = 0; option < counts[d]; ++option) {
        auto choice = top;
        choice[d] = option;
        costs.push_back(problem.cost(choice));
      }
      auto& order = orders[d];
      order.resize(counts[d]);
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::ranges::sort(order, [&](std::size_t x, std::size_t y) {
        return costs[x] > costs[y] || (costs[x] == costs[y] && x < y);
      });
      top[d] = order.front();
    }

    std::vector<Choice> lowered{top};  // each decision alone, option by option
    for (std::size_t d = 0; d < counts.size(); ++d)
      for (std::size_t rank = 1; rank < counts[d]; ++rank) {
        lowered.push_back(top);
        lowered.back()[d] = orders[d][rank];
      }
    const auto alone = problem.points("sensitivity", lowered);

    std::vector<std::size_t> first(counts.size()), rank(counts.size());
    for (std::size_t d = 0, next = 1; d < counts.size(); next += counts[d++] - 1) first[d] = next;
    const auto quality = [&](std::size_t d, std::size_t r) {
      return alone[r == 0 ? 0 : first[d] + r - 1].quality;
    };
    std::vector<Choice> path{problem.space().canonical(top)};
    auto choice = top;
    for (;;) {
      double least = std::numeric_limits<double>::infinity();
      std::size_t best = counts.size();
      std::size_t next_rank = 0;
      for (std::size_t d = 0; d < counts.size(); ++d)
        for (auto r = rank[d] + 1; r < counts[d]; ++r) {
          auto next = choice;
          next[d] = orders[d][r];
          const double saved = problem.cost(choice) - problem.cost(next);
          const double lost = quality(d, rank[d]) - quality(d, r);
          if (!(saved > 0 || (saved == 0 && lost < 0))) continue;
          const double ratio = saved > 0 ? lost / saved : -std::numeric_limits<double>::max();
          if (ratio < least) {
            least = ratio;
            best = d;
            next_rank = r;
          }
        }
      if (best == counts.size()) break;
      rank[best] = next_rank;
      choice[best] = orders[best][next_rank];
      path.push_back(problem.space().canonical(choice));
    }
    return problem.points("greedy", path);
  }
};

}  // namespace bitloom::search
