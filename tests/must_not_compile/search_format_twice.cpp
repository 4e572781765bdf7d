// expects: occurrences<Formats, Formats
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/format_set.hpp>

using Formats = bitloom::search::FormatSet<bitloom::format::Int<4>, bitloom::format::Int<4>>;
