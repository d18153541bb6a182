"""Where a prompt, a token and a training step go: what each kind of op takes, and what is waiting.

    python Benchmarks/ops.py --model MODEL --out FOLDER [--method JSON] [--train 6]

Runs the library's own `bench` with its watch of ops, beside probes of arithmetic and of reading
memory on as many threads, and writes FOLDER/ops.md and ops.json. A product is given by its
multiply-adds per second and their share of the probe (BF16 where the processor has it); a pass over
values by its bytes per second, which may lie in caches. What lies between ops (the optimiser, the
choice of rows) is the rest of a step. An undisturbed measurement, or the least disturbed of four.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from quiet import undisturbed, used_by_children  # noqa: E402

LEAST_SHARE = 0.005


def measure_here(model: str, threads: int, options: dict) -> dict:
    """All work, in this process."""
    sys.path.insert(0, str(HERE.parent / "bindings" / "python"))
    import svft

    with svft.Model.load(model, threads=threads) as loaded:
        return loaded.bench(**options)


def probe(name: str, out: Path, *arguments) -> float:
    """What a probe of the processor gives per second."""
    program = out / name
    subprocess.run(["cc", "-O3", "-march=native", "-o", program, HERE / f"{name}.c", "-lpthread"],
                   check=True)
    return float(subprocess.run(
        [program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout)


def rate(op: dict, arithmetic: float) -> str:
    """What a line says of an op's rate."""
    if op["seconds"] <= 0:
        return ""
    if "multiply_adds" in op:
        done = op["multiply_adds"] / op["seconds"]
        return f"{done / 1e9:.0f} G multiply-adds/s ({200 * done / arithmetic:.0f} %)"
    return f"{op['bytes'] / op['seconds'] / 1e9:.0f} GB/s"


def table(name: str, part: dict, arithmetic: float) -> "list[str]":
    """The ops of one kind of work, the longest first, and the rest of its time."""
    ops, whole = part["ops"], part["seconds"]
    inside = sum(op["seconds"] + op["waiting"] for op in ops)
    lines = [f"## {name}: {1e3 * whole:.1f} ms for {part['tokens']} tokens", "",
             "| op | pass | calls | ms | waiting, ms | share | rate |", "|---" * 7 + "|"]
    few = [op for op in ops if op["seconds"] + op["waiting"] < LEAST_SHARE * inside]
    for op in ops:
        if op in few:
            continue
        taken = op["seconds"] + op["waiting"]
        lines.append(
            f"| {op['op']} | {op['pass']} | {op['calls']:.0f} | {1e3 * op['seconds']:.2f} "
            f"| {1e3 * op['waiting']:.2f} | {100 * taken / inside:.1f} % "
            f"| {rate(op, arithmetic)} |")
    rest = sum(op["seconds"] for op in few), sum(op["waiting"] for op in few)
    lines.append(f"| {len(few)} smaller |  |  | {1e3 * rest[0]:.2f} | {1e3 * rest[1]:.2f} "
                 f"| {100 * sum(rest) / inside:.1f} % |  |")
    waiting = sum(op["waiting"] for op in ops)
    return [*lines, "", f"Waiting in all: {100 * waiting / inside:.1f} %.", ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--method", default='{"method": "lora", "r": 8}', help="of training, JSON")
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--decode", type=int, default=32)
    parser.add_argument("--train", type=int, default=6, help="steps")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--here", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        print(json.dumps(measure_here(*json.loads(arguments.here))))
        return
    if not arguments.model or not arguments.out:
        parser.error("expected --model and --out")
    arguments.out.mkdir(parents=True, exist_ok=True)
    order = json.dumps([arguments.model, arguments.threads, {
        "prompt": arguments.prompt, "decode": arguments.decode, "train": arguments.train,
        "repeats": arguments.repeats, "adapter": json.loads(arguments.method), "ops": True}])
    arithmetic = probe("compute_probe", arguments.out, arguments.threads)
    reading = probe("read_probe", arguments.out, arguments.threads, 512)
    report = undisturbed(lambda: json.loads(subprocess.run(
        [sys.executable, __file__, "--here", order], check=True, capture_output=True,
        text=True).stdout), used_by_children)
    lines = [f"{arguments.threads} threads; arithmetic {arithmetic / 2e9:.0f} G multiply-adds/s, "
             f"reading memory {reading / 1e9:.1f} GB/s; others used {report['others']:.2f} of a "
             "processor.", ""]
    for part in ("prefill", "decode", "train"):
        if part in report:
            lines += table(part, report[part], arithmetic)
    (arguments.out / "ops.json").write_text(json.dumps(report, indent=1))
    (arguments.out / "ops.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
