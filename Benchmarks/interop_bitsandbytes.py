"""Whether bitsandbytes reads what we write in four bits, and we write back what it wrote.

    peers/bin/python Benchmarks/interop_bitsandbytes.py --stories STORIES

STORIES (a Hugging Face folder) is written in NF4 here and loaded by transformers with bitsandbytes
on the CPU: its decoded matrices and its logits are compared with ours, to their largest number.
Then transformers quantises and saves it; that folder is read and saved again, and both folders'
tensors are compared byte for byte. Needs torch, transformers, accelerate and bitsandbytes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import bitsandbytes
import numpy as np
import torch
import transformers
from bitsandbytes.backends.default.ops import _dequantize_4bit_compute
from safetensors import safe_open

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
import svft  # noqa: E402

TEXT = "Once upon a time, there was a little girl named Lily."


def relative(found, expected) -> float:
    return float(np.abs(np.asarray(found) - np.asarray(expected)).max() / np.abs(expected).max())


def theirs(folder: Path, ids: "list[int]") -> "tuple[dict, np.ndarray]":
    """Decoded matrices, and the logits with them: bitsandbytes 0.50's own products on the CPU are
    in BF16 and refuse some shapes, and its CPU kernel decodes rows of no whole blocks wrongly."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, device_map="cpu")
    decoded = {}
    for name, module in list(model.named_modules()):
        weight = getattr(module, "weight", None)
        if not isinstance(weight, bitsandbytes.nn.Params4bit):
            continue
        state = weight.quant_state
        scales = state.absmax
        if state.nested:
            scales = bitsandbytes.functional.dequantize_blockwise(scales, state.state2)
            scales = scales + state.offset
        numbers = _dequantize_4bit_compute(
            weight.data.reshape(-1), scales, state.code, state.blocksize, state.shape,
            torch.float32)
        decoded[name] = numbers.numpy()
        plain = torch.nn.Linear(numbers.shape[1], numbers.shape[0], bias=False)
        plain.weight = torch.nn.Parameter(numbers)
        model.set_submodule(name, plain)
    with torch.no_grad():
        return decoded, model(torch.tensor([ids])).logits[0].float().numpy()


def check_ours(stories: Path, place: Path) -> None:
    four, plain = place / "four", place / "plain"
    with svft.Model.load(str(stories), compute="f32") as model:
        ids = model.tokenize(TEXT)
        model.save(str(four), format="nf4")
    with svft.Model.load(str(four), compute="f32") as model:
        logits = model.logits(ids)
        model.save(str(plain), format="f32")
    decoded, expected = theirs(four, list(ids))
    with safe_open(str(plain / "model.safetensors"), "numpy") as file:
        apart = max(
            relative(file.get_tensor(name + ".weight"), numbers)
            for name, numbers in decoded.items())
    skipped = json.loads((four / "config.json").read_text())["quantization_config"]
    print(f"ours in bitsandbytes: {len(decoded)} matrices decode within {apart:.1e}, logits within "
          f"{relative(logits, expected):.1e}; in no four bits: "
          f"{len(skipped['llm_int8_skip_modules'])} modules")


def check_theirs(stories: Path, place: Path) -> None:
    folder, again = place / "theirs", place / "again"
    words = transformers.BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.float32)
    transformers.AutoModelForCausalLM.from_pretrained(
        stories, quantization_config=words, device_map="cpu", dtype=torch.float32
    ).save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(stories).save_pretrained(folder)
    with svft.Model.load(str(folder), compute="f32") as model:
        ids = model.tokenize(TEXT)
        logits = model.logits(ids)
        model.save(str(again))
    _, expected = theirs(folder, list(ids))
    with safe_open(str(folder / "model.safetensors"), "pt") as a, \
            safe_open(str(again / "model.safetensors"), "pt") as b:
        same = sorted(a.keys()) == sorted(b.keys()) and all(
            torch.equal(a.get_tensor(name), b.get_tensor(name)) for name in a.keys())
        count = len(list(a.keys()))
    print(f"theirs here: logits within {relative(logits, expected):.1e}; {count} tensors come back "
          f"{'bit for bit' if same else 'CHANGED'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stories", type=Path, required=True)
    stories = parser.parse_args().stories
    with tempfile.TemporaryDirectory() as place:
        check_ours(stories, Path(place))
        check_theirs(stories, Path(place))


if __name__ == "__main__":
    main()
