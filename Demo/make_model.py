#!/usr/bin/env python3
"""Writes an untrained model of the demo's geometry: config.json, generation_config.json and
model.safetensors with seeded random F16 weights (Python alone).

    make_model.py FOLDER

Llama family, 0.87 million parameters, embedding and head tied. Matrices are normal with deviation
0.05, those that write into the residual stream smaller by sqrt(2 · layers); norms are ones."""

import json
import math
import pathlib
import random
import struct
import sys

SEED = 1
HIDDEN, INTERMEDIATE, LAYERS, HEADS, KV_HEADS, VOCABULARY = 128, 352, 4, 4, 2, 1024
DEVIATION = 0.05

CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "float16",
    "hidden_size": HIDDEN, "intermediate_size": INTERMEDIATE, "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "vocab_size": VOCABULARY,
    "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
    "max_position_embeddings": 512, "tie_word_embeddings": True, "attention_bias": False,
    "mlp_bias": False, "bos_token_id": 0, "eos_token_id": 0, "initializer_range": DEVIATION,
    "use_cache": True,
}
GENERATION = {"bos_token_id": 0, "eos_token_id": 0, "do_sample": False}


def tensors():
    """Name, shape and deviation of every tensor; a deviation of None stands for ones."""
    head, small = HIDDEN // HEADS, DEVIATION / math.sqrt(2 * LAYERS)
    yield "model.embed_tokens.weight", [VOCABULARY, HIDDEN], DEVIATION
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        yield prefix + "input_layernorm.weight", [HIDDEN], None
        yield prefix + "self_attn.q_proj.weight", [HIDDEN, HIDDEN], DEVIATION
        yield prefix + "self_attn.k_proj.weight", [KV_HEADS * head, HIDDEN], DEVIATION
        yield prefix + "self_attn.v_proj.weight", [KV_HEADS * head, HIDDEN], DEVIATION
        yield prefix + "self_attn.o_proj.weight", [HIDDEN, HIDDEN], small
        yield prefix + "post_attention_layernorm.weight", [HIDDEN], None
        yield prefix + "mlp.gate_proj.weight", [INTERMEDIATE, HIDDEN], DEVIATION
        yield prefix + "mlp.up_proj.weight", [INTERMEDIATE, HIDDEN], DEVIATION
        yield prefix + "mlp.down_proj.weight", [HIDDEN, INTERMEDIATE], small
    yield "model.norm.weight", [HIDDEN], None


def normals(stream, count, deviation):
    """Normal numbers by Box and Muller, from random() alone."""
    values = []
    while len(values) < count:
        radius = deviation * math.sqrt(-2 * math.log(1 - stream.random()))
        angle = 2 * math.pi * stream.random()
        values += [radius * math.cos(angle), radius * math.sin(angle)]
    return values[:count]


def safetensors():
    """The bytes of model.safetensors."""
    stream, header, body = random.Random(SEED), {"__metadata__": {"format": "pt"}}, []
    end = 0
    for name, shape, deviation in tensors():
        count = math.prod(shape)
        values = [1.0] * count if deviation is None else normals(stream, count, deviation)
        body.append(struct.pack(f"<{count}e", *values))
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [end, end + 2 * count]}
        end += 2 * count
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(body)


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in [("config.json", CONFIG), ("generation_config.json", GENERATION)]:
        (folder / name).write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    (folder / "model.safetensors").write_bytes(safetensors())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
