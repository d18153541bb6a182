"""Random texts as tokens, by this library and by the `tokenizers` and `sentencepiece` packages.

    python Benchmarks/tokens.py [--texts 100000] [--seed 7] TOKENIZER...

TOKENIZER is a tokenizer.json or a SentencePiece model. Around each a model of one small layer is
made, so that the library, which knows tokenizers of models only, can be asked. Texts are words,
blanks and characters of all scripts; those with characters that Unicode 3.2 did not know are
counted apart: two libraries may have two versions of it. The exit code is 1 where other texts
differ.
"""

from __future__ import annotations

import argparse
import json
import random
import struct
import sys
import tempfile
import unicodedata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
import svft  # noqa: E402

WORDS = ["the", "of", "and", "lighthouse", "keeper's", "don't", "I'LL", "they've", "1907", "3.14",
         "http://x.y/z?q=1", "foo_bar", "camelCase", "\t", "\n\n", "\r\n", "naïve", "café",
         "straße", "Ω", "..."]
BLOCKS = [(0x20, 0x7F)] * 6 + [
    (1, 0x20), (0x80, 0x250), (0x250, 0x600), (0x300, 0x370), (0x600, 0xE00), (0x1100, 0x1200),
    (0x1E00, 0x2100), (0x2100, 0x2C00), (0x3000, 0x3100), (0x3400, 0xA000), (0xAC00, 0xD7A4),
    (0xE000, 0xFB00), (0xFB00, 0x10000), (0x10000, 0x11000), (0x1D400, 0x1D800),
    (0x1F300, 0x1FA00), (0x20000, 0x2FA20), (0xE0000, 0xE0200)]


def text(chance: random.Random) -> str:
    parts = []
    for _ in range(chance.randint(0, 12)):
        if chance.random() < 0.45:
            parts.append(chance.choice(WORDS))
        elif chance.random() < 0.5:
            parts.append(" " * chance.randint(0, 3))
        else:
            low, high = chance.choice(BLOCKS)
            count = chance.randint(1, 4)
            parts.append("".join(chr(chance.randrange(low, high)) for _ in range(count)))
        if chance.random() < 0.4:
            parts.append(" ")
    return "".join(parts)


def witness(path: Path):
    """What gives the ids of a list of texts, and how many ids there are."""
    if path.suffix == ".json":
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return (lambda texts: [e.ids for e in tokenizer.encode_batch(
            texts, add_special_tokens=False)]), tokenizer.get_vocab_size()
    import sentencepiece

    model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return (lambda texts: [model.encode(t) for t in texts]), model.get_piece_size()


def make_model(folder: Path, tokenizer: Path, rows: int) -> None:
    """One layer of width 8 with zeros for weights."""
    name = "tokenizer.json" if tokenizer.suffix == ".json" else "tokenizer.model"
    (folder / name).write_bytes(tokenizer.read_bytes())
    (folder / "config.json").write_text(json.dumps({
        "model_type": "llama", "hidden_act": "silu", "hidden_size": 8, "intermediate_size": 8,
        "num_hidden_layers": 1, "num_attention_heads": 1, "num_key_value_heads": 1,
        "vocab_size": rows, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
        "tie_word_embeddings": True}))
    shapes = {"model.embed_tokens.weight": [rows, 8], "model.norm.weight": [8]}
    for part in ["q_proj", "k_proj", "v_proj", "o_proj"]:
        shapes[f"model.layers.0.self_attn.{part}.weight"] = [8, 8]
    for part in ["gate_proj", "up_proj", "down_proj"]:
        shapes[f"model.layers.0.mlp.{part}.weight"] = [8, 8]
    for part in ["input_layernorm", "post_attention_layernorm"]:
        shapes[f"model.layers.0.{part}.weight"] = [8]
    header, size = {}, 0
    for key, shape in shapes.items():
        count = 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[key] = {"dtype": "F32", "shape": shape, "data_offsets": [size, size + count]}
        size += count
    head = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + bytes(size))


def compare(path: Path, texts: "list[str]") -> int:
    encode, rows = witness(path)
    with tempfile.TemporaryDirectory() as name:
        make_model(Path(name), path, rows)
        model = svft.Model.load(name)
        ours = [list(model.tokenize(t, special=False)) for t in texts]
    differ = [t for t, a, b in zip(texts, encode(texts), ours) if list(a) != b]
    known = unicodedata.ucd_3_2_0.category
    plain = [t for t in differ if all(known(c) != "Cn" for c in t)]
    print(f"{path}: {len(texts)} texts, {len(differ)} differ, {len(plain)} of them without "
          "characters younger than Unicode 3.2", flush=True)
    for example in plain[:3]:
        print("   ", ascii(example)[:160])
    return len(plain)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tokenizers", nargs="+", type=Path)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    texts = [text(chance) for _ in range(options.texts)]
    sys.exit(1 if sum([compare(path, texts) for path in options.tokenizers]) else 0)


main()
