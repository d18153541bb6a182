"""How fast and how exact singular factors are, beside torch.linalg.svd and torch.svd_lowrank.

    python Benchmarks/factor.py --out FOLDER                         # single matrices, all at once
    python Benchmarks/factor.py --out FOLDER --whole 135M 1B         # and whole geometries

A model with random weights and the shapes of Llama-3.2-1B (one layer: 2048², 512×2048, 8192×2048,
2048×8192) and one of SmolLM2-135M (30 layers, 576×1536 and alike) are made in FOLDER. Both sides
decompose the same matrices, in turns, sample by sample, each in a process of its own with --threads
threads; loading is not timed. Ours is float64 rounded to F32 at the end and keeps U and V; torch's
is F32 throughout. "one" is a matrix by itself, "set" several, one after the other (torch) or side
by side, as `svft factor` does them (ours). Errors are ‖W − UΣVᵀ‖/‖W‖ and the largest entry of
UᵀU − 1 and VᵀV − 1, ours as the library estimates them, torch's computed in float64.

FOLDER/factor.md and FOLDER/factor.json are the result.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))

import random_model

# What is decomposed: name, model, modules.
CASES = [
    ("2048×2048, one", "1B", ["q_proj"]),
    ("8192×2048, one", "1B", ["gate_proj"]),
    ("2048×8192, one", "1B", ["down_proj"]),
    ("576×1536, set of 30", "135M", ["down_proj"]),
    ("a layer of 1B, set of 7", "1B", "all-linear"),
]
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


# ---- In a process of its own ----------------------------------------------------------------


def ours(model: str, targets: "list[str] | str", rank: int, threads: int) -> dict:
    import svft

    with svft.Model.load(model, threads=threads, cache_folder=None) as loaded:
        before = time.perf_counter()
        names = targets if isinstance(targets, str) else ",".join(targets)
        options = {"rank": rank, "iterations": 4} if rank else {}
        report = loaded.factor(names, **options)
        seconds = time.perf_counter() - before
    return {
        "seconds": seconds, "processor": time.process_time(),
        "residual": report["largest_residual"], "departure": report["largest_departure"],
        "method": report["layers"][0]["method"]}


def theirs(model: str, targets: "list[str] | str", rank: int, threads: int, check: bool) -> dict:
    import torch
    from safetensors.torch import load_file

    torch.set_num_threads(threads)
    ends = LINEARS if isinstance(targets, str) else targets
    matrices = [
        tensor.float() for name, tensor in load_file(Path(model) / "model.safetensors").items()
        if any(name.endswith(f"{end}.weight") for end in ends)]
    torch.linalg.svd(torch.randn(64, 64))
    seconds, residual, departure = 0.0, 0.0, 0.0
    for matrix in matrices:
        before = time.perf_counter()
        if rank:
            u, sigma, v = torch.svd_lowrank(matrix, q=rank, niter=4)
            vt = v.T
        else:
            u, sigma, vt = torch.linalg.svd(matrix, full_matrices=False)
        seconds += time.perf_counter() - before
        if check:
            u, sigma, vt, matrix = (part.double() for part in (u, sigma, vt, matrix))
            rest = torch.linalg.norm(matrix - (u * sigma) @ vt) / torch.linalg.norm(matrix)
            one = torch.eye(len(sigma), dtype=torch.float64)
            residual = max(residual, rest.item())
            departure = max(
                departure, (u.T @ u - one).abs().max().item(),
                (vt @ vt.T - one).abs().max().item())
    return {
        "seconds": seconds, "processor": time.process_time(), "residual": residual,
        "departure": departure, "method": f"torch {torch.__version__}"}


def work(request: dict) -> dict:
    if request.pop("side") == "ours":
        request.pop("check")
        return ours(**request)
    return theirs(**request)


# ---- The measurement ------------------------------------------------------------------------


def sample(side: str, case: tuple, arguments, rank: int, check: bool) -> dict:
    _, geometry, targets = case
    request = {
        "side": side, "model": str(arguments.out / geometry), "targets": targets, "rank": rank,
        "threads": arguments.threads, "check": check}
    threads = {"OMP_NUM_THREADS": str(arguments.threads), "MKL_NUM_THREADS": str(arguments.threads)}
    run = subprocess.run(
        [sys.executable, __file__, "--work", json.dumps(request)], capture_output=True, text=True,
        env={**os.environ, **(threads if side == "torch" else {})}, check=False)
    if run.returncode:
        sys.exit(f"{side} on {case[0]} failed:\n{run.stderr}")
    return json.loads(run.stdout.splitlines()[-1])


def measure(case: tuple, arguments, rank: int = 0) -> dict:
    """Medians of both sides in turns."""
    found = {"ours": [], "torch": []}
    for turn in range(arguments.repeats):
        for side in ("ours", "torch"):
            one = sample(side, case, arguments, rank, turn == 0)
            found[side].append(one)
            print(f"{case[0]} {'rank %d' % rank if rank else ''} {side} {one['seconds']:.3f} s",
                  file=sys.stderr)
    row = {"name": case[0], "rank": rank}
    for side, samples in found.items():
        row[side] = {
            "seconds": statistics.median(one["seconds"] for one in samples),
            "samples": [one["seconds"] for one in samples],
            "residual": samples[0]["residual"], "departure": samples[0]["departure"],
            "method": samples[0]["method"]}
    ratios = [b["seconds"] / a["seconds"] for a, b in zip(found["ours"], found["torch"])]
    row["ratio"], row["ratios"] = statistics.median(ratios), ratios
    return row


def table(rows: "list[dict]", arguments) -> str:
    lines = [
        f"# Singular factors ({arguments.threads} threads, {platform.machine()})",
        "", "Seconds (median), the ratio torch / ours of each turn, and errors.", "",
        "| matrices | ours | torch | ratio (range) | residual, ours / torch "
        "| UᵀU − 1, ours / torch |",
        "|---|---|---|---|---|---|"]
    for row in rows:
        a, b = row["ours"], row["torch"]
        what = row["name"] + (f", rank {row['rank']}" if row["rank"] else "")
        lines.append(
            f"| {what} | {a['seconds']:.3f} | {b['seconds']:.3f} | {row['ratio']:.2f} "
            f"({min(row['ratios']):.2f}–{max(row['ratios']):.2f}) "
            f"| {a['residual']:.1e} / {b['residual']:.1e} "
            f"| {a['departure']:.1e} / {b['departure']:.1e} |")
    methods = {row["ours"]["method"] for row in rows}
    theirs = rows[0]["torch"]["method"]
    lines += ["", "Ours: " + "; ".join(sorted(methods)) + f". Theirs: {theirs}."]
    return "\n".join(lines) + "\n"


def make(folder: Path, geometry: str, layers: int) -> None:
    random_model.GEOMETRIES["part"] = {
        **random_model.GEOMETRIES[geometry], "layers": layers, "vocab": 1024}
    random_model.make("part", folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rank", type=int, default=128, help="of the randomised comparison")
    parser.add_argument("--whole", nargs="*", default=[], choices=["135M", "1B"])
    parser.add_argument("--work", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        print(json.dumps(work(json.loads(arguments.work))))
        return
    if not arguments.out:
        parser.error("--out is needed")
    arguments.out.mkdir(parents=True, exist_ok=True)
    make(arguments.out / "1B", "1B", 1)
    make(arguments.out / "135M", "135M", 30)
    rows = [measure(case, arguments) for case in CASES]
    for case in CASES[1:3]:
        rows.append(measure(case, arguments, arguments.rank))
    for geometry in arguments.whole:
        make(arguments.out / f"{geometry}-whole", geometry,
             random_model.GEOMETRIES[geometry]["layers"])
        whole = (f"all linears of {geometry}", f"{geometry}-whole", "all-linear")
        rows += [measure(whole, arguments), measure(whole, arguments, arguments.rank)]
    (arguments.out / "factor.json").write_text(json.dumps(rows, indent=1))
    (arguments.out / "factor.md").write_text(table(rows, arguments))
    print(table(rows, arguments))


if __name__ == "__main__":
    main()
