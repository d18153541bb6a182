"""The roofline of each kernel on one core: what it reaches beside what the processor can do.

    python Benchmarks/roofline.py --out FOLDER [--rows 2048] [--columns 2048] [--milliseconds 20]

Builds roofline.c with the kernels' own sources (a clang is needed: CC or clang), runs it and the
memory-read probe, and writes FOLDER/roofline.jsonl (all that was measured), roofline.md (share of
the limit per kernel, format, set and tokens) and roofline.svg. The limit of a kernel is the
instruction set's arithmetic or, where its operands are larger than the last cache and that is
lower, memory's bandwidth times operations per byte.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
KERNELS = HERE.parent / "Sources" / "CKernels"
SETS = ["portable", "avx2", "avx512", "avx512vnni", "avx512bf16"]


def cache_bytes() -> int:
    """The last cache's size."""
    sizes = [subprocess.run(["getconf", f"LEVEL{level}_CACHE_SIZE"], check=True,
                            capture_output=True, text=True).stdout for level in (3, 2)]
    return int(sizes[0]) or int(sizes[1])


def build(out: Path) -> Path:
    """The program that measures, compiled as the package compiles the kernels."""
    program = out / "roofline"
    subprocess.run(
        [os.environ.get("CC", "clang"), "-O2", "-I", KERNELS, "-I", KERNELS / "include",
         HERE / "roofline.c", *sorted(KERNELS.glob("*.c")), "-lm", "-o", program], check=True)
    return program


def read_rate(out: Path) -> float:
    """Bytes per second that one thread reads."""
    program = out / "read_probe"
    subprocess.run(["cc", "-O3", "-march=native", "-o", program, HERE / "read_probe.c",
                    "-lpthread"], check=True)
    return float(subprocess.run(
        [program, "1", "512"], check=True, capture_output=True, text=True).stdout)


def measure(arguments) -> "tuple[list[dict], list[dict]]":
    """Limits and kernels, as roofline.c prints them."""
    size = [str(arguments.rows), str(arguments.columns), str(arguments.milliseconds)]
    process = subprocess.Popen(
        [build(arguments.out), *size], stdout=subprocess.PIPE, text=True)
    limits, kernels = [], []
    with (arguments.out / "roofline.jsonl").open("w") as file:
        for line in process.stdout:
            file.write(line)
            entry = json.loads(line)
            (limits if "limit" in entry else kernels).append(entry)
            print(f"\r{len(kernels)} measured", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if process.wait() != 0:
        raise SystemExit(f"roofline stopped with status {process.returncode}")
    return limits, kernels


def peak(entry: dict, limits: list) -> "float | None":
    """Operations per second that the kernel's instructions allow, where that was measured."""
    wanted = ("int8 dots" if "int8" in entry["kernel"] else
              "BF16 dots" if "BF16" in entry["kernel"] else "F32 multiply-adds")
    # A set has the instructions of those below it.
    sets = SETS[:SETS.index(entry["set"]) + 1]
    rates = {limit["set"]: limit["rate"] for limit in limits
             if limit["limit"] == wanted and limit["set"] in sets}
    return rates[max(rates, key=SETS.index)] if rates else None


def shares(kernels: list, limits: list, bandwidth: float) -> "list[dict]":
    """Each kernel with its rate, its limit and its share of it."""
    rows, cache = [], cache_bytes()
    for entry in kernels:
        top = peak(entry, limits)
        intensity = entry["operations"] / entry["bytes"]
        rate = entry["operations"] / entry["seconds"]
        limit = top
        if limit is not None and entry["bytes"] > cache:
            limit = min(limit, bandwidth * intensity)
        rows.append({**entry, "intensity": intensity, "rate": rate, "limit": limit,
                     "share": None if limit is None else rate / limit})
    return rows


def markdown(rows: list, limits: list, bandwidth: float, arguments) -> str:
    lines = [
        f"One core, a matrix of {arguments.rows} x {arguments.columns}. Reading memory: "
        f"{bandwidth / 1e9:.1f} GB/s.", ""]
    lines += [f"{limit['limit']}, {limit['set']}: {limit['rate'] / 1e9:.0f} G/s"
              for limit in limits]
    lines += ["", "| kernel | format | set | tokens | G/s | GB/s | share of the limit |",
              "|---|---|---|---|---|---|---|"]
    for row in rows:
        share = "" if row["share"] is None else f"{100 * row['share']:.0f} %"
        lines.append(
            f"| {row['kernel']} | {row['format']} | {row['set']} | {row['tokens']} "
            f"| {row['rate'] / 1e9:.1f} | {row['bytes'] / row['seconds'] / 1e9:.1f} | {share} |")
    return "\n".join(lines) + "\n"


def draw(rows: list, limits: list, bandwidth: float, path: Path) -> None:
    """Operations per second over operations per byte, of the best instruction set."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    best = rows[-1]["set"]
    figure, axes = pyplot.subplots(figsize=(9, 6))
    across = [0.1, 1000]
    for limit in limits:
        knee = limit["rate"] / bandwidth
        axes.plot([across[0], knee, across[1]],
                  [bandwidth * across[0] / 1e9, limit["rate"] / 1e9, limit["rate"] / 1e9],
                  color="grey", linewidth=1)
        axes.annotate(f"{limit['limit']}, {limit['set']}", (across[1], limit["rate"] / 1e9),
                      ha="right", va="bottom", fontsize=8)
    names = sorted({(row["kernel"], row["format"]) for row in rows})
    colours = pyplot.get_cmap("tab20")
    for index, (kernel, form) in enumerate(names):
        chosen = [row for row in rows
                  if (row["kernel"], row["format"], row["set"]) == (kernel, form, best)]
        axes.plot([row["intensity"] for row in chosen], [row["rate"] / 1e9 for row in chosen],
                  marker="o", markersize=4, linewidth=0.8, label=f"{kernel}, {form}",
                  color=colours(index % 20))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("operations per byte of operands")
    axes.set_ylabel("10⁹ operations per second")
    axes.set_title(f"Kernels on one core, {best}; reading memory {bandwidth / 1e9:.0f} GB/s")
    axes.legend(fontsize=7, ncol=2)
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=2048)
    parser.add_argument("--columns", type=int, default=2048, help="a multiple of 256")
    parser.add_argument("--milliseconds", type=float, default=20, help="of each of nine samples")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    bandwidth = read_rate(arguments.out)
    limits, kernels = measure(arguments)
    rows = shares(kernels, limits, bandwidth)
    text = markdown(rows, limits, bandwidth, arguments)
    (arguments.out / "roofline.md").write_text(text)
    draw(rows, limits, bandwidth, arguments.out / "roofline.svg")
    print(text)


if __name__ == "__main__":
    main()
