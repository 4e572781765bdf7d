// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace bitloom {

/// Version of the library, by semantic versioning.
inline constexpr std::string_view version = "0.1.0";

}  // namespace bitloom
