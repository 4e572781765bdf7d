// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/kernel/gemm_int8.hpp>
#include <bitloom/kernel/gemm_operand.hpp>
#include <bitloom/kernel/integer_array.hpp>
#include <bitloom/kernel/lane_arithmetic.hpp>
#include <bitloom/kernel/magnitudes.hpp>
#include <bitloom/kernel/map_words.hpp>
#include <bitloom/kernel/minifloat_array.hpp>
#include <bitloom/kernel/minifloat_gemm.hpp>
#include <bitloom/kernel/pack_codes.hpp>
#include <bitloom/kernel/round_array.hpp>
#include <bitloom/kernel/unpack_integers.hpp>
#include <bitloom/kernel/words.hpp>
