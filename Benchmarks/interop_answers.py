"""Whether transformers computes what we do from encoder-decoders that we trained and merged.

    python Benchmarks/interop_answers.py --answers Tests/Fixtures/answers [--only NAME …]

Each tiny checkpoint is trained for three steps with LoRA, saved as a folder, and loaded by
transformers: no tensor may be missing or left over, and logits (or classes, or the encoder's
vectors) are compared, the largest difference over the largest number. Exits with 1 where one is
above 1e-5. (Needs torch, transformers and numpy.)
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy
import torch
import transformers

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
import svft  # noqa: E402

SOURCE, ANSWER = [5, 7, 12, 1], [0, 8, 9]
BOUND = 1e-5


def with_tokenizer(source: Path, folder: Path) -> Path:
    """A copy of the checkpoint with words w0 … w39."""
    model = folder / "model"
    shutil.copytree(source, model)
    (model / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "WhitespaceSplit"},
        "model": {"type": "WordLevel", "unk_token": "w3",
                  "vocab": {f"w{number}": number for number in range(40)}}}))
    return model


def text(ids: "list[int]") -> str:
    return " ".join(f"w{number}" for number in ids)


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


def compare(checkpoint: Path, folder: Path) -> float:
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
    return float(abs(found - expected).max() / abs(expected).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--answers", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    worst = 0.0
    for checkpoint in sorted(path for path in given.answers.iterdir() if path.is_dir()):
        if given.only and checkpoint.name not in given.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            apart = compare(checkpoint, Path(folder))
        worst = max(worst, apart)
        print(f"{checkpoint.name:12} {apart:.1e}", flush=True)
    sys.exit(0 if worst < BOUND else 1)


if __name__ == "__main__":
    main()
