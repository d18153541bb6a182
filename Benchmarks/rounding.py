"""What merging an adapter into a quantised file costs, with and without training for it.

    python Benchmarks/rounding.py --model STORIES --data INPUT_TXT --out FOLDER [--steps 300]

STORIES is a folder in full precision, which is quantised while it is loaded. Each adapter is
trained on the first nine tenths of the text as people train today (on the quantised weights, the
change in full precision) and quantisation-aware, with each kind of scales and latents; seeds go
round. Figures are perplexities of the last tenth: the adapter attached, and the file that merging
writes, loaded back. `held` is the share of the change that the file transmits.
FOLDER/rounding.md and rounding.json hold the table; runs that are there are not repeated.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))

#: Name, options and learning rate of each adapter: the rates that quality.py's grid chose.
ADAPTERS = {
    "SVFT plain": ({"method": "svft"}, 0.05),
    "SVFT banded d=8": ({"method": "svft", "pattern": "banded", "d": 8}, 0.01),
    "LoRA r=8": ({"method": "lora", "r": 8}, 0.01),
}
#: Name and options of each way to deal with rounding.
WAYS = {
    "unaware": {},
    "frozen, dither": {"quantization_aware": "frozen", "latents": "dither"},
    "frozen": {"quantization_aware": "frozen"},
    "recomputed": {"quantization_aware": "recomputed"},
    "learned": {"quantization_aware": "learned"},
    "learned, dither": {"quantization_aware": "learned", "latents": "dither"},
}


def run(arguments, base: str, adapter: str, way: str, seed: int, train: Path, test: Path) -> dict:
    import svft

    options, rate = ADAPTERS[adapter]
    way_options = dict(WAYS[way])
    if way_options.get("quantization_aware") == "learned":
        way_options["scale_rate"] = arguments.scale_rate
    merged = arguments.out / "merged.gguf"
    load = {"threads": arguments.threads}
    with svft.Model.load(str(arguments.model), quantize=base, **load) as model:
        attached = model.create_adapter(**options, **way_options, seed=seed)
        svft.Trainer(
            attached, str(train), steps=arguments.steps, batch_size=4, max_seq_length=256,
            learning_rate=rate, seed=seed).run()
        before = model.evaluate(str(test))["perplexity"]
        report = model.save(str(merged))
    with svft.Model.load(str(merged), **load) as model:
        after = model.evaluate(str(test))["perplexity"]
    merged.unlink()
    return {"base": base, "adapter": adapter, "way": way, "seed": seed, "attached": before,
            "merged": after, "held": report["transmitted"]["mean"]}


def table(runs: "list[dict]") -> str:
    """One line for each base, adapter and way; means over seeds."""
    lines = ["| base | adapter | trained | attached | merged | merged / unaware attached | held |",
             "|---|---|---|---|---|---|---|"]
    groups: "dict[tuple, list[dict]]" = {}
    for one in runs:
        groups.setdefault((one["base"], one["adapter"], one["way"]), []).append(one)

    def mean(key: tuple, figure: str) -> float:
        return statistics.mean(one[figure] for one in groups[key])

    for base, adapter, way in groups:
        key, plain = (base, adapter, way), (base, adapter, "unaware")
        merged = mean(key, "merged")
        ratio = f"{merged / mean(plain, 'attached'):.4f}" if plain in groups else ""
        lines.append(
            f"| {base} | {adapter} | {way} | {mean(key, 'attached'):.3f} | {merged:.3f} | {ratio} "
            f"| {100 * mean(key, 'held'):.1f} % |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a folder in full precision")
    parser.add_argument("--data", type=Path, required=True, help="a text")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--scale-rate", type=float, default=1.0, help="of learned scales")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as there are cores")
    parser.add_argument("--bases", nargs="+", default=["q8_0", "q4_0"])
    parser.add_argument("--adapters", nargs="+", default=list(ADAPTERS), choices=list(ADAPTERS))
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    text = arguments.data.read_text(encoding="utf-8")
    train, test = arguments.out / "train.txt", arguments.out / "test.txt"
    train.write_text(text[: len(text) * 9 // 10], encoding="utf-8")
    test.write_text(text[len(text) * 9 // 10:], encoding="utf-8")
    results = arguments.out / "rounding.json"
    runs = json.loads(results.read_text()) if results.exists() else []
    known = {(one["base"], one["adapter"], one["way"], one["seed"]) for one in runs}
    for seed in range(arguments.seeds):
        for base in arguments.bases:
            for adapter in arguments.adapters:
                for way in arguments.ways:
                    if (base, adapter, way, seed) in known:
                        continue
                    runs.append(run(arguments, base, adapter, way, seed, train, test))
                    print(runs[-1], flush=True)
                    results.write_text(json.dumps(runs, indent=1))
                    (arguments.out / "rounding.md").write_text(table(runs))


if __name__ == "__main__":
    main()
