// SPDX-License-Identifier: Apache-2.0
#include "fliqs_kinds.hpp"
#include "format_reference.hpp"

namespace bitloom::examples {

std::vector<ReferenceKind> format_file_kinds() {
  return {
      ReferenceKind::table({"man_field"}, check_format_table),
      ReferenceKind::table({"rne_via_f32"}, check_double_rounding),
      ReferenceKind::table({"rne", "f32_bits"}, check_float_encoding),
      ReferenceKind::table({"r", "k"}, check_stochastic),
      ReferenceKind::table({"quant", "raw"}, check_fixed_point),
      ReferenceKind::table({"f32recip_floorhalf"}, check_integer_quantizer),
      ReferenceKind::table({"gemmlowp_i32"}, check_requantization),
      ReferenceKind::table({"sig_bits"}, check_aqt),
      ReferenceKind::json({"out"}, check_mx_blocks),
      ReferenceKind::json({"deq_f32"}, check_authors_quantizer),
      ReferenceKind::json({"per_group"}, check_integer_scales),
      ReferenceKind::json({"exact_int"}, check_dot_products),
      ReferenceKind::json({"codes_e2m1"}, check_nvfp4),
  };
}

}  // namespace bitloom::examples
