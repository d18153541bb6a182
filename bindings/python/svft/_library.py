"""The C functions of svft.h, declared once for ctypes, and the library that has them."""

from __future__ import annotations

import ctypes
import os
from ctypes import (
    CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t,
    c_uint32, c_uint64, c_void_p,
)
from pathlib import Path
from typing import Optional

from .errors import BY_STATUS, Error

ABI_VERSION = 1

Progress = CFUNCTYPE(c_int32, c_void_p, c_char_p, c_double, c_double)
Token = CFUNCTYPE(c_int32, c_void_p, c_size_t, c_int32, c_char_p)
Log = CFUNCTYPE(None, c_void_p, c_int32, c_char_p)


class ModelParams(Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("threads", c_int32), ("quantize", c_char_p),
        ("compute", c_char_p), ("memory_limit", c_uint64), ("cache_folder", c_char_p),
        ("copies_file", c_int32), ("progress", Progress), ("user", c_void_p),
        ("context_length", c_int32), ("kv_format", c_char_p),
        ("latents", c_char_p),
    ]


class GenerationParams(Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("max_tokens", c_int32), ("temperature", c_float),
        ("top_k", c_int32), ("top_p", c_float), ("min_p", c_float), ("repetition_penalty", c_float),
        ("frequency_penalty", c_float), ("presence_penalty", c_float), ("penalty_window", c_int32),
        ("seed", c_uint64), ("bias_tokens", POINTER(c_int32)), ("bias_values", POINTER(c_float)),
        ("bias_count", c_size_t), ("stop_strings", POINTER(c_char_p)),
        ("stop_string_count", c_size_t), ("stop_tokens", POINTER(c_int32)),
        ("stop_token_count", c_size_t), ("ignores_end", c_int32), ("parses_special", c_int32),
        ("adapters", POINTER(c_void_p)), ("adapter_scales", POINTER(c_float)),
    ]


class TrainParams(Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("epochs", c_int32), ("steps", c_int64), ("batch_size", c_int32),
        ("grad_accumulation_steps", c_int32), ("learning_rate", c_double),
        ("head_learning_rate", c_double), ("optimizer", c_char_p), ("lr_schedule", c_char_p),
        ("warmup_steps", c_int64), ("warmup_ratio", c_double), ("weight_decay", c_double),
        ("beta1", c_double), ("beta2", c_double), ("epsilon", c_double), ("momentum", c_double),
        ("max_grad_norm", c_double), ("max_seq_length", c_int32), ("on_long", c_char_p),
        ("loss_on", c_char_p), ("chat_layout", c_char_p), ("seed", c_uint64),
        ("val_split", c_double), ("steps_per_eval", c_int64), ("patience", c_int32),
        ("save_every", c_int64), ("save_total_limit", c_int32), ("steps_per_report", c_int64),
        ("resume", c_int32), ("gradient_checkpointing", c_int32),
    ]


class TrainProgress(Structure):
    _fields_ = [
        ("event", c_char_p), ("step", c_int64), ("total_steps", c_int64), ("epoch", c_double),
        ("loss", c_double), ("validation_loss", c_double), ("gradient_norm", c_double),
        ("learning_rate", c_double), ("tokens", c_int64), ("tokens_per_second", c_double),
        ("elapsed", c_double), ("remaining", c_double),
    ]


Train = CFUNCTYPE(c_int32, c_void_p, POINTER(TrainProgress))
_handle_out = POINTER(c_void_p)
_string_out = POINTER(c_void_p)
_strings = POINTER(c_char_p)
# How a session's functions that generate end: params, callback, user, text, reused ids.
_generating = [POINTER(GenerationParams), Token, c_void_p, _string_out, POINTER(c_size_t)]

# name: (result, arguments). A test compares the names with svft.h.
SIGNATURES = {
    "svft_abi_version": (c_uint32, []),
    "svft_version": (c_char_p, []),
    "svft_status_string": (c_char_p, [c_int32]),
    "svft_last_error": (c_char_p, []),
    "svft_string_free": (None, [c_void_p]),
    "svft_set_log_callback": (None, [Log, c_void_p]),
    "svft_model_params_init": (c_int32, [POINTER(ModelParams), c_size_t]),
    "svft_model_load": (c_int32, [c_char_p, POINTER(ModelParams), _handle_out]),
    "svft_model_free": (None, [c_void_p]),
    "svft_model_describe": (c_int32, [c_void_p, _string_out]),
    "svft_model_cancel": (None, [c_void_p]),
    "svft_model_tokenize": (
        c_int32, [c_void_p, c_char_p, c_int32, POINTER(c_int32), c_size_t, POINTER(c_size_t)]),
    "svft_model_tokenize_messages": (
        c_int32,
        [c_void_p, c_char_p, c_char_p, POINTER(c_int32), c_size_t, POINTER(c_size_t)]),
    "svft_model_detokenize": (c_int32, [c_void_p, POINTER(c_int32), c_size_t, _string_out]),
    "svft_model_logits": (
        c_int32,
        [c_void_p, POINTER(c_int32), c_size_t, POINTER(c_float), c_size_t, POINTER(c_size_t)]),
    "svft_model_factor": (c_int32, [c_void_p, c_char_p, Progress, c_void_p]),
    "svft_model_factors": (c_int32, [c_void_p, c_char_p, Progress, c_void_p, _string_out]),
    "svft_model_save": (
        c_int32, [c_void_p, c_char_p, c_char_p, c_char_p, Progress, c_void_p, _string_out]),
    "svft_inspect": (c_int32, [c_char_p, c_char_p, _string_out]),
    "svft_estimate": (c_int32, [c_char_p, POINTER(ModelParams), c_char_p, _string_out]),
    "svft_model_bench": (c_int32, [c_void_p, c_char_p, _string_out]),
    "svft_generation_params_init": (c_int32, [POINTER(GenerationParams), c_size_t]),
    "svft_generate": (
        c_int32,
        [c_void_p, _strings, c_size_t, POINTER(GenerationParams), Token, c_void_p, _string_out]),
    "svft_generate_messages": (
        c_int32,
        [c_void_p, _strings, c_size_t, c_char_p, POINTER(GenerationParams), Token, c_void_p,
         _string_out]),
    "svft_generate_tokens": (
        c_int32,
        [c_void_p, POINTER(POINTER(c_int32)), POINTER(c_size_t), c_size_t,
         POINTER(GenerationParams), Token, c_void_p, _string_out]),
    "svft_session_create": (c_int32, [c_void_p, c_char_p, _handle_out]),
    "svft_session_load": (c_int32, [c_void_p, c_char_p, c_char_p, _handle_out]),
    "svft_session_free": (None, [c_void_p]),
    "svft_session_generate": (c_int32, [c_void_p, c_char_p, *_generating]),
    "svft_session_generate_messages": (c_int32, [c_void_p, c_char_p, c_char_p, *_generating]),
    "svft_session_generate_tokens": (
        c_int32, [c_void_p, POINTER(c_int32), c_size_t, *_generating]),
    "svft_session_extend": (c_int32, [c_void_p, c_char_p, *_generating]),
    "svft_session_tokens": (
        c_int32, [c_void_p, POINTER(c_int32), c_size_t, POINTER(c_size_t)]),
    "svft_session_save": (c_int32, [c_void_p, c_char_p]),
    "svft_session_describe": (c_int32, [c_void_p, _string_out]),
    "svft_embed": (
        c_int32, [c_void_p, _strings, c_size_t, POINTER(c_float), c_size_t, POINTER(c_size_t)]),
    "svft_classify": (c_int32, [c_void_p, _strings, _strings, c_size_t, _string_out]),
    "svft_evaluate": (
        c_int32, [c_void_p, c_char_p, c_char_p, Progress, c_void_p, _string_out]),
    "svft_adapter_create": (c_int32, [c_void_p, c_char_p, _handle_out]),
    "svft_adapter_load": (c_int32, [c_void_p, c_char_p, c_float, _handle_out]),
    "svft_adapter_import": (c_int32, [c_void_p, c_char_p, c_char_p, _handle_out, _string_out]),
    "svft_adapter_sum": (c_int32, [
        POINTER(c_void_p), c_size_t, c_char_p, _handle_out, _string_out]),
    "svft_adapter_free": (None, [c_void_p]),
    "svft_adapter_set_scale": (c_int32, [c_void_p, c_float]),
    "svft_adapter_save": (c_int32, [c_void_p, c_char_p]),
    "svft_adapter_export": (c_int32, [c_void_p, c_char_p, c_char_p, _string_out]),
    "svft_adapter_describe": (c_int32, [c_void_p, _string_out]),
    "svft_train_params_init": (c_int32, [POINTER(TrainParams), c_size_t]),
    "svft_trainer_create": (
        c_int32, [c_void_p, c_char_p, c_char_p, c_char_p, POINTER(TrainParams), _handle_out]),
    "svft_trainer_free": (None, [c_void_p]),
    "svft_trainer_run": (c_int32, [c_void_p, Train, c_void_p]),
    "svft_trainer_step": (c_int32, [c_void_p, POINTER(c_double)]),
    "svft_trainer_describe": (c_int32, [c_void_p, _string_out]),
    "svft_model_ablate": (
        c_int32,
        [c_void_p, c_char_p, c_char_p, c_char_p, c_char_p, Progress, c_void_p, _string_out]),
    "svft_plot": (c_int32, [c_char_p, c_char_p]),
}


def _open() -> ctypes.CDLL:
    """The library: that of SVFT_LIBRARY, else the wheel's, a checkout's or the system's.

    ImportError where there is none, or another than this package needs.
    """
    here, named = Path(__file__).resolve().parent, os.environ.get("SVFT_LIBRARY")
    if named:
        found, asked = Path(named).absolute(), f"SVFT_LIBRARY={named}: "
        if not found.exists():
            raise ImportError(f"{asked}expected the library libsvft, found no such file")
    else:
        places = here / "libsvft.so.0", here.parents[2] / "build" / "lib" / "libsvft.so.0"
        found, asked = next((place for place in places if place.exists()), "libsvft.so.0"), ""
    try:
        opened = ctypes.CDLL(str(found))
    except OSError as error:
        raise ImportError(f"{asked}expected the library libsvft, found {error}") from error
    return _declared(opened, str(found))


def _declared(opened: ctypes.CDLL, place: str) -> ctypes.CDLL:
    """The library with the types of its functions.

    ImportError for another ABI version, which is asked for first, and where functions lack.
    """
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(opened, name, None)
        if function is None:
            raise ImportError(f"{place}: expected a libsvft with {name}(), found one without")
        function.restype, function.argtypes = result, arguments
        if name == "svft_abi_version" and function() != ABI_VERSION:
            raise ImportError(
                f"{place}: expected ABI version {ABI_VERSION} of libsvft, found {function()}")
    return opened


library = _open()


def check(status: int) -> None:
    """Raises the exception of a status other than ok, with the library's sentence."""
    if status != 0:
        message = (library.svft_last_error() or b"").decode("utf-8", "replace")
        raise BY_STATUS.get(status, Error)(message)


class Strings:
    """Room for ``count`` strings that the library hands out, freed when it is forgotten.

    Made before the call, so that nothing that cuts the call short leaves a string behind.
    """

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self.pointers = (c_void_p * max(1, count))()

    def texts(self) -> "list[str]":
        """The texts that were handed out; "" where none was."""
        return [
            ctypes.string_at(pointer).decode("utf-8") if pointer else ""
            for pointer in self.pointers[: self.count]]

    def __del__(self) -> None:
        for pointer in getattr(self, "pointers", ()):  # none where making it was cut short
            library.svft_string_free(pointer)


def text_out(function, *arguments) -> str:
    """Calls a function whose last argument is a string output."""
    out = Strings()
    check(function(*arguments, out.pointers))
    return out.texts()[0]


def cache_folder() -> Optional[str]:
    """Where singular factors are kept: $SVFT_CACHE (empty: nowhere), else the user's cache."""
    named = os.environ.get("SVFT_CACHE")
    if named is not None:
        return named or None
    base = os.environ.get("XDG_CACHE_HOME", "")
    return str((Path(base) if base.startswith("/") else Path.home() / ".cache") / "svft")
