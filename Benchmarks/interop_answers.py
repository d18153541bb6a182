"""Whether other programs compute what we do from encoder-decoders that we trained and saved.

    python Benchmarks/interop_answers.py --answers Tests/Fixtures/answers [--only NAME …]

Each tiny checkpoint is trained for three steps with LoRA, saved as a folder, and loaded by
transformers: no tensor may be missing or left over, and logits (or classes, or the encoder's
vectors) are compared, the largest difference over the largest number, at most 1e-5.

Then it is written as an F32 GGUF file, with what GGUF has no words for set as its readers take it
(the distance that all farther ones count as, the activation, whether logits are scaled). Tokens and
the start of an answer must be the same in llama.cpp; logits or vectors are compared, then what an
adapter changes of the logits as GGUF LoRA, at most 1e-2 with its halves. Two things llama.cpp does
otherwise: it leaves out T5 1.0's division of logits by √d_model, which is made good here before
they are compared (the likeliest token is the same, sampling is sharper), and it refuses more layers
in the decoder than in the encoder, so the decoder is cut here; a file with a class head of an
encoder-decoder it refuses too, with its reason told. Exits with 1 where a bound is not
kept. (Needs torch, transformers, llama-cpp-python and numpy.)
"""

from __future__ import annotations

import json
import math
import shutil
import sys
import tempfile
from pathlib import Path

import numpy
import torch
import transformers

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
import svft  # noqa: E402
from in_llama_cpp import InLlamaCpp, apart, checkpoints  # noqa: E402

SOURCE, ANSWER = [5, 7, 12, 1], [0, 8, 9]
BOUND, BOUND_IN_HALVES = 1e-5, 1e-2


def with_tokenizer(source: Path, folder: Path, **changes: object) -> Path:
    """A copy of the checkpoint with T5's marks, the blank and words, and changes of its config."""
    model = folder / "model"
    shutil.copytree(source, model)
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, **changes}))
    marks = ["<pad>", "</s>", "<unk>"]
    pieces = marks + ["▁"] + ["▁" + letter(number) for number in range(4, config["vocab_size"])]
    blanks = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    end = {"SpecialToken": {"id": "</s>", "type_id": 0}}
    texts = [{"Sequence": {"id": name, "type_id": 0}} for name in "AB"]
    (model / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "pre_tokenizer": blanks, "decoder": blanks,
        "added_tokens": [
            dict(id=number, content=mark, single_word=False, lstrip=False, rstrip=False,
                 normalized=False, special=True) for number, mark in enumerate(marks)],
        "post_processor": {
            "type": "TemplateProcessing", "single": [texts[0], end],
            "pair": [texts[0], end, texts[1], end],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}},
        "model": {"type": "Unigram", "unk_id": 2,
                  "vocab": [[piece, -number / 8] for number, piece in enumerate(pieces)]}}))
    (model / "tokenizer_config.json").write_text(json.dumps(
        {"eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}))
    return model


def letter(number: int) -> str:
    return chr(ord("0") + number)


def text(ids: "list[int]") -> str:
    """Without the end, which the tokenizer sets."""
    return " ".join(letter(number) for number in ids if number > 3)


def train(model: svft.Model, folder: Path, kind: str) -> None:
    records = [{"prompt": text(SOURCE), "completion": text(ANSWER[1:])}] * 6
    if kind.endswith("Classification"):
        records = [{"text": text(SOURCE), "label": f"LABEL_{number % 3}"} for number in range(6)]
    data = folder / "data.jsonl"
    data.write_text("\n".join(json.dumps(record) for record in records))
    adapter = model.create_adapter(method="lora", r=4)
    svft.Trainer(adapter, str(data), steps=3, learning_rate=2e-2, batch_size=2).run()


def theirs(path: Path, kind: str) -> numpy.ndarray:
    loaded, about = getattr(transformers, kind).from_pretrained(
        path, dtype=torch.float32, output_loading_info=True)
    odd = {name: keys for name, keys in about.items() if keys}
    assert not odd, f"transformers found {odd}"
    loaded.eval()
    source = torch.tensor([SOURCE])
    with torch.no_grad():
        if kind.endswith("EncoderModel"):
            return loaded(source).last_hidden_state[0].mean(0).numpy()
        if kind.endswith("Classification"):
            return torch.softmax(loaded(source).logits[0], -1).numpy()
        return loaded(
            input_ids=source, decoder_input_ids=torch.tensor([ANSWER])).logits[0].numpy()


def ours(model: svft.Model, kind: str) -> numpy.ndarray:
    if kind.endswith("EncoderModel"):
        return model.embed(text(SOURCE))
    if kind.endswith("Classification"):
        return numpy.array(list(model.classify(text(SOURCE)).scores.values()))
    return model.logits(ANSWER, source=SOURCE)


def in_transformers(checkpoint: Path, folder: Path) -> float:
    path = with_tokenizer(checkpoint, folder)
    kind = json.loads((path / "config.json").read_text())["architectures"][0]
    with svft.Model.load(str(path), compute="f32") as model:
        if not kind.endswith("EncoderModel"):
            train(model, folder, kind)
        merged = folder / "merged"
        model.save(str(merged), format="f32")
        found, expected = ours(model, kind), theirs(merged, kind)
    if kind.endswith("EncoderModel"):
        expected = expected / numpy.linalg.norm(expected)
    return apart(found, expected)


def as_told(checkpoint: Path) -> dict:
    """What of its config a GGUF file has no words for, as its readers take it."""
    config = json.loads((checkpoint / "config.json").read_text())
    gated = config["feed_forward_proj"].startswith("gated-")
    return {
        "relative_attention_max_distance": 128, "tie_word_embeddings": not gated,
        "feed_forward_proj": "gated-gelu" if gated else "relu",
        "num_decoder_layers": config["num_layers"]}


def in_llama_cpp(checkpoint: Path, folder: Path) -> "list[float]":
    path = with_tokenizer(checkpoint, folder, **as_told(checkpoint))
    config = json.loads((path / "config.json").read_text())
    kind, file, lora = config["architectures"][0], folder / "model.gguf", folder / "lora.gguf"
    answer = [config["decoder_start_token_id"], *ANSWER[1:]]
    with svft.Model.load(str(path), compute="f32") as model:
        model.save(str(file), format="f32")
        ids = list(model.tokenize(text(SOURCE)))
        if kind.endswith("Classification"):
            with InLlamaCpp(file):
                raise RuntimeError("loads it, but gives no classes")
        if kind.endswith("EncoderModel"):
            with InLlamaCpp(file, embeds=True) as other:
                assert other.tokens(text(SOURCE)) == ids == SOURCE
                return [apart(other.vector(SOURCE), ours(model, kind))]
        base = numpy.array(model.logits(answer, source=SOURCE))
        train(model, folder, kind)
        change = numpy.array(model.logits(answer, source=SOURCE)) - base
        model.adapters[0].export(str(lora), to="gguf-lora")
    scale = math.sqrt(config["d_model"]) if config["tie_word_embeddings"] else 1
    with InLlamaCpp(file) as other:
        assert other.tokens(text(SOURCE)) == ids == SOURCE and other.first() == answer[0]
        plain = other.logits(answer, SOURCE) / scale
    with InLlamaCpp(file, adapter=lora) as other:
        changed = other.logits(answer, SOURCE) / scale
    return [apart(plain, base), apart(changed - plain, change)]


def main() -> None:
    kept = True
    for checkpoint in checkpoints(__doc__, "--answers"):
        with tempfile.TemporaryDirectory() as place:
            figure = in_transformers(checkpoint, Path(place))
        try:
            with tempfile.TemporaryDirectory() as place:
                figures = in_llama_cpp(checkpoint, Path(place))
            kept = kept and max(figures) < BOUND_IN_HALVES
            said = " ".join(f"{figure:.1e}" for figure in figures)
        except (svft.Error, RuntimeError) as error:
            said = str(error)
        kept = kept and figure < BOUND
        print(f"{checkpoint.name:12} transformers {figure:.1e}   llama.cpp {said}", flush=True)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
