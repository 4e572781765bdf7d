#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench/performance.sh BENCH_PROGRAM: runs the benchmarks, times the parsing of the headers, and writes docs/performance.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
page=docs/performance.md
table=$(mktemp)
trap 'rm -f "$table" "$page.part"' EXIT
"$1" --markdown="$table"

# Median of five parses, in seconds.
parse_time() {
  for _ in 1 2 3 4 5; do
    local start end
    start=$(date +%s%N)
    printf '#include <bitloom/%s>\n' "$1" | g++ -std=c++20 -Iinclude -isystem /usr/include/eigen3 -fsyntax-only -x c++ -
    end=$(date +%s%N)
    echo $(((end - start) / 1000000))
  done | sort -n | sed -n 3p | awk '{ printf "%.2f", $1 / 1000 }'
}

{
  echo '# Performance'
  echo
  echo 'Written by `make performance`; figures are medians of one run, and ratios are what counts.'
  echo
  echo '## Kernels and models'
  echo
  cat "$table"
  echo
  echo '`ratio` is ours over the peer, above 1 is better for us. `share` is ours over what the machine can do at best, measured'
  echo 'in the same run: for a product of integers, its multiply-accumulate instruction on registers alone. An array-cycle is'
  echo 'one clock cycle of one dummy array, instructions, copies and readouts included.'
  echo
  echo '## Time to parse a header'
  echo
  echo 'Seconds of `g++ -fsyntax-only` on a file that includes it alone.'
  echo
  echo '| header | seconds |'
  echo '| --- | --- |'
  for header in core.hpp format.hpp quant.hpp fabric/bramac.hpp kernel.hpp op.hpp accel.hpp fabric.hpp train.hpp net.hpp bitloom.hpp; do
    echo "| \`bitloom/$header\` | $(parse_time "$header") |"
  done
} > "$page.part"
mv "$page.part" "$page"
echo "$page is written"
