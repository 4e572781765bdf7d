#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# install-deps.sh [build|test|bench|peers|docs|clang|fuzz|format]...
#
# Sees to it that the Debian packages of the named groups (default: build) are installed. Says and does nothing
# when they are; installs what is missing with apt-get, as root or with a sudo that asks nothing; otherwise names
# the missing packages with the command that gets them, and fails.
set -euo pipefail

packages_of() {
  case $1 in
    build) echo g++ make cmake ninja-build libeigen3-dev libxsimd-dev libboost-graph-dev libtbb-dev \
                nlohmann-json3-dev libcli11-dev libfmt-dev zlib1g-dev libpng-dev ;;
    test) echo doctest-dev verilator yosys g++ make ;;  # a simulation is compiled where the test runs
    bench) echo libbenchmark-dev libdnnl-dev libgemmlowp-dev verilator g++ make ;;
    peers) echo python3-torch ;;  # large, and only what training is compared with
    docs) echo doxygen ;;
    clang) echo clang-19 ;;
    fuzz) echo clang-19 libclang-rt-19-dev ;;
    format) echo clang-format ;;
    *) echo "install-deps.sh: '$1' is not one of build, test, bench, peers, docs, clang, fuzz, format" >&2; return 2 ;;
  esac
}

packages=()
for group in "${@:-build}"; do
  list=$(packages_of "$group")
  read -ra names <<<"$list"
  packages+=("${names[@]}")
done

if ! command -v dpkg-query >/dev/null; then
  echo "install-deps.sh: not a Debian system; the build needs what Debian calls: ${packages[*]}" >&2
  exit 0  # CMake names what it does not find
fi

installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null |
            sed -n 's/^installed //p' || true)
missing=()
for package in "${packages[@]}"; do
  grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
  echo "missing packages: ${missing[*]}" >&2
  echo "to get them: sudo apt-get update && sudo apt-get install -y ${missing[*]}" >&2
  exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" \
    </dev/null >>"$log" 2>&1
}
install() { apt install -y --no-install-recommends "${missing[@]}"; }

echo "installing ${missing[*]}"
# The package lists may be absent or older than the archive.
if ! install && ! { apt update && install; }; then
  cat "$log" >&2
  echo "could not install: ${missing[*]}" >&2
  exit 1
fi
