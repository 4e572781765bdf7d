// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/kernel/gemm_int8.hpp>
#include <bitloom/kernel/gemm_operand.hpp>
#include <bitloom/kernel/minifloat_array.hpp>
#include <bitloom/kernel/unpack_integers.hpp>
