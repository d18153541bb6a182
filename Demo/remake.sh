#!/usr/bin/env bash
# Makes Demo/model again from nothing: writes the stories, trains the tokenizer, starts from random
# weights, trains them with libsvft itself, and stores the result in F16. Needs `make` before it;
# takes about ten minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."

svft=build/bin/svft
work=build/remake
rm -rf "$work"

python3 Demo/corpus.py "$work/corpus"
python3 Demo/corpus.py --check
python3 Demo/tokenizer.py "$work/corpus/stories-train.jsonl" "$work/start"
python3 Demo/make_model.py "$work/start"
"$svft" train --model "$work/start" --method full --seed 1 --output "$work/trained" \
  --data "$work/corpus/stories-train.jsonl" --validation "$work/corpus/stories-valid.jsonl" \
  --epochs 8 --batch-size 16 --learning-rate 3e-3 --lr-schedule cosine --warmup-steps 30 \
  --steps-per-eval 156 --steps-per-report 20
"$svft" merge --model "$work/start" --adapter "$work/trained" --to f16 --output "$work/model"
cmp "$work/model/tokenizer.json" "$work/start/tokenizer.json"
rm -rf Demo/model
mkdir Demo/model
cp "$work"/model/*.json "$work/model/model.safetensors" Demo/model
