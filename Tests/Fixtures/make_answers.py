"""Writes tiny encoder-decoders and what transformers makes of them.

Run:  python3 Tests/Fixtures/make_answers.py [name …]      (needs torch and transformers)

Folders are as those of make_families.py, in answers/. golden.safetensors holds for the ids in
"source", which the encoder reads, and for "answer", which the decoder is asked for: the output of
every layer of both sides, the encoder's vectors, logits, loss and gradients. distances.safetensors
has the buckets of distances, so that their rounding can be compared.
"""

import json
import sys

import torch
import transformers
from make_families import HERE, IDS, randomise, write
from safetensors.torch import save_file
from transformers.models.t5.modeling_t5 import T5Attention

ANSWER = [9, 4, 33, 4, 17, 1]
SIZES = dict(
    vocab_size=40, d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=4, pad_token_id=0,
    eos_token_id=1, decoder_start_token_id=0, dropout_rate=0.1)
CASES = {
    "t5": ("T5ForConditionalGeneration", dict(
        SIZES, num_decoder_layers=3, relative_attention_num_buckets=8,
        relative_attention_max_distance=10)),
    "t5-gated": ("T5ForConditionalGeneration", dict(
        SIZES, num_heads=3, feed_forward_proj="gated-gelu", tie_word_embeddings=False)),
    "mt5": ("MT5ForConditionalGeneration", dict(
        SIZES, feed_forward_proj="gated-silu", decoder_start_token_id=3)),
    "umt5": ("UMT5ForConditionalGeneration", dict(SIZES, relative_attention_num_buckets=6)),
    "t5-classes": ("T5ForSequenceClassification", dict(SIZES, num_labels=3)),
    "t5-encoder": ("T5EncoderModel", dict(SIZES, feed_forward_proj="gated-gelu")),
}
WATCHED = [
    "shared.weight", "lm_head.weight", "encoder.block.0.layer.0.SelfAttention.q.weight",
    "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
    "encoder.block.1.layer.1.layer_norm.weight", "encoder.final_layer_norm.weight",
    "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
    "decoder.block.1.layer.1.EncDecAttention.q.weight",
    "decoder.block.1.layer.1.EncDecAttention.k.weight",
    "decoder.block.1.layer.1.EncDecAttention.v.weight", "decoder.block.1.layer.1.layer_norm.weight",
    "decoder.block.0.layer.2.DenseReluDense.wo.weight", "classification_head.dense.weight",
    "classification_head.out_proj.bias"]


def stacks(model):
    body = getattr(model, "transformer", model)
    return {side: getattr(body, side) for side in ("encoder", "decoder") if hasattr(body, side)}


def golden(model, kind):
    outputs, hooks = {}, []
    for side, stack in stacks(model).items():
        for number, block in enumerate(stack.block):
            name = f"{side}.layer.{number}"
            hooks.append(block.register_forward_hook(
                lambda _, __, out, name=name: outputs.__setitem__(
                    name, out[0] if isinstance(out, tuple) else out)))
    source = torch.tensor([IDS[:-1] + [1]])
    if kind == "T5EncoderModel":
        result = model(input_ids=source)
        loss = result.last_hidden_state.pow(2).mean()
        outputs["encoder"] = result.last_hidden_state
    elif kind.endswith("Classification"):
        result = model(input_ids=source, labels=torch.tensor([1]))
        loss, outputs["logits"] = result.loss, result.logits
    else:
        result = model(input_ids=source, labels=torch.tensor([ANSWER]))
        loss, outputs["logits"] = result.loss, result.logits
        outputs["encoder"] = result.encoder_last_hidden_state
    for hook in hooks:
        hook.remove()
    loss.backward()
    tensors = {name: value.squeeze(0) for name, value in outputs.items()}
    tensors["loss"] = loss.reshape(1)
    tensors["source"], tensors["answer"] = source[0].float(), torch.tensor(ANSWER).float()
    for name, parameter in model.named_parameters():
        if any(name.endswith(end) for end in WATCHED):
            tensors["gradient." + name.removeprefix("transformer.")] = parameter.grad
    return {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}


def make(name):
    kind, settings = CASES[name]
    config = getattr(transformers, kind.split("For")[0].removesuffix("EncoderModel") + "Config")(
        **settings)
    config._attn_implementation = "eager"
    model = getattr(transformers, kind)(config).float().eval()
    if name == "t5-gated":  # Its files have a head of their own.
        model.lm_head.weight = torch.nn.Parameter(torch.zeros(40, 32))
    randomise(model, sum(name.encode()))
    for key, parameter in model.named_parameters():
        if key.endswith("ttention.q.weight"):  # Nothing else keeps scores small.
            parameter.data.copy_((parameter.data / 4).half().float())
    ties = model.get_input_embeddings().weight
    weights = {key: value.half().contiguous() for key, value in model.state_dict().items()
               if "embed_tokens" not in key
               and not (key == "lm_head.weight" and model.lm_head.weight is ties)}
    folder = HERE / "answers" / name
    write(folder, model, weights, golden(model, kind))
    values = json.loads((folder / "config.json").read_text())
    values["tie_word_embeddings"] = settings.get("tie_word_embeddings", True)
    (folder / "config.json").write_text(json.dumps(values, indent=1, sort_keys=True) + "\n")


def distances():
    tensors = {}
    span = torch.arange(-700, 701)
    for buckets, farthest in [(32, 128), (8, 10), (6, 128), (64, 500), (32, 100)]:
        for both in (True, False):
            tensors[f"{buckets}.{farthest}.{'both' if both else 'behind'}"] = (
                T5Attention._relative_position_bucket(span, both, buckets, farthest)
                .to(torch.int32))
    save_file(tensors, HERE / "answers" / "distances.safetensors")


if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        make(case)
        print(case)
    distances()
