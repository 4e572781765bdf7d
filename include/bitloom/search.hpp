// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/search/assignment.hpp>
#include <bitloom/search/block_cost.hpp>
#include <bitloom/search/controller.hpp>
#include <bitloom/search/controller_policies.hpp>
#include <bitloom/search/cost.hpp>
#include <bitloom/search/cost_table.hpp>
#include <bitloom/search/decision.hpp>
#include <bitloom/search/deploy.hpp>
#include <bitloom/search/energy_cost.hpp>
#include <bitloom/search/entropy_schedule.hpp>
#include <bitloom/search/format_set.hpp>
#include <bitloom/search/format_space.hpp>
#include <bitloom/search/greedy_search.hpp>
#include <bitloom/search/layer.hpp>
#include <bitloom/search/layer_table.hpp>
#include <bitloom/search/layer_zoo.hpp>
#include <bitloom/search/mac_cost.hpp>
#include <bitloom/search/network_layers.hpp>
#include <bitloom/search/policy_search.hpp>
#include <bitloom/search/reward.hpp>
#include <bitloom/search/space.hpp>
#include <bitloom/search/sweep.hpp>
#include <bitloom/search/switching_error.hpp>
#include <bitloom/search/trace.hpp>
