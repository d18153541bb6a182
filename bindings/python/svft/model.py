"""Models: loading, tokens, generation, vectors, classes, evaluation, saving."""

from __future__ import annotations

import ctypes
import json
from ctypes import byref, c_float, c_int32, c_size_t
from dataclasses import dataclass
from typing import Callable, Iterable, Iterator, Mapping, Optional, Sequence, Union

import numpy as np

from ._arguments import (
    AnyPath, id_array, items, number, optional_function, path_text, set_fields, string_array, utf8,
    utf8_json, utf8_path, utf8_texts,
)
from ._calls import Call
from ._generation import generation_params, stream as pieces, token_callback
from ._handle import Handle
from ._inputs import Input, is_single, listed
from ._library import ModelParams, Progress, Strings, cache_folder, check, library, text_out
from ._prompts import Conversation, Prompts, conversation, prompts
from .adapter import Adapter
from .errors import InvalidArgument
from .session import Session

CACHE_FOLDER = cache_folder()
WorkProgress = Callable[[str, float, float], Optional[bool]]


@dataclass
class Classification:
    """What a class or score head said of one text."""

    label: Optional[str]
    #: The probability of the label; without one what the head gives, a reranker's logit.
    score: float
    scores: "dict[str, float]"
    #: Where every token has a class: {"text", "start", "end", "label", "score"} of each word.
    words: "Optional[list[dict]]" = None
    #: Where several classes may hold, those that do: of a probability over one half.
    labels: "Optional[list[str]]" = None


def _progress(callback: Optional[WorkProgress], call: Call):
    optional_function(callback, "progress")
    return Progress(
        lambda user, activity, done, left: call.guard(
            lambda: callback and callback(activity.decode("utf-8"), done, left)))


def inspect(path: AnyPath, **options) -> dict:
    """Describes any model, adapter or tensor file without loading it."""
    return json.loads(
        text_out(library.svft_inspect, utf8_path(path, "path"), utf8_json(options, "options")))


def _model_params(**options) -> ModelParams:
    """The C struct of keyword options of loading."""
    params = ModelParams()
    check(library.svft_model_params_init(byref(params), ctypes.sizeof(params)))
    set_fields(params, options, "load")
    return params


def estimate(
    path: AnyPath, *, quantize: Optional[str] = None, compute: Optional[str] = None,
    threads: int = 0, copies_file: bool = False, context_length: int = 0,
    kv_format: Optional[str] = None, latents: Optional[AnyPath] = None, **work,
) -> dict:
    """The memory that work on a model will take, in bytes; nothing is loaded.

    Inference: ``prompt``, ``max_tokens``, ``batch``. Training: ``adapter`` (options of
    ``create_adapter``) with ``training`` (options of ``Trainer``), ``validation``, ``classes``.
    "model_bytes" is what ``memory_limit`` must allow; "peak_bytes" adds what this process holds.
    """
    params = _model_params(
        threads=threads, quantize=quantize, compute=compute, copies_file=copies_file,
        context_length=context_length, kv_format=kv_format, latents=latents)
    return json.loads(text_out(
        library.svft_estimate, utf8_path(path, "path"), byref(params),
        utf8_json(work, "options")))


class Model(Handle):
    """A loaded transformer. One thread at a time; use as a context manager or ``close`` it."""

    _free = library.svft_model_free
    _made_by = "Model.load"

    def __init__(self, handle) -> None:
        super().__init__(handle)
        self._adapters: "list[Adapter]" = []

    def close(self) -> None:
        """Frees the model and the adapters on it. Closing twice is fine."""
        for adapter in list(getattr(self, "_adapters", [])):
            adapter.close()
        super().close()

    @property
    def adapters(self) -> "tuple[Adapter, ...]":
        """The adapters on this model, in the order in which they were attached."""
        return tuple(self._adapters)

    @classmethod
    def load(
        cls, path: AnyPath, *, quantize: Optional[str] = None, compute: Optional[str] = None,
        threads: int = 0, memory_limit: int = 0, cache_folder: Optional[AnyPath] = CACHE_FOLDER,
        copies_file: bool = False, context_length: int = 0, kv_format: Optional[str] = None,
        latents: Optional[AnyPath] = None, progress: Optional[WorkProgress] = None,
    ) -> "Model":
        """Loads a Hugging Face folder or a GGUF file; ``quantize`` as "q8_0", "q4_k_m", "f16" …

        Generation keeps keys and values in ``kv_format``: "f32", "f16", "bf16", "q8_0", "q4_0" (the
        last two need keys of a multiple of 32 values), or "auto", f32 with ``compute="f32"`` and
        else f16. Singular factors are kept in ``cache_folder`` (the user's cache folder; None:
        nowhere). ``latents`` is where the full-precision weights are that the model was quantised
        from, for quantisation-aware adapters; None takes its own files where ``quantize`` rounds
        them.
        """
        call = Call()
        params = _model_params(
            threads=threads, memory_limit=memory_limit, quantize=quantize, compute=compute,
            cache_folder=cache_folder, copies_file=copies_file, context_length=context_length,
            kv_format=kv_format, latents=latents)
        params.progress = _progress(progress, call)
        return cls(call.made(
            cls, library.svft_model_load, utf8_path(path, "path"), byref(params)))

    def describe(self) -> dict:
        """Family, shapes, formats, parameters, memory, adapters."""
        return json.loads(text_out(library.svft_model_describe, self._handle))

    def cancel(self) -> None:
        """Stops the call that is running on this model; between calls it does nothing.

        Callable from any thread.
        """
        library.svft_model_cancel(self._handle)

    def tokenize(self, text: str, *, special: bool = True) -> "list[int]":
        """Ids of a text, with what the model expects around one unless ``special`` is false."""
        return self._ids(library.svft_model_tokenize, utf8(text, "text"), int(special))

    def tokenize_messages(
        self, messages: Conversation, *, chat_layout: Optional[str] = None) -> "list[int]":
        """Ids of a conversation up to the assistant's next turn, laid out as training does it.

        ``messages`` as in ``generate``; a control token spelled in one is plain text.
        """
        return self._ids(
            library.svft_model_tokenize_messages, conversation(messages),
            utf8(chat_layout, "chat_layout"))

    def _ids(self, function, *arguments) -> "list[int]":
        """The ids that a function writes to a buffer, which is asked for its size first."""
        count = c_size_t()
        function(self._handle, *arguments, None, 0, byref(count))
        ids = (c_int32 * max(1, count.value))()
        check(function(self._handle, *arguments, ids, count.value, byref(count)))
        return list(ids[: count.value])

    def detokenize(self, ids: Iterable[int]) -> str:
        """Text of ids, special tokens left out."""
        return text_out(library.svft_model_detokenize, self._handle, *id_array(ids))

    def logits(self, ids: Iterable[int], source: Optional[Iterable[int]] = None) -> np.ndarray:
        """Logits of every position, [len(ids), vocabulary] float32.

        An encoder-decoder reads ``source`` first; its ``ids`` begin with the start token. Without
        a source it reads the ids themselves, and is given them one position later.
        """
        array, rows = id_array(ids)
        length, count = rows, c_size_t()
        if source is not None:
            before, sources = id_array(source, "source")
            array, length = id_array([*before[:sources], -1, *array[:rows]])
        vocabulary = int(self.describe()["vocabulary_size"])
        logits = np.empty((rows, vocabulary), dtype=np.float32)
        Call(self._handle).run(
            library.svft_model_logits, self._handle, array, length,
            logits.ctypes.data_as(ctypes.POINTER(c_float)), logits.size, byref(count))
        return logits[: count.value // vocabulary]  # fewer where ids have a source of their own

    def generate(
        self, prompt: Union[str, Iterable[str], None] = None, *,
        messages: Union[Conversation, Iterable[Conversation], None] = None,
        tokens: Union[Iterable[int], Iterable[Iterable[int]], None] = None,
        chat_layout: Optional[str] = None, stream: bool = False,
        on_token: Optional[Callable[[int, int, str], Optional[bool]]] = None, **options,
    ) -> "Union[str, list[str], Iterator[str]]":
        """Continues one prompt (a string comes back) or several (a list).

        A prompt is a text, or ``messages`` of a conversation that the assistant is to answer
        (``[{"role": "user", "content": "…"}]``, laid out as ``chat_layout``: "auto", "chatml",
        "plain"), or ``tokens``. The answer to messages ends with the assistant's turn.

        Options: max_tokens, temperature, top_k, top_p, min_p, repetition_penalty,
        frequency_penalty, presence_penalty, penalty_window, seed, logit_bias (id to number), stop
        (strings), stop_tokens, ignores_end, parses_special; their defaults are the same for all
        models, whatever generation_config.json says. ``on_token(index, id, text)`` sees each token
        and cancels by returning False. ``stream=True`` gives an iterator over pieces of text.

        ``adapters=[a, None, (b, 0.5)]`` gives each prompt an adapter of its own, with a scale or
        with 1, on top of those that act on all: one that is attached with scale 0 and adds changes
        to weights. All prompts still are one batch.
        """
        source = prompts(prompt, messages, tokens, chat_layout)
        if stream:
            if not source.single or on_token is not None:
                raise TypeError("stream=True expects one prompt and no on_token")
            return pieces(lambda receive: self._continue(source, receive, options))
        texts = self._continue(source, on_token, options)
        return texts[0] if source.single else texts

    def _continue(self, source: Prompts, on_token, options: Mapping) -> "list[str]":
        count = len(source.listed)
        params, kept = generation_params(options, count)
        call, out = Call(self._handle), Strings(count)
        function, *given = source.of_model()
        call.run(
            function, self._handle, *given, byref(params), token_callback(call, on_token), None,
            out.pointers)
        return out.texts()

    def embed(self, texts: Union[Input, Iterable[Input]]) -> np.ndarray:
        """Vectors of texts, [len(texts), width] float32; of one, [width].

        A model of images takes pictures instead: paths, the contents of files as bytes, or uint8
        arrays [height, width] or [height, width, 3].
        """
        inputs, count = listed(texts, "texts"), c_size_t()
        width = int(self.describe()["embedding_size"])
        vectors = np.empty((len(inputs), width), dtype=np.float32)
        Call(self._handle).run(
            library.svft_embed, self._handle, string_array(inputs), len(inputs),
            vectors.ctypes.data_as(ctypes.POINTER(c_float)), vectors.size, byref(count))
        return vectors[0] if is_single(texts) else vectors

    def classify(
        self, texts: Union[Input, Iterable[Input]],
        pairs: Union[str, Iterable[Optional[str]], None] = None,
    ) -> "Union[Classification, list[Classification]]":
        """Classes (or a score) of texts, of pairs of texts, or of pictures as ``embed`` takes them;
        of words, where the model has a class for each token. ``pairs`` has a second text, or None,
        for each; InvalidArgument for another number of them."""
        inputs, second = listed(texts, "texts"), None
        if pairs is not None:
            second = utf8_texts([pairs] if isinstance(pairs, str) else pairs, "pairs")
            if len(second) != len(inputs):
                raise InvalidArgument(
                    f"pairs: expected one for each of {len(inputs)} texts, found {len(second)}")
        report = json.loads(Call(self._handle).text(
            library.svft_classify, self._handle, string_array(inputs),
            None if second is None else string_array(second), len(inputs)))
        results = [
            Classification(
                entry.get("label"), entry["score"], entry.get("scores", {}), entry.get("words"),
                entry.get("labels"))
            for entry in report["results"]]
        return results[0] if is_single(texts) else results

    def evaluate(
        self, data: AnyPath, *, progress: Optional[WorkProgress] = None, **options) -> dict:
        """Loss, perplexity, accuracy, F1 or correlation on a data file."""
        call = Call(self._handle)
        return json.loads(call.text(
            library.svft_evaluate, self._handle, utf8_path(data, "data"),
            utf8_json(options, "options"), _progress(progress, call), None))

    def factor(
        self, targets: Union[str, Iterable[str]] = "all-linear", *, rank: Optional[int] = None,
        iterations: Optional[int] = None, progress: Optional[WorkProgress] = None) -> dict:
        """Computes the singular factors of targets (suffixes of module names, in a list or
        separated by commas), or finds them in the cache; with ``rank`` the first directions alone,
        by a randomised method. Returns time and errors of each matrix."""
        if isinstance(targets, str):
            named = targets if targets == "all-linear" else targets.split(",")
        else:
            named = items(targets, "targets", "suffixes of module names")
        options = {"targets": named}
        options.update(
            {key: value for key, value in (("rank", rank), ("iterations", iterations))
             if value is not None})
        call = Call(self._handle)
        return json.loads(call.text(
            library.svft_model_factors, self._handle, utf8_json(options, "options"),
            _progress(progress, call), None))

    def save(
        self, path: AnyPath, *, format: Optional[str] = None, probe: Optional[str] = None,
        max_shard_size: Union[int, str, None] = None, calibration: Optional[AnyPath] = None,
        progress: Optional[WorkProgress] = None) -> dict:
        """Writes the model with its adapters merged: a folder, or a file ending in .gguf; several
        files where ``max_shard_size`` ("5GB", or bytes) says so.

        ``calibration`` is a text the model is run on first, or an imatrix file: "q2_k" … "q6_k",
        "q4_0" … "q5_1", "iq4_nl" and "iq4_xs" then round so that errors are small where it matters.

        The report has the drift of the outputs and the perplexity before and after on ``probe``,
        and the share of the change that a rounded format holds.
        """
        call, form = Call(self._handle), utf8(format, "format")
        if max_shard_size is not None or calibration is not None:
            form = utf8_json({
                "format": format, "max_shard_size": max_shard_size,
                "calibration": path_text(calibration, "calibration")}, "max_shard_size")
        return json.loads(call.text(
            library.svft_model_save, self._handle, utf8_path(path, "path"), form,
            utf8(probe, "probe"), _progress(progress, call), None))

    def bench(self, **options) -> dict:
        """Measured speed of prefill, decode and training on this model; ``ops=True`` adds what
        each kind of op takes.
        """
        return json.loads(Call(self._handle).text(
            library.svft_model_bench, self._handle, utf8_json(options, "options")))

    def ablate(
        self, data: AnyPath, output: Optional[AnyPath] = None, *,
        validation: Optional[AnyPath] = None,
        groups: Optional[Sequence[str]] = None, budget: Optional[int] = None, seeds: int = 2,
        adapter: Optional[Mapping] = None, progress: Optional[WorkProgress] = None, **training,
    ) -> dict:
        """Which modules to adapt: a fresh adapter on each group of them, all of about as many
        trained numbers, each judged on held-out data, as is the model without adapter.

        ``groups`` are names or suffixes of modules separated by commas ("q_proj,v_proj"); without
        them each kind of module alone, "attention", "mlp" and "all". ``adapter`` has options of
        ``create_adapter`` but targets and size, ``training`` those of ``Trainer``. ``output`` gets
        the report after each run, as ablation.json and as a picture; the same call goes on there.
        """
        options = {"seeds": seeds, "training": training}
        options.update(
            {key: value for key, value in (
                ("groups", groups), ("budget", budget), ("adapter", adapter))
             if value is not None})
        call = Call(self._handle)
        return json.loads(call.text(
            library.svft_model_ablate, self._handle, utf8_path(data, "data"),
            utf8_path(validation, "validation"), utf8_path(output, "output"),
            utf8_json(options, "options"), _progress(progress, call), None))

    def create_adapter(self, method: Optional[str] = None, **options) -> Adapter:
        """Attaches a fresh adapter: "svft" (unless told) with pattern="banded", d=8, targets=… and
        the like."""
        if method is not None:
            options["method"] = method
        return Adapter(
            Call(self._handle).made(
                Adapter, library.svft_adapter_create, self._handle, utf8_json(options, "options")),
            self)

    def load_adapter(self, path: AnyPath, scale: float = 1.0) -> Adapter:
        """Attaches a saved adapter, of this library or of PEFT."""
        return Adapter(
            Call(self._handle).made(
                Adapter, library.svft_adapter_load, self._handle, utf8_path(path, "path"),
                number(scale, "scale")), self)

    def import_adapter(
        self, path: AnyPath, kind: Optional[str] = None, **options) -> "tuple[Adapter, dict]":
        """Makes an adapter of a change: a saved adapter (PEFT's LoRA too), a GGUF LoRA, a file of
        dense changes, or another model of this architecture (``kind``: "adapter", "gguf-lora",
        "delta", "model"; else what it looks like). ``options`` are those of ``create_adapter``, and
        ``any_base``. The report says what share of the change was captured."""
        if kind is not None:
            options["from"] = kind
        request, report = utf8_json(options, "options"), Strings()
        handle = Call(self._handle).made(
            Adapter, lambda *given: library.svft_adapter_import(*given, report.pointers),
            self._handle, utf8_path(path, "path"), request)
        return Adapter(handle, self), json.loads(report.texts()[0])

    def session(self, *, context_length: int = 0) -> Session:
        """A session without text, of at most ``context_length`` tokens (0: the model's context)."""
        request = utf8_json({"context_length": context_length}, "context_length")
        return Session(
            Call(self._handle).made(Session, library.svft_session_create, self._handle, request),
            self)

    def load_session(self, path: AnyPath, *, context_length: int = 0) -> Session:
        """The session that a file holds. Where adapters, ``compute`` or ``kv_format`` are not what
        they were, its text is taken and computed again when it is needed."""
        request = utf8_json({"context_length": context_length}, "context_length")
        return Session(
            Call(self._handle).made(
                Session, library.svft_session_load, self._handle, utf8_path(path, "path"), request),
            self)
