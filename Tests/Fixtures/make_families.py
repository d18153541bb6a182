"""Writes a tiny checkpoint of each family, in several configurations, and what transformers makes of
it.

Run:  python3 Tests/Fixtures/make_families.py [name …]      (needs torch and transformers)

Each folder has config.json and model.safetensors (random weights in F16, so that
nothing is rounded on the way to F32), and golden.safetensors: for the token ids in its metadata the
logits, the output of every layer, and the gradients of some tensors of the mean loss over next
tokens. All of it is computed in F32. transformers gives no gradient to the id that pads: the text has
none. Decoders lie in families/, encoders with a class head in encoders/, those with a class for
each token in taggers/, and decoders within a model that sees pictures too in wrapped/.
"""

import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
IDS = [1, 7, 39, 4, 12, 7, 3, 22, 31, 5, 18, 2]
SIZES = dict(
    vocab_size=40, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
    bos_token_id=1, eos_token_id=2, pad_token_id=0)
GPT2 = dict(
    vocab_size=40, n_embd=32, n_layer=2, n_head=4, n_positions=64, bos_token_id=1, eos_token_id=2)
LONG = dict(
    rope_type="longrope", rope_theta=10000.0, short_factor=[1.0, 1.1, 1.3, 1.6],
    long_factor=[1.5, 2.0, 3.0, 5.0])


def rope(kind, **numbers):
    return dict(rope_type=kind, rope_theta=10000.0, **numbers)


CASES = {
    "llama": ("Llama", dict(SIZES, attention_bias=True, mlp_bias=True)),
    "llama-llama3": ("Llama", dict(
        SIZES, tie_word_embeddings=True, rope_parameters=rope(
            "llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=16))),
    "llama-linear": ("Llama", dict(SIZES, rope_parameters=rope("linear", factor=2.5))),
    "llama-dynamic": ("Llama", dict(
        SIZES, max_position_embeddings=8, rope_parameters=rope("dynamic", factor=2.0))),
    "llama-yarn": ("Llama", dict(SIZES, head_dim=16, rope_parameters=rope(
        "yarn", factor=4.0, original_max_position_embeddings=16))),
    "mistral": ("Mistral", dict(SIZES, sliding_window=5)),
    "qwen2": ("Qwen2", dict(SIZES, tie_word_embeddings=True)),
    "qwen2-window": ("Qwen2", dict(
        SIZES, use_sliding_window=True, sliding_window=4, max_window_layers=1)),
    "qwen3": ("Qwen3", dict(SIZES, head_dim=16, tie_word_embeddings=True)),
    "gemma": ("Gemma", dict(SIZES, head_dim=16, num_key_value_heads=1)),
    "gemma2": ("Gemma2", dict(
        SIZES, head_dim=16, sliding_window=4, query_pre_attn_scalar=16,
        attn_logit_softcapping=2.0, final_logit_softcapping=3.0)),
    "gemma2-scaled": ("Gemma2", dict(
        SIZES, head_dim=8, sliding_window=4, query_pre_attn_scalar=24,
        attn_logit_softcapping=None, final_logit_softcapping=None)),
    "gemma3": ("Gemma3Text", dict(
        SIZES, num_hidden_layers=6, head_dim=8, sliding_window=4, query_pre_attn_scalar=8)),
    "gemma3-stretched": ("Gemma3Text", dict(
        SIZES, head_dim=8, sliding_window=4, query_pre_attn_scalar=16,
        layer_types=["sliding_attention", "full_attention"], rope_parameters=dict(
            full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1e6),
            sliding_attention=dict(rope_type="default", rope_theta=5000.0)))),
    "phi3": ("Phi3", dict(SIZES, sliding_window=6)),
    "phi3-short": ("Phi3", dict(
        SIZES, original_max_position_embeddings=16, rope_parameters=dict(LONG))),
    "phi3-long": ("Phi3", dict(
        SIZES, original_max_position_embeddings=8, rope_parameters=dict(LONG))),
    "phi3-partial": ("Phi3", dict(
        SIZES, tie_word_embeddings=True, rope_parameters=rope(
            "default", partial_rotary_factor=0.5))),
    "smollm3": ("SmolLM3", dict(SIZES, num_hidden_layers=4)),
    "smollm3-window": ("SmolLM3", dict(
        SIZES, no_rope_layer_interval=2, use_sliding_window=True, sliding_window=4)),
    "olmo2": ("Olmo2", dict(SIZES)),
    "gpt2": ("GPT2", dict(GPT2)),
    "gpt2-untied": ("GPT2", dict(
        GPT2, n_inner=96, tie_word_embeddings=False, scale_attn_by_inverse_layer_idx=True)),
    "gpt_neox": ("GPTNeoX", dict(SIZES, rotary_pct=0.5)),
    "gpt_neox-serial": ("GPTNeoX", dict(
        SIZES, rotary_pct=0.25, use_parallel_residual=False, attention_bias=False)),
    "opt": ("OPT", dict(SIZES, ffn_dim=64)),
    "opt-after": ("OPT", dict(
        SIZES, ffn_dim=64, do_layer_norm_before=False, word_embed_proj_dim=64)),
}
BERT = dict(
    vocab_size=40, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
    num_attention_heads=4, max_position_embeddings=20, num_labels=3)
DEBERTA = dict(BERT, relative_attention=True, type_vocab_size=0, pad_token_id=0)
ENCODERS = {
    "bert": ("Bert", dict(BERT, pad_token_id=0)),
    "roberta": ("Roberta", dict(BERT, pad_token_id=0, type_vocab_size=1, layer_norm_eps=1e-5)),
    "roberta-one": ("Roberta", dict(BERT, pad_token_id=36, max_position_embeddings=64,
                                    hidden_act="gelu_new", num_labels=1)),
    "deberta": ("DebertaV2", dict(
        DEBERTA, position_buckets=4, max_relative_positions=10, norm_rel_ebd="layer_norm",
        share_att_key=True, pos_att_type="p2c|c2p", position_biased_input=False)),
    "deberta-own": ("DebertaV2", dict(
        DEBERTA, max_relative_positions=6, pos_att_type=["c2p", "p2c"], type_vocab_size=2,
        embedding_size=16, pooler_hidden_act="tanh")),
    "deberta-conv": ("DebertaV2", dict(
        DEBERTA, position_buckets=6, share_att_key=True, pos_att_type=["c2p"],
        conv_kernel_size=3, conv_act="gelu", position_biased_input=False)),
    "deberta-one": ("DebertaV2", dict(
        DEBERTA, max_relative_positions=64, pos_att_type="p2c", num_labels=1,
        norm_rel_ebd="layer_norm")),
    "deberta-absolute": ("DebertaV2", dict(DEBERTA, relative_attention=False)),
}
TAGGERS = {
    "bert": ("Bert", dict(BERT, pad_token_id=0)),
    "roberta": ("Roberta", dict(BERT, pad_token_id=0, type_vocab_size=1)),
    "deberta": ("DebertaV2", dict(
        DEBERTA, position_buckets=4, max_relative_positions=10, share_att_key=True,
        pos_att_type="p2c|c2p")),
    "llama": ("Llama", dict(SIZES, num_labels=3)),
    "qwen2": ("Qwen2", dict(SIZES, num_labels=3)),
    "gpt2": ("GPT2", dict(GPT2, num_labels=3)),
}
WRAPPED = {
    "gemma3": dict(
        eos_token_id=[1, 38], image_token_index=39, boi_token_index=36, eoi_token_index=37,
        mm_tokens_per_image=4, text_config=dict(
            model_type="gemma3_text", vocab_size=40, hidden_size=32, intermediate_size=64,
            num_hidden_layers=6, num_attention_heads=4, num_key_value_heads=2, head_dim=8,
            sliding_window=4, query_pre_attn_scalar=8,
            rope_scaling=dict(factor=8.0, rope_type="linear")),
        vision_config=dict(
            model_type="siglip_vision_model", hidden_size=8, intermediate_size=8, image_size=16,
            num_attention_heads=2, num_hidden_layers=1, patch_size=4, vision_use_head=False)),
}
# Ends of the names of tensors whose gradients are kept, of the first layer where there are several.
WATCHED = ["embed_tokens.weight", "wte.weight", "embed_in.weight", "q_proj.weight", "q_proj.bias",
           "qkv_proj.weight", "c_attn.weight", "query_key_value.weight", "query_key_value.bias",
           "k_norm.weight", "down_proj.weight", "mlp.c_proj.weight", "dense_4h_to_h.weight",
           "fc2.weight", "input_layernorm.weight", "post_attention_layernorm.weight",
           "ln_1.weight", "embed_positions.weight",
           "word_embeddings.weight", "position_embeddings.weight", "self.query.weight",
           "output.LayerNorm.weight", "classifier.dense.weight", "classifier.weight",
           "out_proj.bias", "rel_embeddings.weight", "encoder.LayerNorm.weight", "key_proj.weight",
           "query_proj.bias", "pos_query_proj.weight", "embed_proj.weight", "conv.conv.weight",
           "conv.LayerNorm.bias", "score.weight"]


def randomise(model, seed):
    """Weights large enough that every part matters, norms around what leaves rows as they are."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator) * 0.2
        is_norm = "norm" in name.lower() or "ln_" in name
        centre = float(parameter.data.mean()) if is_norm and name.endswith("weight") else 0.0
        parameter.data.copy_((noise + round(centre)).half().float())


def golden(model, labels):
    """Every layer's output, the result, and gradients of the mean loss with these labels."""
    ids = torch.tensor([IDS])
    outputs = []
    stack = next(m for _, m in model.named_modules() if isinstance(m, torch.nn.ModuleList))
    hooks = [layer.register_forward_hook(
        lambda _, __, out: outputs.append(out[0] if isinstance(out, tuple) else out))
        for layer in stack]
    result = model(input_ids=ids, labels=labels)
    for hook in hooks:
        hook.remove()
    result.loss.backward()
    tensors = {"logits": result.logits[0], "loss": result.loss.reshape(1)}
    for number, output in enumerate(outputs):
        tensors[f"layer.{number}"] = output.reshape(len(IDS), -1)
    seen = set()
    for name, parameter in model.named_parameters():
        end = next((end for end in WATCHED if name.endswith(end)), None)
        if end is not None and end not in seen:
            seen.add(end)
            tensors["gradient." + name] = parameter.grad
    return {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}


def write(folder, model, weights, tensors):
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    values = json.loads(model.config.to_json_string())
    values.update(architectures=[type(model).__name__], dtype="float16")
    values.pop("transformers_version", None)
    (folder / "config.json").write_text(json.dumps(values, indent=1, sort_keys=True) + "\n")
    save_file(tensors, folder / "golden.safetensors", metadata={"ids": json.dumps(IDS)})


def make_decoder(name):
    kind, settings = CASES[name]
    config = getattr(transformers, kind + "Config")(**settings)
    config._attn_implementation = "eager"
    suffix = "LMHeadModel" if kind == "GPT2" else "ForCausalLM"
    model = getattr(transformers, kind.removesuffix("Text") + suffix)(config).float().eval()
    randomise(model, sum(name.encode()))
    weights = {key: value.half().contiguous() for key, value in model.state_dict().items()
               if not (config.tie_word_embeddings and key == "lm_head.weight")}
    if kind == "GPTNeoX":  # Its files have kept the name that the class has given up.
        weights["embed_out.weight"] = weights.pop("lm_head.weight")
    write(HERE / "families" / name, model, weights, golden(model, torch.tensor([IDS])))


def make_encoder(name):
    kind, settings = ENCODERS[name]
    config = getattr(transformers, kind + "Config")(**settings)
    config._attn_implementation = "eager"
    model = getattr(transformers, kind + "ForSequenceClassification")(config).float().eval()
    randomise(model, sum(name.encode()))
    weights = {key: value.half().contiguous() for key, value in model.state_dict().items()}
    labels = torch.tensor([1.0 if settings["num_labels"] == 1 else 1])
    write(HERE / "encoders" / name, model, weights, golden(model, labels))


def make_tagger(name):
    """The first and the last token count nothing, the others are of class row modulo 3."""
    kind, settings = TAGGERS[name]
    config = getattr(transformers, kind + "Config")(**settings)
    config._attn_implementation = "eager"
    model = getattr(transformers, kind + "ForTokenClassification")(config).float().eval()
    randomise(model, sum(name.encode()) + 1)
    labels = [row % 3 if 0 < row < len(IDS) - 1 else -100 for row in range(len(IDS))]
    weights = {key: value.half().contiguous() for key, value in model.state_dict().items()}
    write(HERE / "taggers" / name, model, weights, golden(model, torch.tensor([labels])))


def make_wrapped(name):
    """The logits of a text alone; config.json says no more than the published ones do."""
    words = dict(WRAPPED[name])
    config = transformers.Gemma3Config(**words)
    config._attn_implementation = "eager"
    model = transformers.Gemma3ForConditionalGeneration(config).float().eval()
    randomise(model, sum(name.encode()))
    folder = HERE / "wrapped" / name
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([IDS])).logits[0].contiguous()
    model.half().save_pretrained(folder)
    words.update(model_type="gemma3", architectures=[type(model).__name__], dtype="float16")
    (folder / "config.json").write_text(json.dumps(words, indent=1, sort_keys=True) + "\n")
    (folder / "generation_config.json").unlink(missing_ok=True)
    save_file({"logits": logits}, folder / "golden.safetensors",
              metadata={"ids": json.dumps(IDS)})


if __name__ == "__main__":
    for maker, cases in [(make_decoder, CASES), (make_encoder, ENCODERS), (make_tagger, TAGGERS),
                         (make_wrapped, WRAPPED)]:
        for case in sys.argv[1:] or cases:
            if case in cases:
                maker(case)
                print(maker.__name__, case)
