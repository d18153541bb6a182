"""Whether PEFT over transformers computes what we do from adapters of models of images.

    python Benchmarks/interop_vision.py --vision Tests/Fixtures/vision [--only NAME …]

A LoRA on each tiny checkpoint of colours with a head is trained for three steps, once with the head
in full and saved, once on the head too and exported; PEFT loads both, and the probabilities of two
pictures' classes are compared, the largest difference over the largest probability, then those of
the model that PEFT merged the second into. Then PEFT makes one, on modules as transformers calls
them in memory, and the library loads it. At most 1e-5, else 1 is the exit code.
(Needs torch, transformers, peft and numpy.)
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy
import peft
import torch
import transformers
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
import svft  # noqa: E402
from in_llama_cpp import apart, checkpoints  # noqa: E402

TARGETS = ["q_proj", "v_proj", "o_proj", "fc1", "fc2"]
BOUND = 1e-5


def pictures(folder: Path, classes: int) -> "list[Path]":
    """Three pictures of noise for each class, in folders by its name."""
    random = numpy.random.default_rng(3)
    paths = []
    for number in range(3 * classes):
        path = folder / f"LABEL_{number % classes}" / f"{number}.ppm"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (14, 17, 3), dtype=numpy.uint8)).save(path)
        paths.append(path)
    return paths


def theirs(model, checkpoint: Path, paths: "list[Path]") -> numpy.ndarray:
    kind = json.loads((checkpoint / "preprocessor_config.json").read_text())["image_processor_type"]
    module = transformers.models.vit if kind.startswith("ViT") else transformers.models.deit
    name = "image_processing_pil_" + ("vit" if kind.startswith("ViT") else "deit")
    __import__(f"{module.__name__}.{name}")
    processor = getattr(getattr(module, name), kind + "Pil").from_pretrained(checkpoint)
    read = [Image.open(path).convert("RGB") for path in paths]
    with torch.no_grad():
        logits = model.eval()(processor(read, return_tensors="pt").pixel_values).logits
    return torch.softmax(logits, -1).numpy()


def ours(model: svft.Model, paths: "list[Path]") -> numpy.ndarray:
    found = model.classify([str(path) for path in paths])
    return numpy.array([list(one.scores.values()) for one in found])


def base(checkpoint: Path):
    kind = json.loads((checkpoint / "config.json").read_text())["architectures"][0]
    return getattr(transformers, kind).from_pretrained(checkpoint, dtype=torch.float32)


def trained(
        checkpoint: Path, paths: "list[Path]", folder: Path, targets: "list[str]"
) -> numpy.ndarray:
    """What a LoRA that was trained here and written to `folder` says of two pictures."""
    with svft.Model.load(str(checkpoint), compute="f32") as model:
        adapter = model.create_adapter(method="lora", r=3, targets=targets)
        svft.Trainer(
            adapter, str(paths[0].parents[1]), steps=3, learning_rate=2e-2, batch_size=4).run()
        if targets == TARGETS:
            adapter.save(str(folder))
        else:
            adapter.export(str(folder), to="peft")
        return ours(model, paths[:2])


def compare(checkpoint: Path, place: Path) -> "list[float]":
    whole = base(checkpoint)
    paths = pictures(place / "pictures", whole.config.num_labels)
    heads = [name for name, module in whole.named_children()
             if isinstance(module, torch.nn.Linear)]
    figures = []
    for targets in TARGETS, TARGETS + heads:
        folder = place / f"ours-{len(targets)}"
        expected = trained(checkpoint, paths, folder, targets)
        loaded = peft.PeftModel.from_pretrained(base(checkpoint), folder)
        figures.append(apart(theirs(loaded, checkpoint, paths[:2]), expected))
    figures.append(apart(theirs(loaded.merge_and_unload(), checkpoint, paths[:2]), expected))
    made = peft.get_peft_model(base(checkpoint), peft.LoraConfig(r=2, target_modules=TARGETS))
    for name, parameter in made.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    made.save_pretrained(place / "theirs")
    with svft.Model.load(str(checkpoint), compute="f32") as model:
        model.load_adapter(str(place / "theirs"))
        figures.append(apart(ours(model, paths[:2]), theirs(made, checkpoint, paths[:2])))
    return figures


def main() -> None:
    worst = 0.0
    for checkpoint in checkpoints(__doc__, "--vision"):
        config = json.loads((checkpoint / "config.json").read_text())
        if not config["architectures"][0].endswith("Model") and config["num_channels"] == 3:
            with tempfile.TemporaryDirectory() as place:
                figures = compare(checkpoint, Path(place))
            worst = max(worst, *figures)
            print(f"{checkpoint.name:14}", *(f"{one:.1e}" for one in figures), flush=True)
    sys.exit(0 if worst < BOUND else 1)


if __name__ == "__main__":
    main()
