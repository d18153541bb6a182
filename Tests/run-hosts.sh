#!/usr/bin/env bash
# Compiles and runs the C and C++ programs that use libsvft as a host would: one file under CHost or
# CxxHost is one program, found by itself. They know svft.h and libsvft.so only, are compiled
# pedantically with every compiler at hand, and run with no Swift on any path.
#
# A program ends with 0 when it passes, 77 when it had to skip (it prints why), anything else when
# it fails. It is given an empty scratch folder as its argument, and these variables: SVFT_LIBRARY
# (the shared object), SVFT_FIXTURES (Tests/Fixtures), SVFT_MODEL (the tiny model of the demo),
# SVFT_MALFORMED (malformed files, where this machine has them). Every function and every status of
# svft.h stands in at least one of the programs.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
build=build/hosts
warnings=(-Wall -Wextra -pedantic -Werror)
passed=0
skipped=0
failed=()

rm -rf "$build"
mkdir -p "$build"

# has_openmp COMPILER: whether it compiles and links programs that include omp.h.
has_openmp() {
  "$1" -x c -fopenmp -o "$build/openmp" - <<<$'#include <omp.h>\nint main(void) { return 0; }' \
    >/dev/null 2>&1
}

# attempt PROGRAM COMPILER FLAGS... SOURCE: compiles one program and runs it.
attempt() {
  local program=$1 source=${*: -1} openmp=()
  shift
  if grep -q '<omp.h>' "$source"; then
    openmp=(-fopenmp)
    if ! has_openmp "$1"; then
      skipped=$((skipped + 1))
      echo "skipped $source: $1 has no OpenMP"
      return
    fi
  fi
  if ! "$@" ${openmp[@]+"${openmp[@]}"} "${warnings[@]}" -O1 -g -Ibuild/include -o "$program" \
    -Lbuild/lib -Wl,--as-needed -lsvft -lm -lpthread -ldl; then
    failed+=("$source (does not compile with $1)")
    return
  fi
  local status=0
  mkdir -p "$program.scratch"
  env -i PATH=/usr/bin:/bin LD_LIBRARY_PATH="$root/build/lib" HOME="$root/$program.scratch" \
    SVFT_LIBRARY="$root/build/lib/libsvft.so.0" SVFT_FIXTURES="$root/Tests/Fixtures" \
    SVFT_MODEL="$root/Demo/model" SVFT_MALFORMED="$root/../shared/data/malformed" CI="${CI:-}" \
    timeout 300 "$program" "$root/$program.scratch" >"$program.log" 2>&1 || status=$?
  case $status in
    0) passed=$((passed + 1)) ;;
    77)
      skipped=$((skipped + 1))
      echo "skipped $source: $(tail -n 1 "$program.log")"
      ;;
    *)
      failed+=("$source ($1, status $status)")
      sed "s|^|  $(basename "$program"): |" "$program.log"
      ;;
  esac
}

# reads_header COMPILER LANGUAGE STANDARD: the header alone, included as a host includes it.
reads_header() {
  "$1" -x "$2" -std="$3" "${warnings[@]}" -fsyntax-only -Ibuild/include - \
    <<<$'#include "svft.h"\nint main(void) { return 0; }' ||
    failed+=("svft.h as $3 with $1")
}

for compiler in gcc clang; do
  command -v "$compiler" >/dev/null || continue
  for standard in c99 c11 c17; do
    reads_header "$compiler" c $standard
  done
  for source in Tests/CHost/*.c; do
    attempt "$build/$(basename "$source" .c)-$compiler" "$compiler" -std=c99 "$source"
  done
done
for compiler in g++ clang++; do
  command -v "$compiler" >/dev/null || continue
  for standard in c++11 c++17 c++20; do
    reads_header "$compiler" c++ $standard
  done
  for source in Tests/CxxHost/*.cpp; do
    attempt "$build/$(basename "$source" .cpp)-$compiler" "$compiler" -std=c++17 "$source"
  done
done

# Of the header's functions and statuses, those that no program uses.
names() { grep -ohE "$1" "${@:2}" | tr -d '( ' | sort -u; }
unused=$(comm -23 <(names '(svft_[a-z0-9_]+\(|SVFT_[A-Z_]+ )' include/svft.h) \
  <(names '(svft|SVFT)_[A-Za-z0-9_]+' Tests/CHost/*.c Tests/CxxHost/*.cpp))
for name in $unused; do failed+=("$name is used by no host program"); done

for failure in "${failed[@]:+${failed[@]}}"; do echo "failed: $failure"; done
echo "host programs: $passed passed, ${#failed[@]} failed, $skipped skipped"
[ ${#failed[@]} -eq 0 ]
