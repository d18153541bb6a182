"""Whether llama.cpp runs the GGUF files that are written of every family, and adapters over them.

    python Benchmarks/interop_families.py --families Tests/Fixtures/families [--only NAME …]

Each tiny checkpoint is written as an F32 GGUF file by the library, loaded by llama-cpp-python, and
its logits are compared with those of transformers that lie beside it: the largest difference over
the largest logit, about 1e-3 with its cache in F16. Where llama.cpp does otherwise than
transformers the number is near one: it leaves out the windows of Mistral and Phi-3, and takes
LongRoPE's long factors for every text where the context is long. A family or a setting that GGUF
has no place for is told with the library's reason.

Second, an SVFT adapter on every linear module that a few steps have trained is written as a GGUF
LoRA of full rank, and llama.cpp's change of the logits by it is compared with the library's, over
the largest change. Third, the GGUF LoRA is read back over the GGUF file, and what the library then
gives compared with what it gave.

Last, the same adapter is written as PEFT LoRA and loaded by PEFT over transformers' model: its
change of the logits, and that of the model into which PEFT has merged it. (Needs llama-cpp-python,
safetensors, numpy, torch, transformers, peft.)
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy
import peft
import torch
import transformers
from safetensors import safe_open

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
import svft  # noqa: E402
from in_llama_cpp import InLlamaCpp, apart, checkpoints  # noqa: E402


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
            with InLlamaCpp(file) as other:
                found = other.logits(ids)
            adapted = compare_adapter(Path(place), file, ids, found)
        except (RuntimeError, svft.Error) as error:
            return f"FAIL {error}"
    return f"{apart(found, expected):.1e}   {adapted}"


def changes_in_peft(place: Path, folder: Path, ids: "list[int]") -> "list[numpy.ndarray]":
    """What an adapter changes of the logits, beside the model and merged into it."""
    model = transformers.AutoModelForCausalLM.from_pretrained(
        place / "model", dtype=torch.float32).eval()

    def logits(model) -> numpy.ndarray:
        with torch.no_grad():
            return model(torch.tensor([ids])).logits[0].numpy()
    base = logits(model)
    adapted = peft.PeftModel.from_pretrained(model, folder)
    return [logits(adapted) - base, logits(adapted.merge_and_unload()) - base]


def compare_adapter(place: Path, file: Path, ids: "list[int]", base: numpy.ndarray) -> str:
    """Changes of the logits by an adapter: in llama.cpp, after being read back, in PEFT."""
    data, lora = place / "data.jsonl", place / "lora.gguf"
    data.write_text('{"text": "!\\"#$%&()*+,-./01234"}\n' * 4)
    with svft.Model.load(str(place / "model"), compute="f32", threads=2) as model:
        before = numpy.array(model.logits(ids)).reshape(len(ids), -1)
        adapter = model.create_adapter("svft", pattern="banded", d=3, targets="all-linear")
        svft.Trainer(adapter, str(data), steps=6, batch_size=2, learning_rate=0.05).run()
        after = numpy.array(model.logits(ids)).reshape(len(ids), -1)
        adapter.export(str(lora), to="gguf-lora")
        adapter.export(str(place / "peft"), to="peft")
    change = after - before
    with InLlamaCpp(file, adapter=lora) as other:
        theirs = other.logits(ids) - base
    with svft.Model.load(str(file), compute="f32", threads=2) as model:
        start = numpy.array(model.logits(ids)).reshape(len(ids), -1)
        model.import_adapter(str(lora), method="lora", r=32)
        back = numpy.array(model.logits(ids)).reshape(len(ids), -1) - start
    figures = [theirs, back] + changes_in_peft(place, place / "peft", ids)
    return "   ".join(f"{apart(figure, change):.1e}" for figure in figures)


def main() -> None:
    for family in checkpoints(__doc__, "--families"):
        print(f"{family.name:18} {compare(family)}", flush=True)


if __name__ == "__main__":
    main()
