"""Perplexity of models quantised here and by llama.cpp, at the same types.

    peers/bin/python Benchmarks/quantize_perplexity.py --out FOLDER --stories DATA/stories260K/hf \\
        --text DATA/tinystories/train_head_2MiB.txt [--wide FOLDER]

Each model is written as F32 GGUF, quantised from there by llama_model_quantize of llama-cpp-python
and from its folder by the library, without and with calibration on a text apart; the perplexity of
all of them on held-out text is computed by the library, products exact. Types with one format for
all tensors are quantised by llama.cpp with `pure`, else it gives the head another.

stories260K has rows of 64 and 172 values, so that K-quants fall back in it (which formats came
out is told). --wide makes a model of rows of 256 and 768, trains it for --steps on the same text
by the library, and keeps it there; a folder that has one already is used as it is. Writes
FOLDER/quantize_perplexity.md.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import shutil
import struct
import sys
from pathlib import Path

import llama_cpp

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
import svft  # noqa: E402

#: Names with llama.cpp's ids; `pure` ones have one format for all.
PURE = {"q4_0": 2, "q4_1": 3, "q5_0": 8, "q5_1": 9, "q8_0": 7}
MIXED = {
    "q2_k": 10, "q3_k_s": 11, "q3_k_m": 12, "q3_k_l": 13, "q4_k_s": 14, "q4_k_m": 15,
    "q5_k_s": 16, "q5_k_m": 17, "q6_k": 18, "iq4_nl": 25, "iq4_xs": 30}
WIDTH, WIDE, LAYERS, HEADS = 256, 768, 4, 8


QUIET = llama_cpp.llama_log_callback(lambda level, text, data: None)


def by_llama_cpp(source: Path, target: Path, kind: int, pure: bool) -> None:
    llama_cpp.llama_log_set(QUIET, None)
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.pure, params.nthread = kind, pure, 2
    if llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), params) != 0:
        raise RuntimeError(f"llama.cpp does not quantise to type {kind}")


def formats(path: Path) -> str:
    """Which formats the matrices of a file have, most first."""
    counts = collections.Counter(
        tensor["type"] for tensor in svft.inspect(str(path))["tensors"] if len(tensor["shape"]) > 1)
    return " ".join(f"{name}×{count}" for name, count in counts.most_common())


def perplexity(path: Path, text: Path) -> float:
    with svft.Model.load(str(path), compute="f32", threads=2) as model:
        return model.evaluate(str(text))["perplexity"]


def quantised(folder: Path, place: Path, text: Path, calibration: Path) -> "list[list[str]]":
    rows = []
    whole = place / "f32.gguf"
    with svft.Model.load(str(folder), compute="f32", threads=2) as model:
        model.save(str(whole), format="f32")
        base = model.evaluate(str(text))["perplexity"]
        for name, kind in {**PURE, **MIXED}.items():
            theirs, ours, weighed = (place / f"{who}.gguf" for who in ("theirs", "ours", "weighed"))
            by_llama_cpp(whole, theirs, kind, name in PURE)
            model.save(str(ours), format=name)
            figures = [perplexity(theirs, text), perplexity(ours, text)]
            weighs = name != "q8_0"
            if weighs:
                model.save(str(weighed), format=name, calibration=str(calibration))
                figures.append(perplexity(weighed, text))
            told = formats(ours)
            same = told == formats(theirs)
            rows.append(
                [name] + [f"{figure:.4f}" for figure in figures] + ["–"] * (not weighs)
                + [f"{100 * (figures[1] - base) / (figures[0] - base):.0f} %",
                   told + ("" if same else f"; llama.cpp: {formats(theirs)}")])
            print(rows[-1], flush=True)
    rows.insert(0, ["f32", f"{base:.4f}", f"{base:.4f}", "–", "–", ""])
    return rows


def wide_model(folder: Path, stories: Path, text: Path, steps: int) -> None:
    """A model of rows of whole K-quant blocks, trained from random weights."""
    if (folder / "config.json").exists():
        return
    begun = folder.with_name(folder.name + "-begun")
    shutil.copytree(stories, begun)
    config = json.loads((begun / "config.json").read_text())
    config.update(
        hidden_size=WIDTH, intermediate_size=WIDE, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, num_key_value_heads=HEADS // 2, head_dim=WIDTH // HEADS,
        torch_dtype="float32", tie_word_embeddings=True, max_position_embeddings=256)
    (begun / "config.json").write_text(json.dumps(config))
    shapes = {"model.embed_tokens.weight": [config["vocab_size"], WIDTH]}
    for number in range(LAYERS):
        at = f"model.layers.{number}."
        for name, shape in {
                "self_attn.q_proj": [WIDTH, WIDTH], "self_attn.k_proj": [WIDTH // 2, WIDTH],
                "self_attn.v_proj": [WIDTH // 2, WIDTH], "self_attn.o_proj": [WIDTH, WIDTH],
                "mlp.gate_proj": [WIDE, WIDTH], "mlp.up_proj": [WIDE, WIDTH],
                "mlp.down_proj": [WIDTH, WIDE], "input_layernorm": [WIDTH],
                "post_attention_layernorm": [WIDTH]}.items():
            shapes[at + name + ".weight"] = shape
    shapes["model.norm.weight"] = [WIDTH]
    draw, header, data = random.Random(1), {}, bytearray()
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = [1.0] * count if len(shape) == 1 else [draw.gauss(0, 0.03) for _ in range(count)]
        header[name] = {
            "dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * count]}
        data += struct.pack(f"<{count}f", *values)
    words = json.dumps(header).encode()
    words += b" " * (-len(words) % 8)
    (begun / "model.safetensors").write_bytes(struct.pack("<Q", len(words)) + words + data)
    with svft.Model.load(str(begun), threads=2) as model:
        adapter = model.create_adapter("full")
        svft.Trainer(
            adapter, str(text), steps=steps, batch_size=8, max_seq_length=128, learning_rate=2e-3,
            lr_schedule="cosine", warmup_steps=50, val_split=0.0).run()
        model.save(str(folder), format="f32")
    shutil.rmtree(begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--stories", type=Path, required=True)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--wide", type=Path)
    parser.add_argument("--steps", type=int, default=1500)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    words = arguments.text.read_text(errors="ignore")
    parts = {"train": words[:-160_000], "calibration": words[-160_000:-80_000],
             "held-out": words[-80_000:]}
    texts = {}
    for name, part in parts.items():
        texts[name] = arguments.out / f"{name}.txt"
        texts[name].write_text(part)
    models = {"stories260K": arguments.stories}
    if arguments.wide:
        wide_model(arguments.wide, arguments.stories, texts["train"], arguments.steps)
        models["wide, rows of 256 and 768"] = arguments.wide
    lines = []
    for name, folder in models.items():
        lines += [f"## {name}", "",
                  "| type | llama.cpp | here | here, calibrated | loss to llama.cpp's | formats |",
                  "|---|---|---|---|---|---|"]
        for row in quantised(folder, arguments.out, texts["held-out"], texts["calibration"]):
            lines.append("| " + " | ".join(row) + " |")
        lines.append("")
    (arguments.out / "quantize_perplexity.md").write_text("\n".join(lines))


if __name__ == "__main__":
    main()
