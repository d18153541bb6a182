#!/usr/bin/env python3
"""Trains a byte-level BPE on the stories and writes it as tokenizer.json and tokenizer_config.json.

    tokenizer.py TEXTS.jsonl FOLDER

Words are cut as GPT-2 cuts them; each byte is written as a printable character. Merges are found
greedily by count, equal counts by the pair itself, so the result is the same everywhere. The new
domain is not looked at: its words fall into pieces the model has been trained on."""

import collections
import json
import pathlib
import re
import sys

PIECES = 1024
END = "<|endoftext|>"
WORD = re.compile(r"'(?:[sdmt]|ll|ve|re)| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")


def byte_characters():
    """The printable character of each byte, as GPT-2 has it."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    characters = {byte: chr(byte) for byte in printable}
    others = [byte for byte in range(256) if byte not in characters]
    characters.update((byte, chr(256 + place)) for place, byte in enumerate(others))
    return characters


def count_words(texts, characters):
    counts = collections.Counter()
    for text in texts:
        counts.update(WORD.findall(text))
    return [([characters[byte] for byte in word.encode()], count)
            for word, count in sorted(counts.items())]


def best_pair(words):
    counts = collections.Counter()
    for pieces, count in words:
        for pair in zip(pieces, pieces[1:]):
            counts[pair] += count
    return max(counts, key=lambda pair: (counts[pair], pair)) if counts else None


def joined(pieces, pair):
    result, at = [], 0
    while at < len(pieces):
        if tuple(pieces[at:at + 2]) == pair:
            result.append(pair[0] + pair[1])
            at += 2
        else:
            result.append(pieces[at])
            at += 1
    return result


def train(texts):
    """The vocabulary in the order of its ids, and the merges in the order of their rank."""
    characters = byte_characters()
    words = count_words(texts, characters)
    vocabulary = [END] + sorted(characters.values())
    merges = []
    while len(vocabulary) < PIECES:
        pair = best_pair(words)
        if pair is None:
            break
        merges.append(pair)
        vocabulary.append(pair[0] + pair[1])
        words = [(joined(pieces, pair) if pair[0] in pieces else pieces, count)
                 for pieces, count in words]
    return vocabulary, merges


def template(sequence, kind):
    """A sequence with the end of the text before it, which so begins each text as well."""
    return [{"SpecialToken": {"id": END, "type_id": kind}},
            {"Sequence": {"id": sequence, "type_id": kind}}]


def tokenizer_json(vocabulary, merges):
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                  "use_regex": True}
    end = {"id": 0, "content": END, "single_word": False, "lstrip": False, "rstrip": False,
           "normalized": False, "special": True}
    first, second = template("A", 0), template("B", 1)
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [end],
        "normalizer": None, "pre_tokenizer": byte_level,
        "post_processor": {
            "type": "TemplateProcessing", "single": first, "pair": first + second,
            "special_tokens": {END: {"id": END, "ids": [0], "tokens": [END]}}},
        "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {piece: place for place, piece in enumerate(vocabulary)},
            "merges": [" ".join(pair) for pair in merges]},
    }


CONFIGURATION = {
    "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": END, "eos_token": END,
    "add_bos_token": True, "add_eos_token": False, "clean_up_tokenization_spaces": False,
    "model_max_length": 512,
}


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main(source, folder):
    with open(source, encoding="utf-8") as records:
        texts = [json.loads(line)["text"] for line in records]
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "tokenizer.json", tokenizer_json(*train(texts)))
    write(folder / "tokenizer_config.json", CONFIGURATION)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
