#!/usr/bin/env bash
# Runs the README's examples for the command line, C and Python as they are printed, and looks at
# what they leave behind. (Its Swift examples are run by run-package.sh.)
set -euo pipefail
cd "$(dirname "$0")/.."

unset SVFT_LIBRARY SVFT_BUILD PYTHONPATH
made=(build/reports/adapter_model.safetensors build/reports.gguf build/reports.svg build/generate
  build/tale.svfts build/session build/report.svfts build/lora/adapter_model.safetensors
  build/both/adapter_model.safetensors build/aware.gguf build/ablation/ablation.svg
  build/winds/adapter_model.safetensors build/turned/adapter_model.safetensors)
rm -rf build/reports build/env build/aware build/ablation build/winds build/turned "${made[@]}"
examples=$(sed -n -e '/^\*\*Command line\.\*\*/,/^\*\*Swift\.\*\*/s/^    //p' \
  -e '/^## Sessions/,/^In Swift/s/^    //p' \
  -e '/^## Adapters from elsewhere/,/^In C/s/^    //p' \
  -e '/^## An adapter for each prompt/,/^In C/s/^    //p' \
  -e '/^## Which modules to adapt/,/^In C/s/^    //p' \
  -e '/^## Merging into a quantised file/,/^In C/s/^    //p' \
  -e '/^## Classes of words/,/^In C/s/^    //p' README.md)
grep -q 'svft train' <<<"$examples" && grep -q 'model.session()' <<<"$examples" ||
  { echo "readme: the examples were not found in README.md" >&2 && exit 1; }

bash -euxo pipefail -c "$examples"

for file in "${made[@]}"; do
  [ -s "$file" ] || { echo "readme: expected $file from the examples" >&2 && exit 1; }
done
echo "readme: the examples ran as printed"
