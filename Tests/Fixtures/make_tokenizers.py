"""Writes the tiny tokenizers of the test suite, and the ids that the `tokenizers` package gives.

Run:  pip install tokenizers && python3 Tests/Fixtures/make_tokenizers.py

Vocabularies are trained here, on the few sentences below, by the plainest byte-pair algorithm; the
package is only the witness. Output: tokenizer-{bytes,pieces,words}.json, tokenizer-golden.json and
tokenizer-added.json (further added tokens for each, and what comes of them) beside this file.
"""

import collections
import json
import pathlib

from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).parent
TEXT = (
    "The old lighthouse keeper lit the lamp at dusk. The lamp shone over the sea, "
    "and the sea was still. "
    "Who keeps the light? The keeper's daughter keeps the light, "
    "and she'll keep it when he's gone. "
    "In 1907 there were 12 ships; in 1908 there were 7.\n\n"
    "The lamp, the sea, the light: nothing else.\n"
)
NASTY = [
    "",
    " ",
    "  ",
    "\n",
    "\n\n \t",
    "The lamp.",
    " the  lamp",
    "the sea's light, she'LL",
    "1907 12345",
    "héé ﬁ Ω 灯台 \u0000 \u200d 👩‍🚀 a\u0301\u0323",
    "<s> </s> <mark>x</mark>",
    "keeper<mark>  keeper",
    "▁the▁lamp",
    "\u00a0\u3000x\u2028y",
    "...!?",
    "\r\nThe\rsea\r\n",
    "한국어 ÀÇİ",
    "##keep [CLS] unlit",
     ]


def alphabet():
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [b for b in range(256) if b not in visible]
    return {**{b: chr(b) for b in visible}, **{b: chr(0x100 + n) for n, b in enumerate(rest)}}


def train(words, count):
    """The merges of byte-pair encoding; ties go to the smaller pair."""
    weights, merges = collections.Counter(words), []
    words = {w: list(w) for w in words}
    for _ in range(count):
        pairs = collections.Counter()
        for word, parts in words.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += weights[word]
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        for word, parts in words.items():
            joined, i = [], 0
            while i < len(parts):
                whole = tuple(parts[i : i + 2]) == best
                joined.append("".join(best) if whole else parts[i])
                i += 2 if whole else 1
            words[word] = joined
    return merges


def added(vocabulary, specials, plain):
    tokens, count = [], len(vocabulary)
    for content in [*specials, *plain]:
        number = vocabulary.get(content, count)
        count += content not in vocabulary
        special = content in specials
        tokens.append(
    dict(
        id=number,
        content=content,
        single_word=False,
        lstrip=False,
        rstrip=not special,
        normalized=False,
         special=special))
    return tokens


def template(before, after, ids):
    def special(token, segment):
        return {"SpecialToken": {"id": token, "type_id": segment}}

    def text(name, segment):
        return {"Sequence": {"id": name, "type_id": segment}}

    tail = [special(t, 0) for t in after]
    single = [*(special(t, 0) for t in before), text("A", 0), *tail]
    pair = [*single, text("B", 1), *(special(t, 1) for t in after)]
    tokens = {t: {"id": t, "ids": [ids[t]], "tokens": [t]} for t in before + after}
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": tokens}


def file(model, tokens, **stages):
    names = ["normalizer", "pre_tokenizer", "post_processor", "decoder"]
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens,
            **{n: stages.get(n) for n in names}, "model": model}


def byte_level():
    letters = alphabet()
    words = ["".join(letters[b] for b in w.encode()) for w in TEXT.replace(" ", "\0 ").split("\0")]
    merges = train(words, 150)
    vocabulary = {c: n for n, c in enumerate([*letters.values(), *map("".join, merges)])}
    tokens = added(vocabulary, ["<s>", "</s>"], ["<mark>"])
    stage = {
    "type": "ByteLevel",
    "add_prefix_space": False,
    "trim_offsets": True,
     "use_regex": True}
    ids = {t["content"]: t["id"] for t in tokens}
    return file(
        {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
         "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
         "vocab": vocabulary, "merges": [" ".join(m) for m in merges]},
        tokens, pre_tokenizer=stage, decoder=stage, post_processor=template(["<s>"], [], ids))


def pieces():
    marked = "▁" + TEXT.replace(" ", "▁")
    merges = train(marked.replace("▁", "\0▁").split("\0"), 150)
    known = ["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256)), *map("".join, merges)]
    vocabulary = {c: n for n, c in enumerate([*known, *sorted(set(marked))])}
    return file(
        {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
         "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True,
         "ignore_merges": False,
         "vocab": vocabulary, "merges": [list(m) for m in merges]},
        added(vocabulary, ["<unk>", "<s>", "</s>"], ["<mark>"]),
        normalizer={"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        decoder={"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        post_processor=template(["<s>"], [], {"<s>": 1}))


def words():
    lower = TEXT.lower()
    parts = sorted({w for w in lower.split() if w.isalpha()})
    letters = sorted({c for c in lower if not c.isspace()})
    known = ["[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *letters,
    *("##" + c for c in letters if c.isalnum()),
    *(p for p in parts if len(p) > 1),
    "##keep",
    "##er",
     "##s"]
    vocabulary = {c: n for n, c in enumerate(dict.fromkeys(known))}
    return file(
        {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
         "max_input_chars_per_word": 100, "vocab": vocabulary},
        added(vocabulary, known[:5], []),
        normalizer={"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                    "strip_accents": None, "lowercase": True},
        pre_tokenizer={"type": "BertPreTokenizer"},
        decoder={"type": "WordPiece", "prefix": "##", "cleanup": True},
        post_processor=template(["[CLS]"], ["[SEP]"], vocabulary))


def more_added(name, content):
    """Tokens sought in the normalised text, next to others."""
    ids = [*content["model"]["vocab"].values(), *(t["id"] for t in content["added_tokens"])]
    count = 1 + max(ids)
    tokens = []
    for number, (text, normalized, word) in enumerate([
            ("Old LAMP", True, False), ("ÀÇ", True, False), ("é\u0301", True, False),
            ("<X>", True, False), ("<x>", False, False), ("Sea", True, True), ("Ke", True, False)]):
        tokens.append(dict(
            id=count + number, content=text, single_word=word, lstrip=False, rstrip=False,
            normalized=normalized, special=False))
    whole = {**content, "added_tokens": [*content["added_tokens"], *tokens]}
    witness = Tokenizer.from_str(json.dumps(whole))
    texts = ["the Old LAMP, old lamp", "Old LAMP", " OLD LAMP", "àç ÀÇ ac", "é\u0301 e\u0301",
             "<X><x> a<X>", "the sea, Sea seas overSea Sea", "KEeper Keeper keeper", "Ke", ""]
    return {"tokenizer": name, "added": tokens,
            "texts": [{"text": t, "ids": witness.encode(t).ids} for t in texts]}


def main():
    golden = {}
    further = []
    for name, content in [("bytes", byte_level()), ("pieces", pieces()), ("words", words())]:
        path = HERE / f"tokenizer-{name}.json"
        path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")
        further.append(more_added(name, content))
        witness = Tokenizer.from_file(str(path))
        golden[name] = []
        for text in NASTY:
            ids = witness.encode(text).ids
            golden[name].append({"text": text, "ids": ids, "decoded": witness.decode(ids)})
        pair = witness.encode("the lamp", "the sea")
        golden[name].append({"text": "the lamp", "second": "the sea", "ids": pair.ids,
                             "segments": pair.type_ids, "decoded": witness.decode(pair.ids)})
    text = json.dumps(golden, ensure_ascii=False, indent=0)
    (HERE / "tokenizer-golden.json").write_text(text + "\n")
    text = json.dumps(further, ensure_ascii=False, indent=0)
    (HERE / "tokenizer-added.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
