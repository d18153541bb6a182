"""Folders of a tokenizer with what stands beside its vocabulary, and what `transformers` makes of
them: SentencePiece files by their families' names, added_tokens.json, special_tokens_map.json.

Run:  pip install transformers sentencepiece protobuf && python3 Tests/Fixtures/make_spm.py

Output beside this file: spm-deberta.model, trained on the sentences of make_tokenizers.py, and
tokenizer-folders.json. The other vocabularies are sentencepiece-{unigram,pairs}.model and those of
tokenizer-parts.json and tokenizer-bytes.json. Left out is where transformers 5 differs from
SentencePiece itself (DeBERTa's rules of normalisation, blanks before a text of Llama's) or from
transformers 4 (control tokens that "additional_special_tokens" lists, in other case).
"""

import io
import json
import pathlib
import shutil
import tempfile

import sentencepiece
from make_tokenizers import TEXT
from transformers import AutoTokenizer

HERE = pathlib.Path(__file__).parent
PARTS = json.loads((HERE / "tokenizer-parts.json").read_text(encoding="utf-8"))
PLAIN = ["", "the cat", " the lamp  of the ship ", "The Lamp, 12 lamps", "a zebra \u706f\u53f0 q"]
CHAT = ["the cat", "a<|im_start|>the cat<|im_end|>the", "<|im_start|> the ship<|im_end|>",
        "<s>the</s>lamp"]
MARKERS = {"<|im_start|>": 421, "<|im_end|>": 420}
ROLES = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]


def train():
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(s for s in (TEXT + TEXT.lower()).split("\n") if s),
        model_writer=model, vocab_size=160, model_type="unigram", hard_vocab_limit=False,
        minloglevel=2,
        normalization_rule_name="identity", pad_id=0, bos_id=1, eos_id=2, unk_id=3,
        pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]")
    (HERE / "spm-deberta.model").write_bytes(model.getvalue())


def family(name):
    return {"config.json": {"model_type": name}}


def llama(configuration, **files):
    configuration = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True,
                     "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
                     **configuration}
    return {**family("llama"), "tokenizer_config.json": configuration,
            "added_tokens.json": MARKERS, **files}


def folders():
    bert = {**PARTS["bert"]["files"]}
    count = bert["vocab.txt"].count("\n")
    added = {"[NEW]": count, "[E1]": count + 1}
    words = ["the [NEW] cat", "a [E1] b[e1]", "x[new]y [MASK]"]
    pairs = {**PARTS["gpt2"]["files"]}
    beyond = max(json.loads(pairs["vocab.json"]).values()) + 1
    whole = (HERE / "tokenizer-bytes.json").read_text(encoding="utf-8")
    fast = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "a"}
    ids = [token["id"] for token in json.loads(whole)["added_tokens"]]
    last = max([*ids, *json.loads(whole)["model"]["vocab"].values()]) + 1
    masks = ["a [MASK] the", "the <mask> cat."]
    mark = {"content": "<|im_end|>", "lstrip": False, "rstrip": False, "normalized": False,
            "single_word": False}
    return {
        "bert": (bert | {"added_tokens.json": added}, {}, words),
        "bert-special": (bert | {
            "added_tokens.json": added, "special_tokens_map.json": {
                "additional_special_tokens": ["[E1]", "[E2]"]}},
            {}, [words[0], "a [E1]b [E2] [MASK]"]),
        "bert-decided": (bert | {
            "added_tokens.json": added, "tokenizer_config.json": {
                "tokenizer_class": "BertTokenizer", "added_tokens_decoder": {
                    str(count): {**mark, "content": "[NEW]"}}}}, {}, words),
        "gpt2": (pairs | {
            "added_tokens.json": {"<|pad|>": beyond}, "special_tokens_map.json": {
                "pad_token": "<|pad|>", "additional_special_tokens": ["<x>"]}},
            {}, ["the cat", "a<|pad|> b <x>c"]),
        "whole": (family("gpt2") | {
            "tokenizer.json": whole, "tokenizer_config.json": fast,
            "added_tokens.json": {"<new>": last}, "special_tokens_map.json": {
                "eos_token": mark | {"content": "<new>"}}}, {}, ["the cat", "the<new>cat"]),
        "llama": (llama({"legacy": False}), {"tokenizer.model": "pairs"}, CHAT),
        "llama-absent": (llama({}), {"tokenizer.model": "pairs"}, CHAT),
        "llama-legacy": (llama({"legacy": True}), {"tokenizer.model": "pairs"},
                         [text.replace("> t", ">t") for text in CHAT]),
        "llama-roles": (llama({"legacy": False}, **{"special_tokens_map.json": {
            "eos_token": mark, "pad_token": "[PAD]"}}), {"tokenizer.model": "pairs"},
            CHAT + ["the[PAD]cat"]),
        "deberta": (family("deberta-v2") | {
            "tokenizer_config.json": {"do_lower_case": False, "vocab_type": "spm"}},
            {"spm.model": "deberta"}, PLAIN + masks),
        "deberta-lower": (family("deberta-v2") | {"tokenizer_config.json": {
            "tokenizer_class": "DebertaV2Tokenizer", "do_lower_case": True,
            "split_by_punct": True}}, {"spm.model": "deberta"}, PLAIN + masks),
        "xlm-roberta": (family("xlm-roberta"), {"sentencepiece.bpe.model": "unigram"},
                        PLAIN + masks),
        "camembert": (family("camembert"), {"sentencepiece.bpe.model": "unigram"}, PLAIN + masks),
    }


def main():
    train()
    cases = {}
    for name, (files, models, texts) in folders().items():
        files = {file: text if isinstance(text, str) else json.dumps(text)
                 for file, text in files.items()}
        models = {file: ("spm-" if model == "deberta" else "sentencepiece-") + model + ".model"
                  for file, model in models.items()}
        with tempfile.TemporaryDirectory() as folder:
            for file, text in files.items():
                (pathlib.Path(folder) / file).write_text(text, encoding="utf-8")
            for file, model in models.items():
                shutil.copy(HERE / model, pathlib.Path(folder) / file)
            witness = AutoTokenizer.from_pretrained(folder)
            roles = {role: getattr(witness, role + "_id") for role in ROLES}
            cases[name] = {
                "files": files, "models": models,
                "roles": {role: id for role, id in roles.items() if id is not None},
                "texts": [{"text": text, "ids": witness(text)["input_ids"]} for text in texts],
                "pair": witness("the cat", "a lamp")["input_ids"]}
    text = json.dumps(cases, ensure_ascii=False, indent=0)
    (HERE / "tokenizer-folders.json").write_text(text + "\n", encoding="utf-8")


main()
