#!/usr/bin/env bash
# Holds a built libsvft.so.0 against its promises: exports, needed libraries, soname, no search
# path, and that it stays once loaded. The header it is compared with is include/svft.h.
# Usage: check-library.sh LIBRARY
set -euo pipefail
library=$1
failures=0

fail() {
  echo "check-library: $1" >&2
  failures=$((failures + 1))
}

strangers=$(nm -D --defined-only "$library" | awk '{print $NF}' | grep -v '^svft_' || true)
[ -z "$strangers" ] || fail "exports more than svft_*: $(echo "$strangers" | head -5 | tr '\n' ' ')"

names() { grep -oE 'svft_[a-z0-9_]+' | sort -u || true; }
declared=$(grep -oE '(^|[ *])svft_[a-z0-9_]+\(' include/svft.h | names || true)
exported=$(nm -D --defined-only "$library" | names)
lacking=$(comm -23 <(echo "$declared") <(echo "$exported"))
[ -z "$lacking" ] || fail "declared but not exported: $(echo "$lacking" | tr '\n' ' ')"

dynamic=$(readelf -d "$library")
needed=$(echo "$dynamic" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
allowed='^(libc\.so\.6|libm\.so\.6|libgcc_s\.so\.1|libstdc\+\+\.so\.6|ld-linux.*\.so\..*)$'
others=$(echo "$needed" | grep -vE "$allowed" || true)
[ -z "$others" ] || fail "needs more than libc, libm, libgcc_s, libstdc++: ${others//$'\n'/ }"

grep -q '(SONAME).*\[libsvft\.so\.0\]' <<<"$dynamic" || fail "soname is not libsvft.so.0"
grep -q 'NODELETE' <<<"$dynamic" || fail "can be unloaded under its own threads (nodelete)"
if echo "$dynamic" | grep -E '\((RPATH|RUNPATH)\)' >&2; then fail "carries a search path"; fi

[ "$failures" -eq 0 ] || exit 1
count=$(echo "$exported" | grep -c . || true)
echo "check-library: $count functions exported, needs $(echo "$needed" | tr '\n' ' ')"
