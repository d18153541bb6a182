"""Whether estimates of memory are right, and whether a memory limit is kept.

    python Benchmarks/memory.py --stories STORIES --minilm MINILM --models FOLDER --out FOLDER

STORIES has `hf` and `gguf` inside, MINILM is a folder of all-MiniLM-L6-v2, --models a folder where
random-weight models of SmolLM2-135M's geometry are made unless they are there (135M,
135M-q8_0.gguf, 135M-q4_0.gguf, as `speed.py` makes them).

Each configuration is estimated in one process and done in another. What is compared is the growth
of the process (VmHWM at the end, less VmRSS after `import svft`): the interpreter is not in it, so
that nothing hides in its size. Mapped weights count; texts are drawn from the whole vocabulary, so
that every row of an embedding is seen. Factors are computed, not taken from a cache. With --limits
each configuration is also done under a memory_limit of 1.02 and of 0.8 times its estimate: the one
has to run and stay within 1.03 of the limit, the other to be refused before it is exceeded.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))

LORA = {"method": "lora", "r": 8, "targets": "all-linear"}
BANDED = {"method": "svft", "pattern": "banded", "d": 8, "targets": "all-linear"}


def configurations(stories: str, minilm: str, models: str) -> "list[dict]":
    """Name, model, options of loading, and the work in the terms of ``svft.estimate``."""
    small, medium = Path(stories), Path(models)
    generate = {"prompt": 128, "max_tokens": 64}
    return [
        {"name": "stories260K F32, 1 × 192 tokens", "model": small / "hf", "work": generate},
        {"name": "stories260K Q4_0 GGUF, 8 × 192 tokens",
         "model": small / "gguf" / "stories260K-q4_0.gguf", "work": {**generate, "batch": 8}},
        {"name": "stories260K F32, LoRA, 4 × 256", "model": small / "hf",
         "work": training(LORA, 4, 256)},
        {"name": "MiniLM F32, 64 texts of 128", "model": minilm,
         "work": {"prompt": 128, "batch": 64}},
        {"name": "MiniLM to Q8_0, 8 texts of 256", "model": minilm, "load": {"quantize": "q8_0"},
         "work": {"prompt": 256, "batch": 8}},
        {"name": "MiniLM F32, full, 16 × 64", "model": minilm,
         "work": training({"method": "full"}, 16, 64, classes=6)},
        {"name": "MiniLM to Q4_0, SVFT banded, 16 × 64", "model": minilm,
         "load": {"quantize": "q4_0"}, "work": training(BANDED, 16, 64, classes=6)},
        {"name": "135M BF16, 1 × 576 tokens", "model": medium / "135M",
         "work": {"prompt": 512, "max_tokens": 64}},
        {"name": "135M Q8_0 GGUF, 8 × 512 tokens", "model": medium / "135M-q8_0.gguf",
         "work": {"prompt": 480, "max_tokens": 32, "batch": 8}},
        {"name": "135M Q4_0 GGUF, 1 × 4096 tokens", "model": medium / "135M-q4_0.gguf",
         "work": {"prompt": 4064, "max_tokens": 32}},
        {"name": "135M BF16, LoRA, 2 × 256", "model": medium / "135M",
         "work": training(LORA, 2, 256)},
        {"name": "135M Q8_0 GGUF, SVFT banded, 1 × 256", "model": medium / "135M-q8_0.gguf",
         "work": training(BANDED, 1, 256)},
        {"name": "135M BF16, head, 4 × 128", "model": medium / "135M",
         "work": training({"method": "head"}, 4, 128)},
        {"name": "135M Q4_0 GGUF, full, 1 × 128", "model": medium / "135M-q4_0.gguf",
         "work": training({"method": "full"}, 1, 128)},
    ]


def training(adapter: dict, batch: int, length: int, classes: int = 0) -> dict:
    return {
        "adapter": adapter, "classes": classes, "validation": True,
        "training": {"batch_size": batch, "max_seq_length": length, "steps": 2}}


# ---- In a process of its own ----------------------------------------------------------------


def status(key: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) << 10
    return 0


def estimate(configuration: dict) -> dict:
    import svft

    before, begin = status("VmRSS"), time.process_time()
    report = svft.estimate(
        configuration["model"], threads=2, **configuration.get("load", {}), **configuration["work"])
    report["seconds"] = time.process_time() - begin
    report["growth"] = report["peak_bytes"] - before
    return report


def perform(configuration: dict) -> dict:
    """Does the work; what the process grew by, and the sentence of a refusal."""
    import svft

    before, refusal = status("VmRSS"), None
    Path("/proc/self/clear_refs").write_text("5")
    try:
        model = svft.Model.load(
            configuration["model"], threads=2, memory_limit=configuration.get("limit", 0),
            **configuration.get("load", {}))
        run(model, configuration["work"])
    except svft.OutOfMemory as error:
        refusal = str(error)
    memory = None if refusal else model.describe()["memory"]
    return {"growth": status("VmHWM") - before, "refusal": refusal, "memory": memory}


def run(model, work: dict) -> None:
    draw = random.Random(0)
    vocabulary = int(model.describe()["vocabulary_size"])
    if "adapter" not in work:
        length, batch = work["prompt"], work.get("batch", 1)
        if model.describe()["generates"]:
            return model.generate(
                [text_of(model, length)] * batch, max_tokens=work["max_tokens"],
                temperature=0, ignores_end=True)
        for _ in range(0, 8192, batch * length):
            model.embed([words(model, draw, vocabulary, length) for _ in range(batch)])
        return
    import svft

    options = work["training"]
    length = options["max_seq_length"]
    adapter = model.create_adapter(**work["adapter"])
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data.jsonl")
        with data.open("w") as file:
            for number in range(max(2 * options["batch_size"], 200 if work["classes"] else 0)):
                if work["classes"]:
                    record = {
                        "text": words(model, draw, vocabulary, length),
                        "label": f"class {number % work['classes']}"}
                else:
                    ids = [draw.randrange(vocabulary) for _ in range(length)]
                    record = {"input_ids": ids, "labels": [-100] + ids[1:]}
                file.write(json.dumps(record) + "\n")
        trainer = svft.Trainer(
            adapter, data, validation=data, output=Path(folder, "run"), **options)
        trainer.run()


def words(model, draw, vocabulary: int, count: int) -> str:
    """A text of at least so many tokens, drawn from the whole vocabulary."""
    return model.detokenize([draw.randrange(vocabulary) for _ in range(2 * count)])


def text_of(model, count: int) -> str:
    """A text of exactly so many tokens."""
    for unit in ("a ", "a"):
        for repeats in range(max(1, count - 8), count + 8):
            text = (unit * repeats).strip()
            if len(model.tokenize(text)) == count:
                return text
    raise RuntimeError(f"no text of {count} tokens was found")


# ---- The command ----------------------------------------------------------------------------


def child(action: str, configuration: dict) -> dict:
    environment = {**os.environ, "SVFT_CACHE": ""}
    request = json.dumps({**configuration, "model": str(configuration["model"])})
    done = subprocess.run(
        [sys.executable, __file__, "--child", action, request], env=environment,
        capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{configuration['name']}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def make_models(folder: Path) -> None:
    import svft
    from random_model import make

    if not (folder / "135M" / "config.json").exists():
        make("135M", folder / "135M")
    for name in ("q8_0", "q4_0"):
        path = folder / f"135M-{name}.gguf"
        if not path.exists():
            with svft.Model.load(folder / "135M") as model:
                model.save(path, format=name)


def mebibytes(count: int) -> str:
    return f"{count / (1 << 20):.1f}"


def measure(configuration: dict, limits: bool) -> dict:
    predicted = child("estimate", configuration)
    measured = child("perform", configuration)
    row = {
        "name": configuration["name"], "predicted": predicted["growth"],
        "measured": measured["growth"], "error": predicted["growth"] / measured["growth"] - 1,
        "peak_error": (predicted["growth"] - measured["growth"]) / (
            predicted["peak_bytes"] - predicted["growth"] + measured["growth"]),
        "seconds": predicted["seconds"], "estimate": predicted, "work": measured}
    if limits:
        need = predicted["growth"]
        limit = int(1.02 * need)
        kept = child("perform", {**configuration, "limit": limit})
        row["of_limit"] = None if kept["refusal"] else kept["growth"] / limit
        low = int(0.8 * need)
        refused = child("perform", {**configuration, "limit": low})
        row["refusal"], row["of_low_limit"] = refused["refusal"], refused["growth"] / low
    return row


def table(rows: "list[dict]") -> str:
    limits = any("of_limit" in row for row in rows)
    heads = ["configuration", "estimate MiB", "measured MiB", "error", "of the peak",
             "CPU time"]
    heads += ["at limit 1.02 ×", "at limit 0.8 ×"] if limits else []
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in rows:
        cells = [
            row["name"], mebibytes(row["predicted"]), mebibytes(row["measured"]),
            f"{100 * row['error']:+.1f} %", f"{100 * row['peak_error']:+.1f} %",
            f"{row['seconds']:.2f} s"]
        if limits:
            share = row["of_limit"]
            cells.append("refused" if share is None else f"runs, {100 * share:.0f} % of it used")
            cells.append(
                f"{'refused' if row['refusal'] else 'RAN'} at {100 * row['of_low_limit']:.0f} %")
        lines.append("| " + " | ".join(cells) + " |")
    worst = max(abs(row["peak_error"]) for row in rows)
    return "\n".join(lines) + (
        f"\n\nGreatest error of a process's peak: {100 * worst:.1f} % of {len(rows)}.\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stories", required=True)
    parser.add_argument("--minilm", required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="", help="configurations whose name contains this")
    parser.add_argument("--limits", action="store_true")
    given = parser.parse_args()
    make_models(given.models)
    given.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for configuration in configurations(given.stories, given.minilm, given.models):
        if given.only not in configuration["name"]:
            continue
        rows.append(measure(configuration, given.limits))
        print(table(rows[-1:]).splitlines()[2], flush=True)
        (given.out / "memory.json").write_text(json.dumps(rows, indent=1))
        (given.out / "memory.md").write_text(table(rows))
    print(table(rows))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        action = {"estimate": estimate, "perform": perform}[sys.argv[2]]
        print(json.dumps(action(json.loads(sys.argv[3]))))
    else:
        main()
