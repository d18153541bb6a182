"""Whether llama.cpp embeds with the GGUF files that are written of encoders.

    python Benchmarks/interop_encoders.py --encoders Tests/Fixtures/encoders [--only NAME …]

Each tiny checkpoint gets a byte-level tokenizer with RoBERTa's tokens around a text, is written as
an F32 GGUF file by the library, and loaded by llama-cpp-python: tokens must be the same, and
vectors of texts are compared with the library's own over the folder, the largest difference over
the largest number, about 1e-3 with llama.cpp's halves. The file is read back too. What GGUF has no
place for is told with the library's reason. (Needs llama-cpp-python and numpy.)
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
import svft  # noqa: E402
from in_llama_cpp import InLlamaCpp, apart, checkpoints  # noqa: E402

TEXTS = ["%&'", "(", "&&((''", "+*)('&%$"]


def with_tokenizer(source: Path, folder: Path) -> Path:
    """A copy of the checkpoint with bytes that are visible, and RoBERTa's special tokens."""
    model = folder / "model"
    shutil.copytree(source, model)
    config = json.loads((source / "config.json").read_text())
    count, padding = config["vocab_size"], config["pad_token_id"]
    names = ["<s>", "</s>", "<unk>", "<mask>"]
    letters = [chr(ord("!") + number) for number in range(count - 6)]
    words = letters + [letters[4] + letters[5]]
    order = names + words
    order.insert(padding, "<pad>")
    vocabulary = {word: number for number, word in enumerate(order)}
    added = [dict(id=vocabulary[name], content=name, single_word=False, lstrip=False, rstrip=False,
                  normalized=False, special=True) for name in [*names, "<pad>"]]
    (model / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "added_tokens": added,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
        "post_processor": {
            "type": "RobertaProcessing", "sep": ["</s>", vocabulary["</s>"]],
            "cls": ["<s>", vocabulary["<s>"]], "trim_offsets": True, "add_prefix_space": False},
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "unk_token": None, "vocab": vocabulary,
                  "merges": [f"{letters[4]} {letters[5]}"]}}))
    (model / "tokenizer_config.json").write_text(json.dumps({
        "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
        "mask_token": "<mask>", "cls_token": "<s>", "sep_token": "</s>"}))
    return model


def compare(source: Path) -> str:
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "model.gguf"
        with svft.Model.load(str(with_tokenizer(source, Path(place)))) as model:
            vectors = model.embed(TEXTS)
            ids = [list(model.tokenize(text)) for text in TEXTS]
            try:
                model.save(str(file), format="f32")
            except svft.Error as error:
                return str(error)
        with svft.Model.load(str(file)) as again:
            back = apart(again.embed(TEXTS), vectors)
        try:
            with InLlamaCpp(file, embeds=True) as other:
                theirs = [other.tokens(text) for text in TEXTS]
                found = [other.vector(own) for own in ids]
        except RuntimeError as error:
            return f"FAIL {error}"
        if theirs != ids:
            return f"FAIL expected tokens {ids}, llama.cpp has {theirs}"
        return f"llama.cpp {apart(found, vectors):.1e}, read back {back:.1e}"


def main() -> None:
    for source in checkpoints(__doc__, "--encoders"):
        print(f"{source.name:18} {compare(source)}", flush=True)


if __name__ == "__main__":
    main()
