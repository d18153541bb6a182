"""Whether an SVFT adapter means the same change wherever it is loaded.

    python Benchmarks/travel.py --stories STORIES --minilm MINILM --lapack FOLDER --work FOLDER

An adapter file holds M and not U and V, which each machine computes for itself: another LAPACK,
instruction set or number of threads gives singular vectors with other signs, and other bases where
singular values lie close together. Adapters of every pattern are trained a few steps here and in
each other place, and loaded in all of them; compared are outputs in F32 with those that the place
had where they were trained, and how far an adapter moves them at all, both by the largest output
or 1. The exit code is 1 where one differs by more than 1e-4, or an adapter moves them by less than
1e-2.

FOLDER of --lapack is one with another liblapack.so.3 and what it needs, such as the reference
implementation: `apt-get download liblapack3 libblas3 libgfortran5`, `dpkg -x` each, all .so files
copied into one folder. A place without any LAPACK (the library's own Jacobi method) is always
among them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))

BOUND = 1e-4
LIBRARIES = ("libopenblas.so.0", "liblapack.so.3", "liblapacke.so.3")
PATTERNS = {
    "plain": {"pattern": "plain"},
    "banded": {"pattern": "banded", "d": 4},
    "random": {"pattern": "random", "d": 4},
    "top-k": {"pattern": "topk", "d": 4},
    "banded, BF16 factors": {"pattern": "banded", "d": 4, "factors": "bf16"},
}
TEXTS = ["Once upon a time, there was a little girl named Lily. She", "The sea was red."]


# ---- In a process of its own ----------------------------------------------------------------


def outputs(model, has_logits: bool) -> np.ndarray:
    if has_logits:
        return np.concatenate([model.logits(model.tokenize(text)) for text in TEXTS])
    return np.asarray(model.embed(TEXTS))


def child(task: dict) -> None:
    import svft

    adapter_folder = Path(task["adapter"])
    with svft.Model.load(
            task["model"], compute="f32", cache_folder=None, threads=task["threads"]) as model:
        before = outputs(model, task["has_logits"])
        first = model.factor("all-linear")["layers"][0]
        if task["trains"]:
            adapter = model.create_adapter(method="svft", targets="all-linear", **task["options"])
            svft.Trainer(
                adapter, task["data"], steps=6, batch_size=4, learning_rate=1e-2,
                max_seq_length=64).run()
            adapter.save(str(adapter_folder))
        else:
            model.load_adapter(str(adapter_folder))
        after = outputs(model, task["has_logits"])
    np.savez(task["result"], before=before, after=after, method=first["method"])


# ---- Here -----------------------------------------------------------------------------------


def places(lapack: "Path | None", work: Path) -> dict:
    """Name -> (environment, threads)."""
    found = {
        "here": ({}, 2), "one thread": ({}, 1), "three threads": ({}, 3),
        "portable": ({"SVFT_ISA": "portable"}, 2), "AVX2": ({"SVFT_ISA": "avx2"}, 2)}

    def libraries(name: str, source: "Path | None") -> dict:
        folder = work / f"libraries-{name}"
        folder.mkdir(parents=True, exist_ok=True)
        for library in LIBRARIES:
            (folder / library).unlink(missing_ok=True)
            if source is None:
                (folder / library).touch()  # not a library: opening it fails
            else:
                (folder / library).symlink_to((source / "liblapack.so.3").resolve())
        path = f"{folder}:{source.resolve()}" if source else str(folder)
        return {"LD_LIBRARY_PATH": path}

    if lapack is not None:
        found["other LAPACK"] = (libraries("other", lapack), 2)
    found["no LAPACK"] = (libraries("none", None), 2)
    return found


def run(task: dict, environment: dict) -> dict:
    subprocess.run(
        [sys.executable, __file__, "--task", json.dumps(task)], check=True,
        env={**os.environ, **environment})
    return dict(np.load(task["result"]))


def travel(model: Path, has_logits: bool, data: Path, sites: dict, work: Path) -> "list[str]":
    missed = []
    for pattern, options in PATTERNS.items():
        for origin in ("here", "other LAPACK", "no LAPACK"):
            if origin not in sites:
                continue
            adapter = work / f"{model.name}-{pattern}-{origin}".replace(" ", "-")
            task = {
                "model": str(model), "has_logits": has_logits, "adapter": str(adapter),
                "options": options, "data": str(data), "result": str(work / "result.npz")}
            first = run({**task, "trains": True, "threads": sites[origin][1]}, sites[origin][0])
            before, made = first["before"], first["after"]
            worst, where = 0.0, "nowhere"
            for name, (environment, threads) in sites.items():
                after = run({**task, "trains": False, "threads": threads}, environment)["after"]
                difference = float(np.abs(after - made).max() / max(1.0, np.abs(made).max()))
                if difference >= worst:
                    worst, where = difference, name
            moved = float(np.abs(made - before).max() / max(1.0, np.abs(made).max()))
            good = worst <= BOUND and moved > 100 * BOUND
            missed.extend([] if good else [f"{model.name} {pattern} {origin}"])
            print(f"| {model.name} | {pattern} | {origin}: {first['method']} | {moved:.3f} "
                  f"| {worst:.1e} ({where}) |", flush=True)
    return missed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stories", type=Path, help="stories260K's Hugging Face folder")
    parser.add_argument("--minilm", type=Path, help="a sentence encoder")
    parser.add_argument("--lapack", type=Path, help="a folder with another liblapack.so.3")
    parser.add_argument("--work", type=Path, help="takes adapters and what is between")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        return child(json.loads(arguments.task))
    if arguments.work is None or not (arguments.stories or arguments.minilm):
        parser.error("expected --work, and --stories or --minilm")
    work = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    sites = places(arguments.lapack, work)
    stories, questions = work / "stories.jsonl", work / "questions.jsonl"
    stories.write_text("".join(
        json.dumps({"text": f"{name} went to the sea and saw a big red boat."}) + "\n"
        for name in ("Tom", "Lily", "Ben", "Sue", "Max", "Anna", "Tim", "Mia")))
    questions.write_text("".join(
        json.dumps({"text": f"{word} is the sea ?", "label": word}) + "\n"
        for word in ("Where", "What", "Who", "When") * 2))
    print("| model | pattern | trained | moves outputs by | largest difference, where |")
    print("|---|---|---|---|---|")
    missed = []
    if arguments.stories:
        missed += travel(arguments.stories, True, stories, sites, work)
    if arguments.minilm:
        missed += travel(arguments.minilm, False, questions, sites, work)
    if missed:
        sys.exit("missed: " + ", ".join(missed))


if __name__ == "__main__":
    main()
