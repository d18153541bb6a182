"""What callers give, checked and made into what C takes.

``None`` stays NULL, which C answers for. A TypeError is one sentence: where, expected, found.
"""

from __future__ import annotations

import ctypes
import json
import operator
import os
from ctypes import Structure, c_char_p, c_double, c_float, c_int32, c_int64, c_uint32, c_uint64
from typing import Iterable, Mapping, Optional, Union

import numpy as np

from .errors import InvalidArgument

AnyPath = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

_INTEGERS = (c_int32, c_int64, c_uint32, c_uint64)
_PATHS = ("cache_folder", "latents")


def refusal(name: str, expected: str, found: object) -> TypeError:
    """The error for an argument ``name`` of the wrong type."""
    return TypeError(f"{name}: expected {expected}, found {type(found).__name__}")


def utf8(value: Optional[str], name: str) -> Optional[bytes]:
    """A text in UTF-8. InvalidArgument for zero bytes and lone surrogates."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise refusal(name, "a text (str)", value)
    if "\0" in value:
        raise InvalidArgument(f"{name}: expected text without zero bytes, found {value[:40]!r}")
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError as error:
        lone = value[error.start]
        raise InvalidArgument(
            f"{name}: expected text that UTF-8 can hold, found {lone!r} in it") from None


def path_text(value: Optional[AnyPath], name: str) -> Optional[str]:
    """A path as a string."""
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, (bytes, os.PathLike)):
        raise refusal(name, "a path (str, bytes or os.PathLike)", value)
    return os.fsdecode(value)


def utf8_path(value: Optional[AnyPath], name: str) -> Optional[bytes]:
    """A path in UTF-8; errors as ``utf8``."""
    return utf8(path_text(value, name), name)


def number(value, name: str) -> float:
    """A number of Python or numpy."""
    if not (hasattr(value, "__float__") or hasattr(value, "__index__")):
        raise refusal(name, "a number", value)
    return float(value)


def optional_function(value: object, name: str) -> None:
    """Refuses what is neither a function nor None."""
    if not (value is None or callable(value)):
        raise refusal(name, "a function", value)


def items(values: Iterable, name: str, expected: str) -> list:
    """What an iterable gives; texts, bytes and mappings are none here."""
    if isinstance(values, (str, bytes, bytearray, Mapping)):
        raise refusal(name, expected, values)
    try:
        iterator = iter(values)
    except TypeError:
        raise refusal(name, expected, values) from None
    return list(iterator)


def utf8_texts(values: Iterable, name: str) -> "list[Optional[bytes]]":
    """Texts of an iterable in UTF-8."""
    return [
        utf8(value, f"{name}[{index}]")
        for index, value in enumerate(items(values, name, "texts (str)"))]


def string_array(encoded: "list[Optional[bytes]]"):
    """Pointers to encoded texts."""
    return (c_char_p * max(1, len(encoded)))(*encoded)


def id_array(ids, name: str = "ids") -> "tuple[ctypes.Array[c_int32], int]":
    """Token ids of an iterable or an array of integers as C has them, and how many.

    InvalidArgument for other numbers than integers of 32 bits, and for several dimensions.
    """
    given = ids if hasattr(ids, "__array__") else items(ids, name, "integers")
    try:
        array = np.asarray(given)
    except ValueError:
        raise InvalidArgument(
            f"{name}: expected a sequence of integers, found sequences of several lengths"
        ) from None
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise InvalidArgument(
            f"{name}: expected a sequence of integers, found {array.ndim} dimensions of "
            f"{array.dtype}")
    limits = np.iinfo(np.int32)
    if array.size and not (limits.min <= array.min() and array.max() <= limits.max):
        raise InvalidArgument(f"{name}: expected integers of 32 bits, found larger ones")
    return (c_int32 * max(1, len(array)))(*array.tolist()), len(array)


def utf8_json(value: object, name: str) -> bytes:
    """Options or messages as the JSON text that C takes."""
    def refuse(found: object):
        raise refusal(name, "what JSON can hold", found)

    return json.dumps(value, default=refuse).encode("utf-8")


def set_fields(params: Structure, options: Mapping, caller: str) -> None:
    """Sets fields of a params struct from the keyword options that ``caller`` was given.

    TypeError for names of no field that a caller may set: sizes, lists and their counts go with
    each other. InvalidArgument for integers that a field cannot hold.
    """
    kinds = {
        name: kind for name, kind in params._fields_
        if kind in (c_char_p, c_float, c_double, *_INTEGERS)
        and name != "struct_size" and not name.endswith("_count")}
    for name, value in options.items():
        if name not in kinds:
            raise TypeError(f"{caller}() got an unexpected option {name!r}")
        kind = kinds[name]
        if kind is c_char_p:
            setattr(params, name, (utf8_path if name in _PATHS else utf8)(value, name))
        elif kind in (c_float, c_double):
            setattr(params, name, number(value, name))
        elif not hasattr(value, "__index__"):
            raise refusal(name, "an integer", value)
        else:
            whole = operator.index(value)
            setattr(params, name, whole)
            if getattr(params, name) != whole:
                bits = 8 * ctypes.sizeof(kind)
                raise InvalidArgument(f"{name}: expected an integer of {bits} bits, found {whole}")
