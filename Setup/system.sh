#!/usr/bin/env bash
# Makes sure that everything the build, the tests and the demo call is there. Each requirement is
# tried, not looked up, so nothing happens (and no network is needed) where all is present, whatever
# put it there. On Debian what is missing is installed, as root or through sudo; elsewhere it is
# named.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# require PACKAGES COMMAND...: notes the Debian packages when the command fails.
require() {
  local packages=$1
  shift
  "$@" >"$work/output" 2>&1 || missing+=("$packages")
}
loads() { PATH="$PATH:/sbin:/usr/sbin" ldconfig -p | grep -F "$1 " >/dev/null; }
compiles() { "$1" -x "$2" - -o "$work/program" <<<"$3"; }

if ! command -v swift >/dev/null; then
  echo "setup: the Swift toolchain (6.3 or later, https://www.swift.org/install) is not on PATH" >&2
  exit 1
fi
c=$(command -v gcc || command -v clang)
cxx=$(command -v g++ || command -v clang++)
require "libc6-dev libgcc-12-dev binutils" compiles "$c" c 'int main(void) { return 0; }'
require "libstdc++-12-dev" compiles "$cxx" c++ $'#include <string>\nint main() { return 0; }'
require "binutils" nm --version
require "pkgconf" pkg-config --version
require "libsqlite3-0 libxml2 libcurl4 libncurses6 libedit2 zlib1g" swift build --version
require "ca-certificates" test -s /etc/ssl/certs/ca-certificates.crt
require "tzdata" test -e /usr/share/zoneinfo/UTC
require "libopenblas-dev" loads libopenblas.so.0
require "liblapacke-dev" loads liblapacke.so.3
require "libomp-dev" loads libomp.so.5
require "libpng16-16" loads libpng16.so.16
require "libturbojpeg0" loads libturbojpeg.so.0
require "python3 python3-venv" python3 -c 'import ensurepip, venv'

[ ${#missing[@]} -eq 0 ] && exit 0

read -ra packages <<<"${missing[*]}"
install=(apt-get install -y --no-install-recommends "${packages[@]}")
if ! command -v apt-get >/dev/null; then
  echo "setup: please install what these Debian packages hold: ${packages[*]}" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup: please run as root: apt-get update && ${install[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "setup: installing ${packages[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "${install[@]}"
