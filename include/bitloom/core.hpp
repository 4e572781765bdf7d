// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/core/csv.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/executor.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/pareto.hpp>
#include <bitloom/core/progress.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/core/table.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/core/version.hpp>
