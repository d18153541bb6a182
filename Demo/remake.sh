#!/usr/bin/env bash
# Makes Demo/model again from nothing: writes the stories, trains the tokenizer, starts from random
# weights, trains them with libsvft itself, and stores the result in F16. Needs `make` before it.
set -euo pipefail
cd "$(dirname "$0")/.."

svft=build/bin/svft
work=build/remake
rm -rf "$work"

python3 Demo/corpus.py "$work/corpus"
python3 Demo/tokenizer.py "$work/corpus/stories-train.jsonl" "$work/start"
python3 Demo/make_model.py "$work/start"
"$svft" train --model "$work/start" --method full --seed 1 \
  --data "$work/corpus/stories-train.jsonl" --valid "$work/corpus/stories-valid.jsonl" \
  --epochs 8 --learning-rate 2e-3 --schedule cosine --output "$work/trained"
"$svft" merge --model "$work/start" --adapter "$work/trained" --quant f16 --output Demo/model
cmp Demo/model/tokenizer.json "$work/start/tokenizer.json"
