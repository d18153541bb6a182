"""The roofline of each kernel on one core: what it reaches beside what the processor can do.

    python Benchmarks/roofline.py --out FOLDER [--rows 2048 --columns 2048] [--far-rows 65536]

Builds roofline/ with the kernels' own sources (a clang is needed: CC or clang) and the memory-read
probe, and writes FOLDER/roofline.jsonl (all that was measured: every format, instruction set and
count of tokens), roofline.md (shares of the limits) and roofline.svg (a panel for each set).

A product is limited by its instructions' arithmetic; one with a matrix too large for any cache
(--far-rows) by memory's bandwidth times operations per byte where that is lower. A pass over values
is limited by copying as many bytes between blocks of the second cache, or of memory, or by its
arithmetic, whichever takes longer.
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
SHOWN = [1, 12, 512]


def build(out: Path) -> Path:
    """The program that measures, compiled as the package compiles the kernels."""
    program = out / "roofline"
    subprocess.run(
        [os.environ.get("CC", "clang"), "-O2", "-I", KERNELS, "-I", KERNELS / "include",
         *sorted((HERE / "roofline").glob("*.c")), *sorted(KERNELS.glob("*.c")), "-lm", "-o",
         program], check=True)
    return program


def read_rate(out: Path) -> float:
    """Bytes per second that one thread reads from memory."""
    program = out / "read_probe"
    subprocess.run(["cc", "-O3", "-march=native", "-o", program, HERE / "read_probe.c",
                    "-lpthread"], check=True)
    return float(subprocess.run(
        [program, "1", "512"], check=True, capture_output=True, text=True).stdout)


def parts(arguments) -> "list[tuple[str, list]]":
    """What is measured: where operands lie, and the program's arguments."""
    near, far = arguments.rows, arguments.far_rows
    return [("limits", ["limits"]),
            ("products", ["products", near, arguments.columns, 512]),
            ("far", ["products", far, arguments.columns, 1]),
            ("heads", ["heads"]),
            ("passes", ["passes", 65536, 2048]),
            ("optimizers", ["optimizers", 32768]),
            ("far optimizers", ["optimizers", 1 << 25])]


def measure(arguments) -> "list[dict]":
    """Limits and kernels as the program prints them, each with its part."""
    program, entries = build(arguments.out), []
    with (arguments.out / "roofline.jsonl").open("w") as file:
        for part, command in parts(arguments):
            process = subprocess.Popen(
                [program, *map(str, command), str(arguments.milliseconds)],
                stdout=subprocess.PIPE, text=True)
            for line in process.stdout:
                entries.append({"part": part, **json.loads(line)})
                file.write(json.dumps(entries[-1]) + "\n")
                if sys.stderr.isatty():
                    print(f"\r{len(entries)} measured", end="", file=sys.stderr, flush=True)
            if process.wait() != 0:
                raise SystemExit(f"\nroofline stopped with status {process.returncode}")
    return entries


def rate_of(name: str, limits: list, instruction_set: str) -> "float | None":
    """A limit of the set, which has the instructions of those below it; None if not measured."""
    sets = SETS[:SETS.index(instruction_set) + 1]
    rates = {limit["set"]: limit["rate"] for limit in limits
             if limit["limit"] == name and limit["set"] in sets}
    return rates[max(rates, key=SETS.index)] if rates else None


def shortest(entry: dict, limits: list, bandwidth: float) -> "float | None":
    """Seconds that the limits allow; None where they were not measured."""
    units = next((name for name in ("int8", "BF16") if name in entry["kernel"]), "F32")
    arithmetic = rate_of(units, limits, entry["set"])
    if arithmetic is None:
        return None
    seconds = entry["operations"] / arithmetic
    if entry["part"] == "far":
        return max(seconds, entry["bytes"] / bandwidth)
    if entry["part"] in ("passes", "optimizers", "far optimizers"):
        place = "copies in memory" if entry["part"].startswith("far") else "copies in cache"
        return max(seconds, entry["bytes"] / rate_of(place, limits, entry["set"]))
    return seconds


def shares(entries: list, limits: list, bandwidth: float) -> "list[dict]":
    """Each kernel with its rate and its share of what the limits allow."""
    rows = []
    for entry in entries:
        least = shortest(entry, limits, bandwidth)
        rows.append({**entry, "intensity": entry["operations"] / entry["bytes"],
                     "rate": entry["operations"] / entry["seconds"],
                     "share": None if least is None else least / entry["seconds"]})
    return rows


def cell(row: "dict | None", unit: str) -> str:
    """A rate and its share."""
    if row is None:
        return ""
    amount = row["rate"] / 2 if unit == "G multiply-adds/s" else row["bytes"] / row["seconds"]
    share = "" if row["share"] is None else f" ({100 * row['share']:.0f} %)"
    return f"{amount / 1e9:.1f}{share}"


def table(rows: list, unit: str, tokens: "list[int] | None") -> "list[str]":
    """A line for each kernel and format; columns for AVX2, the best set and counts of tokens."""
    best = max((row["set"] for row in rows), key=SETS.index)
    sets = [name for name in ("avx2", best) if any(row["set"] == name for row in rows)]
    columns = [(name, count) for name in dict.fromkeys(sets) for count in tokens or [None]]
    heads = [name if count is None else f"{name}, {count}" for name, count in columns]
    lines = [f"| kernel | format | {' | '.join(heads)} |", "|---" * (2 + len(heads)) + "|"]
    for kernel, form in dict.fromkeys((row["kernel"], row["format"]) for row in rows):
        found = {(row["set"], row["tokens"] if tokens else None): row for row in rows
                 if (row["kernel"], row["format"]) == (kernel, form)}
        cells = [cell(found.get(column), unit) for column in columns]
        if any(cells):
            lines.append(f"| {kernel} | {form} | {' | '.join(cells)} |")
    return [*lines, ""]


def markdown(rows: list, limits: list, bandwidth: float, arguments) -> str:
    near = f"{arguments.rows} x {arguments.columns}"
    far = f"{arguments.far_rows} x {arguments.columns}"
    of = {part: [row for row in rows if row["part"] == part] for part, _ in parts(arguments)}
    lines = [f"Reading memory: {bandwidth / 1e9:.1f} GB/s.", ""]
    lines += [f"{limit['limit']}, {limit['set']}: "
              + (f"{limit['rate'] / 1e9:.0f} GB/s" if "copies" in limit["limit"]
                 else f"{limit['rate'] / 2e9:.0f} G multiply-adds/s") for limit in limits]
    products, moved = "G multiply-adds/s", "GB/s"
    lines += ["", f"## A matrix of {near}: {products}, share of the arithmetic", ""]
    lines += table(of["products"], products, SHOWN)
    lines += [f"## A matrix of {far}, one token: GB/s, share of the limit", ""]
    lines += table(of["far"], moved, None)
    lines += [f"## Attention's products: {products}, share of the arithmetic", ""]
    lines += table(of["heads"], products, None)
    lines += ["## Passes over values in the cache: GB/s, share of the limit", ""]
    lines += table(of["passes"] + of["optimizers"], moved, None)
    lines += ["## Optimisers in memory: GB/s, share of copying", ""]
    lines += table(of["far optimizers"], moved, None)
    return "\n".join(lines)


def draw(rows: list, limits: list, bandwidth: float, path: Path) -> None:
    """Operations per second over operations per byte, a panel for each instruction set."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    sets = [name for name in SETS if any(row["set"] == name for row in rows)]
    kernels = list(dict.fromkeys(row["kernel"] for row in rows if row["part"] == "products"))
    colours = pyplot.get_cmap("tab10")
    figure, panels = pyplot.subplots(
        1, len(sets), figsize=(5 * len(sets), 6), sharex=True, sharey=True, squeeze=False)
    for axes, name in zip(panels[0], sets):
        draw_limits(axes, limits, name, bandwidth)
        for row in rows:
            if row["set"] != name or row["part"] == "limits":
                continue
            place = kernels.index(row["kernel"]) if row["kernel"] in kernels else len(kernels)
            axes.plot(row["intensity"], row["rate"] / 1e9, marker="o", markersize=3,
                      linestyle="none", color=colours(place % 10),
                      fillstyle="none" if row["part"].startswith("far") else "full")
        axes.set_title(name)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("operations per byte of operands")
    panels[0][0].set_ylabel("10⁹ operations per second")
    names = [*kernels, "passes and attention"]
    marks = [pyplot.Line2D([], [], marker="o", linestyle="none", color=colours(i % 10))
             for i in range(len(names))]
    figure.legend(marks, names, loc="lower center", ncol=len(names), fontsize=8)
    figure.suptitle(f"Kernels on one core; reading memory {bandwidth / 1e9:.0f} GB/s; "
                    "hollow: operands in memory")
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.savefig(path)


def draw_limits(axes, limits: list, instruction_set: str, bandwidth: float) -> None:
    across = [0.05, 1000]
    for name in ("F32", "int8", "BF16"):
        rate = rate_of(name, limits, instruction_set)
        if rate is None:
            continue
        knee = rate / bandwidth
        axes.plot([across[0], knee, across[1]],
                  [bandwidth * across[0] / 1e9, rate / 1e9, rate / 1e9], color="grey", linewidth=1)
        axes.annotate(name, (across[1], rate / 1e9), ha="right", va="bottom", fontsize=8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=2048)
    parser.add_argument("--columns", type=int, default=2048, help="a multiple of 256")
    parser.add_argument("--far-rows", type=int, default=65536, help="of the matrix in memory")
    parser.add_argument("--milliseconds", type=int, default=20, help="of each of five samples")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    bandwidth = read_rate(arguments.out)
    entries = measure(arguments)
    limits = [entry for entry in entries if "limit" in entry]
    rows = shares([entry for entry in entries if "kernel" in entry], limits, bandwidth)
    text = markdown(rows, limits, bandwidth, arguments)
    (arguments.out / "roofline.md").write_text(text)
    draw(rows, limits, bandwidth, arguments.out / "roofline.svg")
    print(text)


if __name__ == "__main__":
    main()
