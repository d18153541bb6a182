"""What each form of SVFT costs beside LoRA, measured, with the cost model's prediction beside it.

    python Benchmarks/forms.py --model MODEL --out FOLDER [--rows 512] [--accumulate 1] [--d 16]
      [--forms FORM …] [--patterns PATTERN …] [--factors FORMAT …] [--quantize FORMAT]
      [--steps 4] [--samples 3]

For every pattern and form, with factors of lower precision, and for LoRA r = 8, a process of its
own trains a few steps on all linear modules, each of ACCUMULATE times ROWS random tokens; they take
turns, sample by sample. Measured are seconds of a step and the largest resident size. The
prediction is the library's own cost of the modules (`plan` of an adapter's description: multiply-
adds by the speed of their precision) with the head's, by LoRA's: what a form does not reach of it,
its kernels lose. FOLDER/forms.md and forms.json hold the table.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

FORMS = ("additive", "one-sided", "factored", "materialised", "auto")
FACTORS = ("bf16", "q8_0")
PATTERNS = ("plain", "banded", "random")
LORA = {"method": "lora", "r": 8}


def adapters(arguments) -> "list[dict]":
    def svft(pattern: str, **way) -> dict:
        band = {} if pattern == "plain" else {"d": arguments.d}
        return {"method": "svft", "pattern": pattern, **band, **way}

    patterns = arguments.patterns
    return [LORA, *(svft(pattern, form=form) for pattern in patterns for form in arguments.forms),
            *(svft(pattern, factors=factors)
              for pattern in patterns for factors in arguments.factors)]


def name(adapter: dict) -> str:
    words = [str(adapter[key]) for key in ("pattern", "form", "factors") if key in adapter]
    return " ".join([adapter["method"], *words])


def sample(model: str, adapter: dict, arguments: dict) -> dict:
    """One process: a median step, what the plan says, the largest resident size."""
    import svft
    from contestant import peak_bytes

    with svft.Model.load(
            model, threads=arguments["threads"], quantize=arguments["quantize"]) as loaded:
        report = loaded.bench(
            prompt=arguments["rows"], decode=1, train=arguments["steps"], repeats=1,
            grad_accumulation_steps=arguments["accumulate"], adapter=adapter)
        with loaded.create_adapter(**adapter) as attached:
            described = attached.describe()
    return {"seconds": report["train"]["seconds"], "peak": peak_bytes(),
            "plan": described.get("plan", {}), "trainable": described["trainable"]}


def shapes(model: str) -> "tuple[dict, int]":
    """Numbers of each linear module of the body, and of the language head."""
    import svft

    report = svft.inspect(model)
    sizes = {tensor["name"]: tensor["shape"] for tensor in report["tensors"]}
    table = next(shape for name, shape in sizes.items() if "embed_tokens" in name)
    return sizes, table[0] * table[1]


def predicted(sizes: dict, head: int, adapter: dict, plan: dict, rows: int) -> float:
    """Work of one of the `rows` of a step: both passes of the frozen head and of every module."""
    total = 2.0 * head
    for name, shape in sizes.items():
        if len(shape) != 2 or not name.endswith("proj.weight"):
            continue
        dense, module = shape[0] * shape[1], name.removesuffix(".weight")
        if adapter["method"] == "lora":
            total += 2 * dense + 3 * adapter["r"] * sum(shape)
        else:
            cost = plan[module]
            total += (cost["training_cost"] + cost["step_cost"] / rows) * dense
    return total


def measure(adapter: dict, arguments) -> dict:
    order = json.dumps([arguments.model, adapter, {
        key: getattr(arguments, key)
        for key in ("rows", "accumulate", "steps", "threads", "quantize")}])
    output = subprocess.run(
        [sys.executable, __file__, "--sample", order], check=True, capture_output=True, text=True)
    return json.loads(output.stdout.splitlines()[-1])


def table(entries: "list[dict]", arguments) -> str:
    lines = [
        f"{arguments.threads} threads, {arguments.accumulate * arguments.rows} tokens for each "
        f"step, medians of {arguments.samples} samples in turns.", "",
        "| adapter | trained | seconds of a step | by LoRA's | predicted | peak MiB | forms |",
        "|---|---|---|---|---|---|---|"]
    for entry in entries:
        forms = ", ".join(f"{count} {form}" for form, count in entry["forms"].items())
        lines.append(
            f"| {entry['name']} | {entry['trainable']} | {entry['seconds']:.3f} "
            f"| {entry['ratio']:.2f} | {entry['predicted']:.2f} | {entry['peak'] >> 20} "
            f"| {forms} |")
    return "\n".join(lines) + "\n"


def summary(adapter: dict, samples: "list[dict]", sizes: dict, head: int, rows: int) -> dict:
    forms: "dict[str, int]" = {}
    for part in samples[0]["plan"].values():
        form = part.get("training_form", part["form"])
        forms[form] = forms.get(form, 0) + 1
    return {
        "name": name(adapter), "trainable": samples[0]["trainable"], "forms": forms,
        "seconds": statistics.median(one["seconds"] for one in samples),
        "peak": max(one["peak"] for one in samples),
        "work": predicted(sizes, head, adapter, samples[0]["plan"], rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--rows", type=int, default=512)
    parser.add_argument("--accumulate", type=int, default=1)
    parser.add_argument("--quantize", help="format that the model is loaded in")
    parser.add_argument("--d", type=int, default=16)
    parser.add_argument("--forms", nargs="*", default=FORMS)
    parser.add_argument("--patterns", nargs="*", default=PATTERNS)
    parser.add_argument("--factors", nargs="*", default=FACTORS)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--samples", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sample", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.sample:
        print(json.dumps(sample(*json.loads(arguments.sample))))
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    everyone = adapters(arguments)
    found: "dict[str, list]" = {name(adapter): [] for adapter in everyone}
    for _ in range(arguments.samples):
        for adapter in everyone:
            found[name(adapter)].append(measure(adapter, arguments))
            print(f"{name(adapter)}: {found[name(adapter)][-1]['seconds']:.3f} s",
                  file=sys.stderr, flush=True)
    sizes, head = shapes(arguments.model)
    rows = arguments.rows * arguments.accumulate
    entries = [
        summary(adapter, found[name(adapter)], sizes, head, rows) for adapter in everyone]
    for entry in entries:
        entry["ratio"] = entry["seconds"] / entries[0]["seconds"]
        entry["predicted"] = entry["work"] / entries[0]["work"]
    (arguments.out / "forms.json").write_text(json.dumps(entries, indent=1))
    (arguments.out / "forms.md").write_text(table(entries, arguments))
    print(table(entries, arguments))


if __name__ == "__main__":
    main()
