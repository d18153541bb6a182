"""How speed and memory grow with the context, with sequences decoded together, and with threads.

    python Benchmarks/growth.py --model FILE_OR_FOLDER --out FOLDER [--format q8_0]

Measures one model with the library's own `bench`, every point in a process of its own, so that a
peak of memory belongs to its point; points disturbed by more than 5 % of a processor are measured
again, up to three times. With threads a step of LoRA is measured too. FOLDER/growth.jsonl keeps
points that are done (a stopped command goes on), growth.md holds the table and growth.svg the
plots.
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

CONTEXTS = (128, 256, 512, 1024, 2048, 4096, 8192)
BATCHES = (1, 2, 4, 8, 16, 32)
DECODED = 32
TRAINED = 3


def measure_here(model: str, form: "str | None", threads: int, options: dict) -> dict:
    """One point, in this process."""
    sys.path.insert(0, str(HERE.parent / "bindings" / "python"))
    import svft

    with svft.Model.load(model, quantize=form, threads=threads) as loaded:
        return loaded.bench(**options)


def points(arguments) -> "list[dict]":
    """What is to be measured: threads and the options of `bench`."""
    most = arguments.threads
    context = [
        {"axis": "context", "at": length, "threads": most,
         "options": {"prompt": length - DECODED, "decode": DECODED}} for length in CONTEXTS]
    batch = [
        {"axis": "batch", "at": count, "threads": most,
         "options": {"prompt": 64, "decode": DECODED, "batch": count}} for count in BATCHES]
    threads = [
        {"axis": "threads", "at": count, "threads": count,
         "options": {"prompt": 512, "decode": DECODED, "train": TRAINED}}
        for count in range(1, most + 1)]
    for point in context + batch + threads:
        point["options"]["repeats"] = arguments.repeats
    return context + batch + threads


def measure(point: dict, arguments) -> dict:
    """One point, in a process of its own."""
    order = json.dumps([str(arguments.model), arguments.format, point["threads"],
                        point["options"]])
    report = undisturbed(lambda: json.loads(subprocess.run(
        [sys.executable, __file__, "--point", order], check=True, capture_output=True,
        text=True).stdout), used_by_children)
    trained = report.get("train") or {}
    return {
        "axis": point["axis"], "at": point["at"],
        "prefill": report["prefill"]["tokens_per_second"],
        "decode": report["decode"]["tokens_per_second"], "peak": report["peak_bytes"],
        "lora": trained.get("tokens_per_second"), "others": report["others"]}


def run(arguments) -> "list[dict]":
    path = arguments.out / "growth.jsonl"
    done = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    known = {(entry["axis"], entry["at"]) for entry in done}
    for point in points(arguments):
        if (point["axis"], point["at"]) in known:
            continue
        entry = measure(point, arguments)
        done.append(entry)
        with path.open("a") as file:
            file.write(json.dumps(entry) + "\n")
        print(
            f"{entry['axis']} {entry['at']}: prefill {entry['prefill']:.1f}, decode "
            f"{entry['decode']:.1f} tok/s, {entry['peak'] >> 20} MiB",
            file=sys.stderr, flush=True)
    return done


def markdown(entries: list) -> str:
    lines = ["| axis | at | prefill tok/s | decode tok/s | LoRA tok/s | peak MiB | others' CPU |",
             "|---" * 7 + "|"]
    lines += [
        f"| {entry['axis']} | {entry['at']} | {entry['prefill']:.1f} | {entry['decode']:.1f} "
        f"| {entry['lora'] or 0:.1f} | {entry['peak'] >> 20} | {entry['others']:.2f} |"
        .replace("| 0.0 |", "|  |") for entry in entries]
    return "\n".join(lines) + "\n"


def draw(entries: list, title: str, path: Path) -> None:
    """A row of plots, one per axis: rates on the left scale, memory on the right."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    names = {"context": "tokens of context", "batch": "sequences at once", "threads": "threads"}
    figure, plots = pyplot.subplots(1, len(names), figsize=(15, 4.5))
    for (axis, name), axes in zip(names.items(), plots):
        chosen = [entry for entry in entries if entry["axis"] == axis]
        at = [entry["at"] for entry in chosen]
        for work, colour in (("prefill", "tab:blue"), ("decode", "tab:orange"),
                             ("lora", "tab:green")):
            if all(entry[work] for entry in chosen):
                axes.plot(at, [entry[work] for entry in chosen], marker="o", color=colour,
                          label=work)
        memory = axes.twinx()
        memory.plot(at, [entry["peak"] / 2**20 for entry in chosen], color="tab:grey",
                    linestyle=":", label="peak memory")
        memory.set_ylabel("MiB")
        memory.set_ylim(bottom=0)
        if axis != "threads":
            axes.set_xscale("log", base=2)
        axes.set_xticks(at, [str(value) for value in at])
        axes.set_yscale("log")
        axes.set_xlabel(name)
        axes.set_ylabel("tokens per second")
        axes.legend()
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--format", help="quantise at load: bf16, q8_0, q4_0 …")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="at most")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--point", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.point:
        print(json.dumps(measure_here(*json.loads(arguments.point))))
        return
    if not arguments.model or not arguments.out:
        parser.error("expected --model and --out")
    arguments.out.mkdir(parents=True, exist_ok=True)
    entries = run(arguments)
    (arguments.out / "growth.md").write_text(markdown(entries))
    draw(entries, f"{arguments.model.name}, {arguments.format or 'as it lies'}",
         arguments.out / "growth.svg")
    print(markdown(entries))


if __name__ == "__main__":
    main()
