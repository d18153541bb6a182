"""Writes tiny checkpoints that bitsandbytes has quantised to four bits, and what it makes of them.

Run:  python3 Tests/Fixtures/make_fourbits.py

It needs torch, transformers, accelerate and bitsandbytes.

Each folder under fourbits/ is what transformers saves of a random model that it has quantised:

  nested   NF4, scales quantised too; rows of the last matrix of each layer are no whole blocks
  plain    NF4 in F16, scales in F32, blocks of 128
  fp4      FP4, scales quantised too
  turned   NF4 of GPT-2, whose unquantised folders hold matrices as their transposes

golden.safetensors has the numbers of some matrices as bitsandbytes decodes them (in the type they
had), for the token ids in its metadata the logits with all, the original of one of them in F32,
and for scales that are quantised the map of dynamic quantisation.
"""

import json
import pathlib
import shutil
import tempfile

import bitsandbytes.functional
import torch
import transformers
from bitsandbytes.backends.default.ops import _dequantize_4bit_compute
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent / "fourbits"
IDS = [1, 7, 39, 4, 12, 7, 3, 22, 31, 5, 18, 2]
LLAMA = dict(
    vocab_size=40, hidden_size=64, intermediate_size=96, num_hidden_layers=1,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
    bos_token_id=1, eos_token_id=2, pad_token_id=0, tie_word_embeddings=True)
GPT2 = dict(
    vocab_size=40, n_embd=64, n_layer=1, n_head=4, n_positions=32, n_inner=64, bos_token_id=1,
    eos_token_id=2)
#: Matrices whose numbers are kept, of the first and the last the original's too.
KEPT = ("k_proj", "down_proj", "attn.c_proj")
#: Class, settings, type of the original, quant type, whether scales are quantised, block.
CASES = {
    "nested": ("Llama", LLAMA, torch.float32, "nf4", True, None),
    "plain": ("Llama", LLAMA, torch.float16, "nf4", False, 128),
    "fp4": ("Llama", LLAMA, torch.float32, "fp4", True, None),
    "turned": ("GPT2", GPT2, torch.float32, "nf4", True, None),
}


def original(kind, settings, dtype, place):
    torch.manual_seed(5)
    config = getattr(transformers, kind + "Config")(**settings)
    name = kind + ("LMHeadModel" if kind == "GPT2" else "ForCausalLM")
    model = getattr(transformers, name)(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.copy_(torch.randn_like(parameter) * 0.15)
    model.to(dtype).save_pretrained(place)
    return getattr(transformers, name), {
        key: value.float() for key, value in model.state_dict().items()}


def decoded(codes, state):
    """The numbers of a matrix as every device but the CPU has them: there, bitsandbytes 0.50 takes
    blocks for parts of rows, and is wrong where they are not."""
    scales = state.absmax
    if state.nested:
        scales = bitsandbytes.functional.dequantize_blockwise(scales, state.state2) + state.offset
    return _dequantize_4bit_compute(
        codes.reshape(-1), scales, state.code, state.blocksize, state.shape, state.dtype)


def logits(model_type, settings, kind, state, golden):
    """Those of the unquantised model with the decoded matrices: bitsandbytes' own products on some
    processors are in BF16, and refuse rows of no whole blocks."""
    plain = model_type(getattr(transformers, kind + "Config")(**settings)).eval()
    for name in state:
        numbers = golden.get("decoded." + name)
        if numbers is not None:
            state[name] = numbers.T if kind == "GPT2" else numbers
    plain.load_state_dict(state)
    with torch.no_grad():
        return plain(torch.tensor([IDS])).logits[0].float().contiguous()


def write(name, kind, settings, dtype, quant, nested, block):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as place:
        model_type, state = original(kind, settings, dtype, place)
        words = transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type=quant, bnb_4bit_use_double_quant=nested,
            bnb_4bit_compute_dtype=torch.float32)
        if block:
            quantize = bitsandbytes.functional.quantize_4bit

            def with_block(*arguments, **options):
                return quantize(*arguments, **{**options, "blocksize": block})
            bitsandbytes.functional.quantize_4bit = with_block
        model = model_type.from_pretrained(
            place, quantization_config=words, device_map="cpu", dtype=dtype)
        if block:
            bitsandbytes.functional.quantize_4bit = quantize
    model.save_pretrained(folder)
    model = model_type.from_pretrained(folder, device_map="cpu", dtype=torch.float32)
    golden = {}
    for key, module in model.named_modules():
        weight = getattr(module, "weight", None)
        if not isinstance(weight, bitsandbytes.nn.Params4bit):
            continue
        numbers = decoded(weight.data, weight.quant_state)
        golden["decoded." + key + ".weight"] = numbers.float().contiguous()
        if key.endswith((KEPT[0], KEPT[2])):
            stored = state[key + ".weight"]
            golden["original." + key + ".weight"] = (
                stored.T if kind == "GPT2" else stored).contiguous()
    if nested:
        golden["map"] = bitsandbytes.functional.create_dynamic_map()
    golden["logits"] = logits(model_type, settings, kind, state, golden)
    golden = {
        key: value for key, value in golden.items()
        if not key.startswith("decoded.") or key.split(".weight")[0].endswith(KEPT)}
    save_file(golden, folder / "golden.safetensors", metadata={"ids": json.dumps(IDS)})
    (folder / "generation_config.json").unlink(missing_ok=True)
    for path in folder.iterdir():
        path.chmod(0o644)
    print(name, sum(path.stat().st_size for path in folder.iterdir()))


if __name__ == "__main__":
    for name, case in CASES.items():
        write(name, *case)
