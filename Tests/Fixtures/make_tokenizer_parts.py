"""Folders with the older files of a tokenizer, and what `transformers` makes of them.

Run:  pip install transformers && python3 Tests/Fixtures/make_tokenizer_parts.py

Output beside this file: tokenizer-parts.json. The vocabularies are those of tokenizer-bytes.json
and tokenizer-words.json.
"""

import json
import pathlib
import tempfile

from transformers import AutoTokenizer

HERE = pathlib.Path(__file__).parent
TEXTS = [
    "", " ", "the cat", " the lamp  of\tthe ship\n", "The Lamp, 12 lamps", "a <mask> b",
    "</s>x<s>", "caf\u00e9 \u706f\u53f0 \U0001f600", "[MASK] [SEP]", "<extra>", "<pad> <|im_end|>",
    "<|pad|> <extra>",
]


def token(text, **flags):
    return {"content": text, "lstrip": False, "rstrip": False, "normalized": False,
            "single_word": False, "__type": "AddedToken", **flags}


def byte_pairs(more):
    model = json.loads((HERE / "tokenizer-bytes.json").read_text(encoding="utf-8"))["model"]
    vocabulary = dict(model["vocab"])
    for text in ["<s>", "</s>", *more]:
        vocabulary[text] = len(vocabulary)
    pairs = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    return {
        "vocab.json": json.dumps(vocabulary, ensure_ascii=False),
        "merges.txt": "#version: 0.2\n" + "\n".join(pairs) + "\n"}


def word_pieces():
    whole = json.loads((HERE / "tokenizer-words.json").read_text(encoding="utf-8"))
    ids = whole["model"]["vocab"]
    lines = sorted(ids, key=ids.get)
    assert [ids[line] for line in lines] == list(range(len(lines)))
    return {"vocab.txt": "".join(line + "\n" for line in lines)}


ROBERTA = byte_pairs(["<unk>", "<pad>", "<mask>"])
FOLDERS = {
    "opt": ({"tokenizer_class": "GPT2Tokenizer", "add_bos_token": True, "pad_token": "<pad>",
             "add_prefix_space": False, "errors": "replace",
             **{role: token("</s>", normalized=True)
                for role in ["unk_token", "bos_token", "eos_token"]}}, byte_pairs(["<pad>"])),
    "gpt2": ({"tokenizer_class": "GPT2Tokenizer", "eos_token": "<|endoftext|>"},
             byte_pairs(["<|endoftext|>"])),
    "gpt2-added": (
        {"tokenizer_class": "GPT2Tokenizer", "bos_token": "<s>", "eos_token": "</s>",
         "unk_token": "</s>", "add_prefix_space": True, "added_tokens_decoder": {
             "371": token("<extra>", lstrip=True, special=False),
             "372": token("<|im_end|>", special=True)}}, byte_pairs([])),
    "gpt2-padded": (
        {"tokenizer_class": "GPT2Tokenizer", "bos_token": "<s>", "eos_token": "</s>",
         "unk_token": "</s>", "pad_token": "<|pad|>", "added_tokens_decoder": {
             "371": token("<extra>", special=False), "372": token("<|im_end|>", special=True)}},
        byte_pairs([])),
    "roberta": ({"tokenizer_class": "RobertaTokenizer",
                 "mask_token": token("<mask>", lstrip=True)}, ROBERTA),
    "roberta-nameless": (None, ROBERTA),
    "bert": ({"tokenizer_class": "BertTokenizer", "do_lower_case": True}, word_pieces()),
    "bert-cased": ({"tokenizer_class": "BertTokenizer", "do_lower_case": False,
                    "strip_accents": True, "tokenize_chinese_chars": False}, word_pieces()),
}


def main():
    cases = {}
    for name, (configuration, files) in FOLDERS.items():
        files = dict(files, **{
            "config.json": json.dumps({"model_type": name.split("-")[0]})})
        if configuration is not None:
            files["tokenizer_config.json"] = json.dumps(configuration)
        with tempfile.TemporaryDirectory() as folder:
            for file, text in files.items():
                (pathlib.Path(folder) / file).write_text(text, encoding="utf-8")
            witness = AutoTokenizer.from_pretrained(folder)
        texts = [{"text": text, "ids": witness(text)["input_ids"]} for text in TEXTS]
        pair = witness("the cat", "a lamp")["input_ids"]
        cases[name] = {"files": files, "texts": texts, "pair": pair}
    text = json.dumps(cases, ensure_ascii=False, indent=0)
    (HERE / "tokenizer-parts.json").write_text(text + "\n", encoding="utf-8")


main()
