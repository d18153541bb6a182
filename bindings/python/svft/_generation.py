"""How texts are generated, for models and sessions alike: options, callbacks, streams."""

from __future__ import annotations

import ctypes
import queue
import threading
from ctypes import byref, c_float, c_void_p
from typing import Callable, Iterator, Mapping, Optional

from ._arguments import (
    id_array, items, number, optional_function, refusal, set_fields, string_array, utf8_texts,
)
from ._calls import Call
from .adapter import Adapter
from .errors import InvalidArgument
from ._library import GenerationParams, Token, check, library

OnToken = Callable[[int, int, str], Optional[bool]]


def generation_params(options: Mapping, count: int) -> "tuple[GenerationParams, list]":
    """The C struct of keyword options for ``count`` prompts, and what its pointers need kept
    alive."""
    params = GenerationParams()
    check(library.svft_generation_params_init(byref(params), ctypes.sizeof(params)))
    options = dict(options)

    def taken(name: str, default):
        value = options.pop(name, None)
        return default if value is None else value

    bias, stop = taken("logit_bias", {}), taken("stop", [])
    if not isinstance(bias, Mapping):
        raise refusal("logit_bias", "a mapping of ids to numbers", bias)
    bias = {token: number(value, f"logit_bias[{token}]") for token, value in bias.items()}
    strings = utf8_texts([stop] if isinstance(stop, str) else stop, "stop")
    bias_tokens, params.bias_count = id_array(list(bias), "logit_bias")
    stop_tokens, params.stop_token_count = id_array(taken("stop_tokens", []), "stop_tokens")
    kept = [
        bias_tokens, (c_float * max(1, len(bias)))(*bias.values()), string_array(strings),
        stop_tokens]
    params.bias_tokens, params.bias_values, params.stop_strings, params.stop_tokens = kept
    params.stop_string_count = len(strings)
    adapters = options.pop("adapters", None)
    if adapters is not None:
        kept += prompt_adapters(adapters, count)
        params.adapters, params.adapter_scales = kept[-2:]
    set_fields(params, options, "generate")
    return params, kept


def prompt_adapters(adapters, count: int) -> list:
    """Handles and scales of one adapter for each prompt: an adapter, a pair with a scale, None."""
    expected = "adapters, pairs with a scale or None"
    if isinstance(adapters, (Adapter, tuple)):
        adapters = [adapters]
    adapters = items(adapters, "adapters", expected)
    if len(adapters) != count:
        raise InvalidArgument(
            f"adapters: expected one for each of {count} prompts, or None, found {len(adapters)}")
    handles, scales = [], []
    for index, entry in enumerate(adapters):
        name = f"adapters[{index}]"
        adapter, *scale = entry if isinstance(entry, tuple) and len(entry) == 2 else (entry,)
        if not (adapter is None or isinstance(adapter, Adapter)):
            raise refusal(name, expected, adapter)
        handles.append(adapter and adapter._handle)
        scales.append(number(scale[0], name) if scale else 1.0)
    size = max(1, count)
    return [(c_void_p * size)(*handles), (c_float * size)(*scales)]


def token_callback(call: Call, on_token: Optional[OnToken]):
    """A token callback as C takes it; what it raises comes out of the call."""
    optional_function(on_token, "on_token")
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
