"""Writes small SentencePiece models, a Unigram tokenizer.json, and what their makers give.

Run:  pip install sentencepiece protobuf tokenizers && python3 Tests/Fixtures/make_sentencepiece.py

Output beside this file: sentencepiece-{unigram,bytes,pairs,plain}.model, trained on the sentences of
make_tokenizers.py (ids are whatever training gives), tokenizer-unigram.json with the same pieces,
and sentencepiece-golden.json: for each the texts with their ids.
"""

import base64
import io
import json
import pathlib
import tempfile

import sentencepiece
from make_tokenizers import NASTY, TEXT
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).parent
# What is written -> what is meant: ligatures, wide letters, odd spaces, two-letter rules.
RULES = {"ﬁ": "fi", "Ａ": "A", "　": " ", "\u00a0": " ", "\t": " ", "\n": " ", "\r": "", "é": "e",
         "a\u0301": "á", "Ω": "ohm", "...": "…", "\u200b": ""}
TEXTS = [*NASTY, "ﬁve ﬁsh Ａ\u3000b", "a\u0301\u0323 ......", "  the   lamp  ", "<mark>the<mark>",
         "the\u200blamp", "x" * 70, "keeper" * 20, "灯台灯台", "é" * 9 + " e"]


def train(name, **options):
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as rules:
        for old, new in RULES.items():
            rules.write(" ".join(f"{ord(c):X}" for c in old) + "\t"
                        + " ".join(f"{ord(c):X}" for c in new) + "\n")
        rules.flush()
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(s for s in (TEXT + TEXT.lower()).split("\n") if s),
            model_writer=model, normalization_rule_tsv=rules.name, hard_vocab_limit=False,
            minloglevel=2, user_defined_symbols=["<mark>"], **options)
    (HERE / f"sentencepiece-{name}.model").write_bytes(model.getvalue())
    return model.getvalue()


def unigram_file(model):
    parsed = proto.ModelProto.FromString(model)
    rules = base64.b64encode(parsed.normalizer_spec.precompiled_charsmap).decode()
    vocabulary = [[p.piece, p.score] for p in parsed.pieces]
    added = [dict(id=n, content=p.piece, single_word=False, lstrip=False, rstrip=False,
                  normalized=False, special=p.type != 4)
             for n, p in enumerate(parsed.pieces) if p.type in (2, 3, 4)]
    space = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Precompiled", "precompiled_charsmap": rules},
            {"type": "Strip", "strip_left": False, "strip_right": True},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]},
        "pre_tokenizer": space, "post_processor": None, "decoder": space,
        "model": {"type": "Unigram", "unk_id": 0, "vocab": vocabulary, "byte_fallback": False}}


def main():
    golden = {}
    models = {
        "unigram": train("unigram", model_type="unigram", vocab_size=180),
        "bytes": train("bytes", model_type="unigram", vocab_size=420, byte_fallback=True,
                       remove_extra_whitespaces=False, add_dummy_prefix=False),
        "pairs": train("pairs", model_type="bpe", vocab_size=420, byte_fallback=True,
                       remove_extra_whitespaces=False),
        "plain": train("plain", model_type="bpe", vocab_size=160)}
    for name, model in models.items():
        witness = sentencepiece.SentencePieceProcessor(model_proto=model)
        golden[name] = [{"text": t, "ids": witness.encode(t)} for t in TEXTS]
    path = HERE / "tokenizer-unigram.json"
    content = json.dumps(unigram_file(models["unigram"]), ensure_ascii=False, indent=0)
    path.write_text(content + "\n")
    witness = Tokenizer.from_file(str(path))
    golden["file"] = []
    for text in TEXTS:
        ids = witness.encode(text).ids
        golden["file"].append({"text": text, "ids": ids, "decoded": witness.decode(ids)})
    text = json.dumps(golden, ensure_ascii=False, indent=0)
    (HERE / "sentencepiece-golden.json").write_text(text + "\n")


main()
