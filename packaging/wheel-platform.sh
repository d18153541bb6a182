#!/usr/bin/env bash
# Prints the platform tag of a wheel that carries the library: manylinux with the oldest glibc that
# has every symbol version it needs (PEP 600). The other libraries it needs must be no newer than
# what such systems bring, else the tag would promise too much.
# Usage: wheel-platform.sh LIBRARY
set -euo pipefail
library=$1

# newest NAME: the highest version of NAME_… symbols that the library needs.
newest() {
  readelf --version-info --wide "$library" | grep -oE "\b$1_[0-9.]+" | sort -uV | tail -n 1 |
    cut -d _ -f 2
}
# not_above VERSION LIMIT
not_above() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | tail -n 1)" = "$2" ]; }

glibc=$(newest GLIBC)
# GCC 11, the compiler of the distributions with glibc 2.34 and 2.35.
not_above "$(newest GLIBCXX)" 3.4.29 && not_above "$(newest CXXABI)" 1.3.13 ||
  { echo "wheel-platform: needs a newer libstdc++ than glibc $glibc comes with" >&2 && exit 1; }
echo "manylinux_${glibc/./_}_$(uname -m)"
