// SPDX-License-Identifier: Apache-2.0
#include "fliqs_kinds.hpp"
#include "fliqs_search_reference.hpp"

namespace bitloom::examples {

std::vector<ReferenceKind> search_file_kinds() {
  return {
      ReferenceKind::table({"in_hw", "macs"}, check_layer_table),
      ReferenceKind::table({"gbops", "imagenet_top1"}, check_published_pareto),
      ReferenceKind::json({"config"}, check_policy_trajectories),
      ReferenceKind::json({"w_bits"}, check_mixed_costs),
  };
}

}  // namespace bitloom::examples
