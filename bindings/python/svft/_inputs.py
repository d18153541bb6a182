"""What texts and pictures are to the C functions: strings.

A model of images takes the path of a picture file, or a data URI with the contents of one. Bytes
are such contents; an array is written as a portable pixmap, which needs no library.
"""

from __future__ import annotations

import base64
import os
from typing import Iterable, Union

import numpy as np

from ._arguments import items, path_text, refusal, utf8

Input = Union[str, "os.PathLike[str]", bytes, np.ndarray]

_EXPECTED = "texts (str), or pictures as paths, bytes or arrays"


def _pixmap(array: np.ndarray) -> bytes:
    """The contents of a PGM or PPM file of 8-bit numbers, [height, width] or [..., 1 or 3]."""
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or (
            array.ndim == 3 and array.shape[2] not in (1, 3)):
        raise TypeError(
            "expected a picture as uint8 [height, width] or [height, width, 1 or 3], found "
            f"{array.dtype} {list(array.shape)}")
    kind = "P6" if array.ndim == 3 and array.shape[2] == 3 else "P5"
    header = f"{kind}\n{array.shape[1]} {array.shape[0]}\n255\n".encode("ascii")
    return header + np.ascontiguousarray(array).tobytes()


def _text(value: Input, name: str) -> bytes:
    if isinstance(value, np.ndarray):
        value = _pixmap(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return b"data:;base64," + base64.b64encode(value)
    if not isinstance(value, (str, os.PathLike)):
        raise refusal(name, _EXPECTED, value)
    return utf8(path_text(value, name), name)


def is_single(value: Union[Input, Iterable[Input]]) -> bool:
    """Whether this is one text or picture, not a sequence of them."""
    return isinstance(value, (str, bytes, bytearray, memoryview, np.ndarray, os.PathLike))


def listed(value: Union[Input, Iterable[Input]], name: str) -> "list[bytes]":
    """Texts and pictures as strings in UTF-8."""
    if is_single(value):
        return [_text(value, name)]
    return [
        _text(each, f"{name}[{index}]") for index, each in enumerate(items(value, name, _EXPECTED))]
