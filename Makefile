# SPDX-License-Identifier: Apache-2.0
# Short names for what CMake and the presets do. BITLOOM_PRESET chooses the preset of `make test`.

BITLOOM_PRESET ?= release
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
version = $(shell sed -n 's/.*version = "\(.*\)";/\1/p' include/bitloom/core/version.hpp)
sources = $(shell find include tests examples bench -name '*.hpp' -o -name '*.cpp')

.PHONY: help demo test sanitize fuzz bench performance docs format clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
	  printf 'make %-12s %s\n' "$$name" "$$text"; done

demo: ## builds and runs the co-design example; its page is build/codesign.html
	@cmake/install-deps.sh build
	cmake --preset release
	cmake --build --preset release -j $(JOBS) --target codesign compute_in_bram formats mixed_precision
	build/release/examples/codesign --html build/codesign.html

test: ## builds everything and runs all tests
	@cmake/install-deps.sh build test
	cmake --preset $(BITLOOM_PRESET)
	cmake --build --preset $(BITLOOM_PRESET) -j $(JOBS)
	ctest --preset $(BITLOOM_PRESET) -j $(JOBS) --output-on-failure

sanitize: ## all tests with the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory test BITLOOM_PRESET=dev

fuzz: ## random inputs for the parsers, with clang-19
	@cmake/install-deps.sh build test fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz -j $(JOBS)
	ctest --preset fuzz -j $(JOBS)

bench: ## the benchmarks; their figures go to build/bench/summary.json
	@cmake/install-deps.sh build bench peers
	cmake --preset bench
	cmake --build --preset bench -j $(JOBS)
	build/bench/bitloom_bench

performance: ## the benchmarks and the parse times, written to docs/performance.md
	@cmake/install-deps.sh build bench peers
	cmake --preset bench
	cmake --build --preset bench -j $(JOBS)
	bench/performance.sh build/bench/bitloom_bench

docs: ## the reference pages, build/docs/html/index.html
	@cmake/install-deps.sh docs
	@mkdir -p build/docs
	BITLOOM_VERSION=$(version) doxygen docs/Doxyfile

format: ## formats every source file in place
	@cmake/install-deps.sh format
	clang-format -i $(sources)

clean: ## removes build/
	rm -rf build
