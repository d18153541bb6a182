"""What adapters of single prompts cost: one batch, a different adapter for each prompt.

    python Benchmarks/serving.py --model MODEL --out FOLDER [--tokens 32] [--samples 5]

For batches of 1 to 16 prompts: no adapter; one that is attached for all; the same one given to
each prompt; and a different one for each. Measured is decoding, from the first token of the batch
to the last, in one process: the cases take turns, sample by sample. Adapters are all on all linear
modules. Then: what 100 adapters take that lie ready, by the library's own count and by the
process's resident size. FOLDER/serving.md and serving.json hold the tables.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))

BATCHES = (1, 2, 4, 8, 16)
METHODS = {
    "svft plain": {"method": "svft", "init": "kaiming"},
    "svft banded d=8": {"method": "svft", "pattern": "banded", "d": 8, "init": "kaiming"},
    "lora r=8": {"method": "lora", "r": 8},
}
CASES = ("no adapter", "attached for all", "one for each", "different ones")
RESIDENT = 100


def decoding(model, prompts: "list[list[int]]", tokens: int, adapters) -> float:
    """Tokens per second of all prompts, after the first of each."""
    times = []
    model.generate(
        tokens=prompts, adapters=adapters, max_tokens=tokens, temperature=0, ignores_end=True,
        on_token=lambda *_: times.append(time.perf_counter()))
    count = len(prompts)
    return (len(times) - count) / (times[-1] - times[count - 1])


def resident() -> int:
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) << 10


def speeds(model, options: dict, arguments) -> "dict[int, dict]":
    """Medians by batch and case."""
    vocabulary = model.describe()["vocabulary_size"]
    adapters = [model.create_adapter(**options, seed=seed) for seed in range(max(BATCHES))]
    for adapter in adapters:
        adapter.set_scale(0)
    found: "dict[int, dict]" = {}
    for batch in BATCHES:
        prompts = [
            [(prompt * 977 + place * 131) % vocabulary for place in range(arguments.prompt)]
            for prompt in range(batch)]
        samples = {case: [] for case in CASES}
        for turn in range(arguments.samples + 1):
            for case in CASES:
                adapters[0].set_scale(1 if case == "attached for all" else 0)
                own = {"one for each": adapters[:1] * batch, "different ones": adapters[:batch]}
                rate = decoding(model, prompts, arguments.tokens, own.get(case))
                if turn > 0:
                    samples[case].append(rate)
        adapters[0].set_scale(0)
        found[batch] = {case: statistics.median(rates) for case, rates in samples.items()}
        print(batch, found[batch], file=sys.stderr, flush=True)
    for adapter in adapters:
        adapter.close()
    return found


def residents(model, options: dict) -> dict:
    """Bytes of each of 100 saved adapters that are loaded and act on nobody. For a process of its
    own: what others have freed would hide them."""
    with tempfile.TemporaryDirectory() as folder:
        with model.create_adapter(**options) as first:
            first.save(folder)
            numbers = first.describe()["trainable"]
        adapters = [model.load_adapter(folder, 0)]  # brings what they share
        before = model.describe()["memory"]["used"], resident()
        adapters += [model.load_adapter(folder, 0) for _ in range(RESIDENT)]
        after = model.describe()["memory"]["used"], resident()
        for adapter in adapters:
            adapter.close()
    counted, process = ((b - a) / RESIDENT for a, b in zip(before, after))
    return {"trainable": numbers, "counted": counted, "process": process}


def table(report: dict) -> str:
    about = report["about"]
    lines = [
        f"{about['model']}, {about['threads']} threads, prompts of {about['prompt']} tokens, "
        f"{about['tokens']} decoded; tokens per second of all prompts, medians of "
        f"{about['samples']} samples in turns.", "",
        "| adapters | prompts | " + " | ".join(CASES) + " | different / attached |",
        "|---|---|" + "---|" * (len(CASES) + 1)]
    for method, batches in report["speeds"].items():
        for batch, rates in batches.items():
            ratio = rates["different ones"] / rates["attached for all"]
            columns = " | ".join(f"{rates[case]:.1f}" for case in CASES)
            lines.append(f"| {method} | {batch} | {columns} | {ratio:.2f} |")
    lines += ["", f"Each of {RESIDENT} adapters that lie ready:", "",
              "| adapter | numbers | bytes by the ledger | for each number | resident bytes |",
              "|---|---|---|---|---|"]
    for method, one in report["resident"].items():
        share = one["counted"] / one["trainable"]
        lines.append(
            f"| {method} | {one['trainable']} | {one['counted']:.0f} | {share:.2f} "
            f"| {one['process']:.0f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--prompt", type=int, default=16)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quantize")
    parser.add_argument("--resident", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    import svft

    if arguments.resident:
        with svft.Model.load(arguments.model, threads=arguments.threads) as model:
            print(json.dumps(residents(model, METHODS[arguments.resident])))
        return
    report: dict = {"about": {**vars(arguments), "model": Path(arguments.model).name,
                              "out": str(arguments.out)}, "speeds": {}, "resident": {}}
    with svft.Model.load(
            arguments.model, threads=arguments.threads, quantize=arguments.quantize) as model:
        for method, options in METHODS.items():
            report["speeds"][method] = speeds(model, options, arguments)
    for method in METHODS:
        child = subprocess.run(
            [sys.executable, __file__, *sys.argv[1:], "--resident", method], check=True,
            capture_output=True, text=True)
        report["resident"][method] = json.loads(child.stdout)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "serving.json").write_text(json.dumps(report, indent=1))
    (arguments.out / "serving.md").write_text(table(report))
    print(table(report))


if __name__ == "__main__":
    main()
