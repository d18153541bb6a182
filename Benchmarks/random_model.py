"""Models of a given geometry with random weights: speed does not depend on what they learned.

    python Benchmarks/random_model.py 135M FOLDER      # SmolLM2-135M's geometry
    python Benchmarks/random_model.py 1B FOLDER        # Llama-3.2-1B's

FOLDER becomes a Hugging Face folder: config.json, model.safetensors in BF16, and a byte-level BPE
tokenizer whose further tokens are made up, so that the vocabulary has the geometry's size.
"""

from __future__ import annotations

import argparse
import json
import struct
from pathlib import Path

import numpy as np

GEOMETRIES = {
    "135M": {"hidden": 576, "inter": 1536, "layers": 30, "heads": 9, "kv": 3, "vocab": 49152},
    "1B": {"hidden": 2048, "inter": 8192, "layers": 16, "heads": 32, "kv": 8, "vocab": 128256},
}


def config(g: dict) -> dict:
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "hidden_size": g["hidden"], "intermediate_size": g["inter"],
        "num_hidden_layers": g["layers"], "num_attention_heads": g["heads"],
        "num_key_value_heads": g["kv"], "head_dim": g["hidden"] // g["heads"],
        "vocab_size": g["vocab"], "max_position_embeddings": 8192, "rms_norm_eps": 1e-5,
        "rope_theta": 100000.0, "tie_word_embeddings": True, "attention_bias": False,
        "mlp_bias": False, "bos_token_id": 0, "eos_token_id": 0, "torch_dtype": "bfloat16"}


def shapes(g: dict) -> "dict[str, list[int]]":
    hidden, inter, kv = g["hidden"], g["inter"], g["hidden"] // g["heads"] * g["kv"]
    result = {"model.embed_tokens.weight": [g["vocab"], hidden], "model.norm.weight": [hidden]}
    for layer in range(g["layers"]):
        own = {
            "input_layernorm": [hidden], "post_attention_layernorm": [hidden],
            "self_attn.q_proj": [hidden, hidden], "self_attn.k_proj": [kv, hidden],
            "self_attn.v_proj": [kv, hidden], "self_attn.o_proj": [hidden, hidden],
            "mlp.gate_proj": [inter, hidden], "mlp.up_proj": [inter, hidden],
            "mlp.down_proj": [hidden, inter]}
        for name, shape in own.items():
            result[f"model.layers.{layer}.{name}.weight"] = shape
    return result


def write_tensors(path: Path, g: dict) -> None:
    """N(0, 0.02) for matrices, ones for norms; BF16 is the upper half of an F32."""
    random, header, place = np.random.default_rng(0), {}, 0
    for name, shape in shapes(g).items():
        size = 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [place, place + size]}
        place += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for shape in shapes(g).values():
            if len(shape) == 1:
                values = np.ones(shape, np.float32)
            else:
                values = random.standard_normal(shape, dtype=np.float32) * np.float32(0.02)
            file.write((values.view(np.uint32) >> 16).astype("<u2").tobytes())


def byte_letters() -> "list[str]":
    """The printable letter of every byte in byte-level vocabularies."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    letters = {byte: chr(byte) for byte in plain}
    letters.update({byte: chr(256 + index) for index, byte in enumerate(others)})
    return [letters[byte] for byte in range(256)]


def tokenizer(size: int) -> dict:
    tokens = ["<|endoftext|>", *byte_letters(), "th"]
    tokens += [f"zq{index}qz" for index in range(size - len(tokens))]
    level = {
        "type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0", "truncation": None, "padding": None, "normalizer": None,
        "added_tokens": [{
            "id": 0, "content": "<|endoftext|>", "single_word": False, "lstrip": False,
            "rstrip": False, "normalized": False, "special": True}],
        "pre_tokenizer": level, "post_processor": None, "decoder": level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "vocab": {token: index for index, token in enumerate(tokens)}, "merges": ["t h"]}}


def make(geometry: str, folder: Path) -> Path:
    """Writes the model once; a folder that has one is left alone."""
    g = GEOMETRIES[geometry]
    if not (folder / "model.safetensors").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config(g), indent=1))
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer(g["vocab"])))
        (folder / "tokenizer_config.json").write_text(json.dumps({
            "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|endoftext|>"}))
        write_tensors(folder / "part.safetensors", g)
        (folder / "part.safetensors").rename(folder / "model.safetensors")
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("geometry", choices=GEOMETRIES)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    make(arguments.geometry, arguments.folder)
