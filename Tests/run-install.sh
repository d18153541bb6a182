#!/usr/bin/env bash
# `make install` into an empty prefix, used as a stranger would: pkg-config finds the library, the
# demo's C program compiles with what it says and runs, the tool completes its commands in the
# shell, every part says the same version, and `make uninstall` leaves no file behind.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$PWD/build/installed
prefix=$work/prefix
version=$(sed -n 's/^version = "\(.*\)"/\1/p' bindings/python/pyproject.toml)
rm -rf "$work"
mkdir -p "$work"
quietly() { "$@" >"$work/output" 2>&1 || { cat "$work/output" >&2 && return 1; }; }
# same WHAT FOUND EXPECTED
same() { [ "$2" = "$3" ] || { echo "install: $1: expected $3, found $2" >&2 && exit 1; }; }

quietly make install PREFIX="$prefix"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
unset SVFT_LIBRARY SVFT_BUILD

compiler=$(command -v cc || command -v gcc || command -v clang)
read -ra flags <<<"$(pkg-config --cflags --libs svft)"
"$compiler" -std=c99 -o "$work/generate" Demo/generate.c "${flags[@]}"
"$work/generate" Demo/model "Once" >"$work/text-c.txt"
"$prefix/bin/svft" generate --model Demo/model --prompt "Once" -n 60 --temp 0 >"$work/text-tool.txt"
cmp "$work/text-c.txt" "$work/text-tool.txt"
[ -s "$work/text-c.txt" ]

(cd "$work" && quietly "$prefix/bin/svft" demo --steps 2 -n 4 -o demo)
[ -s "$work/demo/merged-q8_0.gguf" ]

printf '#include <stdio.h>\n#include <svft.h>\nint main(void) { puts(svft_version()); }\n' |
  "$compiler" -x c -std=c99 -o "$work/version" - -x none "${flags[@]}"
same "svft.pc" "$(pkg-config --modversion svft)" "$version"
same "svft_version()" "$("$work/version")" "$version"
same "svft --version" "$("$prefix/bin/svft" --version)" "$version"

bash -n "$prefix/share/bash-completion/completions/svft"
for script in bash-completion/completions/svft zsh/site-functions/_svft \
  fish/vendor_completions.d/svft.fish; do
  grep -q generate "$prefix/share/$script" ||
    { echo "install: $script knows no command" >&2 && exit 1; }
done

quietly make uninstall PREFIX="$prefix"
same "files after uninstall" "$(find "$prefix" ! -type d)" ""

# Staged for a package: nothing but the destination is named in no installed text.
quietly make install DESTDIR="$work/stage" PREFIX=/usr
staged=$work/stage/usr/lib/pkgconfig/svft.pc
same "the prefix in $staged" "$(grep '^prefix=' "$staged")" prefix=/usr
quietly make uninstall DESTDIR="$work/stage" PREFIX=/usr
same "staged files after uninstall" "$(find "$work/stage" ! -type d)" ""
echo "install: version $version installed, found by pkg-config, compiled with, run and removed"
