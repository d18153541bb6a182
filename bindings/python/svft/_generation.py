"""How texts are generated, for models and sessions alike: options, callbacks, streams."""

from __future__ import annotations

import ctypes
import queue
import threading
from ctypes import byref, c_float, c_void_p
from typing import Callable, Iterator, Mapping, Optional

from ._calls import Call
from .adapter import Adapter
from .errors import InvalidArgument
from ._library import GenerationParams, Token, check, id_array, library, set_fields, string_array

OnToken = Callable[[int, int, str], Optional[bool]]


def generation_params(options: Mapping, count: int) -> "tuple[GenerationParams, list]":
    """The C struct of keyword options for ``count`` prompts, and what its pointers need kept
    alive."""
    params = GenerationParams()
    check(library.svft_generation_params_init(byref(params), ctypes.sizeof(params)))
    options = dict(options)
    bias: Mapping[int, float] = options.pop("logit_bias", None) or {}
    stop = options.pop("stop", None) or []
    stop = [stop] if isinstance(stop, str) else list(stop)
    stop_tokens = list(options.pop("stop_tokens", None) or [])
    kept = [
        id_array(list(bias)), (c_float * max(1, len(bias)))(*bias.values()),
        string_array(stop), id_array(stop_tokens)]
    params.bias_tokens, params.bias_values, params.stop_strings, params.stop_tokens = kept
    params.bias_count, params.stop_string_count = len(bias), len(stop)
    params.stop_token_count = len(stop_tokens)
    adapters = options.pop("adapters", None)
    if adapters is not None:
        kept += prompt_adapters(adapters, count)
        params.adapters, params.adapter_scales = kept[-2:]
    set_fields(params, options, "generate")
    return params, kept


def prompt_adapters(adapters, count: int) -> list:
    """Handles and scales of one adapter for each prompt: an adapter, a pair with a scale, None."""
    adapters = list(adapters) if isinstance(adapters, list) else [adapters]
    if len(adapters) != count:
        raise InvalidArgument(
            f"adapters: expected one for each of {count} prompts, or None, found {len(adapters)}")
    pairs = [entry if isinstance(entry, tuple) else (entry, 1.0) for entry in adapters]
    for adapter, _ in pairs:
        if not (adapter is None or isinstance(adapter, Adapter)):
            raise TypeError(
                f"adapters: expected adapters, pairs with a scale or None, found {adapter!r}")
    size = max(1, count)
    return [
        (c_void_p * size)(*[adapter and adapter._handle for adapter, _ in pairs]),
        (c_float * size)(*[scale for _, scale in pairs])]


def token_callback(call: Call, on_token: Optional[OnToken]):
    """A token callback as C takes it; what it raises comes out of the call."""
    return Token(
        lambda user, index, token, text: call.guard(
            lambda: on_token and on_token(index, token, text.decode("utf-8"))))


def stream(generate: Callable[[OnToken], object]) -> Iterator[str]:
    """Pieces of the text that ``generate`` makes, as they come; leaving the loop early cancels."""
    pieces: "queue.Queue" = queue.Queue()
    left = threading.Event()

    def work() -> None:
        try:
            generate(lambda _, __, text: pieces.put(text) or not left.is_set())
            pieces.put(None)
        except BaseException as error:  # raised again where the pieces are read
            pieces.put(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        while (piece := pieces.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            if piece:
                yield piece
    finally:
        left.set()
        worker.join()
