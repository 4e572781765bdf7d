#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make_targets.sh README.md Makefile: every `make <target>` that the page names, in its text or in a code block, is
# a target of the Makefile.
set -euo pipefail
readme=$1
makefile=$2

named=$(awk '
  /^[ \t]*```/ { code = !code; next }
  {
    pattern = code ? "(^|&& |; |\\$ )[ \t]*make [a-z_-]+" : "`make [a-z_-]+"
    line = $0
    while (match(line, pattern)) {
      word = substr(line, RSTART, RLENGTH)
      sub(/.*make /, "", word)
      print word
      line = substr(line, RSTART + RLENGTH)
    }
  }' "$readme" | sort -u)

failed=0
while read -r target; do
  if [ -n "$target" ] && ! grep -qE "^$target:" "$makefile"; then
    echo "README names 'make $target', which is no target of the Makefile" >&2
    failed=1
  fi
done <<<"$named"
exit "$failed"
