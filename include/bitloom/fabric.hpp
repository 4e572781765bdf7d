// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/fabric/agreement.hpp>
#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/bramac_efsm.hpp>
#include <bitloom/fabric/bramac_instruction.hpp>
#include <bitloom/fabric/bramac_machine.hpp>
#include <bitloom/fabric/bramac_product.hpp>
#include <bitloom/fabric/bramac_run.hpp>
#include <bitloom/fabric/bramac_value.hpp>
#include <bitloom/fabric/concepts.hpp>
#include <bitloom/fabric/dsp.hpp>
#include <bitloom/fabric/dsp_value.hpp>
#include <bitloom/fabric/dummy_array.hpp>
#include <bitloom/fabric/efsm.hpp>
#include <bitloom/fabric/lanes.hpp>
#include <bitloom/fabric/m20k.hpp>
