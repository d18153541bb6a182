"""Writes an adapter as PEFT saves it, what PEFT computes with it, and how it matches patterns.

Run:  pip install peft && python3 Tests/Fixtures/make_peft.py

The adapter is on the model of make_models.py; its patterns are regular expressions and it targets
the head, so that PEFT saves the tied embedding too. Output beside this file: peft/ (the adapter and
golden.json, the logits of the last token) and module-patterns.json. peft-vit/ is the same of the
model of images of make_vision.py, whose modules transformers 5 calls otherwise than its files do,
with the classes' probabilities of a picture. peft-trained/ are adapters that train whole modules
beside LoRA: tied ones, and ones that GPT-2 keeps as [in, out].
"""

import json
import pathlib
import re
import shutil

import peft
import torch
import transformers
from PIL import Image
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

HERE = pathlib.Path(__file__).parent
IDS = [1, 40, 77, 120, 33, 260, 300, 12]
NAMES = [
    "q_proj",
    "lm_head",
    "xq_proj",
    "model.layers.0.self_attn.q_proj",
    "model.layers.1.self_attn.q_proj",
    "model.layers.11.self_attn.q_proj",
    "model.layers.1.self_attn.v_proj",
    "model.layers.0.mlp.up_proj",
    "bert.encoder.layer.0.attention.self.query",
]
PATTERNS = [
    "q_proj", "self_attn.q_proj", "selfXattn.q_proj", "layers.1.self_attn.q_proj", "lm_head",
    r".*\.0\..*q_proj", r"(q|v)_proj", r"^model.layers.0.self_attn.q_proj", r"^q_proj",
    r"layers\.[0-9]\.self_attn\.[qv]_proj", r"layers\.\d+\.self_attn\.(?:q|k)_proj",
    r"layers\.\d{2}\..*", r"layers\.\d{2,}\..*", r"layers\.1{1,2}\..*", r"layers\.1{,1}\..*_proj",
    r"model\.layers\.(0|1[0-9]?)\.self_attn\..*$", r"[^.]+", r"[^.]*_head", r"\w+", r"\W", r".+?",
    r"(?P<part>up|down)_proj", r"(?:.*\.)?query", r"q_proj|v_proj", r"(a*)*b", r"(x+x+)+y",
    r"\bq_proj\b", r"\Bq_proj", r"x?q_proj\Z", r"[\w.]*q_proj", r"[a-z_]+", r"[]x]q_proj",
    r"q{proj",
    r"self_attn\.[^q]_proj", r"()*q_proj", r"(|x)q_proj", r"q_proj{1}", r"",
]
BROKEN = [
    r"(q_proj", r"q_proj)", r"*q", r"q**", r"[q", r"q{2,1}", "q\\", r"[z-a]", r"q{2}{3}", r"+"]


def matches(pattern, name):
    return bool(re.match(rf"(.*\.)?({pattern})$", name))


def patterns():
    table = [{"pattern": p, "names": [n for n in NAMES if matches(p, n)]} for p in PATTERNS if p]
    for broken in BROKEN:
        try:
            re.compile(f"({broken})")
        except re.error:
            continue
        # A parenthesis too many is closed by the one that PEFT puts around.
        assert broken == "q_proj)", broken
    text = json.dumps({"names": NAMES, "matches": table, "broken": BROKEN}, indent=1)
    (HERE / "module-patterns.json").write_text(text + "\n")


def base():
    return transformers.AutoModelForCausalLM.from_pretrained(HERE / "llama", dtype=torch.float16)


def adapter():
    folder = HERE / "peft"
    torch.manual_seed(7)
    config = peft.LoraConfig(
        task_type="CAUSAL_LM", r=2, lora_alpha=6, target_modules=["q_proj", "v_proj", "lm_head"],
        rank_pattern={r".*\.0\..*q_proj": 3}, alpha_pattern={r"(q|v)_proj": 5, r"layers\.1.*": 9})
    model = peft.get_peft_model(base(), config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.3)
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    path = folder / "adapter_config.json"
    saved = json.loads(path.read_text())
    saved["base_model_name_or_path"] = "llama"
    path.write_text(json.dumps(saved, indent=1) + "\n")
    model = peft.PeftModel.from_pretrained(base().float(), folder).eval()
    with torch.no_grad():
        logits = model(torch.tensor([IDS])).logits[0, -1]
        with model.disable_adapter():
            plain = model(torch.tensor([IDS])).logits[0, -1]
    assert (logits - plain).abs().max() > 0.1
    golden = {"ids": IDS, "logits": [round(float(x), 7) for x in logits]}
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")


def vision():
    folder, base = HERE / "peft-vit", HERE / "vision" / "vit"
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(11)
    pixels = ViTImageProcessorPil.from_pretrained(base)(
        Image.open(HERE / "pictures" / "colors.ppm").convert("RGB"), return_tensors="pt").pixel_values
    model = transformers.ViTForImageClassification.from_pretrained(base, dtype=torch.float32)
    plain = model.eval()(pixels).logits[0]
    model = peft.get_peft_model(model, peft.LoraConfig(
        r=2, lora_alpha=3, target_modules=["q_proj", "fc1"], modules_to_save=["classifier"]))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name or "modules_to_save" in name:
                parameter.normal_(0, 0.3)
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    path = folder / "adapter_config.json"
    saved = dict(json.loads(path.read_text()), base_model_name_or_path="vit")
    path.write_text(json.dumps(saved, indent=1, sort_keys=True) + "\n")
    with torch.no_grad():
        logits = model.eval()(pixels).logits[0]
    assert (logits - plain).abs().max() > 0.1
    golden = [round(float(x), 7) for x in torch.softmax(logits, -1)]
    (folder / "golden.json").write_text(json.dumps({"probabilities": golden}) + "\n")


def trained(name, family, **options):
    folder, base = HERE / "peft-trained" / name, HERE / "families" / family
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(13)

    def load():
        return transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()

    ids = list(range(3, 15))
    model = peft.get_peft_model(load(), peft.LoraConfig(
        task_type="CAUSAL_LM", r=2, lora_alpha=3, **options))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    path = folder / "adapter_config.json"
    saved = dict(json.loads(path.read_text()), base_model_name_or_path=family)
    path.write_text(json.dumps(saved, indent=1, sort_keys=True) + "\n")
    model = peft.PeftModel.from_pretrained(load(), folder).eval()
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0, -1]
        plain = load()(torch.tensor([ids])).logits[0, -1]
    assert (logits - plain).abs().max() > 0.1
    golden = {"ids": ids, "logits": [round(float(x), 7) for x in logits]}
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    trained("tied", "llama-llama3", target_modules=["q_proj"], modules_to_save=["embed_tokens"],
            ensure_weight_tying=True)
    trained("embedding", "llama-llama3", target_modules=["q_proj"], modules_to_save=["embed_tokens"])
    trained("both", "llama-llama3", target_modules=["q_proj"],
            modules_to_save=["embed_tokens", "lm_head"])
    trained("transposed", "gpt2", target_modules=["c_attn"], fan_in_fan_out=True,
            modules_to_save=["attn.c_proj", "c_fc"])
    vision()
    patterns()
    shutil.rmtree(HERE / "peft", ignore_errors=True)
    adapter()
