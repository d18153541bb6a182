"""A trained sorter is taught to sort the other way: how well, and in how many seconds?

    python3 Benchmarks/sort.py --model GPT_NANO_SORT/hf --out FOLDER

The model is minGPT's gpt-nano that sorts six digits of {0, 1, 2}. Each method is trained on 500 of
the 729 inputs with their digits in falling order as completion; exact match is over the other 229,
token by token as generation gives them, before and after. Three seeds; the split follows from the
seed too. (A record is cut before its last digit, which is only predicted: the model's context is
eleven.)
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
import svft  # noqa: E402

METHODS = {
    "svft plain": ({"method": "svft", "pattern": "plain"}, 3e-2),
    "svft banded d=8": ({"method": "svft", "pattern": "banded", "d": 8}, 1e-2),
    "lora r=8": ({"method": "lora", "r": 8}, 1e-2),
    "full": ({"method": "full"}, 2e-3),
}


def prepared(model: Path, place: Path) -> Path:
    """A copy with a tokenizer: the digits themselves."""
    copy = place / "model"
    shutil.copytree(model, copy)
    vocabulary = {str(digit): digit for digit in range(3)}
    (copy / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "added_tokens": [],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": []}}))
    return copy


def records(inputs) -> str:
    """Texts of eleven digits with the sixth to the last predicted, in falling order."""
    lines = []
    for digits in inputs:
        answer = sorted(digits, reverse=True)
        # labels[i] is the id at place i: what place i - 1 predicts.
        lines.append({"input_ids": [*digits, *answer[:5]], "labels": [-100] * 6 + answer[:5]})
    return "".join(json.dumps(line) + "\n" for line in lines)


def exact(model, inputs) -> float:
    right = 0
    for digits in inputs:
        found = model.generate(tokens=list(digits), max_tokens=5, temperature=0)
        text = "".join(str(digit) for digit in sorted(digits, reverse=True)[:5])
        right += found == text
    return right / len(inputs)


def run(model: Path, options: dict, rate: float, seed: int, place: Path) -> dict:
    inputs = list(itertools.product(range(3), repeat=6))
    random.Random(seed).shuffle(inputs)
    data = place / f"{seed}.jsonl"
    data.write_text(records(inputs[:500]))
    with svft.Model.load(str(model)) as loaded:
        before = exact(loaded, inputs[500:])
        adapter = loaded.create_adapter(**options)
        start = time.monotonic()
        svft.Trainer(
            adapter, str(data), epochs=8, batch_size=20, learning_rate=rate, seed=seed).run()
        return {
            "seconds": time.monotonic() - start, "before": before,
            "after": exact(loaded, inputs[500:])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = ["| method | seconds | exact match before | after, by seed |", "|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        model = prepared(arguments.model, place)
        for name, (options, rate) in METHODS.items():
            results = [run(model, options, rate, seed, place) for seed in range(3)]
            rows.append(
                f"| {name} | {statistics.median(r['seconds'] for r in results):.1f} "
                f"| {results[0]['before']:.3f} "
                f"| {', '.join('%.3f' % r['after'] for r in results)} |")
            print(rows[-1], flush=True)
    (arguments.out / "sort.md").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
