#!/usr/bin/env bash
# Compiles and runs the C and C++ programs that use libsvft as a host would: one file under CHost or
# CxxHost is one program, found by itself. They know svft.h and libsvft.so only, are compiled
# pedantically with every compiler at hand, and run with no Swift on any path.
#
# A program ends with 0 when it passes, 77 when it had to skip (it prints why), anything else when
# it fails. It is given an empty scratch folder as its argument, and these variables: SVFT_LIBRARY
# (the shared object), SVFT_FIXTURES (Tests/Fixtures), SVFT_MODEL (the tiny model of the demo),
# SVFT_MALFORMED (malformed files, where this machine has them), SVFT_TEST_LONG (1 for long loops).
# Every function and every status of svft.h stands in at least one of the programs.
#
# The benchmarks' programs in C, which take too long to run here, must compile.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
build=build/hosts
warnings=(-Wall -Wextra -pedantic -Werror)
failed=()
limit=300
[ "${SVFT_TEST_LONG:-}" != 1 ] || limit=3600

rm -rf "$build"
mkdir -p "$build"

# has_openmp COMPILER: whether it compiles and links programs that include omp.h.
has_openmp() {
  "$1" -x c -fopenmp -o "$build/openmp-$1" - <<<$'#include <omp.h>\nint main(void) { return 0; }' \
    >/dev/null 2>&1
}

# attempt PROGRAM COMPILER FLAGS... SOURCE: compiles one program and runs it. What came of it is
# the line in PROGRAM.result: "passed", "skipped ..." or "failed ...".
attempt() {
  local program=$1 source=${*: -1} openmp=() status=0
  shift
  if grep -q '<omp.h>' "$source"; then
    openmp=(-fopenmp)
    if ! has_openmp "$1"; then
      echo "skipped $source: $1 has no OpenMP" >"$program.result"
      return
    fi
  fi
  if ! "$@" ${openmp[@]+"${openmp[@]}"} "${warnings[@]}" -O1 -g -Ibuild/include -o "$program" \
    -Lbuild/lib -Wl,--as-needed -lsvft -lm -lpthread -ldl; then
    echo "failed $source (does not compile with $1)" >"$program.result"
    return
  fi
  mkdir -p "$program.scratch"
  env -i PATH=/usr/bin:/bin LD_LIBRARY_PATH="$root/build/lib" HOME="$root/$program.scratch" \
    SVFT_LIBRARY="$root/build/lib/libsvft.so.0" SVFT_FIXTURES="$root/Tests/Fixtures" \
    SVFT_MODEL="$root/Demo/model" SVFT_MALFORMED="$root/../shared/data/malformed" CI="${CI:-}" \
    SVFT_TEST_LONG="${SVFT_TEST_LONG:-}" \
    timeout "$limit" "$program" "$root/$program.scratch" >"$program.log" 2>&1 || status=$?
  case $status in
    0) echo "passed $source" ;;
    77) echo "skipped $source: $(tail -n 1 "$program.log")" ;;
    *) echo "failed $source ($1, status $status)" ;;
  esac >"$program.result"
  [ $status -eq 0 ] || [ $status -eq 77 ] || sed "s|^|  $(basename "$program"): |" "$program.log"
}

# attempt_all STANDARD SOURCE COMPILER...: one program with every compiler at hand, side by side.
attempt_all() {
  local standard=$1 source=$2 name compiler
  name=$(basename "${source%.*}")
  shift 2
  for compiler in "$@"; do
    command -v "$compiler" >/dev/null || continue
    echo "failed $source ($compiler, no result)" >"$build/$name-$compiler.result"
    attempt "$build/$name-$compiler" "$compiler" "-std=$standard" "$source" &
  done
  wait
}

# reads_header COMPILER LANGUAGE STANDARD: the header alone, included as a host includes it.
reads_header() {
  "$1" -x "$2" -std="$3" "${warnings[@]}" -fsyntax-only -Ibuild/include - \
    <<<$'#include "svft.h"\nint main(void) { return 0; }' ||
    failed+=("svft.h as $3 with $1")
}

for compiler in gcc clang; do
  command -v "$compiler" >/dev/null || continue
  for standard in c99 c11 c17; do reads_header "$compiler" c $standard; done
done
for compiler in g++ clang++; do
  command -v "$compiler" >/dev/null || continue
  for standard in c++11 c++17 c++20; do reads_header "$compiler" c++ $standard; done
done
for source in Tests/CHost/*.c; do attempt_all c99 "$source" gcc clang; done
for source in Tests/CxxHost/*.cpp; do attempt_all c++17 "$source" g++ clang++; done
for source in Benchmarks/*.c Benchmarks/roofline/*.c; do
  case $source in Benchmarks/roofline/*) [ "$(uname -m)" = x86_64 ] || continue ;; esac
  clang -fsyntax-only -Wall -Wextra -Werror -Iinclude -ISources/CKernels \
    -ISources/CKernels/include "$source" || failed+=("$source does not compile")
done

# Of the header's functions and statuses, those that no program uses.
names() { grep -ohE "$1" "${@:2}" | tr -d '( ' | sort -u; }
unused=$(comm -23 <(names '(svft_[a-z0-9_]+\(|SVFT_[A-Z_]+ )' include/svft.h) \
  <(names '(svft|SVFT)_[A-Za-z0-9_]+' Tests/CHost/*.c Tests/CxxHost/*.cpp))
for name in $unused; do failed+=("$name is used by no host program"); done

results=$(cat "$build"/*.result)
while read -r failure; do failed+=("$failure"); done < <(sed -n 's/^failed //p' <<<"$results")
sed -n 's/^skipped /skipped: /p' <<<"$results"
for failure in "${failed[@]:+${failed[@]}}"; do echo "failed: $failure"; done
counts="$(grep -c '^passed ' <<<"$results" || true) passed, ${#failed[@]} failed"
echo "host programs: $counts, $(grep -c '^skipped ' <<<"$results" || true) skipped"
[ ${#failed[@]} -eq 0 ]
