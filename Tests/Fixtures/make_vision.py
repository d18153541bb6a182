"""Writes tiny vision transformers, pictures, and what transformers and Pillow make of them.

Run:  python3 Tests/Fixtures/make_vision.py      (needs torch, transformers and Pillow)

vision/NAME has config.json, preprocessor_config.json, model.safetensors (random weights in F16, so
that nothing is rounded on the way to F32) and golden.safetensors: `pixels` [channels, height,
width], the output of every layer, the last hidden states, the logits where there is a head, and
gradients of some tensors of the mean cross-entropy against class 1. All of it is computed in F32.

pictures/ has small pictures in several forms; pictures/golden.safetensors holds, under
CASE/PICTURE, the numbers that transformers' processor gives with Pillow, and under image/PICTURE
and gray/PICTURE what Pillow reads as RGB and as L. cases.json has each case's
preprocessor_config.json.
"""

import json
import pathlib

import numpy as np
import torch
import transformers
from PIL import Image, PngImagePlugin
from safetensors.numpy import save_file as save_numpy
from safetensors.torch import save_file
from transformers.models.deit.image_processing_pil_deit import DeiTImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

HERE = pathlib.Path(__file__).parent
SIZES = dict(
    hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=12,
    patch_size=4, num_channels=3, num_labels=3)
# Name: what of transformers, its configuration, and the head.
CASES = {
    "vit": ("ViT", dict(SIZES), "ForImageClassification"),
    "vit-gray": ("ViT", dict(
        SIZES, num_channels=1, image_size=[10, 15], patch_size=[3, 4], hidden_act="gelu_new",
        qkv_bias=False, layer_norm_eps=1e-6), "ForImageClassification"),
    "vit-body": ("ViT", dict(SIZES, hidden_act="relu", num_attention_heads=2), "Model"),
    "deit": ("DeiT", dict(SIZES, image_size=[8, 12]), "ForImageClassification"),
    "deit-teacher": ("DeiT", dict(SIZES, num_labels=2), "ForImageClassificationWithTeacher"),
}
# Ends of the names of tensors whose gradients are kept, of the first layer where there are several.
WATCHED = ["cls_token", "distillation_token", "position_embeddings", "projection.weight",
           "projection.bias", "q_proj.weight", "query.weight", "v_proj.bias", "value.bias",
           "o_proj.weight", "attention.output.dense.weight", "fc1.weight",
           "intermediate.dense.weight", "fc2.bias", "layernorm_before.weight",
           "layernorm_after.bias", "layernorm.weight", "classifier.weight",
           "distillation_classifier.bias"]
# Names of modules in memory (version 5 of transformers), and those of files.
FILE_NAMES = [
    (".layers.", ".encoder.layer."), (".attention.q_proj.", ".attention.attention.query."),
    (".attention.k_proj.", ".attention.attention.key."),
    (".attention.v_proj.", ".attention.attention.value."),
    (".attention.o_proj.", ".attention.output.dense."), (".mlp.fc1.", ".intermediate.dense."),
    (".mlp.fc2.", ".output.dense.")]


def file_name(name, prefix):
    """The name of a tensor in files, the body's prefix included."""
    if not name.startswith(prefix) and "classifier" not in name:
        name = prefix + name
    for newer, older in FILE_NAMES:
        name = name.replace(newer, older)
    return name


def randomise(model, seed):
    """Weights large enough that every part matters, norms around what leaves rows as they are."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator) * 0.2
        centre = 1.0 if "norm" in name and name.endswith("weight") else 0.0
        parameter.data.copy_((noise + centre).half().float())


def golden(model, pixels, prefix):
    """Every layer's output, the result, and gradients of the loss against class 1."""
    outputs, normed = [], []
    stack = next(m for _, m in model.named_modules() if isinstance(m, torch.nn.ModuleList))
    hooks = [layer.register_forward_hook(
        lambda _, __, out: outputs.append(out[0] if isinstance(out, tuple) else out))
        for layer in stack]
    last = next(m for name, m in model.named_modules() if name.endswith("layernorm"))
    hooks.append(last.register_forward_hook(lambda _, __, out: normed.append(out)))
    result = model(pixel_values=pixels[None])
    for hook in hooks:
        hook.remove()
    tensors = {"pixels": pixels, "hidden": normed[0][0]}
    for number, output in enumerate(outputs):
        tensors[f"layer.{number}"] = output.reshape(normed[0].shape[1], -1)
    if hasattr(result, "logits"):
        tensors["logits"] = result.logits[0]
        loss = torch.nn.functional.cross_entropy(result.logits, torch.tensor([1]))
        tensors["loss"] = loss.reshape(1)
        loss.backward()
        seen = set()
        for name, parameter in model.named_parameters():
            end = next((end for end in WATCHED if name.endswith(end)), None)
            if end is not None and end not in seen:
                seen.add(end)
                tensors["gradient." + file_name(name, prefix)] = parameter.grad
    return {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}


def make_model(name):
    kind, settings, head = CASES[name]
    config = getattr(transformers, kind + "Config")(**settings)
    config._attn_implementation = "eager"
    model = getattr(transformers, kind + head)(config).float().eval()
    seed = sum(name.encode())
    randomise(model, seed)
    prefix = kind.lower() + "."
    folder = HERE / "vision" / name
    folder.mkdir(parents=True, exist_ok=True)
    weights = {file_name(key, prefix): value.half().contiguous()
               for key, value in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    height, width = config.image_size if isinstance(config.image_size, (list, tuple)) else (
        config.image_size, config.image_size)
    generator = torch.Generator().manual_seed(seed + 1)
    pixels = torch.rand((config.num_channels, height, width), generator=generator) * 2 - 1
    save_file(golden(model, pixels, prefix), folder / "golden.safetensors")
    values = json.loads(model.config.to_json_string())
    values.update(architectures=[type(model).__name__], dtype="float16")
    values.pop("transformers_version", None)
    (folder / "config.json").write_text(json.dumps(values, indent=1, sort_keys=True) + "\n")
    half = [0.5] * config.num_channels
    processor = {
        "do_resize": True, "size": {"height": height, "width": width}, "resample": 2,
        "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": half,
        "image_std": half, "image_processor_type": "ViTImageProcessor"}
    (folder / "preprocessor_config.json").write_text(
        json.dumps(processor, indent=1, sort_keys=True) + "\n")


# Cases of preprocessing: the processor's class and what its file says.
PROCESSORS = {
    "bilinear": (ViTImageProcessorPil, {"size": {"height": 12, "width": 9}}),
    "bicubic": (ViTImageProcessorPil, {
        "size": {"height": 7, "width": 16}, "resample": 3, "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225]}),
    "lanczos": (ViTImageProcessorPil, {"size": {"height": 30, "width": 11}, "resample": 1}),
    "box": (ViTImageProcessorPil, {"size": {"height": 5, "width": 40}, "resample": 4}),
    "hamming": (ViTImageProcessorPil, {"size": {"height": 6, "width": 6}, "resample": 5}),
    "edge": (DeiTImageProcessorPil, {
        "size": {"shortest_edge": 14}, "crop_size": {"height": 12, "width": 11}}),
    "padded": (DeiTImageProcessorPil, {
        "size": {"height": 8, "width": 9}, "crop_size": {"height": 13, "width": 12}}),
    "raw": (ViTImageProcessorPil, {
        "size": {"height": 8, "width": 8}, "do_rescale": False, "do_normalize": False}),
}


def draw(height, width, channels, seed):
    """Something like a picture: a gradient, edges, noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = [
        127 + 90 * np.sin(x / (3 + c) + seed) * np.cos(y / (2 + c)) + 60 * ((x + y * c) % 7 > 3)
        - 30 + random.normal(0, 12, (height, width)) for c in range(channels)]
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def make_pictures():
    folder = HERE / "pictures"
    folder.mkdir(exist_ok=True)
    rgb, wide = draw(17, 23, 3, 1), draw(31, 13, 4, 2)
    Image.fromarray(rgb).save(folder / "rgb.png")
    Image.fromarray(wide, "RGBA").save(folder / "rgba.png")
    Image.fromarray(draw(19, 14, 1, 3)[..., 0]).save(folder / "gray.png")
    Image.fromarray(draw(15, 21, 2, 4), "LA").save(folder / "gray-alpha.png")
    Image.fromarray(rgb).quantize(13).save(folder / "palette.png", transparency=2)
    Image.fromarray(draw(16, 16, 1, 5)[..., 0]).convert("1").save(folder / "bits.png")
    gamma = PngImagePlugin.PngInfo()
    gamma.add(b"gAMA", (100000).to_bytes(4, "big"))
    Image.fromarray(rgb).save(folder / "gamma.png", pnginfo=gamma)
    Image.fromarray(draw(24, 33, 3, 6)).save(folder / "colors.jpg", quality=80)
    Image.fromarray(draw(25, 18, 3, 7)).save(
        folder / "progressive.jpg", quality=90, progressive=True, subsampling=0)
    Image.fromarray(draw(20, 20, 1, 8)[..., 0]).save(folder / "gray.jpg", quality=85)
    # What is not read, apart from what is.
    (folder / "foreign").mkdir(exist_ok=True)
    Image.fromarray(draw(8, 8, 4, 10), "CMYK").save(folder / "foreign" / "inks.jpg", quality=50)
    Image.fromarray(rgb).save(folder / "colors.ppm")
    Image.fromarray(draw(9, 12, 1, 9)[..., 0]).save(folder / "gray.pgm")
    pictures = sorted(p for p in folder.iterdir() if p.suffix in {".png", ".jpg", ".ppm", ".pgm"})
    tensors, cases = {}, {}
    for picture in pictures:
        with Image.open(picture) as image:
            tensors[f"image/{picture.name}"] = np.array(image.convert("RGB"))
            tensors[f"gray/{picture.name}"] = np.array(image.convert("L"))
    for case, (kind, settings) in PROCESSORS.items():
        processor = kind(**settings)
        cases[case] = {key: value for key, value in json.loads(
            processor.to_json_string()).items() if value is not None}
        cases[case]["image_processor_type"] = kind.__name__.removesuffix("Pil")
        for name in ("rgb.png", "colors.jpg", "rgba.png"):
            with Image.open(folder / name) as image:
                pixels = processor(image.convert("RGB"), return_tensors="np").pixel_values[0]
            tensors[f"{case}/{name}"] = np.ascontiguousarray(pixels.astype(np.float32))
    save_numpy(tensors, folder / "golden.safetensors")
    (folder / "cases.json").write_text(json.dumps(cases, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    for case in CASES:
        make_model(case)
        print(case)
    make_pictures()
