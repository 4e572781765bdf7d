// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/format/aqt.hpp>
#include <bitloom/format/arithmetic.hpp>
#include <bitloom/format/complex.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/format/convention.hpp>
#include <bitloom/format/decode_table.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/e8m0.hpp>
#include <bitloom/format/fixed.hpp>
#include <bitloom/format/fixed_number.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/kulisch.hpp>
#include <bitloom/format/minifloat.hpp>
#include <bitloom/format/minifloat_layout.hpp>
#include <bitloom/format/name.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/format/number.hpp>
#include <bitloom/format/order.hpp>
#include <bitloom/format/overflow.hpp>
#include <bitloom/format/registry.hpp>
#include <bitloom/format/rounding.hpp>
#include <bitloom/format/stochastic.hpp>
