"""How well each method fine-tunes: tables of TREC (classes), STS-B (scores) and Shakespeare.

    python Benchmarks/quality.py trec --model MINILM --data TREC --out FOLDER [--quick]
    python Benchmarks/quality.py stsb --model MINILM --data STS_B --out FOLDER [--quick]
    python Benchmarks/quality.py shakespeare --model STORIES --data INPUT_TXT --out FOLDER [--quick]

Per method the learning rate comes from one grid of five, the same for all: trained on one tenth of
the training data over the F32 base, judged on another tenth. The test set (or the last tenth of the
text) is seen once a final run. Every run is one entry of FOLDER/runs.jsonl, so a stopped command
goes on where it was; seeds go round outermost, so that the table fills evenly. It is written as
FOLDER/table.md and FOLDER/table.json after each run.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
import svft  # noqa: E402

GRID = (1e-4, 4e-4, 2e-3, 1e-2, 5e-2)
BASES = ("f32", "q8_0", "q4_0")
SVFT = {"method": "svft", "targets": "all-linear"}
METHODS = {
    "head only": {"method": "head"},
    "full": {"method": "full"},
    "LoRA r=8": {"method": "lora", "r": 8, "alpha": 16, "targets": "all-linear"},
    "LoRA r=1": {"method": "lora", "r": 1, "alpha": 2, "targets": "all-linear"},
    "SVFT plain": {**SVFT, "pattern": "plain"},
    "SVFT banded d=1": {**SVFT, "pattern": "banded", "d": 1},
    "SVFT banded d=2": {**SVFT, "pattern": "banded", "d": 2},
    "SVFT banded d=8": {**SVFT, "pattern": "banded", "d": 8},
    "SVFT random": {**SVFT, "pattern": "random", "d": 8},
    "SVFT top-k": {**SVFT, "pattern": "topk", "d": 8},
}
# Ways to compute one method, which have its learning rate.
COMPUTED = "SVFT banded d=8"
WAYS = {
    **{f"{COMPUTED}, {form}": {**METHODS[COMPUTED], "form": form}
       for form in ("additive", "one-sided", "factored", "materialised")},
    **{f"{COMPUTED}, {factors} factors": {**METHODS[COMPUTED], "factors": factors}
       for factors in ("bf16", "q8_0")},
}


@dataclass
class Plan:
    """What a command trains on, and how much of it."""

    model: Path
    files: dict  # search, valid (for the grid), train, test
    training: dict  # options of every final run
    search: dict  # options that differ while the grid is searched
    score: str  # the figure of an evaluation: accuracy, spearman or loss
    methods: list
    bases: list
    seeds: list
    threads: int
    evaluation: dict = field(default_factory=dict)

    @property
    def larger_wins(self) -> bool:
        return self.score != "loss"


class Runs:
    """The finished runs of a folder, one JSON line each."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "runs.jsonl"
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        self.entries = {entry["key"]: entry for entry in map(json.loads, lines)}

    def get(self, key: str, make):
        if key not in self.entries:
            entry = {"key": key, **make()}
            with self.path.open("a") as file:
                file.write(json.dumps(entry) + "\n")
            self.entries[key] = entry
            print(f"{key}: " + ", ".join(f"{k} {v:.4g}" for k, v in entry.items() if k != "key"),
                  file=sys.stderr, flush=True)
        return self.entries[key]


def train_once(
    plan: Plan,
    method: str,
    base: str,
    rate: float,
    seed: int,
    part: str,
    cache: Path) -> dict:
    """Trains one adapter on a part of the data and evaluates it on the part's other half."""
    data, test = ("search", "valid") if part == "search" else ("train", "test")
    options = {**plan.training, **(plan.search if part == "search" else {})}
    if method == "head only":
        options.pop("head_learning_rate", None)
    begin = time.monotonic()
    with svft.Model.load(
            plan.model, quantize=base, cache_folder=cache, threads=plan.threads) as model:
        parameters = model.describe()["parameters"]
        adapter = model.create_adapter(**{**METHODS, **WAYS}[method], seed=seed)
        try:
            trainer = svft.Trainer(
                adapter, plan.files[data], seed=seed, learning_rate=rate, **options)
            report = trainer.run()
            evaluation = model.evaluate(plan.files[test], **plan.evaluation)
        except svft.NonFinite:  # the rate was too large: the worst score there is
            return {
                "score": 0.0 if plan.larger_wins else 1e9, "trainable": 0,
                "parameters": parameters, "rate": rate, "seconds": time.monotonic() - begin}
    return {
        "score": evaluation[plan.score], "loss": evaluation["loss"], "rate": rate,
        "trainable": report["trainable"], "parameters": parameters, "skipped": report["skipped"],
        "train_loss": report.get("last_loss", float("nan")), "seconds": time.monotonic() - begin}


def best_rate(plan: Plan, runs: Runs, method: str, cache) -> float:
    """The rate of the grid with the best score on the validation part, seed 0, F32 base."""
    method = COMPUTED if method in WAYS else method
    scores = {
        rate: runs.get(
            f"search/{method}/{rate:g}",
            lambda rate=rate: train_once(plan, method, "f32", rate, 0, "search", cache))["score"]
        for rate in GRID}
    return (max if plan.larger_wins else min)(scores, key=scores.get)


def table(plan: Plan, runs: Runs, rates: dict, start: dict) -> "tuple[list[dict], str]":
    """Rows of what has finished, and their Markdown."""
    rows = []
    for base in plan.bases:
        means = {}
        for method in plan.methods:
            done = [runs.entries[key] for seed in plan.seeds
                    if (key := f"final/{base}/{method}/{seed}") in runs.entries]
            if not done:
                continue
            scores = [entry["score"] for entry in done]
            means[method] = statistics.mean(scores)
            rows.append({
                "base": base, "method": method, "rate": rates[method], "runs": len(done),
                "mean": means[method], "sd": statistics.stdev(scores) if len(scores) > 1 else None,
                "trainable": done[0]["trainable"], "parameters": done[0]["parameters"],
                "seconds": statistics.median(entry["seconds"] for entry in done)})
        floor = means.get("head only", start.get(base))
        for row in rows:
            if row["base"] == base and "full" in means and floor is not None:
                gain = means["full"] - floor
                row["share_of_gain"] = (row["mean"] - floor) / gain if gain else None
    head = {row["base"]: row["trainable"] for row in rows if row["method"] == "head only"}
    for row in rows:
        own = row["trainable"] - head.get(row["base"], 0)
        row["trainable_share"] = own / row["parameters"]
    lines = [
        f"| base | method | rate | runs | {plan.score} | trained, head aside | "
        "share of full's gain | s |",
        "|---|---|---|---|---|---|---|---|"]
    factor = 100 if plan.larger_wins else 1
    for row in rows:
        spread = "" if row["sd"] is None else f" ± {factor * row['sd']:.{2 if factor > 1 else 3}f}"
        share = row.get("share_of_gain")
        lines.append(
            f"| {row['base']} | {row['method']} | {row['rate']:g} | {row['runs']} "
            f"| {factor * row['mean']:.{2 if factor > 1 else 4}f}{spread} "
            f"| {100 * row['trainable_share']:.4f} % "
            f"| {'' if share is None else f'{100 * share:.0f} %'} | {row['seconds']:.0f} |")
    for base, score in start.items():
        lines.append(f"\nBefore training, {base}: {score:.4f}")
    return rows, "\n".join(lines) + "\n"


def run(plan: Plan, out: Path) -> None:
    """The grid, then every base, method and seed."""
    runs, rates, start = Runs(out), {}, {}
    cache = out / "factors"
    cache.mkdir(exist_ok=True)
    if not plan.larger_wins:  # there is no head to compare with: the base itself is the floor
        for base in plan.bases:
            def untrained(base=base):
                with svft.Model.load(
                        plan.model, quantize=base, threads=plan.threads) as model:
                    return {"score": model.evaluate(plan.files["test"], **plan.evaluation)["loss"]}
            start[base] = runs.get(f"start/{base}", untrained)["score"]
    for method in plan.methods:
        rates[method] = best_rate(plan, runs, method, cache)
    for seed, base, method in itertools.product(plan.seeds, plan.bases, plan.methods):
        runs.get(
            f"final/{base}/{method}/{seed}",
            lambda: train_once(plan, method, base, rates[method], seed, "final", cache))
        rows, text = table(plan, runs, rates, start)
        (out / "table.json").write_text(json.dumps(rows, indent=1) + "\n")
        (out / "table.md").write_text(text)
    print(text)
    print(f"load average {os.getloadavg()[0]:.1f}", file=sys.stderr)


def write_records(path: Path, records: list) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def trec(arguments) -> Plan:
    """Six coarse classes. The file is ordered at random: every tenth record is a fair tenth."""
    def read(name: str) -> list:
        text = (arguments.data / name).read_text(encoding="utf-8", errors="replace")
        pairs = (line.split(" ", 1) for line in text.splitlines() if " " in line)
        return [{"text": question, "label": kind.split(":")[0]} for kind, question in pairs]

    train, test, out = read("train.txt"), read("test.txt"), arguments.out
    tenth, valid = train[::10], train[5::10]
    if arguments.quick:
        train, valid = train[: 2000], valid[: 300]
    return Plan(
        model=arguments.model, score="accuracy",
        files={
            "search": write_records(out / "search.jsonl", tenth),
            "valid": write_records(out / "valid.jsonl", valid),
            "train": write_records(out / "train.jsonl", train),
            "test": write_records(out / "test.jsonl", test)},
        training={
            "epochs": 1, "batch_size": 16, "lr_schedule": "linear",
            "warmup_ratio": 0.1, "max_seq_length": 64, "head_learning_rate": 1e-3},
        search={"epochs": 2 if arguments.quick else 4},
        methods=arguments.methods or list(METHODS), bases=arguments.bases or list(BASES),
        seeds=[0] if arguments.quick else [0, 1, 2],
        threads=arguments.threads, evaluation={"max_seq_length": 64})


def stsb(arguments) -> Plan:
    """How alike two sentences are, 0 to 5. Its own parts: train, dev searches, test is the test."""
    def read(part: str) -> list:
        text = (arguments.data / f"stsb-en-{part}.csv").read_text(encoding="utf-8")
        return [{"text": first, "text_pair": second, "label": float(score)}
                for first, second, score in csv.reader(text.splitlines())]

    train, dev, test, out = read("train"), read("dev"), read("test"), arguments.out
    if arguments.quick:
        train, dev = train[::4], dev[::5]
    return Plan(
        model=arguments.model, score="spearman",
        files={
            "search": write_records(out / "search.jsonl", train[::5]),
            "valid": write_records(out / "valid.jsonl", dev),
            "train": write_records(out / "train.jsonl", train),
            "test": write_records(out / "test.jsonl", test)},
        training={
            "epochs": 2, "batch_size": 16, "lr_schedule": "linear",
            "warmup_ratio": 0.1, "max_seq_length": 128, "head_learning_rate": 1e-3},
        search={},
        methods=arguments.methods or list(METHODS), bases=arguments.bases or list(BASES),
        seeds=[0] if arguments.quick else [0, 1, 2],
        threads=arguments.threads, evaluation={"max_seq_length": 128})


def shakespeare(arguments) -> Plan:
    """Tenths of the text in order: 8 and 9 search the rate, 1 to 9 train, 10 is the test."""
    text, out = arguments.data.read_text(encoding="utf-8"), arguments.out

    def part(name: str, first: float, last: float) -> Path:
        path = out / f"{name}.txt"
        path.write_text(text[int(first * len(text)): int(last * len(text))], encoding="utf-8")
        return path

    quick = arguments.quick
    return Plan(
        model=arguments.model, score="loss",
        files={
            "search": part("search", 0.7, 0.8), "valid": part("valid", 0.8, 0.82 if quick else 0.9),
            "train": part("train", 0, 0.9), "test": part("test", 0.9, 0.92 if quick else 1)},
        training={
            "steps": 100 if quick else 400, "batch_size": 4, "lr_schedule": "cosine",
            "warmup_ratio": 0.05, "max_seq_length": 256},
        search={"steps": 50 if quick else 100},
        methods=arguments.methods or [name for name in METHODS if name != "head only"],
        bases=arguments.bases or list(BASES), seeds=[0] if quick else [0, 1, 2],
        threads=arguments.threads, evaluation={"max_seq_length": 256})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, make in (("trec", trec), ("stsb", stsb), ("shakespeare", shakespeare)):
        command = commands.add_parser(name, help=make.__doc__)
        command.add_argument("--model", type=Path, required=True, help="the base: a folder, F32")
        command.add_argument("--data", type=Path, required=True)
        command.add_argument("--out", type=Path, required=True, help="runs and table; resumed")
        command.add_argument(
            "--quick", action="store_true", help="one seed, fewer records and steps")
        command.add_argument("--threads", type=int, default=0, help="0: as many as there are cores")
        command.add_argument("--methods", nargs="+", choices=[*METHODS, *WAYS])
        command.add_argument(
            "--ways", action="store_true", help=f"every form and factor format of {COMPUTED}")
        command.add_argument("--bases", nargs="+", choices=BASES)
        command.set_defaults(make=make)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.ways:
        arguments.methods = list(WAYS)
    run(arguments.make(arguments), arguments.out)


if __name__ == "__main__":
    main()
