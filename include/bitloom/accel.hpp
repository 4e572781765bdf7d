// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/accel/block_array.hpp>
#include <bitloom/accel/design.hpp>
#include <bitloom/accel/dla.hpp>
#include <bitloom/accel/dla_bramac.hpp>
#include <bitloom/accel/explore.hpp>
#include <bitloom/accel/layer_work.hpp>
#include <bitloom/accel/network_cost.hpp>
#include <bitloom/accel/overlay.hpp>
#include <bitloom/accel/overlay_study.hpp>
#include <bitloom/accel/released_workload.hpp>
#include <bitloom/accel/tile_search.hpp>
