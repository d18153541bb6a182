"""Prefill, decode and LoRA training beside llama.cpp, transformers and PEFT, in one run.

    python Benchmarks/speed.py --out FOLDER [--models 135M 1B] [--samples 5] [--threads 2]

Makes random-weight models (random_model.py) in FOLDER once: a BF16 folder and GGUF files written by
libsvft. Every program has its own process (contestant.py); for each kind of work they take turns,
sample by sample, with a memory-read probe between decodes. What other processes used of the
processors during a sample is recorded; samples disturbed by more than 5 % of a processor are
repeated, up to three times. FOLDER/speed.md and speed.json hold medians, spread and ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from random_model import GEOMETRIES, make  # noqa: E402

HERE = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
# work: tokens of a sample, context before it
WORK = {"prefill": (512, 0), "decode": (32, 64), "train": (512, 0)}
FORMATS = ("bf16", "q8_0", "q4_0")
DISTURBED = 0.05


def busy() -> float:
    """Processor seconds that the whole machine has worked."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:7])) / TICKS


def used(process: int) -> float:
    """Processor seconds that one process has worked."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Contestant:
    """One program with its model, in its own process."""

    def __init__(self, name: str, model: Path, form: str, threads: int) -> None:
        self.name, self.samples = name, []
        self.process = subprocess.Popen(
            [sys.executable, HERE / "contestant.py", name, model, form, str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if not self.process.stdout.readline():
            raise RuntimeError(f"{name} did not start with {model}")

    def sample(self, work: str) -> None:
        """One undisturbed sample, or the least disturbed of four."""
        tokens, context = WORK[work]
        best = None
        for _ in range(4):
            machine, own, begin = busy(), used(self.process.pid), time.monotonic()
            self.process.stdin.write(
                json.dumps({"work": work, "tokens": tokens, "context": context}) + "\n")
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
            mine = used(self.process.pid) - own
            answer["others"] = max(0, busy() - machine - mine) / (time.monotonic() - begin)
            if best is None or answer["others"] < best["others"]:
                best = answer
            if best["others"] <= DISTURBED:
                break
        self.samples.append(best)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=60)


def probe(out: Path, threads: int) -> float:
    """Bytes per second of reading memory, now."""
    program = out / "read_probe"
    if not program.exists():
        subprocess.run(["cc", "-O3", "-march=native", "-o", program, HERE / "read_probe.c",
                        "-lpthread"], check=True)
    return float(subprocess.run(
        [program, str(threads), "512"], check=True, capture_output=True, text=True).stdout)


def files(geometry: str, out: Path) -> "dict[str, Path]":
    """The folder, and a GGUF file of each format that llama.cpp is to run."""
    folder = make(geometry, out / geometry)
    sys.path.insert(0, str(HERE.parent / "bindings" / "python"))
    import svft

    paths = {"folder": folder}
    for form in FORMATS:
        paths[form] = out / f"{geometry}-{form}.gguf"
        if not paths[form].exists():
            with svft.Model.load(folder) as model:
                model.save(paths[form], format=form)
    return paths


def line_up(work: str, form: str, paths: dict, threads: int) -> "list[Contestant]":
    """Who does this work at this format; libsvft runs the very file of llama.cpp."""
    if work == "train":
        pairs = [("libsvft", paths["folder"]), ("peft", paths["folder"])]
    else:
        pairs = [("libsvft", paths[form]), ("llama.cpp", paths[form])]
        if form == "bf16":
            pairs.append(("transformers", paths["folder"]))
    return [Contestant(name, path, form, threads) for name, path in pairs]


def summary(contestant: Contestant) -> dict:
    rates = sorted(sample["rate"] for sample in contestant.samples)
    return {
        "program": contestant.name, "rate": statistics.median(rates), "low": rates[0],
        "high": rates[-1], "peak": max(sample["peak"] for sample in contestant.samples),
        "others": max(sample["others"] for sample in contestant.samples)}


def match(geometry: str, work: str, form: str, paths: dict, arguments) -> dict:
    """All programs at one work, in turns."""
    contestants, probes = line_up(work, form, paths, arguments.threads), []
    for _ in range(arguments.samples):
        for contestant in contestants:
            contestant.sample(work)
        if work == "decode":
            probes.append(probe(arguments.out, arguments.threads))
    for contestant in contestants:
        contestant.close()
    rows = [summary(contestant) for contestant in contestants]
    entry = {"model": geometry, "work": work, "format": form, "programs": rows,
             "ratio": rows[0]["rate"] / max(row["rate"] for row in rows[1:])}
    if probes:
        entry["probe"] = statistics.median(probes)
        size = (paths["folder"] / "model.safetensors" if form == "bf16" else paths[form]).stat()
        entry["share_of_probe"] = rows[0]["rate"] * size.st_size / entry["probe"]
    print(f"{geometry} {work} {form}: " + ", ".join(
        f"{row['program']} {row['rate']:.1f} tok/s ({row['peak'] >> 20} MiB)" for row in rows)
        + f"; ratio {entry['ratio']:.2f}", file=sys.stderr, flush=True)
    return entry


def markdown(entries: list, arguments) -> str:
    lines = [
        f"{arguments.threads} threads, medians of {arguments.samples} samples in turns.", "",
        "| model | work | format | libsvft tok/s | best peer | ratio | of the read probe | "
        "peak MiB, ours / theirs | spread | others' CPU |",
        "|---|---|---|---|---|---|---|---|---|---|"]
    for entry in entries:
        ours, *peers = entry["programs"]
        best = max(peers, key=lambda row: row["rate"])
        share = f"{100 * entry['share_of_probe']:.0f} %" if "probe" in entry else ""
        lines.append(
            f"| {entry['model']} | {entry['work']} | {entry['format']} | {ours['rate']:.1f} "
            f"| {best['rate']:.1f} {best['program']} | {entry['ratio']:.2f} | {share} "
            f"| {ours['peak'] >> 20} / {best['peak'] >> 20} "
            f"| {ours['low']:.1f}–{ours['high']:.1f} | {ours['others']:.2f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--models", nargs="+", choices=GEOMETRIES, default=list(GEOMETRIES))
    parser.add_argument("--work", nargs="+", choices=WORK, default=list(WORK))
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    entries = []
    for geometry in arguments.models:
        paths = files(geometry, arguments.out)
        for work in arguments.work:
            for form in arguments.formats if work != "train" else ("bf16",):
                entries.append(match(geometry, work, form, paths, arguments))
                (arguments.out / "speed.json").write_text(json.dumps(entries, indent=1) + "\n")
                (arguments.out / "speed.md").write_text(markdown(entries, arguments))
    print(markdown(entries, arguments))


if __name__ == "__main__":
    main()
