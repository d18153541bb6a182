"""What a token costs in each format of the weights, as a share of what memory can deliver.

    python Benchmarks/formats.py --model MODEL --out FOLDER [--formats q8_0 q4_0 …] [--rounds 3]

Brings MODEL, whose head is its embedding, into each format in turn, several rounds, and measures
decode by the library's own `bench` between two probes that only read memory on as many threads. A
token reads every weight once: its rate times their bytes is what decode reads, and the share is
that of the probes around it. Also the rate of a prompt of 512 tokens. FOLDER/formats.md and
formats.json hold medians and ranges. A sample is an undisturbed one, or the least disturbed of
four.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "bindings" / "python"))
from ops import probe  # noqa: E402
from quiet import undisturbed  # noqa: E402

FORMATS = ("bf16", "q8_0", "q6_k", "q5_k", "q4_k", "q4_0", "nf4")


def own_seconds() -> float:
    """Processor seconds of this process and of those it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def sample(model, threads: int, out: Path) -> dict:
    """One decode between two probes, and one prompt."""
    before = probe("read_probe", out, threads, 512)
    decode = model.bench(prompt=16, decode=32, repeats=1)["decode"]["tokens_per_second"]
    read = (before + probe("read_probe", out, threads, 512)) / 2
    prefill = model.bench(prompt=512, repeats=1)["prefill"]["tokens_per_second"]
    return {"decode": decode, "probe": read, "prefill": prefill}


def measure(arguments) -> "dict[str, dict]":
    """Samples of every format, which take turns."""
    import svft

    found = {form: {"samples": []} for form in arguments.formats}
    for turn in range(arguments.rounds):
        for form, entry in found.items():
            with svft.Model.load(
                    arguments.model, threads=arguments.threads, quantize=form) as model:
                entry["bytes"] = model.describe()["bytes"]
                model.bench(prompt=512, decode=8, repeats=1)
                for _ in range(arguments.samples):
                    entry["samples"].append(undisturbed(
                        lambda: sample(model, arguments.threads, arguments.out), own_seconds))
            print(turn, form, entry["samples"][-1], file=sys.stderr, flush=True)
    return found


def line(form: str, entry: dict) -> str:
    """A format's row of the table."""
    samples = entry["samples"]
    shares = sorted(100 * s["decode"] * entry["bytes"] / s["probe"] for s in samples)
    decode, prefill = (statistics.median(s[key] for s in samples) for key in ("decode", "prefill"))
    return (f"| {form} | {entry['bytes'] / 1e6:.0f} | {decode:.1f} "
            f"| {decode * entry['bytes'] / 1e9:.1f} | {statistics.median(shares):.0f} % "
            f"({shares[0]:.0f}–{shares[-1]:.0f}) | {prefill:.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--formats", nargs="+", default=FORMATS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=3, help="of each format and round")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    found = measure(arguments)
    probes = [s["probe"] for entry in found.values() for s in entry["samples"]]
    others = max(s["others"] for entry in found.values() for s in entry["samples"])
    lines = [
        f"{arguments.threads} threads; reading memory {statistics.median(probes) / 1e9:.1f} GB/s "
        f"({min(probes) / 1e9:.1f}–{max(probes) / 1e9:.1f}); others used at most {others:.2f} of a "
        "processor during a sample.", "",
        "| format | weights, MB | decode, tok/s | reads, GB/s | share of the probe | prefill 512, "
        "tok/s |", "|---" * 6 + "|", *(line(form, entry) for form, entry in found.items()), ""]
    (arguments.out / "formats.json").write_text(json.dumps(found, indent=1))
    (arguments.out / "formats.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
