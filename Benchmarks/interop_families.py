"""Whether llama.cpp runs the GGUF files that are written of every family.

    python Benchmarks/interop_families.py --families Tests/Fixtures/families [--only NAME …]

Each tiny checkpoint is written as an F32 GGUF file by the library, loaded by llama-cpp-python, and
its logits are compared with those of transformers that lie beside it: the largest difference over
the largest logit, about 1e-3 with its cache in F16. Where llama.cpp does otherwise than
transformers the number is near one: it leaves out the windows of Mistral and Phi-3, and takes
LongRoPE's long factors for every text where the context is long. A family or a setting that GGUF
has no place for is told with the library's reason. (Needs llama-cpp-python, safetensors, numpy.)
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import llama_cpp
import numpy
from safetensors import safe_open

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
import svft  # noqa: E402


def with_tokenizer(family: Path, folder: Path) -> Path:
    """A copy of the checkpoint with a tokenizer of as many words as it has ids."""
    model = folder / "model"
    shutil.copytree(family, model)
    count = json.loads((family / "config.json").read_text())["vocab_size"]
    letters = [chr(ord("!") + number) for number in range(count - 2)]
    pairs = [letters[:2], letters[2:4]]
    words = letters + ["".join(pair) for pair in pairs]
    vocabulary = {word: number for number, word in enumerate(words)}
    (model / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "added_tokens": [],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
        "decoder": {"type": "ByteLevel"},
        "model": {
            "type": "BPE", "unk_token": None, "vocab": vocabulary,
            "merges": [" ".join(pair) for pair in pairs]}}))
    return model


def logits_of_llama_cpp(path: Path, ids: "list[int]") -> numpy.ndarray:
    SAID.clear()
    llama_cpp.llama_log_set(HEAR, None)
    try:
        model = llama_cpp.Llama(
            str(path), n_ctx=64, n_batch=64, logits_all=True, verbose=False, n_threads=2)
    except ValueError as error:
        raise RuntimeError("".join(line for line in SAID if "error" in line)) from error
    model.eval(ids)
    return numpy.array(model.scores[:len(ids)])


SAID: "list[str]" = []
HEAR = llama_cpp.llama_log_callback(lambda level, text, data: SAID.append(text.decode()))


def compare(family: Path) -> str:
    with safe_open(str(family / "golden.safetensors"), "numpy") as golden:
        ids, expected = json.loads(golden.metadata()["ids"]), golden.get_tensor("logits")
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "model.gguf"
        with svft.Model.load(str(with_tokenizer(family, Path(place)))) as model:
            try:
                model.save(str(file), format="f32")
            except svft.Error as error:
                return str(error)
        try:
            found = logits_of_llama_cpp(file, ids)
        except RuntimeError as error:
            return f"FAIL {error}"
    return f"{numpy.abs(found - expected).max() / numpy.abs(expected).max():.1e}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[])
    arguments = parser.parse_args()
    for family in sorted(arguments.families.iterdir()):
        if not arguments.only or family.name in arguments.only:
            print(f"{family.name:18} {compare(family)}", flush=True)


if __name__ == "__main__":
    main()
