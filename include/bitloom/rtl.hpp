// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/rtl/agreement.hpp>
#include <bitloom/rtl/block_text.hpp>
#include <bitloom/rtl/bramac.hpp>
#include <bitloom/rtl/bramac_text.hpp>
#include <bitloom/rtl/bramac_trace.hpp>
#include <bitloom/rtl/cosimulate.hpp>
#include <bitloom/rtl/efsm.hpp>
#include <bitloom/rtl/emit.hpp>
#include <bitloom/rtl/hardware.hpp>
#include <bitloom/rtl/m4bram.hpp>
#include <bitloom/rtl/m4bram_text.hpp>
#include <bitloom/rtl/m4bram_trace.hpp>
#include <bitloom/rtl/synthesis.hpp>
#include <bitloom/rtl/testbench.hpp>
#include <bitloom/rtl/text.hpp>
#include <bitloom/rtl/tool.hpp>
#include <bitloom/rtl/trace.hpp>
