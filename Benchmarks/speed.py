"""Prefill, decode, start and training beside llama.cpp, transformers, PEFT and PyTorch, in one run.

    python Benchmarks/speed.py --out FOLDER [--models 135M 1B] [--samples 5] [--threads 2]

Makes random-weight models (random_model.py) in FOLDER once: a BF16 folder and GGUF files written by
libsvft. Every program has its own process (contestant.py); for each kind of work they take turns,
sample by sample, with a memory-read probe between decodes. What other processes used of the
processors during a sample is recorded; samples disturbed by more than 5 % of a processor are
repeated, up to three times. FOLDER/speed.md and speed.json hold medians, spread and ratios,
speed.svg draws the ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import llama_finetune  # noqa: E402
from programs import FORMATS, WORK, Contestant, Finetune, HostInC, Starter  # noqa: E402
from random_model import GEOMETRIES, make, shapes  # noqa: E402
from speed_report import conditions, draw, figure, markdown, rivals  # noqa: E402

HERE = Path(__file__).resolve().parent


def probe(kind: str, form: str, out: Path, threads: int) -> float:
    """Bytes per second of reading memory, or operations per second of multiplying, now."""
    own = ["512"] if kind == "read" else ["f32"] if form == "f32" else []
    program = out / f"{kind}_probe"
    if not program.exists():
        subprocess.run(["cc", "-O3", *(["-march=native"] if kind == "read" else []), "-o", program,
                        HERE / f"{kind}_probe.c", "-lpthread"], check=True)
    return float(subprocess.run(
        [program, str(threads), *own], check=True, capture_output=True, text=True).stdout)


# What is bound by memory and what by arithmetic; the probe takes turns with the programs.
PROBES = {"decode": "read", "lora": "compute", "full": "compute"}


def necessary(work: str, geometry: str, paths: dict, form: str) -> float:
    """What a token or step takes at least of its probe: the bytes of the file, or operations a
    token: two directions of every matrix (three where it is trained), and of causal attention
    its two products forward and five backward."""
    if work == "decode":
        path = paths["folder"] / "model.safetensors" if form == "bf16" else paths[form]
        return path.stat().st_size
    tokens, g = WORK[work][0], GEOMETRIES[geometry]
    matrices = sum(
        rows[0] * rows[1] for rows in shapes(g).values() if len(rows) == 2)
    attention = 2 * tokens * g["hidden"] * g["layers"]
    return (6 if work == "full" else 4) * matrices + 3.5 * attention


def files(geometry: str, out: Path, formats: "list[str]") -> "dict[str, Path]":
    """The folder, and a GGUF file of each format that llama.cpp is to run."""
    folder = make(geometry, out / geometry)
    sys.path.insert(0, str(HERE.parent / "bindings" / "python"))
    import svft

    paths = {"folder": folder}
    for form in formats:
        paths[form] = out / f"{geometry}-{form}.gguf"
        if not paths[form].exists():
            with svft.Model.load(folder) as model:
                model.save(paths[form], format=form)
    return paths


def line_up(work: str, form: str, paths: dict, threads: int) -> "list[Contestant]":
    """Who does this work at this format; libsvft runs the very file of llama.cpp. PEFT and PyTorch
    train in the formats that they train in, whatever the base of libsvft. Full fine-tuning trains
    F32 numbers on all sides; over a BF16 folder libsvft multiplies them in BF16."""
    folder = paths["folder"]
    if work == "lora":
        programs = [("libsvft", folder, form), ("peft", folder, "bf16"), ("peft", folder, "f32")]
    elif work == "full":
        programs = [("libsvft", folder, form), ("torch", folder, "f32")]
    else:
        programs = [("libsvft", paths[form], form), ("llama.cpp", paths[form], form)]
        if form == "bf16":
            programs.append(("transformers", folder, form))
    kind = Starter if work == "start" else Contestant
    contestants = [kind(name, path, own, threads) for name, path, own in programs]
    if work == "start":
        contestants.append(HostInC(paths[form], form, threads))
    if work == "full" and llama_finetune.built():
        contestants.append(Finetune(paths["f32"], threads))
    return contestants


def summary(contestant: Contestant) -> dict:
    rates = sorted(sample["rate"] for sample in contestant.samples)
    return {
        "program": contestant.name, "format": contestant.form,
        "seconds": statistics.median(sample["seconds"] for sample in contestant.samples),
        "rate": statistics.median(rates), "low": rates[0],
        "high": rates[-1], "peak": max(sample["peak"] for sample in contestant.samples),
        "others": max(sample["others"] for sample in contestant.samples)}


def match(geometry: str, work: str, form: str, paths: dict, arguments) -> dict:
    """All programs at one work, in turns."""
    contestants, probes = line_up(work, form, paths, arguments.threads), []
    for _ in range(arguments.samples):
        for contestant in contestants:
            contestant.sample(work)
        if work in PROBES:
            probes.append(probe(PROBES[work], form, arguments.out, arguments.threads))
    for contestant in contestants:
        contestant.close()
    rows = [summary(contestant) for contestant in contestants]
    entry = {"model": geometry, "work": work, "format": form, "programs": rows,
             "ratio": rows[0]["rate"] / max(row["rate"] for row in rivals(rows))}
    if probes:
        need = necessary(work, geometry, paths, form)
        entry["probe"], entry["probed"] = statistics.median(probes), PROBES[work]
        entry["share_of_probe"] = rows[0]["rate"] * need / entry["probe"]
    print(f"{geometry} {work} {form}: " + ", ".join(
        f"{row['program']} {row['format']} {figure(work, row)} ({row['peak'] >> 20} MiB)"
        for row in rows)
        + f"; ratio {entry['ratio']:.2f}", file=sys.stderr, flush=True)
    return entry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--models", nargs="+", choices=GEOMETRIES, default=list(GEOMETRIES))
    parser.add_argument("--work", nargs="+", choices=WORK, default=list(WORK))
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS[:3]))
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    entries, around = [], conditions(arguments)
    formats = list(arguments.formats)
    if "full" in arguments.work and llama_finetune.built():
        formats.append("f32")
    for geometry in arguments.models:
        paths = files(geometry, arguments.out, formats)
        for work in arguments.work:
            for form in WORK[work][2]:
                if form not in arguments.formats and work != "full":
                    continue
                entries.append(match(geometry, work, form, paths, arguments))
                (arguments.out / "speed.json").write_text(
                    json.dumps({**around, "entries": entries}, indent=1) + "\n")
                (arguments.out / "speed.md").write_text(markdown(entries, around))
                draw(entries, arguments.out / "speed.svg")
    print(markdown(entries, around))


if __name__ == "__main__":
    main()
