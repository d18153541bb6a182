"""A small vision transformer, trained from nothing and adapted: accuracy by method.

    python3 Benchmarks/vision.py --mnist MNIST --digits DIGITS --out FOLDER [--threads N]

MNIST is the folder of the four idx files, DIGITS that of scikit-learn's digits.csv.gz. A ViT with
random weights learns MNIST in full; then each method adapts it to (a) MNIST turned by 90 degrees
and (b) the 8x8 digits, from 1000 pictures of each, tested on others. All methods train the
classifier too. The learning rate comes from one grid of four, the same for all, tried with half the
epochs on pictures that no final run trains on or is tested on. Everything runs through the library:
PNG files in folders of classes are its data.

Every finished run is one line of FOLDER/runs.jsonl, so a stopped command goes on where it was;
seeds go round outermost. FOLDER/vision.md holds the tables.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import struct
import sys
import time
import zlib
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
import svft  # noqa: E402
from quality import Runs  # noqa: E402

HIDDEN, LAYERS, HEADS, PATCH, SIDE = 96, 4, 4, 7, 28
BASE = {"epochs": 8, "batch_size": 64, "learning_rate": 1e-3, "weight_decay": 0.05,
        "warmup_ratio": 0.05, "lr_schedule": "cosine"}
ADAPTATION = {"epochs": 12, "batch_size": 16, "warmup_ratio": 0.1, "head_learning_rate": 2e-3}
GRID = (4e-4, 2e-3, 1e-2, 5e-2)
SVFT = {"method": "svft", "targets": "all-linear"}
METHODS = {
    "head only": {"method": "head"},
    "full": {"method": "full"},
    "LoRA r=1": {"method": "lora", "r": 1, "alpha": 2, "targets": "all-linear"},
    "LoRA r=8": {"method": "lora", "r": 8, "alpha": 16, "targets": "all-linear"},
    "SVFT plain": {**SVFT, "pattern": "plain"},
    "SVFT banded d=2": {**SVFT, "pattern": "banded", "d": 2},
    "SVFT banded d=8": {**SVFT, "pattern": "banded", "d": 8},
}
SEEDS = (0, 1, 2)


def write_png(path: Path, picture: np.ndarray) -> None:
    """A gray picture, [height, width] uint8."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    height, width = picture.shape
    lines = np.zeros((height, width + 1), np.uint8)
    lines[:, 1:] = picture
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(lines.tobytes(), 1)) + chunk(b"IEND", b""))


def write_folder(folder: Path, pictures: np.ndarray, labels: np.ndarray) -> Path:
    """A folder of classes; one that is complete is left alone."""
    done = folder / ".complete"
    if not done.exists():
        for label in sorted(set(labels.tolist())):
            (folder / str(label)).mkdir(parents=True, exist_ok=True)
        for number, (picture, label) in enumerate(zip(pictures, labels)):
            write_png(folder / str(label) / f"{number:05}.png", picture)
        done.touch()
    return folder


def idx(path: Path) -> np.ndarray:
    """The numbers of an idx file of bytes."""
    data = gzip.open(path).read()
    rank = data[3]
    shape = struct.unpack(f">{rank}I", data[4:4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def mnist(folder: Path, part: str) -> "tuple[np.ndarray, np.ndarray]":
    return (idx(folder / f"{part}-images-idx3-ubyte.gz"),
            idx(folder / f"{part}-labels-idx1-ubyte.gz"))


def digits(folder: Path) -> "tuple[np.ndarray, np.ndarray]":
    rows = np.loadtxt(gzip.open(folder / "digits.csv.gz"), delimiter=",")
    pictures = np.clip(rows[:, :64].reshape(-1, 8, 8) * (255 / 16), 0, 255).astype(np.uint8)
    return pictures, rows[:, 64].astype(int)


def new_model(folder: Path) -> Path:
    """A ViT without a head whose weights are drawn from N(0, 1 / inputs)."""
    config = {
        "architectures": ["ViTModel"], "model_type": "vit", "hidden_size": HIDDEN,
        "intermediate_size": 2 * HIDDEN, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "image_size": SIDE, "patch_size": PATCH, "num_channels": 1,
        "hidden_act": "gelu", "layer_norm_eps": 1e-6, "qkv_bias": True,
        "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "dtype": "float32"}
    processor = {
        "image_processor_type": "ViTImageProcessor", "do_resize": True,
        "size": {"height": SIDE, "width": SIDE}, "resample": 2, "do_rescale": True,
        "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.5], "image_std": [0.5]}
    rows = 1 + (SIDE // PATCH) ** 2
    shapes = {
        "embeddings.cls_token": [1, 1, HIDDEN], "embeddings.position_embeddings": [1, rows, HIDDEN],
        "embeddings.patch_embeddings.projection.weight": [HIDDEN, 1, PATCH, PATCH],
        "embeddings.patch_embeddings.projection.bias": [HIDDEN], "layernorm.weight": [HIDDEN],
        "layernorm.bias": [HIDDEN]}
    modules = {
        "attention.attention.query": (HIDDEN, HIDDEN), "attention.attention.key": (HIDDEN, HIDDEN),
        "attention.attention.value": (HIDDEN, HIDDEN), "attention.output.dense": (HIDDEN, HIDDEN),
        "intermediate.dense": (2 * HIDDEN, HIDDEN), "output.dense": (HIDDEN, 2 * HIDDEN)}
    for layer in range(LAYERS):
        place = f"encoder.layer.{layer}."
        for norm in ("layernorm_before", "layernorm_after"):
            shapes[f"{place}{norm}.weight"] = shapes[f"{place}{norm}.bias"] = [HIDDEN]
        for module, (outputs, inputs) in modules.items():
            shapes[f"{place}{module}.weight"] = [outputs, inputs]
            shapes[f"{place}{module}.bias"] = [outputs]
    random, header, parts, place = np.random.default_rng(0), {}, [], 0
    for name, shape in shapes.items():
        if name.endswith("bias"):
            values = np.zeros(shape)
        elif len(shape) == 1:
            values = np.ones(shape)
        else:
            learned = "token" in name or "position" in name
            spread = 0.02 if learned else float(np.prod(shape[1:])) ** -0.5
            values = random.standard_normal(shape) * spread
        parts.append(values.astype("<f4").tobytes())
        header["vit." + name] = {
            "dtype": "F32", "shape": shape, "data_offsets": [place, place + len(parts[-1])]}
        place += len(parts[-1])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    (folder / "preprocessor_config.json").write_text(json.dumps(processor, indent=1))
    (folder / "model.safetensors").write_bytes(
        struct.pack("<Q", len(text)) + text + b"".join(parts))
    return folder


def train_base(out: Path, data: Path, threads: int) -> dict:
    """Trains the ViT on MNIST from nothing; the model lies in OUT/base then."""
    def progress(report) -> None:
        if report.event == "step" and report.step % 200 == 0:
            print(f"base: step {report.step} of {report.total_steps}, loss {report.loss:.3f}, "
                  f"{report.elapsed:.0f} s", file=sys.stderr, flush=True)

    begin = time.monotonic()
    with svft.Model.load(new_model(out / "new"), threads=threads) as model:
        parameters = model.describe()["parameters"]
        adapter = model.create_adapter(method="full")
        svft.Trainer(adapter, data / "train", seed=0, steps_per_report=50, **BASE).run(progress)
        seconds = time.monotonic() - begin
        accuracy = model.evaluate(data / "test")["accuracy"]
        model.save(out / "base")
    return {"score": accuracy, "seconds": seconds, "parameters": parameters}


def adapt(out: Path, task: str, method: str, rate: float, seed: int, search: bool,
          threads: int) -> dict:
    """Adapts the base once and tests it."""
    options = dict(ADAPTATION)
    if search:
        options["epochs"] //= 2
    if method == "head only":
        options.pop("head_learning_rate")
    parts = ("search", "valid") if search else (f"train-{seed}", f"test-{seed}")
    begin = time.monotonic()
    with svft.Model.load(out / "base", threads=threads, cache_folder=out / "cache") as model:
        before = 0.0 if search else model.evaluate(out / task / parts[1])["accuracy"]
        adapter = model.create_adapter(**METHODS[method], seed=seed)
        begin = time.monotonic()
        try:
            report = svft.Trainer(
                adapter, out / task / parts[0], seed=seed, learning_rate=rate, **options).run()
        except svft.NonFinite:  # the rate was too large: the worst score there is
            return {"score": 0.0, "seconds": time.monotonic() - begin}
        seconds = time.monotonic() - begin
        return {"score": model.evaluate(out / task / parts[1])["accuracy"], "before": before,
                "trainable": report["trainable"], "rate": rate, "seconds": seconds}


def prepare(arguments) -> Path:
    """Writes every folder of pictures; returns that of MNIST."""
    out = arguments.out
    data = out / "mnist"
    train, test = mnist(arguments.mnist, "train"), mnist(arguments.mnist, "t10k")
    write_folder(data / "train", *train)
    write_folder(data / "test", *test)
    small = digits(arguments.digits)
    for seed in (*SEEDS, None):
        names = ("search", "valid") if seed is None else (f"train-{seed}", f"test-{seed}")
        random = np.random.default_rng(99 if seed is None else seed)
        # The last 10000 pictures of MNIST's training part, turned, are there to choose rates by.
        for name, (pictures, labels), count in (
                (names[0], train, 1000), (names[1], train if seed is None else test, 2000)):
            place = np.arange(len(pictures))
            if seed is None:
                place = place[-10000:-5000] if name == names[0] else place[-5000:]
            elif name == names[0]:
                place = place[:-10000]
            place = random.choice(place, count, replace=False)
            turned = np.rot90(pictures[place], axes=(1, 2))
            write_folder(out / "turned" / name, turned, labels[place])
        # 1797 digits: 300 to choose rates by, 1000 to train on, the others to test on.
        held = np.random.default_rng(7).permutation(len(small[1]))
        if seed is None:
            parts = (held[:200], held[200:300])
        else:
            rest = random.permutation(held[300:])
            parts = (rest[:1000], rest[1000:])
        for name, place in zip(names, parts):
            write_folder(out / "digits" / name, small[0][place], small[1][place])
    return data


def table(out: Path, runs: Runs) -> str:
    base = runs.entries["base"]
    lines = [
        f"The base: {base['parameters']} parameters, {100 * base['score']:.2f} % of MNIST's test "
        f"set after {BASE['epochs']} epochs in {base['seconds']:.0f} s.", "",
        "| task | method | rate | trained | accuracy | share of full's gain | s |",
        "|---|---|---|---|---|---|---|"]
    for task in ("turned", "digits"):
        def final(method):
            keys = [f"{task}/{method}/{seed}" for seed in SEEDS]
            return [runs.entries[key] for key in keys if key in runs.entries]

        full = final("full")
        for method in METHODS:
            entries = final(method)
            if not entries:
                continue
            scores = [100 * entry["score"] for entry in entries]
            spread = statistics.stdev(scores) if len(scores) > 1 else 0
            before = statistics.mean(100 * entry["before"] for entry in entries)
            gain = statistics.mean(100 * entry["score"] for entry in full) - before if full else 0
            share = f"{100 * (statistics.mean(scores) - before) / gain:.0f} %" if gain else ""
            lines.append(
                f"| {task} | {method} | {entries[0]['rate']:g} | {entries[0]['trainable']} "
                f"| {statistics.mean(scores):.2f} ± {spread:.2f} | {share} "
                f"| {statistics.median(entry['seconds'] for entry in entries):.0f} |")
        if full:
            lines.append(f"| {task} | not adapted | | 0 | "
                         f"{statistics.mean(100 * e['before'] for e in full):.2f} | 0 % | |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", type=Path, required=True)
    parser.add_argument("--digits", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    out, threads = arguments.out, arguments.threads
    out.mkdir(parents=True, exist_ok=True)
    data = prepare(arguments)
    runs = Runs(out)
    runs.get("base", lambda: train_base(out, data, threads))
    for seed in SEEDS:
        for task in ("turned", "digits"):
            for method in METHODS:
                tried = [
                    runs.get(f"{task}/{method}/search/{rate:g}", lambda rate=rate: {
                        "rate": rate, **adapt(out, task, method, rate, 0, True, threads)})
                    for rate in GRID]
                best = max(tried, key=lambda entry: entry["score"])["rate"]
                runs.get(f"{task}/{method}/{seed}", lambda: adapt(
                    out, task, method, best, seed, False, threads))
                (out / "vision.md").write_text(table(out, runs))
    print(table(out, runs))


if __name__ == "__main__":
    main()
