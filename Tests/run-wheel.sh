#!/usr/bin/env bash
# The wheel as a user has it: installed from its file into an environment of its own, where nothing
# points to this checkout, and put through the tests of the Python binding.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
environment=$root/build/wheel-environment
wheels=(build/wheel/svft-*.whl)
[ ${#wheels[@]} -eq 1 ] || { echo "wheel: expected one wheel, found ${wheels[*]}" >&2 && exit 1; }
tag=$(packaging/wheel-platform.sh build/lib/libsvft.so.0)
[[ ${wheels[0]} == *-py3-none-$tag.whl ]] ||
  { echo "wheel: expected py3-none-$tag in the name, found ${wheels[0]}" >&2 && exit 1; }

rm -rf "$environment"
python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check "${wheels[0]}" pytest
unset SVFT_LIBRARY SVFT_BUILD PYTHONPATH
place=$(cd / && "$environment/bin/python" -c 'import svft._library as l; print(l.library._name)')
[[ $place == "$environment"/*/svft/libsvft.so.0 ]] ||
  { echo "wheel: expected the library inside the package, found $place" >&2 && exit 1; }
installed=$("$environment/bin/python" -c 'import importlib.metadata as m; print(m.version("svft"))')
said=$(cd / && "$environment/bin/python" -c 'import svft; print(svft.__version__)')
[ "$installed" = "$said" ] ||
  { echo "wheel: its metadata say $installed, the library in it $said" >&2 && exit 1; }
(cd / && "$environment/bin/pytest" -q -p no:cacheprovider "$root/bindings/python/tests")
echo "wheel: ${wheels[0]##*/} installed by itself and tested"
