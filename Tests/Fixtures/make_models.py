"""Writes the tiny models that host programs and the Python tests load, and their data.

Run:  python3 Tests/Fixtures/make_models.py

Weights are random with a fixed seed, in F16; nothing is learnt in them. The tokenizers are those
that make_tokenizers.py wrote. Output beside this file: llama/ and bert/ (Hugging Face folders),
tales.jsonl ({"text"}) and questions.jsonl ({"text", "label"}).
"""

import json
import pathlib
import random
import struct

HERE = pathlib.Path(__file__).parent
WIDTH, WIDE, HEADS, CONTEXT = 32, 64, 4, 128
PLACES = ["lighthouse", "harbour", "island", "sea"]
PEOPLE = ["keeper", "daughter", "captain", "gull"]
DEEDS = ["lit the lamp", "kept the light", "watched the ships", "slept in the sun"]


def write(name, tokenizer, config, shapes):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    draw = random.Random(name)
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for tensor, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        centre = 1.0 if "norm" in tensor.lower() and tensor.endswith("weight") else 0.0
        values = struct.pack(f"<{count}e", *(draw.gauss(centre, 0.15) for _ in range(count)))
        header[tensor] = {
    "dtype": "F16",
    "shape": shape,
    "data_offsets": [
        len(data),
        len(data) +
         len(values)]}
        data += values
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    (folder / "tokenizer.json").write_bytes((HERE / f"tokenizer-{tokenizer}.json").read_bytes())


def llama():
    vocabulary, layers, keys = 408, 2, WIDTH // 2
    shapes = {"model.embed_tokens.weight": [vocabulary, WIDTH]}
    for number in range(layers):
        at = f"model.layers.{number}."
        shapes.update({ at +
    "input_layernorm.weight": [WIDTH], at +
    "self_attn.q_proj.weight": [WIDTH, WIDTH], at +
    "self_attn.k_proj.weight": [keys, WIDTH], at +
    "self_attn.v_proj.weight": [keys, WIDTH], at +
    "self_attn.o_proj.weight": [WIDTH, WIDTH], at +
    "post_attention_layernorm.weight": [WIDTH], at +
    "mlp.gate_proj.weight": [WIDE, WIDTH], at +
    "mlp.up_proj.weight": [WIDE, WIDTH], at +
     "mlp.down_proj.weight": [WIDTH, WIDE]})
    shapes["model.norm.weight"] = [WIDTH]
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "hidden_size": WIDTH, "intermediate_size": WIDE, "num_hidden_layers": layers,
        "num_attention_heads": HEADS, "num_key_value_heads": HEADS // 2, "vocab_size": vocabulary,
        "max_position_embeddings": CONTEXT, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": True, "bos_token_id": 1, "eos_token_id": 2}
    write("llama", "pieces", config, shapes)


def bert():
    vocabulary = 83
    shapes = {
        "embeddings.word_embeddings.weight": [vocabulary, WIDTH],
        "embeddings.position_embeddings.weight": [CONTEXT, WIDTH],
        "embeddings.token_type_embeddings.weight": [2, WIDTH]}

    def norm(at):
        shapes.update({at + ".weight": [WIDTH], at + ".bias": [WIDTH]})

    def linear(at, rows, columns):
        shapes.update({at + ".weight": [rows, columns], at + ".bias": [rows]})

    norm("embeddings.LayerNorm")
    at = "encoder.layer.0."
    for part in ["self.query", "self.key", "self.value", "output.dense"]:
        linear(at + "attention." + part, WIDTH, WIDTH)
    norm(at + "attention.output.LayerNorm")
    linear(at + "intermediate.dense", WIDE, WIDTH)
    linear(at + "output.dense", WIDTH, WIDE)
    norm(at + "output.LayerNorm")
    linear("pooler.dense", WIDTH, WIDTH)
    config = {
    "architectures": ["BertModel"],
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": WIDTH,
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "intermediate_size": WIDE,
    "num_hidden_layers": 1,
    "num_attention_heads": HEADS,
    "vocab_size": vocabulary,
    "max_position_embeddings": CONTEXT,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
     "pad_token_id": 0}
    write("bert", "words", config, shapes)


def data():
    tales, questions = [], []
    for number in range(24):
        who, where, what = PEOPLE[number % 4], PLACES[number // 4 % 4], DEEDS[number * 3 % 4]
        tales.append({"text": f"The {who} of the {where} {what}, and the {where} was still."})
        asks = number % 2 == 0
        questions.append({
            "text": f"who keeps the {where}?" if asks else f"where is the {who}?",
            "label": "person" if asks else "place"})
    for name, records in [("tales", tales), ("questions", questions)]:
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (HERE / f"{name}.jsonl").write_text(lines)


if __name__ == "__main__":
    llama()
    bert()
    data()
