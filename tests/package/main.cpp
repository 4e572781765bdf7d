// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/bits.hpp>
#include <bitloom/core/version.hpp>

#include <Eigen/Core>
#include <boost/graph/adjacency_list.hpp>
#include <xsimd/xsimd.hpp>

int main() {
  const bitloom::core::BitVector<12> word(0xabc);
  const Eigen::Vector2d ones = Eigen::Vector2d::Ones();
  const boost::adjacency_list<> graph(2);
  const xsimd::batch<float> lanes(1.0F);
  const bool good = word.to_hex() == "abc" && !bitloom::version.empty() && ones.sum() == 2 &&
                    num_vertices(graph) == 2 && lanes.get(0) == 1.0F;
  return good ? 0 : 1;
}
