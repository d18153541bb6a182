"""What llama.cpp makes of a GGUF file, for the scripts that compare it with the library.

A text at a time, through its C functions: tokens, logits, vectors, and what a decoder answers to
what an encoder has read. A file or an adapter that it refuses is a RuntimeError with its words.
(Needs llama-cpp-python and numpy.)
"""

from __future__ import annotations

import argparse
import ctypes
from pathlib import Path

import llama_cpp as c
import numpy

LONGEST = 64
SAID: "list[str]" = []
HEAR = c.llama_log_callback(lambda level, text, data: SAID.append(text.decode(errors="replace")))


class InLlamaCpp:
    """One GGUF file, with an adapter over it or without; `embeds`: for vectors, not logits."""

    def __init__(self, path: Path, embeds: bool = False, adapter: "Path | None" = None) -> None:
        SAID.clear()
        c.llama_log_set(HEAR, None)
        settings = c.llama_model_default_params()
        settings.use_mmap = adapter is None
        self.model = checked(c.llama_model_load_from_file(str(path).encode(), settings))
        self.vocabulary = c.llama_model_get_vocab(self.model)
        run = c.llama_context_default_params()
        run.n_ctx = run.n_batch = run.n_ubatch = LONGEST
        run.n_threads, run.embeddings = 2, embeds
        if embeds:
            run.pooling_type = c.LLAMA_POOLING_TYPE_MEAN
        self.context = checked(c.llama_init_from_model(self.model, run))
        if adapter:
            lora = checked(c.llama_adapter_lora_init(self.model, str(adapter).encode()))
            one, scale = (c.llama_adapter_lora_p_ctypes * 1)(lora), (ctypes.c_float * 1)(1)
            checked(c.llama_set_adapters_lora(self.context, one, 1, scale) == 0)

    def __enter__(self) -> "InLlamaCpp":
        return self

    def __exit__(self, *unused: object) -> None:
        c.llama_free(self.context)
        c.llama_model_free(self.model)

    def tokens(self, text: str) -> "list[int]":
        """With what stands around a text."""
        room = (c.llama_token * LONGEST)()
        written = text.encode()
        count = c.llama_tokenize(
            self.vocabulary, written, len(written), room, LONGEST, True, False)
        checked(count >= 0)
        return list(room[:count])

    def first(self) -> int:
        """What a decoder begins with."""
        return c.llama_model_decoder_start_token(self.model)

    def logits(self, ids: "list[int]", source: "list[int] | None" = None) -> numpy.ndarray:
        """One row a token of `ids`, which answer `source` where there is one."""
        if source:
            checked(c.llama_encode(self.context, batch(source)) == 0)
        checked(c.llama_decode(self.context, batch(ids)) == 0)
        width = c.llama_vocab_n_tokens(self.vocabulary)
        rows = [c.llama_get_logits_ith(self.context, row) for row in range(len(ids))]
        return numpy.array([numpy.ctypeslib.as_array(row, (width,)) for row in rows])

    def vector(self, ids: "list[int]") -> numpy.ndarray:
        """The mean over tokens, of length one."""
        checked(c.llama_encode(self.context, batch(ids)) == 0)
        width = c.llama_model_n_embd(self.model)
        pooled = numpy.ctypeslib.as_array(c.llama_get_embeddings_seq(self.context, 0), (width,))
        return pooled / numpy.linalg.norm(pooled)


def batch(ids: "list[int]") -> c.llama_batch:
    batch = c.llama_batch_init(len(ids), 0, 1)
    batch.n_tokens = len(ids)
    for place, token in enumerate(ids):
        batch.token[place], batch.pos[place], batch.logits[place] = token, place, True
        batch.n_seq_id[place], batch.seq_id[place][0] = 1, 0
    return batch


def checked(result):
    if not result:
        raise RuntimeError("".join(line for line in SAID if "rror" in line).strip() or "no word")
    return result


def apart(found, expected) -> float:
    """The largest difference over the largest number."""
    found, expected = numpy.asarray(found), numpy.asarray(expected)
    return float(numpy.abs(found - expected).max() / numpy.abs(expected).max())


def checkpoints(about: str, flag: str) -> "list[Path]":
    """The folders in the one that the command line names by `flag`, or those of --only."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument(flag, type=Path, required=True, dest="folder")
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    return sorted(
        path for path in given.folder.iterdir()
        if path.is_dir() and (not given.only or path.name in given.only))
