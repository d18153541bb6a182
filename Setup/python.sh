#!/usr/bin/env bash
# Makes the Python environment of the tests and the demo in build/venv, with the packages of
# requirements.txt. Does nothing where it is already complete.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=build/venv
if cmp -s Setup/requirements.txt "$venv/complete"; then
  "$venv/bin/python" -c 'import numpy, pytest' && exit 0
fi
echo "setup: making the Python environment $venv"
rm -rf "$venv"
python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r Setup/requirements.txt
cp Setup/requirements.txt "$venv/complete"
